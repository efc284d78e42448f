"""Who speaks: our attribution against the annotations of the Project Dialogism Novel Corpus (English) and of WP (Chinese).

    python -m benchmarks.attribution [--pdnc DIR] [--part held-out|development|all] [--found] [--wp DIR [--wp-part dev|test]]

Both corpora are fetched by the user. English: the 14 last novels of PDNC by name, which took no part in the development, with the
corpus' quotations and its list of characters. A quotation that narration interrupts counts once; its answer is that of its surest part.
With --found the quotations are those our own script analysis finds: an annotated one is right where the largest part of it that we call
speech has its speaker. Development novels were trained on, so their figures here say how well the weights fit, not how good they are.
"""

from __future__ import annotations

import argparse
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import pdnc
from pipeline.script import names_en
from pipeline.script.attribution import Unit, attribute, english, rounds_en
from pipeline.script.lines import _with_tails as with_tails
from pipeline.script.quotes import Span
from pipeline.script.quotes import spans as spans_of
from pipeline.script.words import speech

DEVELOPMENT = 14
KINDS = ("Explicit", "Anaphoric", "Implicit")


@dataclass(slots=True)
class Prepared:
    """A novel with its cases; `speakers` and `quotation` (its place in the novel's list) of each case."""

    novel: pdnc.Novel
    cases: list[english.EnglishCase]
    speakers: list[str]
    quotation: list[int]
    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """For one quotation: its novel, kind, how sure the answer is, and whether it is right."""

    novel: str
    kind: str
    sure: float
    right: bool


def prepared(novel: pdnc.Novel) -> Prepared:
    """A novel's cases, given the corpus' quotations and character list (names, aliases, genders; nothing else)."""
    cut = pdnc.cut(novel)
    people = {one.name: one.aliases for one in novel.people}
    genders = {one.name: one.gender for one in novel.people}
    began = time.process_time()
    names = names_en.given(people, genders, [(unit.text, unit.speech) for unit in cut.units])
    cases = english.cases(cut.units, names)
    quotation = [cut.quotation[case.unit] for case in cases]
    speakers = [novel.quotations[at].speaker for at in quotation]
    return Prepared(novel, cases, speakers, quotation, time.process_time() - began)


def judged(one: Prepared, likely: Sequence[Sequence[float]], sure: Sequence[float]) -> list[Answer]:
    """An answer for each quotation: that of its surest part."""
    best: dict[int, int] = {}
    for at, quotation in enumerate(one.quotation):
        if quotation not in best or sure[at] > sure[best[quotation]]:
            best[quotation] = at
    answers = []
    for quotation, at in best.items():
        case = one.cases[at]
        right = bool(case.candidates) and case.candidates[likely[at].index(max(likely[at]))] == one.speakers[at]
        answers.append(Answer(one.novel.name, one.novel.quotations[quotation].kind, sure[at], right))
    return answers


def precision(answers: Sequence[Answer], coverage: float) -> float:
    """How many of the surest answers are right, of this share of all."""
    ranked = sorted(answers, key=lambda one: -one.sure)[: int(coverage * len(answers))]
    return sum(one.right for one in ranked) / max(len(ranked), 1)


def show(novels: Sequence[Sequence[Answer]], title: str, kinds: Sequence[str] = KINDS) -> None:
    """Print the table: right answers in percent by kind, by novel and in all, and how precision grows with confidence."""
    print(f"\n{title}\n{'novel':<34}{'quotations':>11}" + "".join(f"{kind:>11}" for kind in kinds) + f"{'all':>8}")
    everything = [answer for one in novels for answer in one]
    for name, answers in [*((one[0].novel, one) for one in novels), ("all", everything)]:
        total, right = Counter(one.kind for one in answers), Counter(one.kind for one in answers if one.right)
        cells = "".join(f"{100 * right[kind] / total[kind]:>11.1f}" if total[kind] else f"{'-':>11}" for kind in kinds)
        print(f"{name:<34}{len(answers):>11}{cells}{100 * right.total() / total.total():>8.1f}")
    print(
        "precision of the surest: "
        + ", ".join(f"{share:.0%} {100 * precision(everything, share):.1f}" for share in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0))
    )
    print("confidence and right answers: ", end="")
    for low, high in ((0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 0.97), (0.97, 1.01)):
        part = [one for one in everything if low <= one.sure < high]
        if part:
            sure, right_share = sum(one.sure for one in part) / len(part), sum(one.right for one in part) / len(part)
            print(f"{100 * sure:.0f} → {100 * right_share:.1f} ({len(part)})", end="; ")
    print()


