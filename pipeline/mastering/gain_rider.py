"""A gain that follows the sound: levels read every millisecond, a gain decided from them, laid on where it belongs.

What gate, compressor and de-esser share. The level detector stands after the gain computer, in decibels, as Giannoulis,
Massberg and Reiss advise ("Digital Dynamic Range Compressor Design: A Tutorial and Analysis", JAES 60(6), 2012, fig. 7c).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.nouns import Waveform

Levels = NDArray[np.float64]
HOP_S = 0.001
WINDOW_HOPS = 5
"""Hops on either side of a point over which its level is taken: 10 ms in all, one period of a voice of 100 Hz."""
SILENCE_DB = -120.0
"""What digital silence counts as."""


class Processor(Protocol):
    """Takes a mono stream block by block and gives it out again, changed but not shifted: the same number of frames in
    all, whatever the sizes of the blocks. Output may lag input."""

    def push(self, block: Waveform) -> Waveform:
        """The frames that are settled once `block`, shape (frames,), float32, is known."""
        ...

    def flush(self) -> Waveform:
        """The rest of the stream. Nothing may be pushed after."""
        ...


class Ballistics:
    """A gain in dB that moves towards what is wanted with one time constant down and another up: the smooth, branching
    detector of Giannoulis et al. `down_ms`, `up_ms`: the time for 63 % (1 - 1/e) of a step. Starts settled."""

    def __init__(self, down_ms: float, up_ms: float, hop_ms: float) -> None:
        self._down, self._up = math.exp(-hop_ms / down_ms), math.exp(-hop_ms / up_ms)
        self._gain: float | None = None

    def push(self, wanted: Levels) -> Levels:
        """The gain at each of the next hops, shape as `wanted`, dB."""
        gain = float(wanted[0]) if self._gain is None and wanted.size else self._gain or 0.0
        if gain == 0.0 and not wanted.any():
            out = np.zeros(wanted.size)
        else:
            down, up, gains = self._down, self._up, []
            for wish in wanted.tolist():
                gain = wish + (down if wish < gain else up) * (gain - wish)
                gains.append(gain)
            out = np.array(gains)
        self._gain = gain
        return out


class GainRider(ABC):
    """Base of the processors whose gain follows levels. Gains stand at the borders of hops, and go straight from one to the
    next in between. A level is centred on the border it is for: nothing is late, and a gain begins to move up to 5 ms early.

    A subclass gives `_wanted`; one that looks at more than the sound itself gives `_signals` and `_applied`, too.
    before, after: hops that `_wanted` looks at on either side of a border.
    """

    def __init__(self, rate: int, before: int, after: int, down_ms: float, up_ms: float, signals: int = 1) -> None:
        self._hop = max(1, round(rate * HOP_S))
        self._before, self._after = before, after
        self._ballistics = Ballistics(down_ms, up_ms, 1000 * self._hop / rate)
        self._energies = np.zeros((signals, before))  # of the hops that the next border looks at
        self._gains = np.zeros(0, np.float32)  # at the borders of the waiting hops, linear
        self._waiting = np.zeros((signals, 0, self._hop), np.float32)
        self._rest = np.zeros((signals, 0), np.float32)  # less than a hop

    def push(self, block: Waveform) -> Waveform:
        """See `Processor`."""
        pending = np.concatenate([self._rest, self._signals(block)], axis=1)
        count = pending.shape[1] // self._hop
        whole = pending[:, : count * self._hop].reshape(len(pending), count, self._hop)
        self._rest = pending[:, count * self._hop :].copy()
        self._decide(whole)
        waiting = np.concatenate([self._waiting, whole], axis=1)
        ready = max(0, self._gains.size - 1)
        out = self._applied(waiting[:, :ready], _drawn(self._gains, self._hop))
        self._waiting, self._gains = waiting[:, ready:].copy(), self._gains[ready:]
        return out.reshape(-1)

    def flush(self) -> Waveform:
        """See `Processor`."""
        left = self._waiting.shape[1] * self._hop + self._rest.shape[1]
        return self.push(np.zeros((self._after + 2) * self._hop, np.float32))[:left]

    def _decide(self, hops: NDArray[np.float32]) -> None:
        """Append the gains of the borders whose surroundings are known with `hops`, shape (signals, count, hop)."""
        energies = np.concatenate([self._energies, np.square(hops).mean(axis=2, dtype=np.float64)], axis=1)
        borders = max(0, energies.shape[1] - self._before - self._after + 1)
        if borders:
            decibels = self._ballistics.push(self._wanted(energies))
            self._gains = np.concatenate([self._gains, (10 ** (decibels / 20)).astype(np.float32)])
        self._energies = energies[:, borders:]

    @abstractmethod
    def _wanted(self, energies: Levels) -> Levels:
        """The gain wanted at each border, dB, shape (borders,). energies: mean squares of the hops, shape (signals, hops),
        from `before` hops in front of the first border to `after` hops behind the last."""

    def _signals(self, block: Waveform) -> NDArray[np.float32]:
        """The sound and what else is looked at, shape (signals, frames)."""
        return block[np.newaxis]

    def _applied(self, signals: NDArray[np.float32], gain: NDArray[np.float32]) -> Waveform:
        """The sound with `gain` on it. signals: shape (signals, hops, hop); gain: (hops, hop)."""
        changed: Waveform = signals[0] * gain
        return changed


def levels(energies: Levels) -> Levels:
    """Levels at the borders of hops, dBFS RMS over `WINDOW_HOPS` on either side; energies: shape (hops,)."""
    count = energies.size - 2 * WINDOW_HOPS + 1
    total = energies[:count].copy()
    for shift in range(1, 2 * WINDOW_HOPS):  # not a running sum, whose rounding would depend on where it began
        total += energies[shift : shift + count]
    decibels: Levels = 10 * np.log10(np.maximum(total / (2 * WINDOW_HOPS), 10 ** (SILENCE_DB / 10)))
    return decibels


def _drawn(gains: NDArray[np.float32], hop: int) -> NDArray[np.float32]:
    """Straight lines between `gains` at the borders of hops, shape (hops, hop)."""
    steps: NDArray[np.float32] = np.diff(gains)[:, np.newaxis] * (np.arange(hop, dtype=np.float32) / np.float32(hop))
    steps += gains[:-1, np.newaxis]
    return steps
