"""MP3 files read frame by frame and joined (ISO/IEC 11172-3 and 13818-3; the Info tag as in "Mp3 Info Tag revision 1
specifications", gabriel.mp3-tech.org).

ffmpeg's muxer joins frames, too, in Python one by one: ten seconds for ten hours, of which this takes half a second.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from pipeline.mastering.mpeg import FrameHeader, frame_header, frames_from

DECODER_DELAY = 529
"""Samples that every decoder adds to the encoder's own delay (the same specification)."""
_ENCODER = b"LAME3.100"
"""Who made the frames, and what players look for before they trust the delay."""
_TAG = 156
"""Bytes of an Info tag: frames, bytes, table of contents, quality, and LAME's part."""


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
    out.write(_info(files[0], sum(one.frames for one in files), size, samples))
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


def _info(file: Mp3Frames, frames: int, size: int, samples: int) -> bytes:
    """The frame that holds the Info tag: silent, of the stream's own bit rate or else the first at which the tag fits in."""
    with file.path.open("rb") as source:
        source.seek(file.start)
        first = source.read(4)
    indices = (first[2] >> 4, *range(1, 15))
    tries = (bytes([first[0], first[1] | 1, index << 4 | first[2] & 0x0C, first[3]]) for index in indices)
    heads = ((start, head) for start in tries if (head := frame_header(start)) and head.size >= 4 + head.side + _TAG)
    start, head = next(islice(heads, 1))
    whole = head.size + size
    padding = frames * head.samples - file.delay - samples
    tag = start + bytes(head.side) + b"Info" + (0xF).to_bytes(4, "big")  # frames, bytes, table and quality follow
    tag += frames.to_bytes(4, "big") + min(whole, 0xFFFFFFFF).to_bytes(4, "big")
    tag += bytes(percent * 256 // 100 for percent in range(100)) + bytes(4)
    tag += _ENCODER + bytes([0x01, 0]) + bytes(8)  # revision 0, constant bit rate; low-pass, peak and gain are not told
    tag += bytes([0, min(file.head.kbps, 255)]) + (file.delay << 12 | padding).to_bytes(3, "big")
    tag += bytes(4) + min(whole, 0xFFFFFFFF).to_bytes(4, "big") + bytes(2)  # the sound's CRC is not told
    return (tag + _crc(tag).to_bytes(2, "big")).ljust(head.size, b"\0")


def _crc(data: bytes) -> int:
    """CRC-16 with the polynomial 0x8005, bits reversed, as the Info tag ends with."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
