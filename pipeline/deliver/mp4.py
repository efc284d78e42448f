"""The few MP4 boxes an audiobook needs, read from chapter files and written for the whole (ISO/IEC 14496-12; Apple's
QuickTime File Format for the chapter track; Nero's chpl).

ffmpeg's muxer keeps some eighty bytes a frame in memory, which is half a gigabyte for thirty hours; a size table needs four.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

FRAME = 1024
"""Samples in an AAC frame."""
PRIMING = 1024
"""Samples that an AAC encoder puts before the sound."""
MOVIE_SCALE = 1000
_CHUNK_FRAMES = 43
"""AAC frames in a chunk: about a second, as players expect."""
_NERO_LIMIT = 255
_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


@dataclass(frozen=True, slots=True)
class AacFile:
    """One AAC track as an m4a file holds it. `description` is its stsd box, whole; `sizes` the bytes of every frame, shape
    (frames,); the frames lie one after another from `offset` on."""

    path: Path
    description: bytes
    sizes: NDArray[np.uint32]
    offset: int


def read_aac(path: Path) -> AacFile:
    """Where an m4a file's frames lie. Raises ValueError for a file that is no MP4 with one gapless AAC track."""
    with path.open("rb") as file:
        table = _find(file, 0, path.stat().st_size, [b"moov", b"trak", b"mdia", b"minf", b"stbl"])
        boxes = {kind: (start, end) for kind, start, end in _boxes(file, *table)}
        if not {b"stsd", b"stsz"} <= set(boxes) or not {b"stco", b"co64"} & set(boxes):
            raise ValueError("its sample table is incomplete")
        start, end = boxes[b"stsd"]
        description = _part(file, start - 8, end)
        size_table = _part(file, *boxes[b"stsz"])
        same, count = struct.unpack(">II", size_table[4:12])
        sizes = (
            np.full(count, same, np.uint32) if same else np.frombuffer(size_table, ">u4", count, 12).astype(np.uint32)
        )
        wide = b"co64" in boxes
        chunk_table = _part(file, *boxes[b"co64" if wide else b"stco"])
        chunks = np.frombuffer(chunk_table, ">u8" if wide else ">u4", offset=8).astype(np.uint64)
    if not sizes.size or not chunks.size:
        raise ValueError("it holds no sound")
    last, first = int(chunks[-1]), int(chunks[0])
    ends = first + np.cumsum(sizes, dtype=np.uint64)
    if last != first and last not in ends:
        raise ValueError("its frames do not lie one after another")
    if int(ends[-1]) > path.stat().st_size:
        raise ValueError("it is cut short")
    return AacFile(path, description, sizes, first)


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start, end of the content) of every box between two places."""
    while start + 8 <= end:
        size, kind = struct.unpack(">I4s", _part(file, start, start + 8))
        head = 8
        if size == 1:
            size, head = struct.unpack(">Q", _part(file, start + 8, start + 16))[0], 16
        size = size or end - start
        if size < head or start + size > end:
            raise ValueError("a box leads out of the file")
        yield kind, start + head, start + size
        start += size


def _find(file: BinaryIO, start: int, end: int, way: Sequence[bytes]) -> tuple[int, int]:
    for wanted in way:
        found = next(((low, high) for kind, low, high in _boxes(file, start, end) if kind == wanted), None)
        if found is None:
            raise ValueError(f"it has no {wanted.decode()} box")
        start, end = found
    return start, end


def _part(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    data = file.read(end - start)
    if len(data) != end - start:
        raise ValueError("it is cut short")
    return data


# --- writing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mark:
    """A chapter: its title, and its length in samples."""

    title: str
    samples: int


def write_audiobook(
    path: Path, files: Sequence[AacFile], marks: Sequence[Mark], rate: int, language: str = "und"
) -> None:
    """Join AAC files, which share their settings, into one with a chapter mark for each. `language` as ISO 639-2/T has it.

    The first file keeps its priming frame, which an edit list hides; the others lose theirs. Memory: four bytes a frame.
    """
    with path.open("wb") as out:
        out.write(_box(b"ftyp", b"M4B \x00\x00\x02\x00M4B M4A mp42isomiso2"))
        start = out.tell()
        out.write(struct.pack(">I4sQ", 1, b"mdat", 0))
        place, kept = out.tell(), list[NDArray[np.uint32]]()
        for number, one in enumerate(files):
            dropped = 1 if number else 0
            _copy(one, int(one.sizes[:dropped].sum()), out)
            kept.append(one.sizes[dropped:])
        text_place = out.tell()
        texts = [_text(mark.title) for mark in marks]
        out.writelines(texts)
        end = out.tell()
        sound = _sound_track(files[0].description, kept, place, sum(mark.samples for mark in marks), rate, language)
        words = _chapter_track(texts, marks, text_place, rate, language)
        out.write(_box(b"moov", _movie_header(marks, rate), sound, words, _box(b"udta", _nero(marks, rate))))
        out.seek(start + 8)
        out.write(struct.pack(">Q", end - start))


def _copy(one: AacFile, skip: int, out: BinaryIO) -> None:
    left = int(one.sizes.sum()) - skip
    with one.path.open("rb") as source:
        source.seek(one.offset + skip)
        while left:
            data = source.read(min(left, 1 << 20))
            if not data:
                raise ValueError("it is cut short")
            out.write(data)
            left -= len(data)


def _box(kind: bytes, *content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + sum(map(len, content)), kind) + b"".join(content)


def _full(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *content)


def _movie_time(samples: int, rate: int) -> int:
    """In thousandths, rounded up, so that no player cuts the end."""
    return -(-samples * MOVIE_SCALE // rate)


def _movie_header(marks: Sequence[Mark], rate: int) -> bytes:
    length = _movie_time(sum(mark.samples for mark in marks), rate)
    head = struct.pack(">IIIIIH10x", 0, 0, MOVIE_SCALE, length, 0x10000, 0x100)
    return _full(b"mvhd", 0, 0, head, _MATRIX, bytes(24), struct.pack(">I", 3))


def _track_header(number: int, samples: int, rate: int, *, sound: bool) -> bytes:
    head = struct.pack(">IIIII8xHHHH", 0, 0, number, 0, _movie_time(samples, rate), 0, 0, 0x100 if sound else 0, 0)
    return _full(b"tkhd", 0, 3 if sound else 0, head, _MATRIX, bytes(8))


def _media(kind: bytes, name: bytes, samples: int, rate: int, language: str, header: bytes, table: bytes) -> bytes:
    """An mdia box; times are 64 bits wide, since 27 hours of samples pass 32. A letter of the language takes five bits."""
    first, second, third = (ord(letter) - 0x60 for letter in language)
    packed = first << 10 | second << 5 | third
    time = _full(b"mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, rate, samples, packed, 0))
    handler = _full(b"hdlr", 0, 0, bytes(4), kind, bytes(12), name + b"\0")
    source = _box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1)))
    return _box(b"mdia", time, handler, _box(b"minf", header, source, table))


def _sound_track(
    description: bytes, kept: Sequence[NDArray[np.uint32]], place: int, samples: int, rate: int, language: str
) -> bytes:
    sizes = np.concatenate(kept)
    edit = _full(b"elst", 0, 0, struct.pack(">IIiHH", 1, _movie_time(samples, rate), PRIMING, 1, 0))
    table = _box(
        b"stbl",
        description,
        _full(b"stts", 0, 0, struct.pack(">III", 1, sizes.size, FRAME)),
        *_chunks(sizes, place),
        _sizes(sizes),
    )
    header = _full(b"smhd", 0, 0, bytes(4))
    media = _media(b"soun", b"SoundHandler", sizes.size * FRAME, rate, language, header, table)
    chapters = _box(b"tref", _box(b"chap", struct.pack(">I", 2)))
    return _box(b"trak", _track_header(1, samples, rate, sound=True), _box(b"edts", edit), chapters, media)


def _chunks(sizes: NDArray[np.uint32], place: int) -> tuple[bytes, bytes]:
    """stsc and stco (or co64): chunks of `_CHUNK_FRAMES`, the last one shorter."""
    whole, rest = divmod(sizes.size, _CHUNK_FRAMES)
    runs = [(1, _CHUNK_FRAMES)] if whole else []
    if rest:
        runs.append((whole + 1, rest))
    layout = struct.pack(">I", len(runs)) + b"".join(struct.pack(">III", first, count, 1) for first, count in runs)
    ends = np.cumsum(sizes, dtype=np.uint64)
    starts = place + np.concatenate([[np.uint64(0)], ends[_CHUNK_FRAMES - 1 : sizes.size - 1 : _CHUNK_FRAMES]])
    return _full(b"stsc", 0, 0, layout), _offsets(starts.astype(np.uint64))


def _offsets(starts: NDArray[np.uint64]) -> bytes:
    wide = int(starts[-1]) >= 1 << 32
    return _full(
        b"co64" if wide else b"stco", 0, 0,
        struct.pack(">I", starts.size), starts.astype(">u8" if wide else ">u4").tobytes(),
    )  # fmt: skip


def _sizes(sizes: NDArray[np.uint32]) -> bytes:
    return _full(b"stsz", 0, 0, struct.pack(">II", 0, sizes.size), sizes.astype(">u4").tobytes())


# --- chapter marks ---------------------------------------------------------------------------------------------------


def _text(title: str) -> bytes:
    """A QuickTime text sample: its length, UTF-8, and a box that says so."""
    data = title.encode()[: 1 << 15]
    return struct.pack(">H", len(data)) + data + _box(b"encd", struct.pack(">I", 0x100))


def _chapter_track(texts: Sequence[bytes], marks: Sequence[Mark], place: int, rate: int, language: str) -> bytes:
    samples = sum(mark.samples for mark in marks)
    sizes = np.array([len(text) for text in texts], np.uint32)
    entry = _box(
        b"text", bytes(6), struct.pack(">H", 1), bytes(43), b"\0"
    )  # black on white, no font: only the words count
    table = _box(
        b"stbl",
        _full(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        _full(b"stts", 0, 0, struct.pack(">I", len(marks)), *(struct.pack(">II", 1, mark.samples) for mark in marks)),
        _full(b"stsc", 0, 0, struct.pack(">IIII", 1, 1, len(marks), 1)),
        _sizes(sizes),
        _offsets(np.array([place], np.uint64)),
    )
    look = _full(b"gmin", 0, 0, struct.pack(">HHHHHH", 0x40, 0x8000, 0x8000, 0x8000, 0, 0))
    header = _box(b"gmhd", look, _box(b"text", _MATRIX))
    media = _media(b"text", b"SubtitleHandler", samples, rate, language, header, table)
    return _box(b"trak", _track_header(2, samples, rate, sound=False), media)


def _nero(marks: Sequence[Mark], rate: int) -> bytes:
    """chpl: starts in units of 100 ns; at most 255 chapters, which is all its count can say."""
    rows, at = [], 0
    for mark in marks[:_NERO_LIMIT]:
        title = mark.title.encode()[:255].decode(errors="ignore").encode()
        rows.append(struct.pack(">QB", at * 10_000_000 // rate, len(title)) + title)
        at += mark.samples
    return _full(b"chpl", 1, 0, struct.pack(">IB", 0, len(rows)), *rows)
