"""The whole book as one MP3 with chapter marks: the chapters' frames joined without encoding again.

Chapters are whole MP3 frames long, LAME begins each with an empty bit reservoir, and the codec's delay is the same in all
of them: as many frames as a chapter's sound fills, one chapter's after the other's, are a stream in which everything lies
where it lies in the joined masters, behind one delay that the Info tag tells players to skip. What that costs: the last
25 ms of a chapter, which are room tone, give way to the delay of the next. A chapter that is not whole frames long (mastered
by an earlier version) moves its neighbours by half a frame (13 ms) at most; marks are where the sound is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, islice, pairwise
from pathlib import Path
from typing import Any

from pipeline.deliver import metadata
from pipeline.deliver.book import FinishedBook
from pipeline.errors import MasteringError
from pipeline.files import HonestFile, explained_errors, written_beside
from pipeline.mastering import tags as tag_room
from pipeline.nouns import Master

_NO_OFFSET = 0xFFFFFFFF
"""In a CHAP frame: go by the times, not by bytes."""
_MOST_CHILDREN = 255
"""Entries that a CTOC frame can count."""
_CHECK_EVERY = 4096
"""MP3 frames between two looks at whether the disk is full."""


def write(book: FinishedBook) -> list[Path]:
    """Join the chapters' mp3 files. Memory does not grow with the book.

    Raises MasteringError for a chapter file that is missing, damaged or encoded otherwise than the first, BookFolderError
    for a full disk.
    """
    import av

    path = book.path(".mp3")
    with written_beside(path) as beside, explained_errors(path, av.FFmpegError):
        size = _join(book.masters, beside)
        ends = accumulate(one * size for one in _shares(book.masters, size))
        rate = book.masters[0].sample_rate
        marks = _marks(book, [0, *(round(end * 1000 / rate) for end in ends)])
        tag_room.id3(metadata.whole(book), book.cover, book.cover_type, marks).save(beside, v2_version=4)
    return [path]


def _shares(masters: Sequence[Master], size: int) -> list[int]:
    """How many frames of `size` samples each chapter gets: what brings the next chapter closest to its place."""
    ends = [0, *accumulate(one.frames for one in masters)]
    return [(b + size // 2) // size - (a + size // 2) // size for a, b in pairwise(ends)]


def _join(masters: Sequence[Master], out: Path) -> int:
    """Write the joined stream; the number of samples in a frame. The last chapter keeps its last frame, in which the sound
    that the codec delayed ends."""
    import av

    file = HonestFile(out)
    shares: list[int] = []
    with av.open(file, "w", format="mp3", options={"fflags": "+bitexact"}) as joined:
        stream: Any = None
        for index, master in enumerate(masters):
            with _opened(master) as chapter:
                source = chapter.streams.audio[0]
                if stream is None:
                    stream, first = joined.add_stream_from_template(source), _form(source)
                    shares = _shares(masters, source.codec_context.frame_size)
                elif _form(source) != first:
                    raise _unfit(master, f"it is encoded otherwise than chapter {masters[0].chapter}")
                wanted = shares[index] if index < len(masters) - 1 else None
                count = 0
                for packet in islice(_packets(chapter), wanted):
                    packet.stream, packet.pts, packet.dts = stream, None, None
                    joined.mux(packet)
                    count += 1
                    if count % _CHECK_EVERY == 0:
                        file.check()
                if count < shares[index]:
                    raise _unfit(master, f"it has {count} MP3 frames, not {shares[index]}")
    file.close()
    size: int = stream.codec_context.frame_size
    return size


def _packets(chapter: Any) -> Iterator[Any]:
    return (packet for packet in chapter.demux(audio=0) if packet.size)


def _form(stream: Any) -> tuple[int, str, int, int]:
    context = stream.codec_context
    return context.sample_rate, context.layout.name, context.frame_size, context.bit_rate


def _opened(master: Master) -> Any:
    import av

    path = master.files["mp3"]
    if not path.is_file():
        raise _unfit(master, "there is no such file")
    try:
        return av.open(str(path))
    except av.FFmpegError as error:
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
