"""What a mastered chapter sounds like: its file decoded once, block by block, into two coarse curves that answer every
question of the quality report. Memory: nine bytes for each 10 ms of the chapter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import MasteringError
from pipeline.mastering import decoding, measured
from pipeline.mastering.levelling import HOP_S, OFFSET_DB, loudness
from pipeline.mastering.meter import k_weighting
from pipeline.nouns import Master, Waveform

FINE_S = 0.01
"""Seconds of a window of `power` and `peaks`."""
MOMENTARY, SHORT_TERM = 4, 30
"""Windows of 400 ms and 3 s, in hops of 100 ms (EBU Tech 3341)."""
FLOOR_S, FLOOR_STEP_S = 0.5, 0.1
"""The noise floor is the RMS of the quietest half second, looked for every 100 ms, as in ACX Check (W. McCown, 2015)."""
QUIET_DB = -35.0
"""A window so far under a line's loudest one is silence in it. Praat's silences are found 25 dB under the loudest, in longer
windows (manual, "Sound: To TextGrid (silences)"); stops and the ends of words ask for more where windows are short."""

FORMATS = ("flac", "wav", "mp3", "opus", "m4a")
"""Chapter files, the one to measure first: lossless before lossy."""
CUT_S = 0.25
"""A file whose length is so far off is not the chapter's: more than an encoder's padding."""
_WINDOWS = round(HOP_S / FINE_S)
_FIX = "Delete the file and run again: the chapter is mastered anew."


@dataclass(frozen=True, slots=True, eq=False)
class ChapterSound:
    """One channel of a chapter.

    seconds   decoded length
    weighted  K-weighted mean square of every whole 100 ms, shape (hops,)
    power     mean square of every 10 ms, shape (windows,), the last one filled with silence
    peaks     highest magnitude in each of them
    """

    seconds: float
    weighted: NDArray[np.float32]
    power: NDArray[np.float32]
    peaks: NDArray[np.float32]

    @property
    def integrated(self) -> float:
        """LUFS, gated, of one channel (ITU-R BS.1770-5); -inf for silence."""
        return loudness(_slid(self.weighted, MOMENTARY))

    @property
    def rms(self) -> float:
        """dBFS over everything; a sine at full scale has -3.01."""
        return _decibels(float(self.power.sum(dtype=np.float64)) * FINE_S / max(self.seconds, FINE_S))

    @property
    def sample_peak(self) -> float:
        """dBFS."""
        return 2 * _decibels(float(self.peaks.max(initial=0)))

    @property
    def noise_floor(self) -> float:
        """dBFS; nan for less than half a second."""
        windows, step = round(FLOOR_S / FINE_S), round(FLOOR_STEP_S / FINE_S)
        if self.power.size < windows:
            return math.nan
        return _decibels(float(_slid(self.power, windows)[::step].min()))

    def edges(self) -> tuple[float, float]:
        """Seconds of room tone before and after the speech, as `shuoshu verify` finds them."""
        return measured.room_tone(self._windows(), 10 ** (self.rms / 10), self.seconds)

    @property
    def digital_silence(self) -> float:
        """The longest stretch of it, seconds, likewise."""
        return measured.longest(self._windows() < 10 ** (measured.SILENCE_DB / 10)) * measured.WINDOW_S

    def _windows(self) -> NDArray[np.float32]:
        """Mean square of every whole 20 ms."""
        own = round(measured.WINDOW_S / FINE_S)
        whole = self.power.size // own * own
        windows: NDArray[np.float32] = self.power[:whole].reshape(-1, own).mean(axis=1)
        return windows

    def momentary(self) -> NDArray[np.float64]:
        """LUFS of every 400 ms, one value each 100 ms, ungated; -120 for silence."""
        return _lufs(_slid(self.weighted, MOMENTARY))

    def short_term(self) -> NDArray[np.float64]:
        """LUFS of every 3 s, one value each 100 ms, ungated; empty for less than 3 s."""
        return _lufs(_slid(self.weighted, SHORT_TERM))

    def loudness_of(self, start: float, end: float) -> float:
        """LUFS of the sounding parts between two times in seconds; -inf for silence."""
        return loudness(self.weighted[math.floor(start / HOP_S) : math.ceil(end / HOP_S)].astype(np.float64))

    def silences(self, start: float, end: float, least: float) -> list[tuple[float, float]]:
        """Where it is silent for `least` seconds or more between two times: (from, to) in seconds of the chapter."""
        first, last = round(start / FINE_S), round(end / FINE_S)
        part = self.power[first:last]
        quiet = part <= part.max(initial=0) * 10 ** (QUIET_DB / 10)
        edges = np.flatnonzero(np.diff(np.concatenate(([False], quiet, [False])).astype(np.int8)))
        runs = zip(edges[::2], edges[1::2], strict=True)
        return [
            ((first + int(one)) * FINE_S, (first + int(two)) * FINE_S)
            for one, two in runs
            if (two - one) * FINE_S >= least
        ]


def measure(master: Master) -> ChapterSound:
    """Decode a chapter's best file. Raises MasteringError for one that is missing or damaged."""
    path = next((master.files[kind] for kind in FORMATS if kind in master.files), None)
    if path is None:
        raise MasteringError(f"chapter {master.chapter} has no audio file", fix="Run again with --formats flac,mp3.")
    gather, pending, frames = _Gatherer(master.sample_rate), np.zeros(0, np.float32), 0
    for block in _blocks(path, master.sample_rate):
        frames += block.size
        pending = np.concatenate([pending, block])
        whole = pending.size // gather.hop * gather.hop
        gather.push(pending[:whole])
        pending = pending[whole:]
    if abs(frames - master.frames) > CUT_S * master.sample_rate:
        raise MasteringError(
            f"the chapter's audio is {frames / master.sample_rate:.1f} s long, not {master.seconds:.1f}", where=str(path),
            fix=_FIX,
        )  # fmt: skip
    return gather.sound(pending, frames)


