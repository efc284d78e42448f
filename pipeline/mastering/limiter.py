"""A look-ahead true-peak limiter for a stream: transparent until something would pass the ceiling."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from pipeline.mastering.true_peak import CONTEXT, peaks
from pipeline.nouns import Waveform

LOOK_AHEAD_S = 0.004
HEARD_DB = 6.0
"""Where it takes away more, its work is heard."""
_HOP_S = 0.05
_GUARD = 2 * CONTEXT
"""Samples that the true-peak interpolation looks at on either side, and some."""


class Limiter:
    """Keeps a stream under `ceiling` (linear, true peak).

    The gain each sample needs is found with 4x oversampling, spread over the look-ahead window by a running minimum and
    smoothed by two running means (together a triangle no longer than the window), so that it is never higher than needed
    where it counts.
    Push blocks, then flush; output lags input and comes out whole: the same number of samples in all. Memory: four bytes for
    each 50 ms.
    """

    def __init__(self, ceiling: float, rate: int) -> None:
        self.ceiling = ceiling
        self._reach = max(1, round(LOOK_AHEAD_S * rate))
        self._context = 2 * self._reach + _GUARD
        self._pending = np.zeros(self._context, np.float32)  # what came before, already given out
        self._lead = self._context
        self._hop, self._given = round(_HOP_S * rate), 0
        self._taken = array("f")
        """dB taken away at most in each hop of what was given out, as far as the last one that was limited."""

    @property
    def reduction_db(self) -> float:
        """The most that was taken away, dB."""
        return max(self._taken, default=0.0)

    def reduction_in(self, start: int, end: int) -> float:
        """The most that was taken away around frames [start, end) of the stream, to the hop, dB."""
        return max(self._taken[start // self._hop : -(-end // self._hop)], default=0.0)

    def push(self, block: Waveform) -> Waveform:
        """The samples that are settled once `block` is known."""
        self._pending = np.concatenate([self._pending, block])
        settled = self._pending.size - self._context
        if settled <= self._lead:
            return np.zeros(0, np.float32)
        out = self._limited(self._lead, settled)
        self._pending = self._pending[settled - self._context :]
        self._lead = self._context
        return out

    def flush(self) -> Waveform:
        """The rest of the stream."""
        end = self._pending.size
        self._pending = np.concatenate([self._pending, np.zeros(self._context, np.float32)])
        return self._limited(self._lead, end)

    def _limited(self, start: int, end: int) -> Waveform:
        """Limited samples [start, end) of what is pending; both sides have their context."""
        whole = self._pending
        self._given += end - start
        high = peaks(whole, self.ceiling)
        if high.max() <= self.ceiling:
            return whole[start:end]
        from scipy.ndimage import minimum_filter1d, uniform_filter1d

        needed = np.minimum(1.0, self.ceiling / np.maximum(high, 1e-9)).astype(np.float64)
        spread = minimum_filter1d(needed, 2 * self._reach + 1, mode="nearest")
        half = self._reach + 1  # the second mean leans the other way, so that the triangle is centred
        gain = uniform_filter1d(spread, half, mode="nearest", origin=-(half % 2 == 0))
        gain = uniform_filter1d(gain, half, mode="nearest")[start:end]
        if gain.size:
            self._note(gain)
        limited: Waveform = (whole[start:end] * gain).astype(np.float32)
        return limited

    def _note(self, gain: NDArray[np.float64]) -> None:
        """Remember what was taken away of the samples that are given out last."""
        first, within = divmod(self._given - gain.size, self._hop)
        bounds = np.maximum(np.arange(-within, gain.size, self._hop), 0)
        taken = (-20 * np.log10(np.minimum.reduceat(gain, bounds))).tolist()
        self._taken.extend([0.0] * (first + len(taken) - len(self._taken)))
        for at, one in enumerate(taken, first):
            self._taken[at] = max(self._taken[at], one)
