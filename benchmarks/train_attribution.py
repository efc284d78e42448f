"""Train the weights of the Chinese attribution on the WP data set, fetched by the user.

    python -m benchmarks.train_attribution DATASET [--parts train dev] [--out pipeline/script/attribution/weights-zh.json]

Maximises the probability of the known speakers in each conversation, speakers that nobody noted summed over, with a penalty on
weights far from their prior; then calibrates on folds that the weights did not see. Deterministic.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from benchmarks import wp
from pipeline.files import write_text
from pipeline.nouns import UNKNOWN
from pipeline.script.attribution import model
from pipeline.script.attribution.case import LINKS, Case
from pipeline.script.attribution.chinese import cases
from pipeline.script.attribution.model import RELATIONS, Floats, Weights
from pipeline.script.names import Names

FOLDS = 3
PENALTY = 0.5
BATCH = 400
PRIOR: Mapping[str, float] = {
    "same-paragraph|same": 4.0, "continued|same": 6.0, "adjacent|same": -1.0, "adjacent|back": 1.0,
    "beat.is": 2.5, "beat.pronoun1": 1.5, "beat.gender": -2.0, "answer|same": -1.0, "answer|back": 1.0, "tag.is": 7.0, "verb.is": 4.0, "colon.is": 7.0, "lead.is": 5.0, "tag.gender": -4.0, "kept.is": 3.5, "kept.pronoun1": 1.0, "kept.pronoun-acted": 1.0, "kept.gender": -2.0,
    "led-on|same": 3.0, "led-answer|same": -3.0, "led-answer|back": 1.0, "colon.gender": -3.0,
}  # fmt: skip
"""What holds where the data set is silent (WP keeps no paragraphs) or sparse."""


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation and its speakers; None where the speaker is not known. `weight` counts it more or less."""

    cases: Sequence[Case]
    gold: Sequence[str | None]
    weight: float = 1.0


class _Data:
    """Examples as arrays, padded to the longest and the most people."""

    def __init__(self, examples: Sequence[Example], keys: Mapping[str, int]) -> None:
        self.steps = max(len(one.cases) for one in examples)
        people = [list(dict.fromkeys(name for case in one.cases for name in case.candidates)) for one in examples]
        self.most = max(map(len, people))
        shape = (len(examples), self.steps, self.most)
        self.base = np.full(shape, -30.0)
        self.clamp = np.zeros(shape)
        self.links = np.full(shape[:2], len(LINKS))
        self.weight = np.array([one.weight for one in examples])
        rows, columns, values = [], [], []
        for at, one in enumerate(examples):
            places = {name: place for place, name in enumerate(people[at])}
            self.base[at, len(one.cases) :] = 0.0
            for step, (case, gold) in enumerate(zip(one.cases, one.gold, strict=True)):
                self.links[at, step] = LINKS.index(case.link)
                for name, features in zip(case.candidates, case.features, strict=True):
                    self.base[at, step, places[name]] = 0.0
                    row = (at * self.steps + step) * self.most + places[name]
                    for key, value in features.items():
                        if key in keys:
                            rows.append(row)
                            columns.append(keys[key])
                            values.append(value)
                if gold in places and gold in case.candidates:
                    self.clamp[at, step] = -60.0
                    self.clamp[at, step, places[gold]] = 0.0
        self.features = csr_matrix((values, (rows, columns)), shape=(int(np.prod(shape)), len(keys)))


def _expected(own: Floats, turns: Floats) -> tuple[Floats, Floats, Floats]:
    """Log sum (runs,), expected speakers (runs, cases, people) and relations (runs, cases, relations)."""
    ahead, behind, total = model.messages(own, turns)
    nodes = np.exp(ahead + behind - total[:, None, None, None]).sum(axis=2)
    moves = np.zeros(turns.shape)
    masks = model.relation_masks(own.shape[2])
    for at in range(1, own.shape[1]):
        score = model.step_scores(own[:, at], turns[:, at], masks, first=at == 1)
        joint = np.exp(ahead[:, at - 1][:, :, :, None] + score + behind[:, at][:, None] - total[:, None, None, None])
        same, back, other = ((joint * mask).sum(axis=(1, 2, 3)) for mask in masks)
        moves[:, at] = np.stack([same, 0 * back if at == 1 else back, other + back if at == 1 else other], axis=1)
    return total, nodes, moves


