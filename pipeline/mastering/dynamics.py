"""What speech goes through before it is levelled and limited: high-pass, gate, de-esser, compressor.

Levels are RMS in dBFS: a sine at full scale reads -3. Thresholds are absolute, so bring the speech near its loudness
target first. Each is a `pipeline.mastering.gain_rider.Processor`. Defaults are ours, for one voice at -23 to -16 LUFS.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import MasteringError
from pipeline.mastering.gain_rider import WINDOW_HOPS, GainRider, Levels, Processor, levels
from pipeline.mastering.ranged import Ranged
from pipeline.nouns import Waveform


@dataclass(frozen=True, slots=True)
class HighPassSettings(Ranged):
    """hz   corner (-3 dB), 20 to 200; 70 lies under the lowest male voices (about 85 Hz)"""

    hz: float = 70.0
    ranges: ClassVar = {"hz": (20, 200)}


@dataclass(frozen=True, slots=True)
class GateSettings(Ranged):
    """threshold_db  level under which it quietens, dBFS RMS, -80 to -20
    ratio         dB at the output per dB at the input below the threshold, 1 to 10
    range_db      quietens by no more than this, 0 to 60
    attack_ms     time constant of opening, 0.5 to 20; it begins five of them early
    ahead_ms      is open this long before the first sound above the threshold, 0 to 500: for the soft consonant that a
                  word begins with (the breath of an aspirated stop lasts up to 100 ms)
    hold_ms       stays open after the last sound above the threshold, 0 to 1000
    release_ms    time constant of closing, 10 to 2000
    """

    threshold_db: float = -45.0
    ratio: float = 2.0
    range_db: float = 12.0
    attack_ms: float = 5.0
    ahead_ms: float = 100.0
    hold_ms: float = 100.0
    release_ms: float = 150.0
    ranges: ClassVar = {
        "threshold_db": (-80, -20), "ratio": (1, 10), "range_db": (0, 60),
        "attack_ms": (0.5, 20), "ahead_ms": (0, 500), "hold_ms": (0, 1000), "release_ms": (10, 2000),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeEsserSettings(Ranged):
    """low_hz, high_hz  the sibilant band, 2000 to 10000 and 4000 to 16000
    threshold_db     how far under the whole sound the band must stay, dB, -30 to 0; an s stands at about -2, a vowel under -13
    most_db          lowers the band by no more than this, 0 to 12
    floor_db         leaves sound under this level alone (hiss in a pause is no sibilant), dBFS RMS, -90 to -20
    attack_ms        time constant of lowering, 0.5 to 20
    release_ms       time constant of letting go, 5 to 500
    """

    low_hz: float = 5000.0
    high_hz: float = 9000.0
    threshold_db: float = -6.0
    most_db: float = 6.0
    floor_db: float = -50.0
    attack_ms: float = 1.0
    release_ms: float = 30.0
    ranges: ClassVar = {
        "low_hz": (2000, 10000), "high_hz": (4000, 16000), "threshold_db": (-30, 0), "most_db": (0, 12),
        "floor_db": (-90, -20), "attack_ms": (0.5, 20), "release_ms": (5, 500),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class CompressorSettings(Ranged):
    """threshold_db  level above which it lowers, dBFS RMS, -60 to 0
    ratio         dB at the input per dB at the output above the threshold, 1 to 20
    knee_db       width of the bend around the threshold, 0 to 24
    attack_ms     time constant of lowering, 0.5 to 200
    release_ms    time constant of letting go, 10 to 2000
    """

    threshold_db: float = -22.0
    ratio: float = 2.0
    knee_db: float = 10.0
    attack_ms: float = 10.0
    release_ms: float = 150.0
    ranges: ClassVar = {
        "threshold_db": (-60, 0), "ratio": (1, 20), "knee_db": (0, 24),
        "attack_ms": (0.5, 200), "release_ms": (10, 2000),
    }  # fmt: skip


SETTINGS: dict[str, type[Any]] = {
    "high_pass": HighPassSettings, "gate": GateSettings, "de_esser": DeEsserSettings, "compressor": CompressorSettings,
}  # fmt: skip
"""The settings of each, by the name that profiles and cast files call it."""


@dataclass(frozen=True, slots=True)
class Dynamics:
    """What a profile asks for, in the order it is done; None leaves one out."""

    high_pass: HighPassSettings | None = HighPassSettings()
    gate: GateSettings | None = None
    de_esser: DeEsserSettings | None = DeEsserSettings()
    compressor: CompressorSettings | None = CompressorSettings()


def chain(settings: Dynamics, rate: int) -> list[Processor]:
    """New processors for a stream of `rate` Hz. Raises MasteringError for a de-esser's band that the rate cannot hold."""
    kinds = {"high_pass": HighPass, "gate": Gate, "de_esser": DeEsser, "compressor": Compressor}
    asked = ((field.name, getattr(settings, field.name)) for field in fields(settings))
    return [kinds[name](one, rate) for name, one in asked if one is not None]


def through(processors: Sequence[Processor], blocks: Iterable[Waveform]) -> Iterator[Waveform]:
    """`blocks` through one processor after the other, to the last frame. Blocks out have other sizes than blocks in; none is
    empty."""
    for changed in _through(processors, blocks):
        if changed.size:
            yield changed


