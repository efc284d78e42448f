"""The user's music or stings, laid under a chapter: as loud as wished, quieter while someone speaks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import MasteringError
from pipeline.mastering import decoding
from pipeline.mastering.meter import Meter
from pipeline.mastering.ranged import Ranged
from pipeline.nouns import Waveform
from pipeline.wording import Wording

RAMP_S = 0.25
"""How long music takes to go down before speech, and to come up after it."""
REST_S = 1.0
"""Music stays down through pauses in which it would be up for less than this."""


@dataclass(frozen=True, slots=True)
class Music(Ranged):
    """file       any audio that ffmpeg reads
    level      loudness where it plays alone, LU above the speech's target, -40 to 6
    duck       dB more while someone speaks, -60 to 0
    fade_in, fade_out  seconds, 0 to 60
    seconds    plays no longer than this, 0.5 to 3600
    lead       seconds that it plays alone before speech begins, 0 to 600: for whoever lays out the chapter
    """

    file: Path
    level: float = -6.0
    duck: float = -12.0
    fade_in: float = 0.5
    fade_out: float = 2.0
    seconds: float = 30.0
    lead: float = 4.0
    ranges: ClassVar = {
        "level": (-40, 6), "duck": (-60, 0), "fade_in": (0, 60), "fade_out": (0, 60), "seconds": (0.5, 3600),
        "lead": (0, 600),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Placement:
    """`music` begins at frame `start` of the chapter, at the masters' rate."""

    start: int
    music: Music


@dataclass(frozen=True, slots=True)
class Playing:
    """A placement as it plays: from frame `start` to before `end`, at `gain_db` where nobody speaks."""

    music: Music
    start: int
    end: int
    gain_db: float


class MusicBed:
    """A chapter's music, to be added to its speech.

    placements: may overlap. speech: (start, frames) of every segment, in any order. frames: the chapter's length; music that
    would go on past it fades out there. rate: Hz. loudness: the speech's target, LUFS.
    Raises MasteringError for a file that is missing, not audio, silent, or shorter than 0.4 s.
    """

    def __init__(
        self,
        placements: Sequence[Placement],
        speech: Sequence[tuple[int, int]],
        frames: int,
        rate: int,
        loudness: float,
    ) -> None:
        self._parts = [_Part(one, frames, rate, loudness) for one in placements]
        self._depth = _Depth(speech, rate)
        self._at = 0

    @property
    def playing(self) -> tuple[Playing, ...]:
        """Where its music plays and how loud, one a placement, in their order."""
        return tuple(part.playing for part in self._parts)

    def take(self, count: int) -> Waveform:
        """The next `count` frames of the chapter, shape (count,), float32; silence where no music plays."""
        low, high = self._at, self._at + count
        out = np.zeros(count, np.float32)
        for part in self._parts:
            first, last = max(low, part.start), min(high, part.end)
            if first < last:
                ducked = 10 ** (part.duck / 20 * self._depth.at(first, last))
                out[first - low : last - low] += part.take(last - first) * ducked
        self._at = high
        return out


class _Part:
    """One placement being played, from `start` up to `end`."""

    def __init__(self, placement: Placement, frames: int, rate: int, loudness: float) -> None:
        music, self.start, self._file = placement.music, placement.start, placement.music.file
        length, own = _measured(music.file, round(music.seconds * rate), rate)
        self.end, self.duck = min(placement.start + length, frames), music.duck
        self._length, self._at = self.end - self.start, 0
        gain_db = loudness + music.level - own
        self.playing = Playing(music, self.start, self.end, gain_db)
        self._gain = np.float32(10 ** (gain_db / 20))
        self._fade_in, self._fade_out = music.fade_in * rate, music.fade_out * rate
        self._source = decoding.mono(music.file, rate)
        self._rest = np.zeros(0, np.float32)

    def take(self, count: int) -> Waveform:
        """The next `count` frames, levelled and faded."""
        parts = [self._rest]
        got = self._rest.size
        while got < count:
            part = next(self._source, None)
            if part is None:
                raise MasteringError("the music got shorter while it was read", where=str(self._file), fix="Run again.")
            parts.append(part)
            got += part.size
        joined = np.concatenate(parts)
        wave, self._rest = joined[:count], joined[count:].copy()
        wave = wave * (self._gain * self._faded(self._at, self._at + count))
        self._at += count
        if self._at == self._length:
            self._source.close()
        return wave

    def _faded(self, low: int, high: int) -> NDArray[np.float32]:
        """Raised-cosine fades at both ends, for frames [low, high) of the part."""
        if low >= self._fade_in and high <= self._length - self._fade_out:
            return np.ones(1, np.float32)
        frame = np.arange(low, high) + 0.5
        up = np.minimum(1.0, frame / max(self._fade_in, 1))
        down = np.minimum(1.0, (self._length - frame) / max(self._fade_out, 1))
        return np.asarray(_eased(up) * _eased(down), np.float32)


class _Depth:
    """How far music is down at any frame: 1 while someone speaks, 0 well away from it, eased in between."""

    def __init__(self, speech: Sequence[tuple[int, int]], rate: int) -> None:
        ramp, rest = round(RAMP_S * rate), round(REST_S * rate)
        merged: list[list[int]] = []
        for start, frames in sorted(speech):
            if merged and start - merged[-1][1] < 2 * ramp + rest:
                merged[-1][1] = max(merged[-1][1], start + frames)
            else:
                merged.append([start, start + frames])
        self._frames = np.array([at for a, b in merged for at in (a - ramp, a, b, b + ramp)] or [0])
        self._depths = np.array([0.0, 1.0, 1.0, 0.0] * len(merged) or [0.0])

    def at(self, low: int, high: int) -> NDArray[np.float32]:
        """For frames [low, high)."""
        return np.asarray(_eased(np.interp(np.arange(low, high), self._frames, self._depths)), np.float32)


def _eased(ramp: NDArray[np.float64]) -> NDArray[np.float64]:
    """A straight ramp within [0, 1] as half a raised cosine."""
    eased: NDArray[np.float64] = 0.5 - 0.5 * np.cos(np.pi * ramp)
    return eased


def _measured(path: Path, most: int, rate: int) -> tuple[int, float]:
    """Frames, `most` at most, and loudness (LUFS) of a file at `rate`. Raises MasteringError, see `MusicBed`."""
    try:
        stat = path.stat()
    except OSError:
        return _measured_once(path, most, rate, 0, 0)
    return _measured_once(path, most, rate, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _measured_once(path: Path, most: int, rate: int, _size: int, _changed: int) -> tuple[int, float]:
    meter, frames = Meter(rate), 0
    for wave in decoding.mono(path, rate):
        meter.push(wave[: most - frames])
        frames += min(wave.size, most - frames)
        if frames == most:
            break
    loudness = meter.integrated()
    if not math.isfinite(loudness):
        raise MasteringError(
            Wording("the music is silent, or shorter than 0.4 s", "音乐没有声音，或不足 0.4 秒"),
            where=str(path),
            fix=Wording("Give another file.", "请换一个文件。"),
        )
    return frames, loudness
