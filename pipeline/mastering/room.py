"""Room tone to lay under a chapter: the user's own recording of an empty room, or one made here."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import MasteringError
from pipeline.mastering import decoding, sound
from pipeline.nouns import Waveform
from pipeline.wording import Wording

LOUDEST_DB = -55.0
"""RMS over this is no room tone. Audiobook shops ask for a noise floor under -60 dB (ACX audio submission requirements); 5 dB
are left for recordings that were made hot."""
SHORTEST_S, LONGEST_S = 2.0, 60.0
"""A shorter file is heard to repeat; more than the longest is not read."""
STEADY_DB = 15.0
_PIECE_S = 0.1
"""A piece of this length that stands out of the whole by more than `STEADY_DB` is a cough or a chair, which would come again
with every turn of the loop."""
_CROSS_S = 1.0


class RoomTone:
    """Quiet room without end, `level_db` dBFS RMS, at `rate` Hz.

    file: a recording to loop, 2 s or longer (60 s are read); None for a room made here (`sound.room_tone`). Raises
    MasteringError for a file that is missing, not audio, too short, digitally silent, louder than `LOUDEST_DB`, or unsteady.
    """

    def __init__(self, rate: int, level_db: float, file: Path | None = None) -> None:
        self._loop = sound.room_tone(rate, level_db) if file is None else _of_file(file, rate, level_db)
        self._at = 0

    def take(self, count: int) -> Waveform:
        """The next `count` frames, shape (count,), float32."""
        taken: Waveform = self._loop.take(np.arange(self._at, self._at + count), mode="wrap")
        self._at = (self._at + count) % self._loop.size
        return taken


def _of_file(path: Path, rate: int, level_db: float) -> Waveform:
    stat = path.stat() if path.is_file() else None
    loop = _loop(path, rate, stat.st_size if stat else 0, stat.st_mtime_ns if stat else 0)
    level: Waveform = loop * np.float32(10 ** (level_db / 20) / _rms(loop))
    return level


@lru_cache(maxsize=4)
def _loop(path: Path, rate: int, _size: int, _changed: int) -> Waveform:
    parts, count, most = [], 0, round(LONGEST_S * rate)
    for part in decoding.mono(path, rate):
        parts.append(part)
        count += part.size
        if count >= most:
            break
    wave = np.concatenate([*parts, np.zeros(0, np.float32)])[:most]
    _check(path, wave, rate)
    return looped((wave - wave.mean(dtype=np.float64)).astype(np.float32), min(round(_CROSS_S * rate), wave.size // 4))


def looped(wave: Waveform, cross: int) -> Waveform:
    """`wave`, shape (frames,), as a loop of (frames - cross,) without a seam: its last `cross` frames go over into its first
    with equal power (cosine and sine), which keeps the level of noise."""
    angle = np.linspace(0, np.pi / 2, cross, endpoint=False)
    loop = wave[: wave.size - cross].copy()
    loop[:cross] = loop[:cross] * np.sin(angle) + wave[wave.size - cross :] * np.cos(angle)
    return loop


def _check(path: Path, wave: Waveform, rate: int) -> None:
    if wave.size < SHORTEST_S * rate:
        raise MasteringError(
            Wording(f"the room tone is {wave.size / rate:.1f} s long", f"环境底噪只有 {wave.size / rate:.1f} 秒"),
            where=str(path),
            fix=Wording(f"Give {SHORTEST_S:g} s or more.", f"至少需要 {SHORTEST_S:g} 秒。"),
        )
    level = _decibels(_rms(wave))
    if level < -140:
        raise MasteringError(
            Wording("the room tone is digital silence", "环境底噪是数字静音"),
            where=str(path),
            fix=Wording("Record the empty room.", "请录一段空房间的声音。"),
        )
    if level > LOUDEST_DB:
        raise MasteringError(
            Wording(
                f"this is not room tone: its level is {level:.1f} dBFS RMS",
                f"这不是环境底噪：电平为 {level:.1f} dBFS RMS",
            ),
            where=str(path),
            fix=Wording(
                f"Record the empty room, with nobody speaking, at {LOUDEST_DB:g} dBFS or quieter.",
                f"请录一段没有人说话的空房间，不高于 {LOUDEST_DB:g} dBFS。",
            ),
        )
    piece = round(_PIECE_S * rate)
    pieces = np.square(wave[: wave.size // piece * piece].reshape(-1, piece)).mean(axis=1, dtype=np.float64)
    loudest = int(pieces.argmax())
    if _decibels(float(np.sqrt(pieces[loudest]))) > level + STEADY_DB:
        raise MasteringError(
            Wording(
                f"the room tone has a noise in it, at {loudest * _PIECE_S:.1f} s",
                f"环境底噪在 {loudest * _PIECE_S:.1f} 秒处有杂音",
            ),
            where=str(path),
            fix=Wording("Cut it out.", "请把它剪掉。"),
        )


def _rms(wave: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.square(wave, dtype=np.float64).mean()))


def _decibels(amplitude: float) -> float:
    return 20 * float(np.log10(max(amplitude, 1e-12)))
