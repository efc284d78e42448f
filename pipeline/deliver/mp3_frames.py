"""MP3 files read frame by frame and joined (ISO/IEC 11172-3 and 13818-3).

ffmpeg's muxer joins frames, too, in Python one by one: ten seconds for ten hours, of which this takes half a second.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from pipeline.mastering.mp3_info import info_frame
from pipeline.mastering.mpeg import FrameHeader, frame_header, frames_from

DECODER_DELAY = 529
"""Samples that every decoder adds to the encoder's own delay ("Mp3 Info Tag revision 1 specifications")."""


@dataclass(frozen=True, slots=True)
class Mp3Frames:
    """An MP3 file's frames: `head` is the first one's header, and the frames lie in bytes [start, end), the Info tag not
    among them; `frames` of them are known. `delay` is what the encoder put before the sound, in samples."""

    path: Path
    head: FrameHeader
    fixed: bytes
    start: int
    end: int
    delay: int
    frames: int = 0

    @property
    def form(self) -> tuple[object, ...]:
        """What files that are to be joined must have in common."""
        return self.fixed, self.head.kbps, self.delay


def read_mp3(path: Path) -> Mp3Frames:
    """Where an MP3 file's frames lie. Raises ValueError for one that does not begin with an Info tag as ours do."""
    with path.open("rb") as file:
        start = frames_from(file)
        file.seek(start)
        data = file.read(8192)
    tag = frame_header(data)
    if tag is None or data[4 + tag.side :][:4] != b"Info" or len(data) < tag.size + 4:
        raise ValueError("it does not begin with an Info tag")
    delay = int.from_bytes(data[4 + tag.side :][141:144], "big") >> 12
    head = frame_header(data[tag.size :])
    if head is None or not head.size:
        raise ValueError("behind its Info tag is no MP3 frame")
    return Mp3Frames(path, head, _fixed(data, tag.size), start + tag.size, path.stat().st_size, delay)


def _fixed(data: bytes | mmap.mmap, at: int) -> bytes:
    """What stays the same in all headers of a stream: version, layer, protection, sample rate, channel mode."""
    return bytes([data[at], data[at + 1], data[at + 2] & 0x0C, data[at + 3] & 0xC0])


def delayed_frames(file: Mp3Frames) -> int:
    """Frames behind those that the sound fills, in which the delayed sound ends."""
    return -(-(file.delay + DECODER_DELAY) // file.head.samples)


def cut(file: Mp3Frames, count: int) -> Mp3Frames:
    """The file up to its first `count` frames. Raises ValueError where they are not whole and of one kind."""
    sizes: dict[int, int] = {}
    with file.path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = file.start
        for number in range(count):
            if at + 4 > file.end or _fixed(data, at) != file.fixed:
                raise ValueError(f"it has {number} MP3 frames, not {count}")
            third = data[at + 2]
            if third not in sizes:
                head = frame_header(data[at : at + 4])
                sizes[third] = head.size if head and head.size else file.end
            at += sizes[third]
        if at > file.end:
            raise ValueError(f"its last MP3 frame of {count} is cut short")
    return replace(file, end=at, frames=count)


def write_joined(out: BinaryIO, files: Sequence[Mp3Frames], samples: int) -> None:
    """Write an Info tag and the files' frames behind it. `samples` is how long the sound is, the codec's delay not counted."""
    size = sum(one.end - one.start for one in files)
    with files[0].path.open("rb") as source:
        source.seek(files[0].start)
        first = source.read(4)
    out.write(info_frame(first, files[0].delay, sum(one.frames for one in files), size, samples))
    for one in files:
        with one.path.open("rb") as source:
            source.seek(one.start)
            left = one.end - one.start
            while left:
                data = source.read(min(left, 1 << 20))
                if not data:
                    raise OSError(f"{one.path} became shorter while it was read")
                out.write(data)
                left -= len(data)
