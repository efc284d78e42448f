"""The whole book as one MP3 with chapter marks: the chapters' frames joined without encoding again.

Chapters are whole MP3 frames long, LAME begins each with an empty bit reservoir, and the codec's delay is the same in all
of them: as many frames as a chapter's sound fills, one chapter's after the other's, are a stream in which everything lies
where it lies in the joined masters, behind one delay that the Info tag tells players to skip. What that costs: the last
25 ms of a chapter, which are room tone, give way to the delay of the next. A chapter that is not whole frames long (mastered
by an earlier version) moves its neighbours by half a frame (13 ms) at most; marks are where the sound is.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from pipeline.deliver import metadata, mp3_frames
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.mp3_frames import Mp3Frames
from pipeline.errors import MasteringError
from pipeline.files import explained_errors, written_beside
from pipeline.mastering import tags as tag_room
from pipeline.nouns import Master

_NO_OFFSET = 0xFFFFFFFF
"""In a CHAP frame: go by the times, not by bytes."""
_MOST_CHILDREN = 255
"""Entries that a CTOC frame can count."""


def write(book: FinishedBook) -> list[Path]:
    """Join the chapters' mp3 files. Memory does not grow with the book.

    Raises MasteringError for a chapter file that is missing, damaged or encoded otherwise than the first, BookFolderError
    for a full disk.
    """
    path = book.path(".mp3")
    opened = [_opened(one) for one in book.masters]
    size = opened[0].head.samples
    counts = shares([one.frames for one in book.masters], size)
    files = [_cut(book.masters, opened, at, count) for at, count in enumerate(counts)]
    rate = book.masters[0].sample_rate
    times = [round(frames * size * 1000 / rate) for frames in (0, *accumulate(counts))]
    tag = tag_room.id3(metadata.whole(book), book.cover, book.cover_type, _marks(book, times))
    stream = io.BytesIO()
    tag.save(stream, v2_version=4)
    with written_beside(path) as beside, explained_errors(path), beside.open("wb") as out:
        out.write(_chapters_in_order(stream.getvalue()))
        mp3_frames.write_joined(out, files, sum(counts) * size)
    return [path]


def _chapters_in_order(tag: bytes) -> bytes:
    """The same ID3v2.4 tag with its CHAP frames by their start times, since players take them as they lie; mutagen lays them
    by size. A frame is a head of ten bytes, its size in seven bits a byte, and so many more (id3.org, ID3v2.4 structure)."""
    chapters, others, at = list[bytes](), list[bytes](), 10
    while at + 10 <= len(tag) and tag[at]:
        size = sum((byte & 0x7F) << shift for byte, shift in zip(tag[at + 4 : at + 8], (21, 14, 7, 0), strict=True))
        frame = tag[at : at + 10 + size]
        (chapters if frame.startswith(b"CHAP") else others).append(frame)
        at += len(frame)
    chapters.sort(key=lambda frame: frame[frame.index(b"\0", 10) + 1 :][:4])
    return tag[:10] + b"".join(others + chapters) + tag[at:]


def shares(lengths: Sequence[int], size: int) -> list[int]:
    """How many MP3 frames of `size` samples each chapter gets, of `lengths` in samples: what brings the next chapter
    closest to its place."""
    ends = [0, *accumulate(lengths)]
    return [(b + size // 2) // size - (a + size // 2) // size for a, b in pairwise(ends)]


def _cut(masters: Sequence[Master], opened: Sequence[Mp3Frames], at: int, count: int) -> Mp3Frames:
    """A chapter's file, cut to its share of frames; the last one keeps those in which the delayed sound ends."""
    if opened[at].form != opened[0].form:
        raise _unfit(masters[at], f"it is encoded otherwise than chapter {masters[0].chapter}")
    more = mp3_frames.delayed_frames(opened[at]) if at == len(masters) - 1 else 0
    try:
        return mp3_frames.cut(opened[at], count + more)
    except ValueError as error:
        raise _unfit(masters[at], str(error)) from error


def _opened(master: Master) -> Mp3Frames:
    path = master.files["mp3"]
    if not path.is_file():
        raise _unfit(master, "there is no such file")
    try:
        return mp3_frames.read_mp3(path)
    except ValueError as error:
        raise _unfit(master, str(error)) from error


def _unfit(master: Master, why: str) -> MasteringError:
    return MasteringError(
        f"the mp3 of chapter {master.chapter} cannot be joined: {why}", where=str(master.files["mp3"]),
        fix="Delete the file and run again: the chapter is mastered anew.",
    )  # fmt: skip


def _marks(book: FinishedBook, times: Sequence[int]) -> list[Any]:
    """A CHAP frame for each chapter, `times` in milliseconds, and the table of contents that lists them in order: one CTOC,
    or, past 255 chapters, one of CTOCs of 255 (id3.org, "ID3v2 Chapter Frame Addendum")."""
    from mutagen import id3

    names = [f"chp{number}" for number in range(len(book.masters))]
    frames: list[Any] = [
        id3.CHAP(
            element_id=name, start_time=start, end_time=end, start_offset=_NO_OFFSET, end_offset=_NO_OFFSET,
            sub_frames=[id3.TIT2(encoding=3, text=metadata.chapter_title(book, master))],
        )
        for name, master, (start, end) in zip(names, book.masters, pairwise(times), strict=True)
    ]  # fmt: skip
    top = id3.CTOCFlags.TOP_LEVEL | id3.CTOCFlags.ORDERED
    if len(names) > _MOST_CHILDREN:
        groups = [names[at : at + _MOST_CHILDREN] for at in range(0, len(names), _MOST_CHILDREN)]
        names = [f"toc{number}" for number in range(1, len(groups) + 1)]
        frames += [_contents(name, id3.CTOCFlags.ORDERED, group) for name, group in zip(names, groups, strict=True)]
    length = id3.TLEN(encoding=3, text=str(times[-1]))
    return [_contents("toc", top, names), *frames, length]


def _contents(name: str, flags: int, children: list[str]) -> Any:
    from mutagen import id3

    return id3.CTOC(element_id=name, flags=flags, child_element_ids=children, sub_frames=[])
