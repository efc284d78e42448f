"""Loudness, measured while the sound streams by: an EBU-mode meter.

ITU-R BS.1770-5: K-weighting, channel weights, gating at -70 LUFS and 10 LU under the ungated mean (annex 1). EBU Tech
3341 (2023): momentary (400 ms) and short-term (3 s) loudness and their maxima, sliding in steps of 10 ms. EBU Tech 3342
(2023): loudness range. True peaks are in `true_peak`.
"""

from __future__ import annotations

import math
from array import array
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.mastering.true_peak import PeakMeter
from pipeline.nouns import Loudness, Waveform

ABSOLUTE_GATE = -70.0
RELATIVE_GATE = -10.0
RANGE_GATE = -20.0
"""LU under the absolute-gated mean of the short-term values; what is quieter does not count for the range (Tech 3342)."""
_OFFSET = -0.691
"""Makes a 997 Hz sine at 0 dBFS in one channel read -3.01 LKFS (BS.1770-5, annex 1)."""
_STEPS = 10
"""Steps that the windows slide by in every 100 ms: a maximum is missed by 5 ms of 400 at most, which is 0.05 LU."""
_MOMENTARY, _SHORT_TERM = 4, 30
"""Windows, in 100 ms."""
_SURROUND = 1.41
CHANNEL_WEIGHTS: dict[int, tuple[float, ...]] = {
    1: (1.0,),
    2: (1.0, 1.0),
    3: (1.0, 1.0, 1.0),
    4: (1.0, 1.0, _SURROUND, _SURROUND),
    5: (1.0, 1.0, 1.0, _SURROUND, _SURROUND),
    6: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND),
    8: (1.0, 1.0, 1.0, 0.0, 1.0, 1.0, _SURROUND, _SURROUND),
}
"""Power weights by the number of channels, in the order of WAVE files: mono; L R; L R C; L R Ls Rs; 5.0; 5.1 with its LFE
fourth (BS.1770-5, table 3; the LFE does not count); 7.1 with back before side channels (table 4)."""


@cache
def k_weighting(rate: int) -> NDArray[np.float64]:
    """K-weighting as two second-order sections, shape (2, 6), for any sample rate.

    The standard gives coefficients at 48 kHz only; these are the analogue prototypes behind them (shelf: 1681.97 Hz,
    +4.0 dB, Q 0.7072; high-pass: 38.135 Hz, Q 0.5003), bilinear-transformed anew, as in De Man, "Evaluation of
    implementations of the EBU R128 loudness measurement" (AES 145, 2018).
    """
    k = math.tan(math.pi * 1681.974450955533 / rate)
    high, q = 10 ** (3.999843853973347 / 20), 0.7071752369554196
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = [
        (high + band * k / q + k * k) / a0, 2 * (k * k - high) / a0, (high - band * k / q + k * k) / a0,
        1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0,
    ]  # fmt: skip
    k = math.tan(math.pi * 38.13547087602444 / rate)
    q = 0.5003270373238773
    a0 = 1 + k / q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    return np.array([shelf, high_pass])


