"""The labels of CPP's train part without its sentences: which label belongs to which character.

The parts of the data set stand in one order of the characters, and train has about eight examples for every one of dev. So the
list of labels is cut into as many runs as there are characters: each run as long as dev leads to expect, its labels readings of
its character, as far as that can be (dynamic programming over the places where runs can end).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, groupby

import numpy as np

_REACH = 80
"""Labels by which the end of a run may lie off the place that dev's share leads to."""
_WRONG = 5.0
"""What a label costs that is no reading of its character, in half squares of a deviation."""


def by_character(
    labels: Sequence[str], marked: Sequence[str], readings: Mapping[str, Sequence[str]]
) -> dict[str, Sequence[str]]:
    """The run of `labels` of each character; `marked` the characters of dev's examples, in its order."""
    order = [(sign, len(list(group))) for sign, group in groupby(marked)]
    share = len(labels) / len(marked)
    ends = {0: 0.0}
    steps: list[dict[int, int]] = []
    for (sign, size), behind in zip(order, accumulate(size for _, size in order), strict=True):
        expected = size * share
        wrong = np.cumsum([0, *(label not in readings[sign] for label in labels)])
        reached: dict[int, float] = {}
        came: dict[int, int] = {}
        middle = round(behind * share)
        for end in range(max(0, middle - _REACH), min(len(labels), middle + _REACH) + 1):
            costs = {
                start: cost + _WRONG * (wrong[end] - wrong[start]) + (end - start - expected) ** 2 / (2 + expected / 5)
                for start, cost in ends.items()
                if 0 < end - start < 2 * expected + 9
            }
            if costs:
                came[end] = min(costs, key=costs.__getitem__)
                reached[end] = costs[came[end]]
        ends = reached
        steps.append(came)
    found: dict[str, Sequence[str]] = {}
    end = len(labels)
    for (sign, _), came in zip(reversed(order), reversed(steps), strict=True):
        found[sign] = labels[came[end] : end]
        end = came[end]
    return found
