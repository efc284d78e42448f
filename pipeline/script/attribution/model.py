"""The likeliest speakers of a conversation, weighed together.

A quotation's score for a candidate is the sum of its features' weights and of one weight for how the candidate relates
to the two speakers before it: "same" as the last, "back" to the one before, or "other". Exact: Viterbi for the
speakers, forward-backward for how sure each is. Time is linear in the number of quotations.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from pipeline.script.attribution.case import Case

Array = NDArray[np.float64]
RELATIONS = ("same", "back", "other")
LONGEST = 60
"""Quotations decided together; a longer conversation is cut."""


@dataclass(frozen=True, slots=True)
class Weights:
    """`features`: name -> weight. `turns`: "link relation" -> weight. `calibration`: rising (marginal, how often such a
    decision is right) points."""

    features: dict[str, float]
    turns: dict[str, float]
    calibration: tuple[tuple[float, float], ...] = ()


@cache
def weights(language: str) -> Weights:
    """The trained weights of a language (benchmarks/train_attribution.py writes them)."""
    text = resources.files(__package__).joinpath(f"weights-{language}.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return Weights(data["features"], data["turns"], tuple((low, right) for low, right in data["calibration"]))


def decide(cases: Sequence[Case], known: Weights) -> list[tuple[int, float]]:
    """For every case the index of its speaker among the candidates and how sure that is, 0..1 (-1, 0.0 where nobody
    is a candidate)."""
    found: list[tuple[int, float]] = []
    for run in conversations(cases):
        found.extend(_decided(run, known))
    return found


def conversations(cases: Sequence[Case]) -> list[list[Case]]:
    """Cases that are decided together. One without candidates stands alone, as does what follows it."""
    runs: list[list[Case]] = []
    for case in cases:
        begins = case.link == "start" or not case.candidates or not runs[-1][-1].candidates or len(runs[-1]) >= LONGEST
        if not runs or begins:
            runs.append([])
        runs[-1].append(case)
    return runs


def score(case: Case, known: Weights) -> Array:
    """The sum of feature weights for each candidate."""
    weight = known.features
    return np.array([sum(weight.get(name, 0.0) * value for name, value in one.items()) for one in case.features])


def calibrated(marginal: float, table: Sequence[tuple[float, float]]) -> float:
    """How often a decision of this marginal is right."""
    if not table:
        return marginal
    return float(np.interp(marginal, [low for low, _ in table], [right for _, right in table]))


def _decided(run: list[Case], known: Weights) -> list[tuple[int, float]]:
    if not run[0].candidates:
        return [(-1, 0.0)]
    local = [score(case, known) for case in run]
    moves = [_moves(run, at, known) for at in range(len(run))]
    path = _best(local, moves)
    sure = _marginals(local, moves)
    return [(best, calibrated(float(p[best]), known.calibration)) for best, p in zip(path, sure, strict=True)]


def _moves(run: list[Case], at: int, known: Weights) -> Array:
    """move[a, b, c]: the weight of candidate c at `at` after a and b. One nobody (size 1) stands before the first."""
    here = run[at]
    before = run[at - 1].candidates if at else ("",)
    earlier = run[at - 2].candidates if at > 1 else ("",)
    if not at:
        return np.zeros((1, 1, len(here.candidates)))
    same, back, other = (known.turns.get(f"{here.link} {relation}", 0.0) for relation in RELATIONS)
    is_last = np.array([[b == c for c in here.candidates] for b in before])
    is_back = np.array([[a == c for c in here.candidates] for a in earlier])
    return np.where(is_last[None, :, :], same, np.where(is_back[:, None, :], back, other))


def _best(local: list[Array], moves: list[Array]) -> list[int]:
    table = moves[0][0] + local[0]  # [before, here]
    steps: list[NDArray[np.intp]] = []
    for at in range(1, len(local)):
        total = table[:, :, None] + moves[at]
        steps.append(total.argmax(axis=0))
        table = total.max(axis=0) + local[at]
    before, here = np.unravel_index(int(table.argmax()), table.shape)
    path = [int(here)]
    for at in range(len(local) - 1, 0, -1):
        path.append(int(before))
        before, here = steps[at - 1][before, here], before
    return path[::-1]


def _marginals(local: list[Array], moves: list[Array]) -> list[Array]:
    forward = [moves[0][0] + local[0]]
    for at in range(1, len(local)):
        forward.append(_sum(forward[-1][:, :, None] + moves[at], 0) + local[at])
    behind = np.zeros_like(forward[-1])
    found: list[Array] = []
    for at in range(len(local) - 1, -1, -1):
        joint = forward[at] + behind
        part = np.exp(joint - joint.max())
        found.append(part.sum(axis=0) / part.sum())
        if at:
            behind = _sum(moves[at] + (local[at] + behind)[None, :, :], 2)
    return found[::-1]


def _sum(values: Array, axis: int) -> Array:
    """The logarithm of a sum of exponentials."""
    top = values.max(axis=axis, keepdims=True)
    total: Array = np.log(np.exp(values - top).sum(axis=axis)) + np.squeeze(top, axis)
    return total
