"""Train the weights of the Chinese attribution on the WP training part and calibrate them on folds held out of it.

    python -m benchmarks.train_attribution DATASET [--out pipeline/script/attribution/weights-zh.json]

Each quotation's speaker is predicted from its evidence and the true speakers before it (teacher forcing): a softmax over
its candidates, L2 towards `PRIOR`, which says what the data set cannot show because it keeps no paragraphs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from benchmarks import wp
from pipeline.script.attribution.case import Case
from pipeline.script.attribution.chinese import cases
from pipeline.script.attribution.model import Weights, decide
from pipeline.script.names import Names

PRIOR = {"turn same-paragraph same": 3.0, "turn continued same": 4.0, "after.same.said.subject": 4.0,
         "after.same.said.pronoun": 2.0, "after.same.acts.subject": 2.5, "before.same.acts.subject": 2.5,
         "before.same.said.subject": 3.0, "after.same.acts.pronoun": 1.0, "before.same.acts.pronoun": 1.0}  # fmt: skip
FOLDS = 5


def run_of(one: wp.Instance, people: Names) -> tuple[list[Case], int]:
    """The cases of an instance's sentences and which of them is the centre."""
    found = cases(wp.units(one.sentences), people)
    return found, next(at for at, case in enumerate(found) if case.unit == wp.CENTRE)


def rows(
    one: wp.Instance, people: Names, known: dict[tuple[str, ...], str]
) -> tuple[list[dict[str, float]], int] | None:
    """Features of each candidate, relations to the true speakers before included, and the true one's place."""
    found, centre = run_of(one, people)
    case = found[centre]
    if one.speaker not in case.candidates:
        return None
    before = [
        known.get(one.sentences[max(other.unit - 1, 0) : other.unit + 2])
        for other in found[max(centre - 2, 0) : centre]
    ]
    last = before[-1] if before else None
    earlier = before[-2] if len(before) > 1 else None
    out = []
    for name, seen in zip(case.candidates, case.features, strict=True):
        row = dict(seen)
        if last and case.link != "start":
            relation = "same" if name == last else "back" if name == earlier else "other"
            if relation == "same" or earlier:
                row[f"turn {case.link} {relation}"] = 1.0
        out.append(row)
    return out, case.candidates.index(one.speaker)


def fit(data: Sequence[tuple[list[dict[str, float]], int]], strength: float) -> Weights:
    """Weights by L-BFGS."""
    index: dict[str, int] = {name: at for at, name in enumerate(PRIOR)}
    for group, _ in data:
        for row in group:
            for name in row:
                index.setdefault(name, len(index))
    prior = np.array([PRIOR.get(name, 0.0) for name in index])
    width = max(len(group) for group, _ in data)
    table = np.zeros((len(data), width, len(index)))
    off = np.full((len(data), width), -1e9)
    for at, (group, _) in enumerate(data):
        off[at, : len(group)] = 0.0
        for place, row in enumerate(group):
            for name, value in row.items():
                table[at, place, index[name]] = value
    true = np.array([right for _, right in data])
    every = np.arange(len(data))

    def loss(weight: np.ndarray) -> tuple[float, np.ndarray]:
        score = table @ weight + off
        score -= score.max(axis=1, keepdims=True)
        chance = np.exp(score)
        chance /= chance.sum(axis=1, keepdims=True)
        gap = weight - prior
        slope = np.einsum("ij,ijk->k", chance, table) - table[every, true].sum(axis=0) + 2 * strength * gap
        return float(-np.log(chance[every, true] + 1e-12).sum() + strength * gap @ gap), slope

    best = minimize(loss, prior, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    told = {name: round(float(best[at]), 3) for name, at in index.items()}
    turns = {name[5:]: value for name, value in told.items() if name.startswith("turn ")}
    return Weights({name: value for name, value in told.items() if not name.startswith("turn ")}, turns)


def answers(instances: Sequence[wp.Instance], people: Names, known: Weights) -> list[tuple[float, bool, str]]:
    """(confidence, right, category) of each instance, decided from its own 21 sentences."""
    found = []
    for one in instances:
        run, centre = run_of(one, people)
        best, sure = decide(run, known)[centre]
        found.append((sure, best >= 0 and run[centre].candidates[best] == one.speaker, one.category))
    return found


def table_of(judged: Sequence[tuple[float, bool, str]]) -> tuple[tuple[float, float], ...]:
    """Rising calibration points from tenths of the answers, by pooling neighbours that fall."""
    ordered = sorted(judged)
    pools = [[float(np.mean([sure for sure, _, _ in part])), float(np.mean([right for _, right, _ in part])), 1.0]
             for part in (ordered[len(ordered) * at // 10 : len(ordered) * (at + 1) // 10] for at in range(10))]  # fmt: skip
    at = 0
    while at + 1 < len(pools):
        one, two = pools[at], pools[at + 1]
        if one[1] > two[1]:
            size = one[2] + two[2]
            pools[at : at + 2] = [[*((one[k] * one[2] + two[k] * two[2]) / size for k in (0, 1)), size]]
            at = max(at - 1, 0)
        else:
            at += 1
    return ((0.0, 0.0), *((round(low, 4), round(right, 4)) for low, right, _ in pools))


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("dataset", type=Path)
    ask.add_argument("--out", type=Path, default=Path("pipeline/script/attribution/weights-zh.json"))
    ask.add_argument("--strength", type=float, default=0.3)
    asked = ask.parse_args()
    people, train = wp.names(asked.dataset), wp.load(asked.dataset, "train")
    known = wp.golden(train)
    made = [rows(one, people, known) for one in train]
    size = len(train) // FOLDS
    judged = []
    for fold in range(FOLDS):  # stretches of the novel, so that windows do not overlap the training's
        held = range(fold * size, (fold + 1) * size if fold < FOLDS - 1 else len(train))
        model = fit([row for at, row in enumerate(made) if row and at not in held], asked.strength)
        judged.extend(answers([train[at] for at in held], people, model))
    final = fit([row for row in made if row], asked.strength)
    print(f"speaker among the candidates: {sum(row is not None for row in made) / len(made):.3f}")
    print(f"held-out folds: {np.mean([right for _, right, _ in judged]):.3f}")
    data = {"features": final.features, "turns": final.turns, "calibration": table_of(judged)}
    asked.out.write_text(json.dumps(data, indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
