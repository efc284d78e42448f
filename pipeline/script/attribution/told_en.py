"""English tags that tell who speaks without a name or a pronoun to weigh: said I, said the other, asked one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.nouns import NARRATOR, UNKNOWN
from pipeline.script.attribution.tags_en import is_verb
from pipeline.script.attribution.units import Decision
from pipeline.script.lexicon_en import LINK

if TYPE_CHECKING:
    from pipeline.script.attribution.english import EnglishCase
    from pipeline.script.attribution.quotation_en import Quote
    from pipeline.script.attribution.units import Unit
    from pipeline.script.names import Names

_SOMEBODY = frozenset("one another someone somebody".split())
_MANY = frozenset("two three several many both all".split())
_TOGETHER = frozenset("of or at in together voices".split())
_NUMBERED = frozenset("second third fourth fifth sixth".split())
_TIMES = frozenset("day morning evening night afternoon".split())
_HANGING = ("after", "ahead", "none", "spokep")
"""Contexts of a quotation that has no tag of its own."""
_BESIDE, _BACK = 8, 30
"""Bounds for paragraphs and conversations of any length: quotations seen to each side of a tag, and back from "the other"."""
_TOLD = 0.9
"""How sure "said I" and its like make a speaker."""


def tells(quote: Quote) -> str:
    """What the tag of a quotation tells: "I", "other" (the other of two), "nobody" (somebody who is not named), "" (nothing
    of these)."""
    subject = quote.tag.subject
    if subject is not None and quote.tag.shape == "verb":
        if subject.gender == "I" and not subject.who and subject.role == "subject":
            return "I"
        reading = quote.after_reading if quote.tag is quote.after else quote.before_reading
        if subject.head == "other" and reading and reading.low[subject.start : subject.end] == ["the", "other"]:
            following = (reading.low[subject.end : subject.end + 1] or ["."])[0]
            return "other" if not following[0].isalpha() or following in LINK or following.endswith("ly") else ""
        if subject.head == "voice":
            somewhere = reading is not None and reading.low[subject.start] in ("a", "another")
            whose = reading is not None and "of" in reading.low[subject.end : subject.end + 1]
            return "nobody" if somewhere and not whose else ""
    behind = quote.after_reading
    if behind is None or len(behind.low) < 3 or not is_verb(behind, 0):
        return ""
    first, second = behind.low[1:3]
    if first in _SOMEBODY and second not in _TIMES and not (subject is not None and subject.who and second != "of"):
        return "nobody"
    if first in _MANY and second in _TOGETHER:
        return "nobody"
    if first in ("a", "an") and (second in _NUMBERED or (subject is not None and subject.kind == "person")):
        known = subject is not None and subject.kind == "person" and subject.start == 1 and subject.who
        return "" if known or (subject is not None and subject.start > 1) else "nobody"
    return ""


def heed(units: Sequence[Unit], cases: Sequence[EnglishCase], decisions: list[Decision], names: Names) -> None:
    """Give every quotation whose tag tells such a speaker to him, and the rest of its paragraph that has no other tag."""
    for at, case in enumerate(cases):
        if case.told == "I" and not names.narrator:
            said = Decision(NARRATOR, _TOLD, "tag")
        elif case.told == "nobody":
            said = Decision(UNKNOWN, 0.0, "none")
        elif (
            case.told == "other"
            and decisions[case.unit].speaker == UNKNOWN
            and (found := _other(units, cases, decisions, at))
        ):
            said = found
        else:
            continue
        for one in _paragraph(units, cases, at):
            decisions[one.unit] = replace(said, kind=one.kind, tag=one.tag)


def _paragraph(units: Sequence[Unit], cases: Sequence[EnglishCase], at: int) -> list[EnglishCase]:
    """A quotation with the ones before and behind it in its paragraph that hang on its tag."""
    number = units[cases[at].unit].paragraph
    found = [cases[at]]
    for step in (-1, 1):
        place = at + step
        while (
            0 <= place < len(cases)
            and abs(place - at) <= _BESIDE
            and units[cases[place].unit].paragraph == number
            and cases[place].context.startswith(_HANGING)
        ):
            found.append(cases[place])
            place += step
    return found


def _other(
    units: Sequence[Unit], cases: Sequence[EnglishCase], decisions: Sequence[Decision], at: int
) -> Decision | None:
    """The decision for whoever spoke last before the last speaker, in the conversation so far."""
    number, last = units[cases[at].unit].paragraph, None
    for place in range(at, max(at - _BACK, 0), -1):
        if cases[place].link == "start":
            return None
        one = cases[place - 1]
        decision = decisions[one.unit]
        if units[one.unit].paragraph == number:
            continue
        if decision.speaker in (NARRATOR, UNKNOWN):
            return None
        if last is None:
            last = decision
        elif decision.speaker != last.speaker:
            return replace(decision, confidence=min(decision.confidence, last.confidence), why="turns")
    return None