def found(novel: pdnc.Novel) -> list[Answer]:
    """Answers for the annotated quotations where our own quotation finder cuts the text."""
    units: list[Unit] = []
    places: list[tuple[int, int]] = []
    for number, (start, end, heading) in enumerate(pdnc.paragraphs(novel.text), 1):
        text = novel.text[start:end]
        spans = [Span(0, len(text), False)] if heading else with_tails(text, spans_of(text, speech("en").verb))
        for span in spans:
            units.append(Unit(text[span.start : span.end], span.speech, number, span.open, heading))
            places.append((start + span.start, start + span.end))
    people = {one.name: one.aliases for one in novel.people}
    genders = {one.name: one.gender for one in novel.people}
    names = names_en.given(people, genders, [(unit.text, unit.speech) for unit in units])
    decided = attribute(units, names, "en")
    begins = [begin for begin, _ in places]
    answers = []
    for quotation in novel.quotations:
        best, size = -1, 0
        for begin, end in quotation.spans:
            for at in range(max(bisect_right(begins, begin) - 1, 0), len(places)):
                if places[at][0] >= end:
                    break
                shared = min(end, places[at][1]) - max(begin, places[at][0])
                if units[at].speech and shared > size:
                    best, size = at, shared
        sure = decided[best].confidence if best >= 0 else 0.0
        answers.append(
            Answer(novel.name, quotation.kind, sure, best >= 0 and decided[best].speaker == quotation.speaker)
        )
    return answers


def english_table(folder: Path, part: str, ours: bool) -> None:
    names = pdnc.names(folder)
    chosen = {"held-out": names[DEVELOPMENT:], "development": names[:DEVELOPMENT], "all": names}[part]
    if ours:
        show(
            [found(pdnc.load(folder, name)) for name in chosen],
            f"PDNC, {part} novels, quotations found, characters given",
        )
        return
    known = rounds_en.weights()
    results, characters, seconds = [], 0, 0.0
    for name in chosen:
        one = prepared(pdnc.load(folder, name))
        began = time.process_time()
        likely = rounds_en.decide(one.cases, known)
        results.append(judged(one, likely, rounds_en.sureness(one.cases, likely, known)))
        seconds += one.seconds + time.process_time() - began
        characters += len(one.novel.text)
    show(results, f"PDNC, {part} novels, given quotations and characters")
    print(f"{characters / 1e6:.1f} million characters in {seconds:.1f} s of one core")


def chinese_table(folder: Path, part: str) -> None:
    """WP: given its list of names, the quotation in the middle of each instance, decided from its 21 sentences."""
    from benchmarks import wp

    people, answers = wp.names(folder), []
    for one in wp.load(folder, part):
        units, centre = wp.units(one.sentences)
        said = attribute(units, people, "zh")[centre]
        answers.append(Answer(f"WP {part}", one.category.capitalize(), said.confidence, said.speaker == one.speaker))
    show([answers], f"WP, {part}, given quotations and names", ("Explicit", "Implicit", "Latent"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pdnc", type=Path, help="the corpus' folder, with data/ in it")
    parser.add_argument("--part", choices=("held-out", "development", "all"), default="held-out")
    parser.add_argument("--found", action="store_true", help="cut the text with our own quotation finder")
    parser.add_argument(
        "--wp", type=Path, help="the folder of the Chinese data set with name_list.txt in it (dataset/)"
    )
    parser.add_argument("--wp-part", choices=("dev", "test"), default="test", help="the weights were trained on dev")
    given = parser.parse_args()
    if not (given.pdnc or given.wp):
        parser.error("give --pdnc or --wp")
    for folder, needed in ((given.pdnc, "data"), (given.wp, "name_list.txt")):
        if folder and not (folder / needed).exists():
            parser.error(f"{folder} holds no {needed}")
    if given.pdnc:
        english_table(given.pdnc, given.part, given.found)
    if given.wp:
        chinese_table(given.wp, given.wp_part)


if __name__ == "__main__":
    main()