class Meter:
    """Loudness of a stream. Push blocks of any size; memory is 8 bytes per 100 ms.

    rate: sample rate, Hz. channels: how many, weighted by `CHANNEL_WEIGHTS`. Raises ValueError for a number of channels
    that has no weights there. What is left of the last 100 ms does not count (Tech 3341, 2.3).
    """

    def __init__(self, rate: int, channels: int = 1) -> None:
        if channels not in CHANNEL_WEIGHTS:
            raise ValueError(f"no loudness is defined here for {channels} channels")
        self._hop = round(rate * 0.1)
        self._weights = np.array(CHANNEL_WEIGHTS[channels]) / self._hop
        self._bounds = np.arange(_STEPS) * self._hop // _STEPS
        self._sections = k_weighting(rate)
        self._state = np.zeros((2, channels, 2))
        self._waiting: list[Waveform] = []
        """Less than 100 ms of sound that is not measured yet, shape (channels, frames)."""
        self._waiting_frames = 0
        self._energies = array("d")
        """Weighted mean square of each 100 ms."""
        self._steps = np.zeros(0)
        """What each step of the last 3 s adds to that."""
        self._momentary_max = self._short_term_max = 0.0

    def push(self, block: Waveform) -> None:
        """Measure the next samples, shape (frames,) for one channel or (frames, channels), full scale [-1, 1]."""
        by_channel = block.reshape(1, -1) if block.ndim == 1 else block.T
        self._waiting.append(by_channel)
        self._waiting_frames += by_channel.shape[1]
        hops = self._waiting_frames // self._hop
        if not hops:
            return
        known = np.concatenate(self._waiting, axis=1, dtype=np.float64)
        end = hops * self._hop
        self._waiting, self._waiting_frames = [known[:, end:].astype(np.float32)], known.shape[1] - end
        weighted, self._state = _signal().sosfilt(self._sections, known[:, :end], zi=self._state)
        squares = np.square(weighted, out=weighted).reshape(-1, self._hop)
        sums = np.add.reduceat(squares, self._bounds, axis=1).reshape(len(weighted), -1)
        self._take(self._weights @ sums)

    def _take(self, steps: NDArray[np.float64]) -> None:
        """Note the next steps' energy: whole hops of it."""
        self._energies.frombytes(steps.reshape(-1, _STEPS).sum(axis=1).tobytes())
        known = np.concatenate([self._steps, steps])
        fresh = steps.size
        self._momentary_max = max(self._momentary_max, _highest(known, _MOMENTARY, fresh))
        self._short_term_max = max(self._short_term_max, _highest(known, _SHORT_TERM, fresh))
        self._steps = known[-_SHORT_TERM * _STEPS :]

    def momentary(self) -> float:
        """LUFS of the last 400 ms, ungated; -inf for silence or when less was pushed."""
        return _lufs(self._latest(_MOMENTARY))

    def short_term(self) -> float:
        """LUFS of the last 3 s, ungated; -inf for silence or when less was pushed."""
        return _lufs(self._latest(_SHORT_TERM))

    def momentary_max(self) -> float:
        """Highest momentary loudness so far, LUFS."""
        return _lufs(self._momentary_max)

    def short_term_max(self) -> float:
        """Highest short-term loudness so far, LUFS."""
        return _lufs(self._short_term_max)

    def integrated(self) -> float:
        """LUFS of everything pushed, gated; -inf for silence or less than 400 ms."""
        blocks = self._windows(_MOMENTARY)  # 400 ms with 75 % overlap
        loud = blocks[blocks > _energy(ABSOLUTE_GATE)]
        if not loud.size:
            return -math.inf
        gate = loud.mean() * 10 ** (RELATIVE_GATE / 10)
        return _lufs(float(loud[loud > gate].mean()))

    def range(self) -> float:
        """Loudness range, LU (EBU Tech 3342): from the 10th to the 95th percentile of the short-term values, ten a second,
        that pass the gates; nan for silence or less than 3 s. Needs a minute to be stable (Tech 3341, 2.4)."""
        values = self._windows(_SHORT_TERM)
        loud = values[values >= _energy(ABSOLUTE_GATE)]
        if not loud.size:
            return math.nan
        gate = loud.mean() * 10 ** (RANGE_GATE / 10)
        low, high = np.percentile(loud[loud >= gate], (10, 95), method="nearest")
        return _lufs(float(high)) - _lufs(float(low))

    def loudness(self, true_peak: float) -> Loudness:
        """Everything measured, with the `true_peak` (dBTP) that another meter found."""
        return Loudness(
            integrated=self.integrated(), true_peak=true_peak, range=self.range(), momentary_max=self.momentary_max(),
            short_term_max=self.short_term_max(),
        )  # fmt: skip

    def _latest(self, hops: int) -> float:
        known = self._energies[-hops:]
        return sum(known) / hops if len(known) == hops else 0.0

    def _windows(self, hops: int) -> NDArray[np.float64]:
        """Mean square of every window of so many hops, one hop apart."""
        energies = np.array(self._energies)
        return np.convolve(energies, np.full(hops, 1 / hops), "valid") if energies.size >= hops else np.zeros(0)


def _highest(steps: NDArray[np.float64], hops: int, fresh: int) -> float:
    """The highest mean square of a window of so many hops that ends in one of the last `fresh` steps."""
    size = hops * _STEPS
    sums = np.cumsum(steps[-(fresh + size - 1) :])
    if sums.size < size:
        return 0.0
    return float(max(sums[size - 1], (sums[size:] - sums[:-size]).max(initial=0.0))) / hops


def _lufs(energy: float) -> float:
    return _OFFSET + 10 * math.log10(energy) if energy > 0 else -math.inf


def _energy(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET) / 10))


@cache
def _signal() -> Any:
    from scipy import signal

    return signal


def measure(path: str) -> Loudness:
    """Loudness of an audio file that libsndfile reads. Streams. Raises ValueError as `Meter` does."""
    import soundfile

    with soundfile.SoundFile(path) as stream:
        meter, peak = Meter(stream.samplerate, stream.channels), PeakMeter(stream.channels)
        for block in stream.blocks(1 << 17, dtype="float32", always_2d=True):
            meter.push(block)
            peak.push(block)
    return meter.loudness(peak.true_peak())
