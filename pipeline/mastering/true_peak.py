"""True peak, measured while the sound streams by: 4x oversampling (ITU-R BS.1770-5, annex 2)."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.mastering import decoding
from pipeline.nouns import Waveform

OVERSAMPLING = 4
_TAPS = 24
CONTEXT = _TAPS // 2
"""Samples that an interpolated point looks at on either side."""


@cache
def interpolator() -> NDArray[np.float32]:
    """The 4x interpolation filter, shape (96,): a windowed sinc of 24 taps a phase, twice what BS.1770-5 annex 2 asks for at
    least, so that content near half the sample rate is read well, too."""
    taps = _signal().firwin(_TAPS * OVERSAMPLING, 1 / OVERSAMPLING, window=("kaiser", 5.0)) * OVERSAMPLING
    return np.asarray(taps, np.float32)


@cache
def overshoot() -> float:
    """How far above its samples the interpolated signal can rise at most: the largest sum of a phase's absolute taps."""
    return float(np.abs(interpolator().reshape(_TAPS, OVERSAMPLING)).sum(axis=0).max())


@cache
def _signal() -> Any:
    from scipy import signal

    return signal


def peaks(block: Waveform, floor: float) -> Waveform:
    """For every sample, the true peak around it: max of |samples| and of the four points interpolated beside them.

    Only exact above `floor`; below it the sample's own magnitude may stand, which is what makes this fast: stretches
    whose samples lie under ``floor / overshoot()`` cannot reach it. The first and last `CONTEXT` samples, whose
    neighbours are not known, get their own magnitude only.
    """
    found = np.abs(block)
    size, last_known = 512, block.size - CONTEXT
    count = -(-block.size // size)
    padded = np.zeros(count * size, np.float32)
    padded[: block.size] = found
    hot = padded.reshape(count, size).max(axis=1) * overshoot() > floor
    edges = np.flatnonzero(np.diff(np.concatenate(([False], hot, [False])).astype(np.int8)))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        low, high = max(first * size, CONTEXT), min(last * size, last_known)
        if high <= low:
            continue
        fine = np.abs(_signal().upfirdn(interpolator(), block[low - CONTEXT : high + CONTEXT], OVERSAMPLING))
        # fine point m lies (m - (taps * 4 - 1) / 2) / 4 samples after the first: those beside sample k are 4 k - 2 .. 4 k + 1
        centre = _TAPS * OVERSAMPLING // 2 + CONTEXT * OVERSAMPLING
        four = fine[centre - 4 : centre + 4 * (high - low) + 4].reshape(-1, OVERSAMPLING)
        beside = np.maximum(np.maximum(four[:, 0], four[:, 1]), np.maximum(four[:, 2], four[:, 3]))
        np.maximum(found[low:high], np.maximum(beside[:-2], np.maximum(beside[1:-1], beside[2:])), out=found[low:high])
    return found


class PeakMeter:
    """Highest true peak of a stream, dBTP, each channel on its own. Silence is taken to lie before and after it."""

    def __init__(self, channels: int = 1) -> None:
        self._highest = [0.0] * channels
        self._tails = [np.zeros(2 * CONTEXT, np.float32)] * channels

    def push(self, block: Waveform) -> None:
        """Measure the next samples, shape (frames,) for one channel or (frames, channels)."""
        for channel, samples in enumerate([block] if block.ndim == 1 else block.T):
            joined = np.concatenate([self._tails[channel], samples])
            self._highest[channel] = _above(joined, self._highest[channel])
            self._tails[channel] = joined[-2 * CONTEXT :]

    def by_channel(self) -> tuple[float, ...]:
        """dBTP of each channel; -inf for silence."""
        after = np.zeros(2 * CONTEXT, np.float32)
        ended = [
            _above(np.concatenate([tail, after]), highest)
            for tail, highest in zip(self._tails, self._highest, strict=True)
        ]
        return tuple(20 * math.log10(one) if one > 0 else -math.inf for one in ended)

    def true_peak(self) -> float:
        """dBTP of everything pushed, the highest of all channels; -inf for silence."""
        return max(self.by_channel())


def of_file(path: Path) -> float:
    """dBTP of a finished file as players decode it, the highest of its channels; a lossy one's is not what its encoder was
    given. Raises MasteringError for a file that cannot be read."""
    meter = None
    for block in decoding.channels(path):
        meter = meter or PeakMeter(block.shape[1])
        meter.push(block)
    return meter.true_peak() if meter else -math.inf


def _above(block: Waveform, floor: float) -> float:
    return max(floor, float(peaks(block, floor).max()))
