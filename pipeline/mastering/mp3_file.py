"""MP3 written block by block by LAME, in the wheel of lameenc: 17 processor seconds for an hour of mono at 96 kb/s, where the
LAME in imageio-ffmpeg takes 28 and that in PyAV's wheel 56."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.mastering.mp3_info import LAME_DELAY, info_frame, info_size
from pipeline.mastering.wav import whole_numbers
from pipeline.nouns import Waveform

QUALITY = 5
"""LAME's own middle: it searches for the noise that is heard least; faster ones do not."""


def lame_scale(kbps: int) -> float:
    """What LAME multiplies its input by at a constant bit rate (its presets' `scale`; measured here at every bit rate). Undone
    before encoding."""
    return {192: 0.97, 224: 0.98, 256: 1.0, 320: 1.0}.get(kbps, 0.95)


class Mp3File:
    """Constant bit rate, with the Info tag that tells players about the encoder's delay; no ID3 tag. Two channels are coded
    together up to 128 kb/s, above that each for itself.

    `write` and `close` raise OSError for a full disk, RuntimeError with the library's words for anything else.
    """

    def __init__(self, path: Path, rate: int, channels: int, kbps: int) -> None:
        import lameenc

        self._rate, self._channels, self._kbps = rate, channels, kbps
        self._gain = np.float32(1 / lame_scale(kbps))
        self._lame = lameenc.Encoder()
        self._lame.silence()
        self._lame.set_channels(channels)
        self._lame.set_in_sample_rate(rate)
        self._lame.set_out_sample_rate(rate)  # else LAME chooses one at low bit rates
        self._lame.set_bit_rate(kbps)
        self._lame.set_quality(QUALITY)
        self._file = path.open("wb", buffering=1 << 16)
        self._first = b""
        self._samples = self._bytes = 0

    def write(self, block: Waveform) -> None:
        self._samples += block.size
        interleaved = np.repeat(whole_numbers(block * self._gain), self._channels)
        self._put(bytes(self._lame.encode(interleaved.tobytes())))

    def close(self) -> None:
        if self._file.closed:
            return
        with self._file:
            if self._samples:
                self._put(bytes(self._lame.flush()))
                self._file.seek(0)
                self._file.write(self._info())

    def _put(self, data: bytes) -> None:
        if data and not self._first:
            self._first = data[:4]
            self._file.write(bytes(info_size(self._first)))  # its place; what it tells is known at the end
        self._file.write(data)
        self._bytes += len(data)

    def _info(self) -> bytes:
        samples = 1152 if self._rate >= 32000 else 576  # of a frame, in MPEG-1 and MPEG-2
        frames = round(self._bytes * 8 * self._rate / (samples * self._kbps * 1000))  # a byte more or less in each
        return info_frame(self._first, LAME_DELAY, frames, self._bytes, self._samples)
