"""Loudness and true peak, measured while the sound streams by.

ITU-R BS.1770-5: K-weighting (annex 1), gating at -70 LUFS and 10 LU under the ungated mean, true peak by 4x
oversampling (annex 2). Mono: one channel of weight 1.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.nouns import Loudness, Waveform

ABSOLUTE_GATE = -70.0
RELATIVE_GATE = -10.0
_OFFSET = -0.691
"""Makes a 997 Hz sine at 0 dBFS in one channel read -3.01 LKFS (BS.1770-5, annex 1)."""


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
    """Integrated loudness of a mono stream. Push blocks of any size; memory is 8 bytes per 100 ms."""

    def __init__(self, rate: int) -> None:
        self._hop = round(rate * 0.1)
        self._sections = k_weighting(rate)
        self._state = np.zeros((2, 2))
        self._rest = np.zeros(0)
        self._energies: list[NDArray[np.float64]] = []

    def push(self, block: Waveform) -> None:
        """Measure the next samples, shape (frames,), full scale [-1, 1]."""
        signal = _signal()
        weighted, self._state = signal.sosfilt(self._sections, block.astype(np.float64), zi=self._state)
        pending = np.concatenate([self._rest, np.square(weighted)])
        whole = pending.size // self._hop * self._hop
        if whole:
            self._energies.append(pending[:whole].reshape(-1, self._hop).mean(axis=1))
        self._rest = pending[whole:]

    def integrated(self) -> float:
        """LUFS of everything pushed; -inf for silence or less than 400 ms."""
        hops = np.concatenate(self._energies) if self._energies else np.zeros(0)
        if hops.size < 4:
            return -math.inf
        blocks = np.convolve(hops, np.full(4, 0.25), "valid")  # 400 ms with 75 % overlap
        loud = blocks[blocks > 10 ** ((ABSOLUTE_GATE - _OFFSET) / 10)]
        if not loud.size:
            return -math.inf
        gate = loud.mean() * 10 ** (RELATIVE_GATE / 10)
        return float(_OFFSET + 10 * np.log10(loud[loud > gate].mean()))


@cache
def _signal() -> Any:
    from scipy import signal

    return signal


# --- true peak -------------------------------------------------------------------------------------------------------

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
    """Highest true peak of a stream, dBTP."""

    def __init__(self) -> None:
        self._highest = 0.0
        self._tail = np.zeros(0, np.float32)

    def push(self, block: Waveform) -> None:
        """Measure the next samples."""
        joined = np.concatenate([self._tail, block])
        if joined.size:
            self._highest = max(self._highest, float(peaks(joined, self._highest).max()))
        self._tail = joined[-2 * CONTEXT :]

    def true_peak(self) -> float:
        """dBTP of everything pushed; -inf for silence."""
        return 20 * math.log10(self._highest) if self._highest > 0 else -math.inf


def measure(path: str) -> Loudness:
    """Loudness of an audio file that libsndfile reads; channels are averaged to mono. Streams."""
    import soundfile

    with soundfile.SoundFile(path) as stream:
        meter, peak = Meter(stream.samplerate), PeakMeter()
        for block in stream.blocks(1 << 17, dtype="float32", always_2d=True):
            mono = block.mean(axis=1)
            meter.push(mono)
            peak.push(mono)
    return Loudness(meter.integrated(), peak.true_peak())