def train(examples: Sequence[Example]) -> Weights:
    """The best weights; `calibration` is left as it is (nothing held out)."""
    examples = [one for one in examples if len(one.cases) and any(case.candidates for case in one.cases)]
    names = sorted(
        {key for one in examples for case in one.cases for row in case.features for key in row}
        | {key for key in PRIOR if "|" not in key}
    )
    keys = {name: at for at, name in enumerate(names)}
    turn_keys = [f"{link}|{relation}" for link in LINKS for relation in RELATIONS]
    centre = np.array([PRIOR.get(name, 0.0) for name in [*names, *turn_keys]])
    order = sorted(examples, key=lambda one: len(one.cases))
    batches = [_Data(order[at : at + BATCH], keys) for at in range(0, len(order), BATCH)]

    def loss(x: Floats) -> tuple[float, Floats]:
        table = np.vstack([x[len(names) :].reshape(len(LINKS), -1), np.zeros(len(RELATIONS))])
        value, slope = PENALTY * float(((x - centre) ** 2).sum()), 2 * PENALTY * (x - centre)
        for data in batches:
            own = data.base + (data.features @ x[: len(names)]).reshape(data.base.shape)
            turns = table[data.links]
            free, nodes, moves = _expected(own, turns)
            fixed, right_nodes, right_moves = _expected(own + data.clamp, turns)
            value += float((data.weight * (free - fixed)).sum())
            difference = (nodes - right_nodes) * data.weight[:, None, None]
            slope[: len(names)] += data.features.T @ difference.ravel()
            changes = (moves - right_moves) * data.weight[:, None, None]
            grown = np.zeros(table.shape)
            np.add.at(grown, data.links.ravel(), changes.reshape(-1, len(RELATIONS)))
            slope[len(names) :] += grown[:-1].ravel()
        return value, slope

    best = minimize(loss, centre, jac=True, method="L-BFGS-B", options={"maxiter": 30}).x
    features = {name: round(float(best[at]), 3) for name, at in keys.items()}
    turns = {name: round(float(best[len(names) + at]), 3) for at, name in enumerate(turn_keys)}
    return Weights(features, turns, [(0.0, 0.0), (1.0, 1.0)])


def calibrate(pairs: Sequence[tuple[float, bool]], bins: int = 12) -> list[tuple[float, float]]:
    """Rising (probability, share right) points from held-out (probability, right) pairs: equal bins, pooled until they
    rise."""
    order = sorted(pairs)
    pools: list[list[float]] = []  # sum of probabilities, right ones, count
    for at in np.array_split(np.arange(len(order)), min(bins, len(order))):
        part = [order[place] for place in at]
        pools.append([sum(p for p, _ in part), float(sum(right for _, right in part)), float(len(part))])
        while len(pools) > 1 and pools[-2][1] / pools[-2][2] >= pools[-1][1] / pools[-1][2]:
            last = pools.pop()
            pools[-1] = [one + two for one, two in zip(pools[-1], last, strict=True)]
    points = [(round(p / n, 4), round((right + 0.5) / (n + 1), 4)) for p, right, n in pools]
    return [(0.0, 0.0), *points, (1.0, points[-1][1])]


def held_out(examples: Sequence[Example], folds: int = FOLDS) -> list[tuple[float, bool]]:
    """(probability, right) of every known speaker: each fold of consecutive examples is judged by weights learnt on the
    others."""
    pairs = []
    edges = np.linspace(0, len(examples), folds + 1).astype(int)
    for start, end in pairwise(edges):
        weighing = train([*examples[:start], *examples[end:]])
        for one in examples[start:end]:
            pairs.extend(judged(one, weighing))
    return pairs


def judged(example: Example, weighing: Weights) -> list[tuple[float, bool]]:
    """(probability, right) of every known speaker of a conversation."""
    pairs = []
    likely = model.probabilities(example.cases, weighing, weighing.relation_table())
    for case, gold, each in zip(example.cases, example.gold, likely, strict=True):
        if gold is not None:
            place = int(each.argmax()) if len(each) else -1
            pairs.append(
                (float(each[place]) if len(each) else 0.0, place >= 0 and case.candidates[place] == gold != UNKNOWN)
            )
    return pairs


def write(path: Path, weighing: Weights) -> None:
    """The weights as readable JSON, a weight a line."""
    found = {"features": weighing.features, "turns": weighing.turns, "calibration": weighing.calibration}
    write_text(path, json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


def example(one: wp.Instance, people: Names) -> Example:
    """The conversation around an instance's centre, with the centre's speaker."""
    units, centre = wp.units(one.sentences)
    found = model.conversations(cases(units, people))
    run = next(run for run in found if any(case.unit == centre for case in run))
    gold: list[str | None] = [None for _ in run]
    for at, case in enumerate(run):
        if case.unit == centre:
            unnamed = one.speaker not in case.candidates and UNKNOWN in case.candidates
            gold[at] = UNKNOWN if unnamed else one.speaker
    return Example(run, gold)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("dataset", type=Path, help="the data set's folder with name_list.txt")
    ask.add_argument("--out", type=Path, default=Path("pipeline/script/attribution/weights-zh.json"))
    ask.add_argument("--parts", nargs="+", default=["train"], help="train, or train dev")
    asked = ask.parse_args()
    people = wp.names(asked.dataset)
    examples = [example(one, people) for part in asked.parts for one in wp.load(asked.dataset, part)]
    pairs = held_out(examples)
    weighing = train(examples)
    write(asked.out, Weights(weighing.features, weighing.turns, calibrate(pairs)))
    print(f"{sum(right for _, right in pairs) / len(pairs):.1%} of {len(pairs)} held-out quotations right")


if __name__ == "__main__":
    main()
