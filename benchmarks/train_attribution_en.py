"""Train the weights of the English attribution on the development half of PDNC (its first 14 novels by name).

    python -m benchmarks.train_attribution_en --pdnc DIR [--write]

Prints the cross-validated table (7 groups of 2 novels, each answered by weights that never saw it), then, with --write, trains on
all 14 and writes pipeline/script/attribution/weights-en.json. Takes some minutes on one core.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from benchmarks import attribution, pdnc
from pipeline.script.attribution import rounds_en
from pipeline.script.attribution.rounds_en import EnglishCase

DEVELOPMENT = 14
GROUPS = 7
ROUNDS = 3
STRENGTH = 3.0
"""Of the quadratic penalty on the weights."""
STEPS = 60

Features = list[list[Mapping[str, float]]]
Floats = NDArray[numpy.float64]


@dataclass(slots=True)
class Table:
    """Features of many cases as one matrix: a row a candidate, `sizes` candidates a case, `right` the place of the speaker among
    them (-1: not there)."""

    rows: csr_matrix
    names: list[str]
    sizes: NDArray[numpy.int64]
    right: NDArray[numpy.int64]


def table(features: Features, cases: Sequence[EnglishCase], speakers: Sequence[str]) -> Table:
    names: dict[str, int] = {}
    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    for one in features:
        for candidate in one:
            for name, value in candidate.items():
                columns.append(names.setdefault(name, len(names)))
                values.append(value)
            ends.append(len(columns))
    rows = csr_matrix(
        (numpy.array(values, dtype=numpy.float32), numpy.array(columns, dtype=numpy.int32), numpy.array(ends)),
        shape=(len(ends) - 1, len(names)),
    )
    right = [
        one.candidates.index(who) if who in one.candidates else -1 for one, who in zip(cases, speakers, strict=True)
    ]
    return Table(rows, list(names), numpy.array([len(one) for one in features]), numpy.array(right))


def fit(data: Table, use: NDArray[numpy.bool_]) -> Floats:
    """Weights that make the speakers of the chosen cases likeliest."""
    use = use & (data.right >= 0)
    rows = data.rows[numpy.repeat(use, data.sizes)]
    sizes, right = data.sizes[use], data.right[use]
    places = starts(sizes) + right
    turned = rows.T.tocsr()

    def loss(weights: Floats) -> tuple[float, Floats]:
        likely = soft(rows @ weights, sizes)
        slope = -likely
        slope[places] += 1
        return (
            float(-numpy.log(likely[places] + 1e-12).sum() + 0.5 * STRENGTH * weights @ weights),
            STRENGTH * weights - turned @ slope,
        )

    return minimum(loss, len(data.names))


def minimum(loss: Callable[[Floats], tuple[float, Floats]], size: int) -> Floats:
    return minimize(loss, numpy.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x


def starts(sizes: NDArray[numpy.int64]) -> NDArray[numpy.int64]:
    return numpy.concatenate([[0], numpy.cumsum(sizes)[:-1]])


def soft(scores: Floats, sizes: NDArray[numpy.int64]) -> Floats:
    begin = starts(sizes)
    powers = numpy.exp(scores - numpy.repeat(numpy.maximum.reduceat(scores, begin), sizes))
    return powers / numpy.repeat(numpy.add.reduceat(powers, begin), sizes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pdnc", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    novels = [attribution.prepared(pdnc.load(given.pdnc, name)) for name in pdnc.names(given.pdnc)[:DEVELOPMENT]]
    owner = numpy.concatenate([[at] * len(one.cases) for at, one in enumerate(novels)])
    cases = [case for one in novels for case in one.cases]
    speakers = [who for one in novels for who in one.speakers]
    likely: list[list[list[float]]] = []
    tables: list[Mapping[str, float]] = []
    for number in range(ROUNDS):
        features: Features = []
        for at, one in enumerate(novels):
            more = rounds_en.neighbours(one.cases, likely[at]) if number else None
            for place, case in enumerate(one.cases):
                further = more[place] if more else [{}] * len(case.candidates)
                features.append([own | told for own, told in zip(rounds_en.expanded(case), further, strict=True)])
        data = table(features, cases, speakers)
        fresh: list[list[list[float]]] = [[] for _ in novels]
        for group in range(GROUPS):
            held = owner % GROUPS == group
            weights = fit(data, ~held)
            answers = soft(data.rows[numpy.repeat(held, data.sizes)] @ weights, data.sizes[held])
            split = numpy.split(answers, starts(data.sizes[held])[1:])
            for whose, answer in zip(owner[held], split, strict=True):
                fresh[whose].append(answer.tolist())
        likely = fresh
        if given.write:
            found = fit(data, numpy.ones(len(owner), dtype=bool))
            tables.append(
                {name: round(float(w), 4) for name, w in zip(data.names, found, strict=True) if abs(w) >= 2e-3}
            )
        print(f"round {number + 1}: {len(data.names)} weights", flush=True)
    names, traits, right = _confidence(novels, likely)
    sure = numpy.zeros(len(right))
    for group in range(GROUPS):
        held = owner % GROUPS == group
        sure[held] = 1 / (1 + numpy.exp(-traits[held] @ _logistic(traits[~held], right[~held])))
    at = 0
    results = []
    for one, answers in zip(novels, likely, strict=True):
        results.append(attribution.judged(one, answers, sure[at : at + len(one.cases)].tolist()))
        at += len(one.cases)
    attribution.show(results, "PDNC, the 14 development novels, cross-validated")
    if given.write:
        weights = _logistic(traits, right)
        confidence = {name: round(float(w), 4) for name, w in zip(names, weights, strict=True)}
        target = Path(rounds_en.__file__).with_name("weights-en.json")
        text = json.dumps({"rounds": tables, "confidence": confidence}, indent=0, sort_keys=True)
        target.write_text(text + "\n", encoding="utf-8")
        print(f"wrote {target}, {target.stat().st_size / 1e6:.2f} MB")


def _confidence(
    novels: Sequence[attribution.Prepared], likely: Sequence[Sequence[Sequence[float]]]
) -> tuple[list[str], Floats, Floats]:
    told = [
        one for novel, answers in zip(novels, likely, strict=True) for one in rounds_en.traits(novel.cases, answers)
    ]
    names = sorted({name for one in told for name in one})
    rows = numpy.array([[one.get(name, 0.0) for name in names] for one in told])
    right = [
        bool(answer) and case.candidates[int(numpy.argmax(answer))] == who
        for novel, answers in zip(novels, likely, strict=True)
        for case, who, answer in zip(novel.cases, novel.speakers, answers, strict=True)
    ]
    return names, rows, numpy.array(right, dtype=float)


def _logistic(rows: Floats, right: Floats) -> Floats:
    def loss(weights: Floats) -> tuple[float, Floats]:
        answer = 1 / (1 + numpy.exp(-rows @ weights))
        cost = -(right * numpy.log(answer + 1e-9) + (1 - right) * numpy.log(1 - answer + 1e-9)).sum()
        return float(cost + 0.5 * weights @ weights), rows.T @ (answer - right) + weights

    return minimize(loss, numpy.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x


if __name__ == "__main__":
    main()
