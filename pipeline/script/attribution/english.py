"""English quotations as cases: the tag beside the quotation, the one who acts in its paragraph, and turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pipeline.script.attribution.case import Case
from pipeline.script.attribution.units import Unit
from pipeline.script.names import Names
from pipeline.script.words import lists, speech

_REACH = 6
_MOST = 9


def cases(units: Sequence[Unit], names: Names) -> list[Case]:
    """A case for every quotation of a chapter, in order."""
    found: list[Case] = []
    runs = _conversations(units)
    for run in runs:
        people = _candidates(units, names, run)
        found.extend(_case(units, at, run[place - 1] if place else None, people, names) for place, at in enumerate(run))
    return found


def _conversations(units: Sequence[Unit]) -> list[list[int]]:
    runs: list[list[int]] = []
    last, fresh = -1, True
    for at, unit in enumerate(units):
        fresh = fresh or unit.ends_conversation
        if unit.speech:
            if fresh or (last >= 0 and unit.paragraph - units[last].paragraph > 3):
                runs.append([])
            runs[-1].append(at)
            last, fresh = at, False
    return runs


def _candidates(units: Sequence[Unit], names: Names, run: list[int]) -> tuple[str, ...]:
    weight: Counter[str] = Counter()
    for at in range(max(run[0] - _REACH, 0), min(run[-1] + 2, len(units))):
        if not units[at].speech and not units[at].ends_conversation:
            weight.update(names.mentioned(units[at].text))
    return tuple(name for name, _ in weight.most_common(_MOST))


def _case(units: Sequence[Unit], at: int, last: int | None, people: tuple[str, ...], names: Names) -> Case:
    rows: list[dict[str, float]] = [{} for _ in people]
    why = [""] * len(people)
    words, kind, tag = speech("en"), "dialogue", ""
    for step, title in ((1, "after"), (-1, "before")):
        place = at + step
        if not 0 <= place < len(units) or units[place].speech or units[place].paragraph != units[at].paragraph:
            continue
        text = units[place].text[:80] if step > 0 else units[place].text[-120:]
        tells = words.verb.search(text) or words.thought.search(text)
        if tells and not tag:
            tag = text.strip()
        if words.thought.search(text):
            kind = "thought"
        subject = names.subject(text, after_verb=True)
        name = f"{title}.{'verb' if tells else 'act'}"
        gender = lists("en")["pronouns"].get(subject)
        meant = [_nearest(units, at, names, gender)] if gender else [names.canonical(subject)] if subject else []
        for who in meant:
            if who in people:
                rows[people.index(who)][f"{name}.{'pronoun' if gender else 'is'}"] = 1.0
                why[people.index(who)] = why[people.index(who)] or f"{name}: {text.strip()[:32]}"
    link = "start"
    if last is not None:
        one, two = units[last], units[at]
        near = "adjacent" if two.paragraph == one.paragraph + 1 else "action-between"
        link = "same-paragraph" if one.paragraph == two.paragraph else "continued" if one.open else near
    return Case(at, people, tuple(rows), link, kind, tag, tuple(why))


def _nearest(units: Sequence[Unit], at: int, names: Names, gender: str) -> str:
    for place in range(at - 1, max(at - 9, -1), -1):
        if not units[place].speech:
            fits = [name for name in names.mentioned(units[place].text) if names.gender(name) in (gender, "")]
            if fits:
                return fits[-1]
    return ""
