"""Everything that is measured of a finished audio file, in one pass over its samples."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import MasteringError
from pipeline.mastering.audio_file import AudioFile
from pipeline.mastering.meter import Meter
from pipeline.mastering.true_peak import PeakMeter

WINDOW_S = 0.02
_FLOOR = 25
"""Windows of the noise floor: 500 ms, as in ACX Check 1.0 (Audacity plug-in by W. McCown, 2015)."""
_FLOOR_STEP = 5
"""It slides by 100 ms, as there."""
SPEECH_DB = -20.0
"""Against the whole file's RMS level: louder is speech, quieter room tone. The gate of EBU Tech 3342 between foreground and
background."""
SILENCE_DB = -101.1
"""dBFS: RMS of the rounding noise of 16 bits (a step of 2^-15 over the root of 12). What is quieter holds no room."""
FULL_SCALE = 32767 / 32768
"""The highest sample of 16 bits."""
_CLIPPED = 3
"""Samples in a row at full scale that make a clipped run: two may be a peak that just fits."""


@dataclass(frozen=True, slots=True)
class Measured:
    """codec              ffmpeg's name: mp3, aac, flac, opus, pcm_s16le …
    bit_rate           kb/s
    constant_bit_rate  of an MP3; None for other codecs
    sample_rate        Hz
    seconds            length
    integrated         loudness, LUFS (ITU-R BS.1770-5)
    loudness_range     LU (EBU Tech 3342); nan under 3 s
    momentary_max, short_term_max    LUFS (EBU Tech 3341)
    true_peak          dBTP, the highest of all channels
    sample_peak        dBFS, likewise
    rms                dBFS over all samples of all channels; a sine at full scale has -3.01
    noise_floor        dBFS RMS of the quietest 500 ms; -inf where they are digital silence; nan under 500 ms
    head, tail         seconds before the first and after the last 20 ms that are louder than `SPEECH_DB`
    dc_offset          mean of the samples, percent of full scale, of the channel where it is largest
    clipped_runs       how many times three or more samples in a row stand at full scale
    digital_silence    longest stretch under `SILENCE_DB`, seconds
    """

    codec: str
    bit_rate: float
    constant_bit_rate: bool | None
    sample_rate: int
    channels: int
    seconds: float
    integrated: float
    loudness_range: float
    momentary_max: float
    short_term_max: float
    true_peak: float
    sample_peak: float
    rms: float
    noise_floor: float
    head: float
    tail: float
    dc_offset: float
    clipped_runs: int
    digital_silence: float


def measure(path: Path) -> Measured:
    """Decode and measure a file. Memory: 28 bytes for each 100 ms.

    Raises MasteringError for a file that `AudioFile` cannot read, or with channels whose loudness is not defined.
    """
    file = AudioFile(path)
    blocks = file.blocks()
    first = next(blocks)  # there is one, or an error
    meters = _meters(file, first.shape[1])
    for block in chain([first], blocks):
        meters.push(block)
    loudness = meters.loudness.loudness(meters.peaks.true_peak())
    windows, rms = np.array(meters.windows), meters.energy / (file.frames * meters.channels)
    head, tail = room_tone(windows, rms, file.seconds)
    return Measured(
        codec=file.codec, bit_rate=file.bit_rate, constant_bit_rate=file.constant, sample_rate=file.sample_rate,
        channels=meters.channels, seconds=file.seconds, integrated=loudness.integrated,
        loudness_range=loudness.range, momentary_max=loudness.momentary_max, short_term_max=loudness.short_term_max,
        true_peak=loudness.true_peak, sample_peak=_decibels(meters.highest**2), rms=_decibels(rms),
        noise_floor=_noise_floor(windows), head=head, tail=tail,
        dc_offset=100 * float(np.abs(meters.sums).max()) / file.frames, clipped_runs=meters.clipped_runs,
        digital_silence=longest(windows < 10 ** (SILENCE_DB / 10)) * WINDOW_S,
    )  # fmt: skip


def _meters(file: AudioFile, channels: int) -> _Meters:
    try:
        return _Meters(file.sample_rate, channels)
    except ValueError as error:
        raise MasteringError(str(error), where=str(file.path), fix="Give a file with one or two channels.") from error


class _Meters:
    """The sums that grow as blocks come in."""

    def __init__(self, rate: int, channels: int) -> None:
        self.channels = channels
        self.loudness, self.peaks = Meter(rate, channels), PeakMeter(channels)
        self.energy = self.highest = 0.0
        self.sums = np.zeros(channels)
        self.clipped_runs = 0
        self.windows = array("f")
        """Mean square of every 20 ms, over all channels."""
        self._window = round(rate * WINDOW_S)
        self._rest = np.zeros(0, np.float32)
        self._full = np.zeros((_CLIPPED, channels), bool)

    def push(self, block: NDArray[np.float32]) -> None:
        self.loudness.push(block)
        self.peaks.push(block)
        power = np.square(block).mean(axis=1) if self.channels > 1 else np.square(block[:, 0])
        self.energy += float(power.sum(dtype=np.float64)) * self.channels
        self.sums += block.sum(axis=0, dtype=np.float64)
        highest = max(float(block.max()), -float(block.min()))
        self.highest = max(self.highest, highest)
        self._count_clipped(block, highest)
        pending = np.concatenate([self._rest, power])
        whole = pending.size // self._window * self._window
        self.windows.frombytes(pending[:whole].reshape(-1, self._window).mean(axis=1).tobytes())
        self._rest = pending[whole:]

    def _count_clipped(self, block: NDArray[np.float32], highest: float) -> None:
        """A run is counted where it has been long enough for the first time."""
        if highest < FULL_SCALE and not self._full.any():
            return
        full = np.concatenate([self._full, np.abs(block) >= FULL_SCALE])
        around = np.lib.stride_tricks.sliding_window_view(full, _CLIPPED + 1, axis=0)
        self.clipped_runs += int((around[..., 1:].all(axis=-1) & ~around[..., 0]).sum())
        self._full = full[-_CLIPPED:]


def _decibels(power: float) -> float:
    return 10 * math.log10(power) if power > 0 else -math.inf


def _noise_floor(windows: NDArray[np.float32]) -> float:
    if windows.size < _FLOOR:
        return math.nan
    slid = np.lib.stride_tricks.sliding_window_view(windows, _FLOOR)[::_FLOOR_STEP]
    return _decibels(float(slid.mean(axis=1, dtype=np.float64).min()))


def room_tone(windows: NDArray[np.float32], rms: float, seconds: float) -> tuple[float, float]:
    """Seconds before and after the speech, by the mean square of every 20 ms; where there is none, the whole length twice."""
    loud = np.flatnonzero(windows > rms * 10 ** (SPEECH_DB / 10))
    if not loud.size:
        return seconds, seconds
    return float(loud[0]) * WINDOW_S, max(seconds - float(loud[-1] + 1) * WINDOW_S, 0.0)


def longest(true: NDArray[np.bool_]) -> int:
    """The length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], true, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))
