"""Audio files written block by block, the same sound in every channel: FLAC by libsndfile, MP3 (LAME) and AAC by ffmpeg's
libraries in process."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pipeline.errors import MasteringError
from pipeline.files import HonestFile
from pipeline.mastering.profiles import Profile
from pipeline.nouns import Waveform

MUX_AAC = "ipod"
"""ffmpeg's name for MP4 with Apple's audiobook conventions."""


class Encoder(Protocol):
    """Takes blocks, then is closed. Neither call returns anything."""

    def write(self, block: Waveform) -> None: ...

    def close(self) -> None: ...


class FlacFile:
    """16-bit FLAC. The room tone under everything dithers the rounding."""

    def __init__(self, path: Path, profile: Profile) -> None:
        import soundfile

        self._stream = HonestFile(path)
        self._channels = profile.channels
        self._file = soundfile.SoundFile(
            self._stream, "w", profile.sample_rate, self._channels, "PCM_16", format="FLAC", compression_level=0.25
        )

    def write(self, block: Waveform) -> None:
        self._file.write(np.repeat(np.clip(block, -1, 1)[:, np.newaxis], self._channels, axis=1))
        self._stream.check()

    def close(self) -> None:
        self._file.close()
        self._stream.close()


def lame_scale(kbps: int) -> float:
    """What LAME multiplies its input by at a constant bit rate (its presets' `scale`: 0.95, from 160 kb/s on 0.97;
    measured here as -0.445 dB at 64, 96 and 128 kb/s, -0.265 dB at 192). Undone before encoding."""
    return 0.95 if kbps < 160 else 0.97


class AvFile:
    """MP3 or AAC through PyAV; ffmpeg cuts the blocks into frames of 1152 and 1024 samples."""

    def __init__(self, path: Path, profile: Profile, codec: str, kbps: int, container: str, gain: float = 1.0) -> None:
        import av

        self._av = av
        self._gain = np.float32(gain)
        self._rate = profile.sample_rate
        self._layout, self._channels = ("mono", "stereo")[profile.channels - 1], profile.channels
        self._file = HonestFile(path)
        self._container = av.open(self._file, "w", format=container)
        options = {"aac_coder": "fast"} if codec == "aac" else {"compression_level": "5"}
        stream: Any = self._container.add_stream(codec, rate=self._rate, options=options)
        stream.bit_rate = kbps * 1000
        stream.layout = self._layout
        stream.format = "fltp"
        stream.codec_context.thread_count = 1
        self._stream = stream
        self._at = 0

    def write(self, block: Waveform) -> None:
        planes = np.repeat(block[np.newaxis, :] * self._gain, self._channels, axis=0)
        frame = self._av.AudioFrame.from_ndarray(planes, "fltp", self._layout)
        frame.sample_rate = self._rate
        frame.pts = self._at
        self._at += block.size
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        self._file.check()

    def close(self) -> None:
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()
        self._file.close()


def encoder(kind: str, path: Path, profile: Profile) -> Encoder:
    """A file to write blocks into: "flac", "mp3" or "m4a"."""
    if kind == "flac":
        return FlacFile(path, profile)
    if kind == "mp3":
        return AvFile(path, profile, "libmp3lame", profile.mp3_kbps, "mp3", 1 / lame_scale(profile.mp3_kbps))
    if kind == "m4a":
        return AvFile(path, profile, "aac", profile.aac_kbps, MUX_AAC)
    raise MasteringError(f"no chapter format is named {kind!r}", fix="Use flac, mp3 or m4a.")
