"""English: cases -> how likely each candidate is, in rounds, and how sure the answer is.

The first round weighs the text's own evidence. Each further round weighs it again together with what the round before
found for the neighbouring turns, so that what is known of one quotation spreads along its conversation: who alternates
with whom, who takes part. All weights are in weights-en.json, made by benchmarks/train_attribution_en.py.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from pipeline.script.attribution.english import EnglishCase

NEAR = 10
"""So many turns to each side count as the surroundings of a quotation."""
DOUBTFUL = 0.25
"""An answer less sure than this is none: it would be wrong three times in four."""
CALLED = 3.0
"""What it weighs besides against a candidate that the quotation itself calls by name; set by hand, over the learnt weight."""
_SIDES = 12
"""So many quotations to each side tell how sure the surroundings are."""


@dataclass(frozen=True, slots=True)
class Weights:
    """`rounds`: evidence -> weight, one table a round. `confidence`: what `traits` weigh in the answer's sureness."""

    rounds: tuple[Mapping[str, float], ...]
    confidence: Mapping[str, float]


@cache
def weights() -> Weights:
    text = resources.files(__package__).joinpath("weights-en.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return Weights(tuple(data["rounds"]), data["confidence"])


def decide(cases: Sequence[EnglishCase], known: Weights) -> list[list[float]]:
    """The probability of every candidate of every case; `cases` are those of a chapter, in order."""
    likely: list[list[float]] = []
    for number, table in enumerate(known.rounds):
        likely = [
            soft(
                [
                    _score(case.context, features, table, more)
                    for features, more in zip(case.features, further, strict=True)
                ]
            )
            for case, further in zip(cases, neighbours(cases, likely) if number else _nothing(cases), strict=True)
        ]
    return likely


def choose(cases: Sequence[EnglishCase], known: Weights) -> list[tuple[int, float] | None]:
    """For every case the place of the speaker among its candidates and how sure that is, 0..1; None where it is `DOUBTFUL`."""
    likely = decide(cases, known)
    return [
        (chances.index(max(chances)), sure) if sure >= DOUBTFUL else None
        for chances, sure in zip(likely, sureness(cases, likely, known), strict=True)
    ]


def _nothing(cases: Sequence[EnglishCase]) -> list[list[dict[str, float]]]:
    return [[{}] * len(case.candidates) for case in cases]


def _score(context: str, features: Mapping[str, float], table: Mapping[str, float], more: Mapping[str, float]) -> float:
    get = table.get
    total = 0.0
    for name, value in features.items():
        total += value * (get(name, 0.0) + get(f"{context}:{name}", 0.0))
    for name, value in more.items():
        total += value * get(name, 0.0)
    if features.get("called") == 1.0 and "tag.name" not in features:
        total -= CALLED
    return total


def expanded(case: EnglishCase) -> list[dict[str, float]]:
    """The features of a case under every name they have a weight by."""
    return [dict(one) | {f"{case.context}:{name}": value for name, value in one.items()} for one in case.features]


def soft(scores: Sequence[float]) -> list[float]:
    """Scores as probabilities."""
    if not scores:
        return []
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def family(case: EnglishCase) -> str:
    """What decides a quotation: a name in its tag, another tag, or its surroundings."""
    if "verbname" in case.context:
        return "tag"
    return "pron" if "verb" in case.context or case.context.startswith(("lead", "spoke")) else "free"


def neighbours(cases: Sequence[EnglishCase], likely: Sequence[Sequence[float]]) -> list[list[dict[str, float]]]:
    """What the round before says of the turns around each case, as features of its candidates."""
    turn_of, conversation, turns = _turns(cases)
    found = [dict(zip(case.candidates, likely[at], strict=True)) for at, case in enumerate(cases)]
    means: list[dict[str, float]] = []
    for places in turns:
        mean: dict[str, float] = {}
        for at in places:
            for name, value in found[at].items():
                mean[name] = mean.get(name, 0.0) + value / len(places)
        means.append(mean)
    told = []
    for at, case in enumerate(cases):
        turn = turn_of[at]
        last = turns[turn][-1] + 1
        onward = cases[last].link if last < len(cases) else "start"
        around = {
            step: means[turn + step]
            for step in range(-NEAR, NEAR + 1)
            if step and 0 <= turn + step < len(turns) and conversation[turns[turn + step][0]] == conversation[at]
        }
        place = at - turns[turn][0]  # the cases of a turn follow one another
        own = turns[turn][max(place - NEAR, 0) : place + NEAR + 1]
        told.append([_neighbour(case, name, onward, around, found, at, own) for name in case.candidates])
    return told


def _neighbour(
    case: EnglishCase, name: str, onward: str, around: Mapping[int, Mapping[str, float]],
    found: Sequence[Mapping[str, float]], at: int, own: Sequence[int],
) -> dict[str, float]:  # fmt: skip
    before = sum(mean.get(name, 0.0) for step, mean in around.items() if step < 0)
    behind = sum(mean.get(name, 0.0) for step, mean in around.items() if step > 0)
    said = {step: around[step].get(name, 0.0) if step in around else 0.0 for step in (-3, -2, -1, 1, 2, 3)}
    seen = {f"s{step:+d}": value for step, value in said.items() if value > 0.02}
    same = [found[place].get(name, 0.0) for place in own if place != at]
    if same:
        seen["s.same"] = max(same)
    back, ahead = said[-2] * (1 - said[-1]), said[2] * (1 - said[1])
    seen |= {
        "s.before": min(before, 3.0), "s.after": min(behind, 3.0), "s.any": 1.0 - math.exp(-2 * (before + behind)),
        "s.p": math.log(found[at].get(name, 0.0) + 1e-3), "s.alt<": back, "s.alt>": ahead, "s.alt<>": back * ahead,
        "s.between": (1 - said[-1]) * (1 - said[1]) * said[-2] * said[2], "s.run": said[-1] * said[-2],
        "s.share": (before + behind) / max(len(around), 1), "s.both": said[-1] * said[1],
    }  # fmt: skip
    kind = family(case)
    told = dict(seen)
    for key, value in seen.items():
        told[f"{kind}|{key}"] = value
        told[f"{case.link}|{key}"] = value
    for key in ("s+1", "s+2", "s.alt>"):
        if key in seen:
            told[f">{onward}|{key}"] = seen[key]
    return told


def _turns(cases: Sequence[EnglishCase]) -> tuple[list[int], list[int], list[list[int]]]:
    """For each case its turn and its conversation; for each turn its cases."""
    turn_of: list[int] = []
    conversation: list[int] = []
    turns: list[list[int]] = []
    for at, case in enumerate(cases):
        begins = case.link == "start" or not turns
        conversation.append((conversation[-1] if conversation else 0) + begins)
        if begins or case.link not in ("same-paragraph", "continued"):
            turns.append([])
        turns[-1].append(at)
        turn_of.append(len(turns) - 1)
    return turn_of, conversation, turns


# --- how sure --------------------------------------------------------------------------------------------------------


def sureness(cases: Sequence[EnglishCase], likely: Sequence[Sequence[float]], known: Weights) -> list[float]:
    """For each case, how often an answer like its likeliest candidate is right, 0..1."""
    answers = []
    for one in traits(cases, likely):
        total = sum(value * known.confidence.get(name, 0.0) for name, value in one.items())
        answers.append(1.0 / (1.0 + math.exp(-max(min(total, 30.0), -30.0))) if one else 0.0)
    return answers


def traits(cases: Sequence[EnglishCase], likely: Sequence[Sequence[float]]) -> list[dict[str, float]]:
    """What tells how sure an answer is: its probability, the lead over the next, the same of the quotations around it, and
    what kind of evidence there was. Empty for a case without candidates."""
    tops = [max(one, default=0.0) for one in likely]
    sums = [0.0]
    for top in tops:
        sums.append(sums[-1] + top)
    told: list[dict[str, float]] = []
    for at, case in enumerate(cases):
        if not case.candidates:
            told.append({})
            continue
        first, second = sorted((*likely[at], 0.0), reverse=True)[:2]
        odds = math.log(first + 1e-4) - math.log(1 - first + 1e-3)
        begin, end = max(0, at - _SIDES), min(len(cases), at + _SIDES + 1)
        around = (sums[end] - sums[begin] - tops[at]) / max(end - begin - 1, 1)
        kind = _sort(case.context)
        told.append({
            "one": 1.0, "odds": odds, "lead": math.log(first + 1e-4) - math.log(second + 1e-3), "around": around,
            "many": math.log(len(case.candidates)), "odds*around": odds * around, kind: 1.0, f"odds*{kind}": odds,
        })  # fmt: skip
    return told


def _sort(context: str) -> str:
    if "shared" in context or "names" in context:
        return "shared"
    if "name" in context and "near" in context:
        return "near"
    if "verb" in context:
        return "tag" if "name" in context else "anaphor"
    return next((word for word in ("lead", "after", "ahead", "spoke", "beat") if context.startswith(word)), "none")