class _Gatherer:
    """The curves of a chapter as its sound comes in, whole hops at a time."""

    def __init__(self, rate: int) -> None:
        self.rate, self.hop = rate, round(rate * HOP_S)
        self._bounds = np.arange(_WINDOWS) * self.hop // _WINDOWS
        self._counts = np.diff(self._bounds, append=self.hop)
        self._state = np.zeros((2, 2))
        self._weighted, self._power, self._peaks = ([np.zeros(0, np.float32)] for _ in range(3))

    def push(self, samples: Waveform) -> None:
        from scipy.signal import sosfilt

        if not samples.size:
            return
        heard, self._state = sosfilt(k_weighting(self.rate), samples.astype(np.float64), zi=self._state)
        self._weighted.append(np.square(heard).reshape(-1, self.hop).mean(axis=1).astype(np.float32))
        hops = samples.reshape(-1, self.hop)
        power = np.add.reduceat(np.square(hops), self._bounds, axis=1) / self._counts
        self._power.append(power.astype(np.float32).ravel())
        self._peaks.append(np.maximum.reduceat(np.abs(hops), self._bounds, axis=1).ravel())

    def sound(self, rest: Waveform, frames: int) -> ChapterSound:
        """Everything gathered; `rest` is what is left of the last hop, for which there is no loudness."""
        weighted = np.concatenate(self._weighted)
        filled = np.zeros(self.hop, np.float32)
        filled[: rest.size] = rest
        self.push(filled)
        windows = math.ceil(frames / self.rate / FINE_S)
        power, peaks = (np.concatenate(one)[:windows] for one in (self._power, self._peaks))
        return ChapterSound(frames / self.rate, weighted, power, peaks)


def _slid(values: NDArray[np.float32], size: int) -> NDArray[np.float64]:
    """The mean of every `size` values in a row; empty where there are fewer."""
    sums = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
    return np.asarray(np.maximum(sums[size:] - sums[:-size], 0) / size, np.float64)


def _lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(OFFSET_DB + 10 * np.log10(np.maximum(power, 1e-12)), np.float64)


def _decibels(power: float) -> float:
    return 10 * math.log10(power) if power > 0 else -math.inf


def _blocks(path: Path, rate: int) -> Iterator[Waveform]:
    """One channel of an audio file at `rate` Hz. libsndfile reads FLAC in a quarter of the time that ffmpeg takes."""
    import soundfile

    try:
        if path.suffix not in (".flac", ".wav"):
            yield from decoding.mono(path, rate)
            return
        with soundfile.SoundFile(path) as file:
            for block in file.blocks(rate, dtype="float32", always_2d=True):
                yield block[:, 0]
    except (MasteringError, soundfile.LibsndfileError, OSError) as error:
        raise MasteringError(
            f"the chapter's audio cannot be read ({getattr(error, 'what', error)})", where=str(path),
            fix=_FIX,
        ) from error  # fmt: skip