def _through(processors: Sequence[Processor], blocks: Iterable[Waveform]) -> Iterator[Waveform]:
    for block in blocks:
        yield _pushed(processors, block)
    for number, processor in enumerate(processors):
        yield _pushed(processors[number + 1 :], processor.flush())


def _pushed(processors: Sequence[Processor], block: Waveform) -> Waveform:
    for processor in processors:
        block = processor.push(block)
    return block


class HighPass:
    """Second-order Butterworth high-pass; takes away rumble and DC. Causal, so settled at once."""

    def __init__(self, settings: HighPassSettings, rate: int) -> None:
        self._filter = _Filter(2, settings.hz, "highpass", rate)

    def push(self, block: Waveform) -> Waveform:
        """See `Processor`."""
        return self._filter.push(block)

    def flush(self) -> Waveform:
        """See `Processor`: nothing is held back."""
        return np.zeros(0, np.float32)


class Gate(GainRider):
    """A downward expander: quietens what lies under the threshold, such as the noise a cloned voice took from its clip.

    Gain below the threshold T at level x: max((ratio - 1) * (x - T), -range) dB. Opens ahead of a word.
    """

    def __init__(self, settings: GateSettings, rate: int) -> None:
        self._settings = settings
        self._ahead = math.ceil(settings.ahead_ms + 5 * settings.attack_ms)  # hops of 1 ms
        self._hold = round(settings.hold_ms)
        before, after = WINDOW_HOPS + self._hold, WINDOW_HOPS + self._ahead
        super().__init__(rate, before, after, down_ms=settings.release_ms, up_ms=settings.attack_ms)

    def _wanted(self, energies: Levels) -> Levels:
        from scipy.ndimage import maximum_filter1d

        under = levels(energies[0]) - self._settings.threshold_db
        gain = np.clip((self._settings.ratio - 1) * under, -self._settings.range_db, 0.0)
        size = self._hold + self._ahead + 1
        highest = maximum_filter1d(
            gain, size, origin=self._hold - size // 2
        )  # out[k] = max(gain[k - hold : k + ahead + 1])
        return np.asarray(highest[self._hold : gain.size - self._ahead])


class Compressor(GainRider):
    """A feed-forward compressor without make-up gain; Giannoulis, Massberg and Reiss (JAES 60(6), 2012).

    Gain at level x over threshold T, ratio R, knee W: 0 below T - W/2, (1/R - 1) (x - T + W/2)^2 / 2W within the knee,
    (1/R - 1) (x - T) above it, dB.
    """

    def __init__(self, settings: CompressorSettings, rate: int) -> None:
        self._settings = settings
        super().__init__(rate, WINDOW_HOPS, WINDOW_HOPS, down_ms=settings.attack_ms, up_ms=settings.release_ms)

    def _wanted(self, energies: Levels) -> Levels:
        over = levels(energies[0]) - self._settings.threshold_db
        knee = self._settings.knee_db
        bent = np.square(np.clip(over + knee / 2, 0, knee)) / (2 * knee) if knee else 0.0
        wanted: Levels = (1 / self._settings.ratio - 1) * (bent + np.maximum(over - knee / 2, 0.0))
        return wanted


class DeEsser(GainRider):
    """Lowers the sibilant band alone, and only while it stands out of the whole sound.

    The band is a second-order band-pass H; out is x - (1 - g) H x, a bell (peaking) equalizer whose cut at the centre is g:
    nothing at the crossovers rings or cancels. The cut is what brings the band to `threshold_db` under the whole.
    """

    def __init__(self, settings: DeEsserSettings, rate: int) -> None:
        if not settings.low_hz < settings.high_hz < 0.49 * rate:
            raise MasteringError(
                f"DeEsser: a band from {settings.low_hz:g} to {settings.high_hz:g} Hz does not go with {rate} Hz",
                fix="low_hz must lie under high_hz, and that under half the sample rate.",
            )
        self._settings = settings
        self._band = _Filter(1, (settings.low_hz, settings.high_hz), "bandpass", rate)
        super().__init__(
            rate, WINDOW_HOPS, WINDOW_HOPS, down_ms=settings.attack_ms, up_ms=settings.release_ms, signals=2
        )

    def _signals(self, block: Waveform) -> NDArray[np.float32]:
        return np.stack([block, self._band.push(block)])

    def _wanted(self, energies: Levels) -> Levels:
        whole, band = levels(energies[0]), levels(energies[1])
        excess = np.clip(band - whole - self._settings.threshold_db, 0.0, self._settings.most_db)
        return np.where(whole > self._settings.floor_db, -excess, 0.0)

    def _applied(self, signals: NDArray[np.float32], gain: NDArray[np.float32]) -> Waveform:
        changed: Waveform = signals[0] + (gain - 1) * signals[1]
        return changed


class _Filter:
    """A Butterworth filter of `order` that goes on where it left off. `kind`: scipy's name."""

    def __init__(self, order: int, hz: float | tuple[float, float], kind: str, rate: int) -> None:
        from scipy import signal

        self._filtered: Any = signal.sosfilt
        self._sections = signal.butter(order, hz, kind, fs=rate, output="sos")
        self._state = np.zeros((len(self._sections), 2))

    def push(self, block: Waveform) -> Waveform:
        if not block.size:  # scipy refuses it
            return block
        filtered, self._state = self._filtered(self._sections, block.astype(np.float64), zi=self._state)
        return np.asarray(filtered, np.float32)
