"""The few MP4 boxes that a file of AAC needs (ISO/IEC 14496-12; the description of AAC in it: 14496-1 and -14).

ffmpeg's muxer keeps some eighty bytes a frame in memory, which is half a gigabyte for thirty hours; a size table needs four.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

FRAME = 1024
"""Samples in an AAC frame."""
PRIMING = 1024
"""Samples that an AAC encoder puts before the sound."""
MEDIA_HEAD = 16
"""Bytes of the head of a box of sound."""
_CHUNK_FRAMES = 43
"""AAC frames in a chunk: about a second, as players expect."""
MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def box(kind: bytes, *content: bytes) -> bytes:
    """A box of that kind around its content."""
    return struct.pack(">I4s", 8 + sum(map(len, content)), kind) + b"".join(content)


def full(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    """A box that begins with its version and 24 flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def times(samples: int) -> tuple[int, bytes]:
    """(version, bytes) of a duration in samples, which is the movie's unit, too: 64 bits wide where 32 are not enough (27 hours
    at 44.1 kHz)."""
    return (1, struct.pack(">Q", samples)) if samples >> 32 else (0, struct.pack(">I", samples))


def media_head(out: BinaryIO) -> int:
    """Begin a box of sound, whose length `media_end` fills in; its content begins `MEDIA_HEAD` bytes behind. Returns where it
    begins."""
    start = out.tell()
    out.write(struct.pack(">I4sQ", 1, b"mdat", 0))
    return start


def media_end(out: BinaryIO, start: int) -> None:
    """Fill in the length of the box that `media_head` began at `start`: all that was written since."""
    end = out.tell()
    out.seek(start + 8)
    out.write(struct.pack(">Q", end - start))
    out.seek(end)


def movie_header(samples: int, rate: int) -> bytes:
    """An mvhd box, whose unit of time is a sample. Tracks 1 and 2 are of sound and, where there are any, of chapters."""
    version, length = times(samples)
    made = bytes(2 * len(length))  # created and changed: not said
    head = made + struct.pack(">I", rate) + length + struct.pack(">IH10x", 0x10000, 0x100)
    return full(b"mvhd", version, 0, head, MATRIX, bytes(24), struct.pack(">I", 3))


def track_header(number: int, samples: int, *, sound: bool) -> bytes:
    """A tkhd box; a track that is no sound is there for players to look up, not to show."""
    version, length = times(samples)
    head = bytes(2 * len(length)) + struct.pack(">II", number, 0) + length
    look = struct.pack(">8xHHHH", 0, 0, 0x100 if sound else 0, 0)
    return full(b"tkhd", version, 3 if sound else 0, head, look, MATRIX, bytes(8))


def media(kind: bytes, name: bytes, samples: int, rate: int, language: str, header: bytes, table: bytes) -> bytes:
    """An mdia box; times are 64 bits wide, since 27 hours of samples pass 32. A letter of the language takes five bits."""
    first, second, third = (ord(letter) - 0x60 for letter in language)
    packed = first << 10 | second << 5 | third
    time = full(b"mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, rate, samples, packed, 0))
    handler = full(b"hdlr", 0, 0, bytes(4), kind, bytes(12), name + b"\0")
    source = box(b"dinf", full(b"dref", 0, 0, struct.pack(">I", 1), full(b"url ", 0, 1)))
    return box(b"mdia", time, handler, box(b"minf", header, source, table))


def sound_track(
    description: bytes, sizes: NDArray[np.uint32], place: int, samples: int, rate: int, language: str,
    reference: bytes = b"",
) -> bytes:  # fmt: skip
    """A trak box of AAC: a priming frame, which an edit list hides, then `samples` of sound; frames after those that hold it
    are hidden, too.

    description: its stsd box. sizes: bytes of every frame, shape (frames,); they lie one after another from `place` on.
    reference: a tref box to the chapter track.
    """
    version, length = times(samples)
    start = struct.pack(">q" if version else ">i", PRIMING)
    edit = full(b"elst", version, 0, struct.pack(">I", 1), length, start, struct.pack(">HH", 1, 0))
    table = box(
        b"stbl",
        description,
        full(b"stts", 0, 0, struct.pack(">III", 1, sizes.size, FRAME)),
        *_chunks(sizes, place),
        size_table(sizes),
        *_roll(sizes.size),
    )
    header = full(b"smhd", 0, 0, bytes(4))
    sound = media(b"soun", b"SoundHandler", sizes.size * FRAME, rate, language, header, table)
    return box(b"trak", track_header(1, samples, sound=True), box(b"edts", edit), reference, sound)


def aac_description(config: bytes, channels: int, rate: int, kbps: int) -> bytes:
    """The stsd box of AAC of this AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1), an mp4a entry (14496-14, 5.6) with the
    descriptors of 14496-1, 7.2.6. The entry has 16 bits for a rate; a higher one stands in the configuration alone."""
    decoder = struct.pack(">BBBHII", 0x40, 0x15, 0, 6144 * channels // 8, kbps * 1000, kbps * 1000)
    stream = struct.pack(">HB", 1, 0) + _descriptor(4, decoder + _descriptor(5, config)) + _descriptor(6, b"\x02")
    entry = struct.pack(">6xH8xHHHHHH", 1, channels, 16, 0, 0, rate if rate < 1 << 16 else 0, 0)
    return full(b"stsd", 0, 0, struct.pack(">I", 1), box(b"mp4a", entry, full(b"esds", 0, 0, _descriptor(3, stream))))


def _descriptor(tag: int, content: bytes) -> bytes:
    """The length takes four bytes of seven bits, as most writers have it."""
    size = len(content)
    return bytes([tag, *(size >> shift & 0x7F | 0x80 for shift in (21, 14, 7)), size & 0x7F]) + content


def _roll(frames: int) -> tuple[bytes, bytes]:
    """sgpd and sbgp: a player that jumps to a frame decodes the one before it first (roll recovery, 14496-12, 10.1)."""
    entry = struct.pack(">4sIIh", b"roll", 2, 1, -1)
    return full(b"sgpd", 1, 0, entry), full(b"sbgp", 0, 0, struct.pack(">4sIII", b"roll", 1, frames, 1))


def _chunks(sizes: NDArray[np.uint32], place: int) -> tuple[bytes, bytes]:
    """stsc and stco (or co64): chunks of `_CHUNK_FRAMES`, the last one shorter."""
    whole, rest = divmod(sizes.size, _CHUNK_FRAMES)
    runs = [(1, _CHUNK_FRAMES)] if whole else []
    if rest:
        runs.append((whole + 1, rest))
    layout = struct.pack(">I", len(runs)) + b"".join(struct.pack(">III", first, count, 1) for first, count in runs)
    lengths = np.add.reduceat(sizes, np.arange(0, sizes.size, _CHUNK_FRAMES), dtype=np.uint64)
    starts = place + np.cumsum(lengths) - lengths
    return full(b"stsc", 0, 0, layout), chunk_table(starts.astype(np.uint64))


def chunk_table(starts: NDArray[np.uint64]) -> bytes:
    """Where every chunk begins: stco, or co64 past 4 GiB."""
    wide = int(starts[-1]) >= 1 << 32
    return full(
        b"co64" if wide else b"stco", 0, 0,
        struct.pack(">I", starts.size), starts.astype(">u8" if wide else ">u4").tobytes(),
    )  # fmt: skip


def size_table(sizes: NDArray[np.uint32]) -> bytes:
    """An stsz box."""
    return full(b"stsz", 0, 0, struct.pack(">II", 0, sizes.size), sizes.astype(">u4").tobytes())
