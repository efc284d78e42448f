"""True peak, measured while the sound streams by: 4x oversampling (ITU-R BS.1770-5, annex 2)."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.mastering import decoding
from pipeline.nouns import Waveform

OVERSAMPLING = 4
_TAPS = 24
CONTEXT = _TAPS // 2
"""Samples that an interpolated point looks at on either side."""
_SPAN = 64
"""Samples that are looked at together: the fewer, the less is interpolated in vain."""


@cache
def interpolator() -> NDArray[np.float32]:
    """The 4x interpolation filter, shape (96,): a windowed sinc of 24 taps a phase, twice what BS.1770-5 annex 2 asks for at
    least, so that content near half the sample rate is read well, too."""
    from scipy.signal import firwin

    taps = firwin(_TAPS * OVERSAMPLING, 1 / OVERSAMPLING, window=("kaiser", 5.0)) * OVERSAMPLING
    return np.asarray(taps, np.float32)


@cache
def overshoot() -> float:
    """How far above its samples the interpolated signal can rise at most: the largest sum of a phase's absolute taps."""
    return float(np.abs(interpolator().reshape(_TAPS, OVERSAMPLING)).sum(axis=0).max())


@cache
def _matrix() -> NDArray[np.float32]:
    """The filter as a matrix, shape (_SPAN + 2 CONTEXT, 4 (_SPAN + 1)): from a span and the samples around it to the points
    after each sample, from the one before the span on, at 1/8, then 3/8, 5/8 and 7/8 of the way to the next."""
    matrix = np.zeros((_SPAN + 2 * CONTEXT, OVERSAMPLING, _SPAN + 1), np.float32)
    for phase in range(OVERSAMPLING):
        for sample in range(_SPAN + 1):
            matrix[sample : sample + _TAPS, phase, sample] = interpolator()[phase::OVERSAMPLING][::-1]
    return matrix.reshape(len(matrix), -1)


def peaks(block: Waveform, floor: float) -> Waveform:
    """For every sample, the true peak around it: max of its magnitude and of the four points interpolated on either side.

    Only exact above `floor`; below it the sample's own magnitude may stand, which is what makes this fast: spans that
    lie under ``floor / overshoot()``, with the samples around them, cannot reach it. The first and last `CONTEXT` samples,
    whose neighbours are not known, get their own magnitude only.
    """
    if not block.size:
        return block
    spans = -(-block.size // _SPAN)
    padded = np.zeros(spans * _SPAN + 2 * CONTEXT, np.float32)
    padded[CONTEXT : CONTEXT + block.size] = block
    found = np.abs(padded)
    hot = np.flatnonzero(_around(found).max(axis=1) * overshoot() > floor)
    between = np.abs(_around(padded)[hot] @ _matrix()).reshape(hot.size, OVERSAMPLING, _SPAN + 1).max(axis=1)
    own = found[CONTEXT : CONTEXT + spans * _SPAN].reshape(spans, _SPAN)
    own[hot] = np.maximum(own[hot], np.maximum(between[:, :-1], between[:, 1:]))
    whole = own.reshape(-1)[: block.size]
    for edge in (slice(CONTEXT), slice(max(0, block.size - CONTEXT), block.size)):
        whole[edge] = np.abs(block[edge])
    return whole


def _around(padded: Waveform) -> Waveform:
    """Every span with `CONTEXT` samples before and after it, shape (spans, _SPAN + 2 CONTEXT), nothing copied."""
    return np.lib.stride_tricks.sliding_window_view(padded, _SPAN + 2 * CONTEXT)[::_SPAN]


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
    """dBTP of a finished file of ours as players decode it, the highest of its channels; a lossy one's is not what its encoder
    was given. Raises MasteringError for a file that cannot be read."""
    meter = None
    for block in decoding.own_aac(path) if path.suffix == ".m4a" else decoding.channels(path):
        meter = meter or PeakMeter(block.shape[1])
        meter.push(block)
    return meter.true_peak() if meter else -math.inf


def _above(block: Waveform, floor: float) -> float:
    return max(floor, float(peaks(block, floor).max()))
