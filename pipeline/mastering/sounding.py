"""Where in a take something is heard: a timed script places the speech, not the silence that an engine leaves before it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from pipeline.mastering import sound
from pipeline.nouns import Take

HOP_S = 0.005
UNDER_DB = 40.0
"""A hop is silent that lies so far under the loudest one: the floor of a cloned voice lies lower, soft consonants higher."""
SILENT_DBFS = -60.0
BEFORE_S, AFTER_S = 0.005, 0.020
"""Kept on both sides: what the fades take, and the end of a sound dying away."""


@lru_cache(maxsize=1 << 14)
def heard(take: Take) -> tuple[int, int]:
    """First and last frame (exclusive) of what is heard of a take, at its own rate; all of it where nothing is.

    Raises MasteringError for a take that cannot be read.
    """
    wave, hop = sound.read(take), max(1, round(HOP_S * take.sample_rate))
    count = wave.size // hop
    power = np.square(wave[: count * hop], dtype=np.float64).reshape(count, hop).mean(axis=1)
    least = max(power.max(initial=0.0) * 10 ** (-UNDER_DB / 10), 10 ** (SILENT_DBFS / 10))
    loud = np.flatnonzero(power > least)
    if not loud.size:
        return 0, take.frames
    first = int(loud[0]) * hop - round(BEFORE_S * take.sample_rate)
    last = (int(loud[-1]) + 1) * hop + round(AFTER_S * take.sample_rate)
    return max(first, 0), min(last, take.frames)


def seconds(take: Take) -> float:
    """How long a take is heard."""
    first, last = heard(take)
    return (last - first) / take.sample_rate
