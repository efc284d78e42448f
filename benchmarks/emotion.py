"""How well lines are tagged with emotion and delivery, on our own passages, against the word search it replaced.

    python -m benchmarks.emotion            # figures of both halves, both languages, and the speed
    python -m benchmarks.emotion --misses   # what went wrong on the tuning half (the other half is not to be looked at)

The passages (data/emotion-zh.txt, data/emotion-en.txt) and the lexicon have one author, so the held-out half shows
whether the rules were bent to fit, not how the tagger does on the novels of others. `calm` counts as neutral.
"""

from __future__ import annotations

import argparse
import re
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from pipeline.nouns import Book, Chapter, Language, Line, Paragraph
from pipeline.script import analyse, lines

FILLER = {
    "zh": "天色渐渐暗下来，街上的铺子一家一家上了门板，只有桥头的面摊还亮着灯。",
    "en": "The lamps were lit along the quay, and the last of the carts went home over the bridge. It had rained.",
}
DATA = Path(__file__).parent / "data"
Tagger = Callable[[Line, str], tuple[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Case:
    """One passage: what is expected of the marked quotation, and what was tagged."""

    passage: str
    emotion: str
    deliveries: frozenset[str]
    tagged: str
    tagged_deliveries: frozenset[str]
    before: str


def cases(language: Language) -> list[Case]:
    """Every passage of a language, tagged in one book, so that names are learned as in a book."""
    rows = [
        [cell.strip() for cell in row.split("|", 2)]
        for row in (DATA / f"emotion-{language}.txt").read_text(encoding="utf-8").splitlines()
        if row and not row.startswith("#")
    ]
    paragraphs: list[Paragraph] = []
    targets: list[tuple[int, int]] = []  # paragraph number, speech of that paragraph
    for _, _, passage in rows:
        for text in passage.split(" / "):
            if "*" in text:
                targets.append((len(paragraphs) + 1, len(re.findall(r"[“]|(?<![\w.,!?])\"", text[: text.index("*")]))))
            paragraphs.append(Paragraph(text.replace("*", "")))
        paragraphs.append(Paragraph("", "break"))
    book = Book("", "", language, (Chapter(1, "", tuple(paragraphs)),), Path("x.txt"), "")
    with _tags() as tags:
        found = analyse(book)
    by_paragraph: dict[int, list[Line]] = {}
    for line in found:
        if line.kind in ("dialogue", "thought"):
            by_paragraph.setdefault(line.paragraph, []).append(line)
    result = []
    for (emotion, delivery, passage), (paragraph, at) in zip(rows, targets, strict=True):
        spoken = by_paragraph.get(paragraph, [])
        line = spoken[min(at, len(spoken) - 1)] if spoken else None
        tag = tags.get((paragraph, at), "")
        tagged, voice = (line.emotion, line.delivery.split()) if line else ("", [])
        expected = frozenset(delivery.split())
        result.append(Case(passage, emotion, expected, _dominant(tagged), frozenset(voice), _dominant(_before(tag))))
    return result


class _tags:
    """The speech tags that the attribution found, by paragraph and place: what the word search of before had to go by."""

    def __enter__(self) -> dict[tuple[int, int], str]:
        self.real, found = lines.tagged, {}

        def noting(units, decisions, names, language):  # type: ignore[no-untyped-def]
            at: dict[int, int] = {}
            for unit, decision in zip(units, decisions, strict=True):
                if unit.speech:
                    found[unit.paragraph, at.get(unit.paragraph, 0)] = decision.tag
                    at[unit.paragraph] = at.get(unit.paragraph, 0) + 1
            return self.real(units, decisions, names, language)

        lines.tagged = noting
        return found

    def __exit__(self, *_: object) -> None:
        lines.tagged = self.real


@cache
def _old_words() -> tuple[re.Pattern[str], dict[str, dict[str, float]]]:
    words = yaml.safe_load((DATA / "emotion-words-before.yaml").read_text(encoding="utf-8"))["words"]
    return re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True)))), words


def _before(tag: str) -> str:
    """The tagging of the first version: words in the speech tag, three at most."""
    pattern, words = _old_words()
    weights: dict[str, float] = {}
    for word in pattern.findall(tag.lower())[:3]:
        for name, weight in words[word].items():
            weights[name] = max(weights.get(name, 0.0), weight)
    return " ".join(f"{name}:{weight:g}" for name, weight in weights.items())


def _dominant(emotion: str) -> str:
    pairs = [pair.split(":") for pair in emotion.split()]
    name = max(pairs, key=lambda pair: float(pair[1]))[0] if pairs else "neutral"
    return "neutral" if name == "calm" else name


def figures(found: Sequence[Case]) -> dict[str, float]:
    """Shares, 0..1, of one set of passages."""
    neutral = [case for case in found if case.emotion == "neutral"]
    hits = sum(len(case.deliveries & case.tagged_deliveries) for case in found)
    return {
        "n": len(found),
        "accuracy": _share(case.tagged == case.emotion for case in found),
        "before": _share(case.before == case.emotion for case in found),
        "false alarms": _share(case.tagged != "neutral" for case in neutral),
        "before's": _share(case.before != "neutral" for case in neutral),
        "delivery precision": hits / max(sum(len(case.tagged_deliveries) for case in found), 1),
        "delivery recall": hits / max(sum(len(case.deliveries) for case in found), 1),
    }


def _share(truths: object) -> float:
    listed = list(truths)  # type: ignore[call-overload]
    return sum(listed) / len(listed)


def speed(language: Language, characters: int = 1_000_000) -> tuple[float, float]:
    """User seconds spent on tagging alone and on the whole analysis of a book of that size made of the passages, with
    narration between them, so that a quotation comes as often as in novels (every 60 characters or so; 130 in English)."""
    rows = [one.passage.replace("*", "") for one in cases(language)]
    texts = [text for row in rows for text in (*row.split(" / "), FILLER[language])]
    times = characters // sum(map(len, texts)) + 1
    chapters = tuple(Chapter(at, "", tuple(Paragraph(text) for text in texts)) for at in range(1, times + 1))
    real, spent = lines.tagged, 0.0

    def timed(*arguments):  # type: ignore[no-untyped-def]
        nonlocal spent
        began = _user()
        found = real(*arguments)
        spent += _user() - began
        return found

    lines.tagged = timed
    try:
        began = _user()
        analyse(Book("", "", language, chapters, Path("x.txt"), ""))
        return spent, _user() - began
    finally:
        lines.tagged = real


def _user() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--misses", action="store_true", help="list the misses of the tuning half")
    options = parser.parse_args()
    for language in ("zh", "en"):
        found = cases(language)
        for half, part in (("tuning", found[::2]), ("held out", found[1::2])):
            shown = " ".join(f"{name} {value:.3f}" for name, value in figures(part).items() if name != "n")
            print(f"{language} {half:8} {len(part):3} passages: {shown}")
            if options.misses and half == "tuning":
                for case in part:
                    if case.tagged != case.emotion or case.tagged_deliveries != case.deliveries:
                        print(f"   {case.emotion} {' '.join(case.deliveries)} / {case.tagged}"
                              f" {' '.join(case.tagged_deliveries)}: {case.passage}")  # fmt: skip
    for language in ("zh", "en"):
        tagging, whole = speed(language)
        print(f"{language} 1,000,000 characters: tagging {tagging:.2f} s, whole analysis {whole:.2f} s (user time)")


if __name__ == "__main__":
    main()
