"""WAV files of any length: RIFF as Microsoft and IBM describe it (1991), and RF64 (EBU Tech 3306; ITU-R BS.2088) where four
gigabytes, all that RIFF can count, do not suffice."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.files import HonestFile
from pipeline.nouns import Waveform

RIFF_LIMIT = (1 << 32) - (1 << 26)
"""Bytes from which a file is RF64: what RIFF can count, less room for the tags that follow the sound."""
_UNKNOWN = 0xFFFFFFFF
_HEAD = 80
"""Bytes before the samples: RIFF, a ds64 chunk or the place kept for it, fmt, and the head of data."""


def whole_numbers(block: Waveform, bits: Literal[16, 24] = 16) -> NDArray[np.int16] | NDArray[np.int32]:
    """Samples, full scale [-1, 1], as libsndfile rounds them: 16 bits, or 24 in the upper part of 32. What lies beyond is
    clipped; +1.0 itself becomes the highest."""
    full = 1 << (bits - 1)
    steps: Waveform = np.clip(np.rint(block * np.float32(full)), -full, full - 1)
    return steps.astype("<i2") if bits == 16 else steps.astype(np.int32) << 8


class WavFile:
    """16-bit PCM, the same sound in every channel. The room tone under everything dithers the rounding."""

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self._stream = HonestFile(path)
        self._rate, self._channels, self._bytes = rate, channels, 0
        self._stream.write(bytes(_HEAD))

    def write(self, block: Waveform) -> None:
        samples = whole_numbers(block)
        self._bytes += samples.nbytes * self._channels
        self._stream.write(np.repeat(samples, self._channels).tobytes())
        self._stream.check()

    def close(self) -> None:
        self._stream.seek(0)
        self._stream.write(_head(self._rate, self._channels, self._bytes))
        self._stream.close()


def _head(rate: int, channels: int, size: int) -> bytes:
    whole, long = _HEAD - 8 + size, _HEAD + size > RIFF_LIMIT
    width = 2 * channels
    return (
        struct.pack("<4sI4s", b"RF64" if long else b"RIFF", _UNKNOWN if long else whole, b"WAVE")
        + struct.pack("<4sI", b"ds64" if long else b"JUNK", 28)
        + (struct.pack("<QQQI", whole, size, size // width, 0) if long else bytes(28))
        + struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, rate * width, width, 16)
        + struct.pack("<4sI", b"data", _UNKNOWN if long else size)
    )


def append(path: Path, chunks: Sequence[tuple[bytes, bytes]]) -> None:
    """Add (kind, content) chunks behind the sound of a file that `WavFile` wrote, and count them in its size."""
    with path.open("r+b") as file:
        long = file.read(4) == b"RF64"
        end = file.seek(0, 2)
        for kind, content in chunks:
            file.write(struct.pack("<4sI", kind, len(content)) + content + bytes(len(content) % 2))
            end += 8 + len(content) + len(content) % 2
        file.seek(20 if long else 4)
        file.write(struct.pack("<Q" if long else "<I", end - 8))
