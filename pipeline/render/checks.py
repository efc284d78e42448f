"""Automatic checks of a take: is it silent, clipped, cut short, or running on?

They flag, they do not judge: a flagged take is tried again with another seed where the engine draws by chance, and
otherwise kept and listed for a listen.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipeline.engines.plausible import SILENT_DBFS, haste, level, syllables
from pipeline.nouns import Waveform

SEVERITY = ("clipped", "runaway", "truncated", "silent")
"""Flags from the mildest to the worst, by what a listener loses: with "clipped" nothing that is said; with "runaway" all is
said, and more besides; with "truncated" words are missing; with "silent" all of them are."""
CLIPPED_RUN = 8
"""Consecutive samples at full scale that count as clipping."""


def flags(
    wave: Waveform, sample_rate: int, text: str, speed: float = 1.0, doubts: Iterable[str] = ()
) -> tuple[str, ...]:
    """What is suspicious about a take of `text`: any of "silent", "clipped", "truncated", "runaway".

    wave: shape (frames,), full scale [-1, 1], finite. doubts: what the engine already found.
    """
    if not wave.size:
        return ("silent",)
    found = []
    if level(wave) < SILENT_DBFS:
        found.append("silent")
    if _longest_run(np.abs(wave) >= 0.999) >= CLIPPED_RUN:
        found.append("clipped")
    found.append(haste(syllables(text), wave.size / sample_rate * speed))
    return tuple(dict.fromkeys(one for one in (*found, *doubts) if one))


def severity(found: Iterable[str]) -> int:
    """How bad a take with these flags is; 0 without any. The worst flag decides, then the next: one that is silent is worse
    than one with all others together. A flag that only an engine knows counts as the mildest."""
    return sum({1 << SEVERITY.index(one) if one in SEVERITY else 1 for one in found})


def _longest_run(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))
