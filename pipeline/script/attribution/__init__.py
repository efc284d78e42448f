"""Who speaks: every quotation of a chapter -> a speaker, how sure, and the rule that said so.

A conversation is read twice. First the text's own word: a tag before, inside or after the quote, a colon above it, an
action in the same paragraph. Then what the first reading leaves open: continued quotes, and alternation between the two
who talk. Whatever stays open is `UNKNOWN`. `attribute` is the whole interface, so that another way of deciding can
take this one's place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.nouns import NARRATOR, UNKNOWN, Language
from pipeline.script.names import Names
from pipeline.script.words import lists, speech

_CLAUSE = re.compile(r"[，。．！？；,;!?…\n]+|(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)\.(?=\s|$)")
CONFIDENCE = {
    "tag-after": 0.95, "tag-before": 0.95, "tag-inside": 0.95, "colon": 0.85, "continued": 0.9, "same-paragraph": 0.85,
    "beat": 0.75, "pronoun": 0.7, "alternation": 0.65, "letter": 0.6, "none": 0.0,
}  # fmt: skip
"""How often each rule is right, as judged on samples of real novels (docs/script-table.md)."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of a paragraph as `attribute` sees it. `paragraph` counts in the chapter; `open` is a quotation that
    goes on in the next paragraph; `heading` and breaks end a conversation."""

    text: str
    speech: bool
    paragraph: int
    open: bool = False
    ends_conversation: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """For one unit: `speaker`, `confidence` 0..1, `why` (a rule of `CONFIDENCE`), what `kind` of line it is, and the
    words of the tag (for the emotion tagger)."""

    speaker: str
    confidence: float
    why: str
    kind: str = "dialogue"
    tag: str = ""


DOUBTFUL = 0.25
"""An English answer less sure than this is `UNKNOWN`: it would be wrong three times in four."""
NARRATION = Decision(NARRATOR, 1.0, "narration", "narration")
OPEN = Decision(UNKNOWN, 0.0, "none")


def attribute(units: Sequence[Unit], names: Names, language: Language) -> list[Decision]:
    """A decision for every unit of a chapter, in order."""
    if language == "en":
        return _english(units, names)
    found = [_said(units, at, names, language) if unit.speech else NARRATION for at, unit in enumerate(units)]
    _share_paragraph(units, found)
    _continue(units, found)
    _alternate(units, found)
    return found


def _english(units: Sequence[Unit], names: Names) -> list[Decision]:
    """English is decided by weighed evidence, see `english` and `rounds_en`."""
    from pipeline.script.attribution import english, rounds_en

    found = [OPEN if unit.speech else NARRATION for unit in units]
    known = rounds_en.weights()
    cases = english.cases(units, names)
    likely = rounds_en.decide(cases, known)
    letter = speech("en").letter
    for case, chances, sure in zip(cases, likely, rounds_en.sureness(cases, likely, known), strict=True):
        kind = "letter" if letter.search(case.tag) else case.kind
        if sure < DOUBTFUL:
            found[case.unit] = Decision(UNKNOWN, round(sure, 2), "none", kind, case.tag)
            continue
        best = chances.index(max(chances))
        found[case.unit] = Decision(case.candidates[best], round(sure, 2), case.evidence[best], kind, case.tag)
    return found


def _made(speaker: str, why: str, tag: str, language: Language) -> Decision:
    words, kind = speech(language), "dialogue"
    if words.thought.search(tag):
        kind = "thought"
    elif words.letter.search(tag):
        kind = "letter"
    return Decision(speaker, CONFIDENCE[why], why, kind, tag)


# --- the text's own word ---------------------------------------------------------------------------------------------


def _said(units: Sequence[Unit], at: int, names: Names, language: Language) -> Decision:
    unit = units[at]
    before = units[at - 1] if at and units[at - 1].paragraph == unit.paragraph and not units[at - 1].speech else None
    after = units[at + 1] if at + 1 < len(units) and units[at + 1].paragraph == unit.paragraph else None
    after = after if after and not after.speech else None
    inside = (
        after is not None and at + 2 < len(units) and units[at + 2].speech and units[at + 2].paragraph == unit.paragraph
    )
    if before and before.text.rstrip()[-1:] in "：:，,":
        decided = _tag_before(before.text, at, units, names, language, "tag-before")
        if decided:
            return decided
    if after:
        decided = _tag_after(after.text, at, units, names, language, "tag-inside" if inside else "tag-after")
        if decided:
            return decided
    if before:
        decided = _tag_before(before.text, at, units, names, language, "tag-before")
        if decided:
            return decided
    if not before and at and not units[at - 1].speech and units[at - 1].text.rstrip()[-1:] in "：:":
        decided = _tag_before(units[at - 1].text, at, units, names, language, "colon")
        if decided:
            return decided
    return _beat(before, after, names, language)


def _tag_before(
    text: str, at: int, units: Sequence[Unit], names: Names, language: Language, why: str
) -> Decision | None:
    clauses = [clause for clause in _CLAUSE.split(text[-120:].rstrip(" ：:")) if clause and clause.strip()][-3:]
    if not clauses:
        return None
    last = clauses[-1]
    words = speech(language)
    ends_open = text.rstrip()[-1:] in "：:"
    if not (words.verb.search(last) or words.thought.search(last) or words.letter.search(last) or ends_open):
        return None
    for clause in reversed(clauses):
        subject = names.subject(clause)
        if subject:
            return _resolved(subject, why, last, at, units, names, language)
    if words.letter.search(last):
        return _made(NARRATOR, "letter", last, language)
    return None


def _tag_after(
    text: str, at: int, units: Sequence[Unit], names: Names, language: Language, why: str
) -> Decision | None:
    head = text[:80].lstrip(" ，,。.—-")
    clauses = [clause for clause in _CLAUSE.split(head) if clause.strip()]
    if not clauses or (language == "zh" and text.lstrip()[:1] in "：:"):
        return None
    first = clauses[0]
    words = speech(language)
    verb = words.verb.search(first) or words.thought.search(first)
    if not verb and len(clauses) > 1 and language == "zh" and names.subject(first):
        verb = words.verb.search(clauses[1]) if len(clauses[1]) <= 8 else None  # 林晚抬起头，说道。
    if not verb:
        return None
    if language == "en" and text.lstrip()[:1].isupper() and not names.subject(first):
        return None
    subject = names.subject(first, after_verb=True)
    return _resolved(subject, why, first, at, units, names, language) if subject else None


def _resolved(
    subject: str, why: str, tag: str, at: int, units: Sequence[Unit], names: Names, language: Language
) -> Decision | None:
    """A name as it is; a pronoun as the nearest fitting name before it, less surely."""
    gender = lists(language)["pronouns"].get(subject)
    if gender is None:
        return _made(names.canonical(subject), why, tag, language)
    for distance in range(1, 9):
        if at - distance < 0 or units[at - distance].ends_conversation:
            break
        if units[at - distance].speech:
            continue
        near = [name for name in names.mentioned(units[at - distance].text) if names.gender(name) in (gender, "")]
        sure = [name for name in near if names.gender(name) == gender]
        if sure:
            return _made(sure[-1], "pronoun", tag, language)
        if len(set(near)) == 1 and distance <= 4:
            return replace(_made(near[0], "pronoun", tag, language), confidence=0.55)
    return Decision(UNKNOWN, 0.2, "pronoun", _made(UNKNOWN, "pronoun", tag, language).kind, tag)


def _beat(before: Unit | None, after: Unit | None, names: Names, language: Language) -> Decision:
    """林晚抬起头。“走吧。” - one person acts in the paragraph, so that one speaks."""
    for text in (before.text if before else "", after.text if after else ""):
        if not text.strip():
            continue
        people = names.mentioned(text)
        subject = names.subject(_CLAUSE.split(text.strip())[0])
        if subject and subject not in lists(language)["pronouns"] and set(people) <= {names.canonical(subject)}:
            return _made(names.canonical(subject), "beat", "", language)
    return OPEN


# --- what it leaves open ---------------------------------------------------------------------------------------------


def _share_paragraph(units: Sequence[Unit], found: list[Decision]) -> None:
    """Quotes of one paragraph have one speaker, where only one of them is tagged by name."""
    by_paragraph: dict[int, list[int]] = {}
    for at, unit in enumerate(units):
        if unit.speech:
            by_paragraph.setdefault(unit.paragraph, []).append(at)
    for places in by_paragraph.values():
        known = [found[at] for at in places if found[at].speaker != UNKNOWN]
        if known and len({one.speaker for one in known}) == 1:
            best = max(known, key=lambda one: one.confidence)
            for at in places:
                if found[at].speaker == UNKNOWN:
                    sure = min(best.confidence, CONFIDENCE["same-paragraph"])
                    found[at] = Decision(best.speaker, sure, "same-paragraph", best.kind)


def _continue(units: Sequence[Unit], found: list[Decision]) -> None:
    """A quotation that a paragraph leaves open belongs to the same speaker in the next, and the other way round."""
    speeches = [at for at, unit in enumerate(units) if unit.speech]
    pairs = [
        (one, two)
        for one, two in pairwise(speeches)
        if units[one].open and units[two].paragraph == units[one].paragraph + 1
    ]
    for one, two in pairs:
        if found[two].speaker == UNKNOWN and found[one].speaker != UNKNOWN:
            found[two] = Decision(found[one].speaker, min(found[one].confidence, 0.9), "continued", found[one].kind)
    for one, two in reversed(pairs):
        if found[one].speaker == UNKNOWN and found[two].speaker != UNKNOWN:
            found[one] = Decision(found[two].speaker, min(found[two].confidence, 0.9), "continued", found[two].kind)


def _alternate(units: Sequence[Unit], found: list[Decision]) -> None:
    """In a conversation of two, paragraphs of speech without a tag go back and forth between them."""
    turns: list[list[int]] = []
    for stretch in _conversations(units):
        turns = _turns(units, stretch)
        for first, second in ((1, 2), (-1, -2)):  # forward from known speakers, then backward
            order = turns if first > 0 else turns[::-1]
            for at in range(2, len(order)):
                here, before, earlier = (order[at - step][0] for step in (0, 1, second if second > 0 else 2))
                if found[here].speaker != UNKNOWN or found[here].confidence > 0:
                    continue
                one, two = found[earlier], found[before]
                if UNKNOWN not in (one.speaker, two.speaker) and one.speaker != two.speaker:
                    sure = min(one.confidence, two.confidence, CONFIDENCE["alternation"]) * 0.95
                    for place in order[at]:
                        if found[place].speaker == UNKNOWN:
                            found[place] = Decision(one.speaker, round(sure, 3), "alternation")


def _conversations(units: Sequence[Unit]) -> list[list[int]]:
    """Runs of units in which no more than one paragraph in a row is without speech."""
    speaking = {unit.paragraph for unit in units if unit.speech}
    runs: list[list[int]] = [[]]
    last = -10
    for at, unit in enumerate(units):
        if unit.ends_conversation or (unit.speech and unit.paragraph - last > 2 and last >= 0):
            runs.append([])
        if unit.paragraph in speaking:
            last = unit.paragraph
            runs[-1].append(at)
    return [run for run in runs if run]


def _turns(units: Sequence[Unit], stretch: list[int]) -> list[list[int]]:
    """The speech units of each paragraph of a conversation, in order."""
    turns: dict[int, list[int]] = {}
    for at in stretch:
        if units[at].speech:
            turns.setdefault(units[at].paragraph, []).append(at)
    return list(turns.values())
