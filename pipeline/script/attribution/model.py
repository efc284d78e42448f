"""The weights, and the exact decision over each conversation.

A conversation's score is the sum, over its quotations, of the speaker's weighted evidence and of a weight for how the
speaker follows the two before: "same" as the last, "back" to the one before it, or "other".
Forward and backward sums over the pairs (one before, last) give each speaker's probability exactly; the likeliest is
chosen and its probability, calibrated on held-out text, is the confidence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from pipeline.script.attribution.case import LINKS, Case

RELATIONS = ("same", "back", "other")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """`features`: name -> weight. `turns`: "link|relation" -> weight. `calibration`: (probability, how often right)
    pairs, rising, with straight lines between."""

    features: Mapping[str, float]
    turns: Mapping[str, float]
    calibration: Sequence[tuple[float, float]]

    def relation_table(self) -> Floats:
        """(links, relations)."""
        return np.array([[self.turns.get(f"{link}|{relation}", 0.0) for relation in RELATIONS] for link in LINKS])


@cache
def weights(language: str) -> Weights:
    """The weights that come with the program."""
    text = resources.files(__package__).joinpath(f"weights-{language}.json").read_text(encoding="utf-8")
    found = json.loads(text)
    return Weights(found["features"], found["turns"], [(p, right) for p, right in found["calibration"]])


def decide(cases: Sequence[Case], weighing: Weights) -> list[tuple[int, float] | None]:
    """For every case the place of its speaker among the candidates and the confidence, or None without candidates."""
    chosen: list[tuple[int, float] | None] = []
    table = weighing.relation_table()
    at, sure = zip(*weighing.calibration, strict=True)
    for run in conversations(cases):
        for case, likely in zip(run, probabilities(run, weighing, table), strict=True):
            if not case.candidates:
                chosen.append(None)
                continue
            place = int(likely.argmax())
            chosen.append((place, float(np.interp(likely[place], at, sure))))
    return chosen


def conversations(cases: Sequence[Case]) -> list[list[Case]]:
    """The cases cut where a conversation begins."""
    runs: list[list[Case]] = []
    for case in cases:
        if not runs or case.link in ("start", "far"):
            runs.append([])
        runs[-1].append(case)
    return runs


def probabilities(run: Sequence[Case], weighing: Weights, table: Floats) -> list[Floats]:
    """For each case of one conversation, the probability of each of its candidates. Time: cases x candidates cubed."""
    people = list(dict.fromkeys(name for case in run for name in case.candidates))
    if not people:
        return [np.zeros(0) for _ in run]
    places = {name: at for at, name in enumerate(people)}
    own = np.full((len(run), len(people)), -30.0)
    for row, case in enumerate(run):
        for name, features in zip(case.candidates, case.features, strict=True):
            own[row, places[name]] = sum(weighing.features.get(key, 0.0) * value for key, value in features.items())
    links = np.array([LINKS.index(case.link) for case in run])
    likely = marginals(own[None], table[links][None])[0]
    return [likely[row, [places[name] for name in case.candidates]] for row, case in enumerate(run)]


@cache
def relation_masks(people: int) -> tuple[Floats, Floats, Floats]:
    """For (one before, last, this): 1 where this one's relation is same, back, other."""
    eye = np.eye(people)
    same = np.broadcast_to(eye[None], (people,) * 3).copy()
    back = np.broadcast_to(eye[:, None, :], (people,) * 3) * (1 - same)
    return same, back, 1 - same - back


def marginals(own: Floats, turns: Floats) -> Floats:
    """own: (runs, cases, people) scores; turns: (runs, cases, relations) scores. -> (runs, cases, people), sums of 1."""
    ahead, behind, _ = messages(own, turns)
    both = ahead + behind
    both -= both.max(axis=(2, 3), keepdims=True)
    likely = np.exp(both).sum(axis=2)
    return np.asarray(likely / likely.sum(axis=2, keepdims=True))


def messages(own: Floats, turns: Floats) -> tuple[Floats, Floats, Floats]:
    """Forward and backward log sums (runs, cases, last, this), and the log of the sum of everything, (runs,)."""
    runs, cases, people = own.shape
    masks = relation_masks(people)
    ahead = np.full((runs, cases, people, people), -np.inf)
    behind = np.zeros((runs, cases, people, people))
    ahead[:, 0] = (own[:, 0] - np.log(people))[:, None, :]  # no one before: any, with equal weight
    edges = [step_scores(own[:, at], turns[:, at], masks, first=at == 1) for at in range(1, cases)]
    for at, edge in enumerate(edges, 1):
        ahead[:, at] = _logsum(ahead[:, at - 1][:, :, :, None] + edge, 1)
    for at in range(cases - 1, 0, -1):
        behind[:, at - 1] = _logsum(edges[at - 1] + behind[:, at][:, None], 3)
    return ahead, behind, _logsum(ahead[:, -1].reshape(runs, -1), 1)


def step_scores(own: Floats, turns: Floats, masks: tuple[Floats, Floats, Floats], *, first: bool) -> Floats:
    """(runs, one before, last, this) scores of one step; at a conversation's second turn nobody can be gone back to."""
    same, back, other = masks
    if first:
        back, other = np.zeros_like(back), back + other
    moves = (
        same * turns[:, 0, None, None, None]
        + back * turns[:, 1, None, None, None]
        + other * turns[:, 2, None, None, None]
    )
    return np.asarray(moves + own[:, None, None, :])


def _logsum(values: Floats, axis: int) -> Floats:
    top = values.max(axis=axis, keepdims=True)
    return np.asarray(np.log(np.exp(values - top).sum(axis=axis)) + top.squeeze(axis))
