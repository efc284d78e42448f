"""Ids that outlive a new analysis: lines of the last table and of the new one are aligned by their texts.

Equal beginnings and ends are taken first; between them, texts that occur once on each side anchor the rest (the
patience method), and small gaps are left to difflib. Time is close to linear in the number of lines.
"""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from pipeline.nouns import Line

_GAP = 400
"""Longest gap that difflib, which may take quadratic time, is given."""

Old = tuple[str, str, int]
"""(id, text, chapter) of a line of the last table."""


def carried_ids(fresh: Sequence[Line], old: Sequence[Old]) -> list[Line]:
    """`fresh` with the ids of `old` where their sentences are the same; new ids never collide with old ones."""
    if not old:
        return list(fresh)
    pairs = dict(_aligned([line.text for line in fresh], [text for _, text, _ in old]))
    taken = {old[there][0] for there in pairs.values()}
    used = Counter(name for name, _, _ in old)
    lines = []
    for at, line in enumerate(fresh):
        if at in pairs:
            lines.append(replace(line, id=old[pairs[at]][0]))
            continue
        name, again = line.id, 1
        while name in taken or name in used:
            again += 1
            name = f"{line.id.rsplit('-', 1)[0] if line.id.count('-') > 1 else line.id}-{again}"
        taken.add(name)
        lines.append(replace(line, id=name))
    return lines


def _aligned(new: Sequence[str], old: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs (new index, old index) of equal texts, increasing on both sides."""
    pairs: list[tuple[int, int]] = []
    stack = [(0, len(new), 0, len(old))]
    while stack:
        low, high, old_low, old_high = stack.pop()
        while low < high and old_low < old_high and new[low] == old[old_low]:
            pairs.append((low, old_low))
            low, old_low = low + 1, old_low + 1
        while low < high and old_low < old_high and new[high - 1] == old[old_high - 1]:
            high, old_high = high - 1, old_high - 1
            pairs.append((high, old_high))
        if low == high or old_low == old_high:
            continue
        anchors = _anchors(new, low, high, old, old_low, old_high)
        if anchors:
            edges = [(low - 1, old_low - 1), *anchors, (high, old_high)]
            pairs.extend(anchors)
            for (one, old_one), (two, old_two) in pairwise(edges):
                stack.append((one + 1, two, old_one + 1, old_two))
        elif max(high - low, old_high - old_low) <= _GAP:
            matcher = difflib.SequenceMatcher(None, new[low:high], old[old_low:old_high], autojunk=False)
            for block in matcher.get_matching_blocks():
                pairs.extend((low + block.a + step, old_low + block.b + step) for step in range(block.size))
    return sorted(pairs)


def _anchors(
    new: Sequence[str], low: int, high: int, old: Sequence[str], old_low: int, old_high: int
) -> list[tuple[int, int]]:
    """The longest increasing run of texts that occur exactly once in both stretches."""
    here, there = Counter(new[low:high]), Counter(old[old_low:old_high])
    place = {old[at]: at for at in range(old_low, old_high) if there[old[at]] == 1}
    unique = [(at, place[new[at]]) for at in range(low, high) if here[new[at]] == 1 and new[at] in place]
    tails: list[int] = []
    at_tail: list[int] = []
    before: list[int] = []
    for index, (_, where) in enumerate(unique):
        spot = bisect_left(tails, where)
        before.append(at_tail[spot - 1] if spot else -1)
        if spot == len(tails):
            tails.append(where)
            at_tail.append(index)
        else:
            tails[spot], at_tail[spot] = where, index
    run: list[tuple[int, int]] = []
    index = at_tail[-1] if at_tail else -1
    while index >= 0:
        run.append(unique[index])
        index = before[index]
    return run[::-1]
