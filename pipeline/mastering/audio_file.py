"""An audio file of any kind that ffmpeg's libraries read, as a stream of blocks. A file that is cut off is an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import MasteringError
from pipeline.mastering.mpeg import announced_seconds, frame_header

_BLOCK_S = 1.0
_MISSING = 4 * 1152
"""Samples that may be missing of what a whole file announces: an encoder's delay and padding."""
_FIX = "Is it the right file, and whole? Copy or encode it again."


class AudioFile:
    """Decode a file once with `blocks`; after that, `codec`, `frames`, `bit_rate` and `constant` are known.

    Raises MasteringError for a file that is missing, no audio, damaged or cut off.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.codec = ""
        """ffmpeg's name for it: mp3, aac, flac, opus, pcm_s16le …"""
        self.sample_rate = self.frames = 0
        self._bytes = 0
        self._kbps: Counter[int] = Counter()
        self._cut_frame = False

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate

    @property
    def bit_rate(self) -> float:
        """kb/s: of an MP3's frames, by their headers; else of the encoded sound, without its container."""
        if self._kbps:
            return sum(kbps * count for kbps, count in self._kbps.items()) / self._kbps.total()
        return self._bytes * 8 / 1000 / self.seconds

    @property
    def constant(self) -> bool | None:
        """Whether all frames of an MP3 have one bit rate; None for other codecs."""
        return len(self._kbps) == 1 if self._kbps else None

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """The sound in blocks of a second or so, shape (frames, channels), full scale [-1, 1]."""
        import av

        if not self.path.is_file():
            what = "this is a folder" if self.path.is_dir() else "there is no such file"
            raise MasteringError(what, where=str(self.path), fix="Give audio files: WAV, FLAC, MP3, M4A, M4B, Opus.")
        try:
            with av.open(self.path) as container:
                if not container.streams.audio:
                    raise self._error("there is no audio in this file")
                yield from self._decoded(container)
                self._check_whole(container)
        except (av.FFmpegError, ValueError) as error:  # PyAV: ValueError where the format changes midway
            what = f"damaged or cut off after {self.seconds:.1f} s" if self.frames else "this cannot be read as audio"
            raise self._error(f"{what} ({getattr(error, 'strerror', None) or error})") from error

    def _decoded(self, container: Any) -> Iterator[NDArray[np.float32]]:
        import av

        stream = container.streams.audio[0]
        self.codec = stream.codec_context.codec.canonical_name
        resampler: Any = av.AudioResampler(format="fltp")
        gathered: list[NDArray[np.float32]] = []
        size = 0
        for packet in container.demux(stream):
            self._note(packet)
            for decoded in packet.decode():
                self.sample_rate = decoded.sample_rate  # the stream's own is half of it for HE-AAC
                for frame in resampler.resample(decoded):
                    gathered.append(frame.to_ndarray())
                    size += frame.samples
            if size >= _BLOCK_S * self.sample_rate > 0:
                self.frames += size
                yield np.concatenate(gathered, axis=1).T
                gathered, size = [], 0
        if gathered:
            self.frames += size
            yield np.concatenate(gathered, axis=1).T
        if not self.frames:
            raise self._error("there is no sound in this file")

    def _note(self, packet: Any) -> None:
        self._bytes += packet.size
        if self.codec == "mp3" and packet.size:
            header = frame_header(bytes(packet)[:4])
            if header is not None:
                self._kbps[header.kbps] += 1
                self._cut_frame = packet.size < header.size

    def _check_whole(self, container: Any) -> None:
        """ffmpeg makes nothing of a file that ends early; so look whether this one does."""
        kind, stream = container.format.name, container.streams.audio[0]
        announced = None
        if kind == "mp3":
            announced = announced_seconds(self.path)
        elif kind in ("flac", "mov,mp4,m4a,3gp,3g2,mj2") and stream.duration:
            announced = float(stream.duration * stream.time_base)
        if announced is not None and self.seconds < announced - _MISSING / self.sample_rate:
            raise self._error(f"the file is cut off: {announced:.1f} s announced, {self.seconds:.1f} s there")
        if self._cut_frame or (kind == "wav" and _short_wave(self.path)) or (kind == "ogg" and not _ended(self.path)):
            raise self._error(f"the file is cut off after {self.seconds:.1f} s")

    def _error(self, what: str) -> MasteringError:
        return MasteringError(what, where=str(self.path), fix=_FIX)


def _short_wave(path: Path) -> bool:
    """Whether a WAV file is shorter than its RIFF chunk says (0 and the highest number are what streams write)."""
    with path.open("rb") as stream:
        start = stream.read(8)
    size = int.from_bytes(start[4:8], "little")
    return start[:4] == b"RIFF" and size != 0xFFFFFFFF and size + 8 > path.stat().st_size


def _ended(path: Path) -> bool:
    """Whether the last page of an Ogg file is marked as the last one (RFC 3533, 6: header type 4)."""
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - (1 << 16), 0))
        data = stream.read()
    at = data.rfind(b"OggS")
    return at >= 0 and len(data) > at + 5 and bool(data[at + 5] & 4)
