"""The audiobook: every chapter's AAC joined without encoding again, with chapter marks, cover and metadata; in parts where
`split_hours` or `split_mb` asks for them.

An AAC encoder puts one frame of 1,024 priming samples before the sound. The first chapter keeps its priming frame,
which an edit list hides; the others lose theirs, so that, chapters being whole frames long, each begins exactly where
the one before it ends. What that costs is a wrong overlap in the first 23 ms of a chapter, which are room tone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.deliver import metadata
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.mp4_chapters import Mark, write_audiobook
from pipeline.errors import MasteringError
from pipeline.files import explained_errors, written_beside
from pipeline.mastering import tags as tag_room
from pipeline.mastering.mp4_reading import AacFile, read_aac
from pipeline.mastering.mp4_writing import FRAME
from pipeline.nouns import Master

_TABLES = 5
"""Bytes that an AAC frame takes in the tables behind the sound: four of its size, and its share of a chunk's place."""
_HEADS = 1 << 16
"""Bytes for everything else in a file but the cover: heads, marks, tags."""
_TAGS = 1 << 14
"""Bytes of `_HEADS` that are kept for tags; longer ones cost a copy of the sound."""


def write(book: FinishedBook) -> list[Path]:
    """Join the chapters' m4a files. Memory: some twenty bytes for each 23 ms, for the tables.

    Raises MasteringError for a chapter file that is missing or not one of ours, BookFolderError for a full disk.
    """
    files = [_chapter(master) for master in book.masters]
    parts = _parts(book, files)
    if len(parts) == 1:
        path = book.path(".m4b")
        _write(book, path, files, book.masters, metadata.whole(book))
        return [path]
    paths = [book.path(f" part {number} of {len(parts)}.m4b") for number in range(1, len(parts) + 1)]
    for number, (path, part) in enumerate(zip(paths, parts, strict=True), 1):
        masters = book.masters[part.start : part.stop]
        tags = metadata.part(book, masters, number, len(parts))
        _write(book, path, files[part.start : part.stop], masters, tags)
    return paths


def _write(
    book: FinishedBook, path: Path, files: Sequence[AacFile], masters: Sequence[Master], tags: tag_room.Tags
) -> None:
    marks = [Mark(metadata.chapter_title(book, master), master.frames) for master in masters]
    language = tag_room.ISO_639_2[book.record.language]
    with written_beside(path) as beside, explained_errors(path):
        room = len(book.cover or b"") + _TAGS
        write_audiobook(beside, files, marks, masters[0].sample_rate, language, room)
        tag_room.write(beside, tags, book.cover, book.cover_type)


def _parts(book: FinishedBook, files: Sequence[AacFile]) -> list[range]:
    """Which chapters go together: each part takes chapters as long as it stays within both limits. A chapter that passes
    one alone is a part of its own."""
    hours, most = book.setting("m4b", "split_hours", None), book.setting("m4b", "split_mb", None)
    parts, first, seconds, size = list[range](), 0, 0.0, 0
    fixed = _HEADS + len(book.cover or b"")
    for index, (master, file) in enumerate(zip(book.masters, files, strict=True)):
        more = int(file.sizes.sum()) + _TABLES * file.sizes.size
        too_long = hours is not None and seconds + master.seconds > hours * 3600
        too_large = most is not None and fixed + size + more > most * 1_000_000
        if index > first and (too_long or too_large):
            parts.append(range(first, index))
            first, seconds, size = index, 0.0, 0
        seconds, size = seconds + master.seconds, size + more
    return [*parts, range(first, len(files))]


def _chapter(master: Master) -> AacFile:
    """A chapter's frames: those of its sound and the priming frame; what an encoder adds behind them is left out."""
    path = master.files["m4a"]
    if not path.is_file():
        raise MasteringError(
            f"chapter {master.chapter} has no m4a file", where=str(path), fix="Run again: the chapter is mastered anew."
        )
    expected = master.frames // FRAME + 1
    try:
        file = read_aac(path)
        if file.sizes.size < expected:
            raise ValueError(f"it has {file.sizes.size} AAC frames, not {expected}")
    except ValueError as error:
        raise MasteringError(
            f"chapter {master.chapter} cannot be joined: {error}", where=str(path),
            fix="Delete the file and run again: the chapter is mastered anew.",
        ) from error  # fmt: skip
    return replace(file, sizes=file.sizes[:expected])
