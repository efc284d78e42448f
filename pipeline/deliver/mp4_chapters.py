"""Chapters' AAC joined into one MP4 with a chapter track (Apple's QuickTime File Format) and Nero's chpl."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipeline.mastering.mp4_reading import AacFile
from pipeline.mastering.mp4_writing import (
    MATRIX,
    MEDIA_HEAD,
    box,
    chunk_table,
    full,
    media,
    media_end,
    media_head,
    movie_header,
    size_table,
    sound_track,
    track_header,
)  # fmt: skip

_NERO_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Mark:
    """A chapter: its title, and its length in samples."""

    title: str
    samples: int


def write_audiobook(
    path: Path, files: Sequence[AacFile], marks: Sequence[Mark], rate: int, language: str = "und", room: int = 0
) -> None:
    """Join AAC files, which share their settings, into one with a chapter mark for each. `language` as ISO 639-2/T has it.

    The first file keeps its priming frame, which an edit list hides; the others lose theirs. What describes the sound lies
    before it, so that a player begins while the rest is still on its way, with `room` bytes for tags and a cover, which
    can be written without moving the sound. Memory: some twenty bytes a frame.
    """
    sizes = np.concatenate([one.sizes[bool(number) :] for number, one in enumerate(files)])
    texts = [_text(mark.title) for mark in marks]
    with path.open("wb") as out:
        out.write(box(b"ftyp", b"M4B \x00\x00\x02\x00M4B M4A mp42isomiso2"))
        place, found = out.tell(), b""
        for _ in range(3):  # its own length moves the sound, and places past 4 GiB take more room
            found = _described(files[0].description, sizes, place, texts, marks, rate, language, room)
            place = out.tell() + len(found) + MEDIA_HEAD
        out.write(found)
        start = media_head(out)
        for number, one in enumerate(files):
            _copy(one, int(one.sizes[:1].sum()) if number else 0, out)
        out.writelines(texts)
        media_end(out, start)


def _described(
    description: bytes, sizes: NDArray[np.uint32], place: int, texts: Sequence[bytes], marks: Sequence[Mark], rate: int,
    language: str, room: int,
) -> bytes:  # fmt: skip
    """The moov box of sound that begins at `place`, the chapters' titles behind it."""
    samples = sum(mark.samples for mark in marks)
    reference = box(b"tref", box(b"chap", struct.pack(">I", 2)))
    sound = sound_track(description, sizes, place, samples, rate, language, reference)
    words = _chapter_track(texts, marks, place + int(sizes.sum(dtype=np.uint64)), rate, language)
    handler = full(b"hdlr", 0, 0, bytes(4), b"mdirappl", bytes(9))
    tags = full(b"meta", 0, 0, handler, box(b"ilst"), box(b"free", bytes(room)))
    return box(b"moov", movie_header(samples, rate), sound, words, box(b"udta", _nero(marks, rate), tags))


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


def _text(title: str) -> bytes:
    """A QuickTime text sample: its length, UTF-8, and a box that says so."""
    data = title.encode()[: 1 << 15]
    return struct.pack(">H", len(data)) + data + box(b"encd", struct.pack(">I", 0x100))


def _chapter_track(texts: Sequence[bytes], marks: Sequence[Mark], place: int, rate: int, language: str) -> bytes:
    samples = sum(mark.samples for mark in marks)
    sizes = np.array([len(text) for text in texts], np.uint32)
    entry = box(
        b"text", bytes(6), struct.pack(">H", 1), bytes(43), b"\0"
    )  # black on white, no font: only the words count
    table = box(
        b"stbl",
        full(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        full(b"stts", 0, 0, struct.pack(">I", len(marks)), *(struct.pack(">II", 1, mark.samples) for mark in marks)),
        full(b"stsc", 0, 0, struct.pack(">IIII", 1, 1, len(marks), 1)),
        size_table(sizes),
        chunk_table(np.array([place], np.uint64)),
    )
    look = full(b"gmin", 0, 0, struct.pack(">HHHHHH", 0x40, 0x8000, 0x8000, 0x8000, 0, 0))
    header = box(b"gmhd", look, box(b"text", MATRIX))
    words = media(b"text", b"SubtitleHandler", samples, rate, language, header, table)
    return box(b"trak", track_header(2, samples, sound=False), words)


def _nero(marks: Sequence[Mark], rate: int) -> bytes:
    """chpl: starts in units of 100 ns; at most 255 chapters, which is all its count can say."""
    rows, at = [], 0
    for mark in marks[:_NERO_LIMIT]:
        title = mark.title.encode()[:255].decode(errors="ignore").encode()
        rows.append(struct.pack(">QB", at * 10_000_000 // rate, len(title)) + title)
        at += mark.samples
    return full(b"chpl", 1, 0, struct.pack(">IB", 0, len(rows)), *rows)
