"""Who speaks: a scored sequence decision over each conversation.

The language's reader (`chinese`, `english`) turns every quotation into a `Case`: who may speak, and the evidence for and
against each. Chinese: the `model` weighs the evidence and the order of turns, over the whole conversation at once. English:
`rounds_en` weighs the evidence of a chapter three times, each time with what it found for the turns around.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.nouns import UNKNOWN, Language
from pipeline.script.attribution import chinese, english, model, people_zh, rounds_en, told_en
from pipeline.script.attribution.case import Case
from pipeline.script.attribution.units import NARRATION, Decision, Unit
from pipeline.script.names import Names

__all__ = ["NARRATION", "Decision", "Unit", "attribute"]

UNSURE = 0.25
"""Below this confidence a speaker is unknown, in Chinese as in English (`rounds_en`)."""

AGAINST_THE_LEAD = 0.6
"""The most that a speaker is sure who is not the one that the words beside the quotation name: review lists the line."""


def attribute(units: Sequence[Unit], names: Names, language: Language) -> list[Decision]:
    """A decision for every unit of a chapter, in order. `UNKNOWN` where nobody can be meant."""
    found: Sequence[Case]
    choices: Sequence[tuple[int, float] | None]
    if language == "zh":
        found = chinese.cases(units, names)
        choices = model.decide(found, model.weights(language))
    else:
        found = english.cases(units, names)
        choices = rounds_en.choose(found, rounds_en.weights())
    choices = _one_speech(units, found, choices, names)
    decisions = [Decision(UNKNOWN, 0.0, "none") if unit.speech else NARRATION for unit in units]
    for case, choice in zip(found, choices, strict=True):
        if case.kind == "narration":
            decisions[case.unit] = NARRATION
        elif choice is None or choice[1] < UNSURE or _nobody(case, choice[0]):
            decisions[case.unit] = Decision(UNKNOWN, 0.0, "none", case.kind, case.tag)
        else:
            place, sure = choice
            if case.lead is not None and case.candidates[place] != case.lead:
                sure = min(sure, AGAINST_THE_LEAD)
            why = case.evidence[place] or "turns"
            decisions[case.unit] = Decision(case.candidates[place], round(sure, 3), why, case.kind, case.tag)
    if language == "en":
        told_en.heed(units, [case for case in found if isinstance(case, english.EnglishCase)], decisions, names)
    return decisions


def _one_speech(
    units: Sequence[Unit], cases: Sequence[Case], choices: Sequence[tuple[int, float] | None], names: Names
) -> list[tuple[int, float] | None]:
    """The surer choice holds for both halves of a sentence that a tag interrupts ("In short," said he, "perhaps"), for what
    follows the tag in a new sentence without one of its own ("Yes," he said. "Perhaps."), and in English for a quotation
    that goes on through several paragraphs."""
    held = list(choices)
    begin = 0
    for at in range(1, len(cases) + 1):
        if at == len(cases) or not _goes_on(units, cases[at - 1], cases[at]):
            _surest_of_all(cases, held, begin, at)
            begin = at
    for at in range(1, len(cases)):
        one, two = held[at - 1], held[at]
        interrupted = _interrupted(units, cases[at - 1].unit, cases[at].unit, names)
        if not interrupted and not _hangs(units, cases[at - 1], cases[at]):
            continue
        if two is not None and (one is None or two[1] > one[1]):
            held[at - 1] = _same(cases[at], two, cases[at - 1]) or one
        elif one is not None:
            held[at] = _same(cases[at - 1], one, cases[at]) or two
    return held


def _goes_on(units: Sequence[Unit], one: Case, two: Case) -> bool:
    """English: whether a quotation was left open and goes on in the next paragraph."""
    return isinstance(two, english.EnglishCase) and units[one.unit].open and two.link == "continued"


def _surest_of_all(cases: Sequence[Case], held: list[tuple[int, float] | None], begin: int, end: int) -> None:
    """A quotation that runs through several paragraphs has one speaker: the surest of its parts'."""
    sure = [(choice[1], at) for at in range(begin, end) if (choice := held[at]) is not None]
    if end - begin < 2 or not sure:
        return
    _, best = max(sure)
    for at in range(begin, end):
        choice = held[best]
        if choice is not None:
            held[at] = _same(cases[best], choice, cases[at]) or held[at]


def _hangs(units: Sequence[Unit], one: Case, two: Case) -> bool:
    """English: whether a quotation follows another one's tag in its paragraph and has no tag of its own."""
    return (
        isinstance(one, english.EnglishCase)
        and isinstance(two, english.EnglishCase)
        and two.unit == one.unit + 2
        and units[one.unit].paragraph == units[two.unit].paragraph
        and "verb" in one.context
        and two.context.startswith(("after", "spoke"))
        and two.context != "spokename"
    )


def _same(source: Case, choice: tuple[int, float], other: Case) -> tuple[int, float] | None:
    name = source.candidates[choice[0]]
    return (other.candidates.index(name), choice[1]) if name in other.candidates else None


def _interrupted(units: Sequence[Unit], one: int, two: int, names: Names) -> bool:
    """Whether narration that ends no sentence stands between two quotations of a paragraph, the first of which ends in
    a comma or a dash, or in Chinese in any sign, as long as only one person acts between them."""
    if two != one + 2 or not units[one].paragraph == units[one + 1].paragraph == units[two].paragraph:
        return False
    between = units[one + 1].text.rstrip()
    broken = units[one].text.rstrip('”’」』" ').endswith((",", "，", "—", "-"))
    if names.language == "zh" and not broken and between.endswith(("，", ",")):
        acting = {one.who or one.gender for one in people_zh.read(between, names) if one.role == "subject"}
        return len(acting) <= 1
    return broken and between.endswith((",", "，", ";", "；"))


def _nobody(case: Case, place: int) -> bool:
    """Whether the likeliest is somebody unnamed, or the only one named, with nothing but his being there for him."""
    alone = case.candidates[-1] == UNKNOWN and not case.evidence[place]
    return case.candidates[place] == UNKNOWN or (alone and case.link in ("start", "action-between"))
