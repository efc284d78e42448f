"""Audio files written block by block, the same sound in every channel: FLAC by libsndfile; Opus by
ffmpeg's libraries; AAC in `aac_file`, MP3 in `mp3_file`, WAV in `wav`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from pipeline.errors import MasteringError
from pipeline.files import HonestFile
from pipeline.mastering.aac_file import AacFile
from pipeline.mastering.encodable import refusal
from pipeline.mastering.mp3_file import Mp3File
from pipeline.mastering.profiles import FORMATS, Profile
from pipeline.mastering.wav import WavFile, whole_numbers
from pipeline.nouns import Waveform

_OGG = {"fflags": "+bitexact", "serial_offset": "1"}
"""ffmpeg's muxer: no random numbers or versions in the file; a serial number, since some programs do not take 0."""
OPUS_RATE = 48000
"""Opus in Ogg is counted at this rate whatever it was made from (RFC 7845, section 4)."""


class Encoder(Protocol):
    """Takes blocks, then is closed. Neither call returns anything."""

    def write(self, block: Waveform) -> None: ...

    def close(self) -> None: ...


class FlacFile:
    """FLAC of 16 or 24 bits. The room tone under everything dithers the rounding."""

    def __init__(self, path: Path, rate: int, channels: int = 1, bits: Literal[16, 24] = 16) -> None:
        import soundfile

        self._stream = HonestFile(path)
        self._channels, self._bits = channels, bits
        self._file = soundfile.SoundFile(
            self._stream, "w", rate, channels, f"PCM_{bits}", format="FLAC", compression_level=0.375
        )

    def write(self, block: Waveform) -> None:
        whole = whole_numbers(block, self._bits)  # which libsndfile takes faster than floats
        self._file.write(np.repeat(whole[:, np.newaxis], self._channels, axis=1))
        self._stream.check()

    def close(self) -> None:
        self._file.close()
        self._stream.close()


class OpusFile:
    """Opus in Ogg at `OPUS_RATE`, through PyAV; ffmpeg cuts the blocks into frames and tells players, in the pre-skip, how many
    samples the codec put before the sound."""

    def __init__(self, path: Path, rate: int, channels: int, kbps: int) -> None:
        import av

        self._av = av
        self._resampler = _resampler(rate, OPUS_RATE)
        self._layout, self._channels = ("mono", "stereo")[channels - 1], channels
        self._file = HonestFile(path)
        self._container = av.open(self._file, "w", format="opus", options=_OGG)
        stream: Any = self._container.add_stream("libopus", rate=OPUS_RATE, options={"application": "audio"})
        stream.bit_rate = kbps * 1000
        stream.layout = self._layout
        stream.format = "flt"
        stream.codec_context.thread_count = 1
        self._stream = stream
        self._at = 0

    def write(self, block: Waveform) -> None:
        self._encode(self._resampler.resample_chunk(block) if self._resampler else block)
        self._file.check()

    def close(self) -> None:
        if self._resampler:
            self._encode(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()
        self._file.close()

    def _encode(self, block: Waveform) -> None:
        if not block.size:
            return
        interleaved = np.repeat(block, self._channels).reshape(1, -1)
        frame = self._av.AudioFrame.from_ndarray(interleaved, "flt", self._layout)
        frame.sample_rate, frame.pts = OPUS_RATE, self._at
        self._at += block.size
        for packet in self._stream.encode(frame):
            self._container.mux(packet)


def _resampler(rate: int, wanted: int) -> Any:
    """A stream from one rate to another, None where they are the same."""
    if rate == wanted:
        return None
    import soxr

    return soxr.ResampleStream(rate, wanted, 1, "float32", "HQ")


def encoder(kind: str, path: Path, profile: Profile) -> Encoder:
    """A file to write blocks into, of a kind that `profiles.FORMATS` lists. Raises MasteringError for any other, and for a
    sample rate or bit rate that the kind does not have."""
    rate, refused = profile.sample_rate, refusal(kind, profile)
    if refused:
        raise MasteringError(refused.what, fix=refused.fix)
    if kind == "flac":
        return FlacFile(path, rate, profile.channels)
    if kind == "wav":
        return WavFile(path, rate, profile.channels)
    if kind == "mp3":
        return Mp3File(path, rate, profile.channels, profile.mp3_kbps)
    if kind == "m4a":
        return AacFile(path, rate, profile.channels, profile.aac_kbps)
    if kind == "opus":
        return OpusFile(path, rate, profile.channels, profile.opus_kbps)
    raise MasteringError(f"no chapter format is named {kind!r}", fix=f"Use {', '.join(FORMATS)}.")
