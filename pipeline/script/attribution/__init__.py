"""Who speaks: a scored sequence decision over each conversation.

The language's reader (`chinese`, `english`) turns every quotation into a `Case`: who may speak, and the evidence for and
against each. The model weighs the evidence and the order of turns, over the whole conversation at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.nouns import UNKNOWN, Language
from pipeline.script.attribution import chinese, english, model
from pipeline.script.attribution.units import NARRATION, Decision, Unit
from pipeline.script.names import Names

__all__ = ["NARRATION", "Decision", "Unit", "attribute"]


def attribute(units: Sequence[Unit], names: Names, language: Language) -> list[Decision]:
    """A decision for every unit of a chapter, in order. `UNKNOWN` where nobody can be meant."""
    found = chinese.cases(units, names) if language == "zh" else english.cases(units, names)
    decisions = [Decision(UNKNOWN, 0.0, "none") if unit.speech else NARRATION for unit in units]
    for case, choice in zip(found, model.decide(found, model.weights(language)), strict=True):
        if case.kind == "narration":
            decisions[case.unit] = NARRATION
        elif choice is None:
            decisions[case.unit] = Decision(UNKNOWN, 0.0, "none", case.kind, case.tag)
        else:
            place, sure = choice
            why = case.evidence[place] or "turns"
            decisions[case.unit] = Decision(case.candidates[place], round(sure, 3), why, case.kind, case.tag)
    return decisions
