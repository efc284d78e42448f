"""The audiobook: every chapter's AAC joined without encoding again, with chapter marks, cover and metadata.

An AAC encoder puts one frame of 1,024 priming samples before the sound. The first chapter keeps its priming frame,
which an edit list hides; the others lose theirs, so that, chapters being whole frames long, each begins exactly where
the one before it ends. What that costs is a wrong overlap in the first 23 ms of a chapter, which are room tone.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.deliver import mp4
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.mp4 import AacFile, Mark
from pipeline.errors import MasteringError
from pipeline.files import explained_errors, written_beside
from pipeline.mastering import tags as tag_room
from pipeline.nouns import Master


def write(book: FinishedBook) -> list[Path]:
    """Join the chapters' m4a files. Memory: four bytes for each 23 ms.

    Raises MasteringError for a chapter file that is missing or not one of ours, BookFolderError for a full disk.
    """
    path = book.path(".m4b")
    files = [_chapter(master) for master in book.masters]
    marks = [Mark(master.title or book.record.title, master.frames) for master in book.masters]
    with written_beside(path) as beside, explained_errors(path):
        mp4.write_audiobook(beside, files, marks, book.masters[0].sample_rate)
        tag_room.write(beside, book.tags, book.cover, book.cover_type)
    return [path]


def _chapter(master: Master) -> AacFile:
    """A chapter's frames: those of its sound and the priming frame; what an encoder adds behind them is left out."""
    path = master.files["m4a"]
    if not path.is_file():
        raise MasteringError(
            f"chapter {master.chapter} has no m4a file", where=str(path), fix="Run again: the chapter is mastered anew."
        )
    expected = master.frames // mp4.FRAME + 1
    try:
        file = mp4.read_aac(path)
        if file.sizes.size < expected:
            raise ValueError(f"it has {file.sizes.size} AAC frames, not {expected}")
    except ValueError as error:
        raise MasteringError(
            f"chapter {master.chapter} cannot be joined: {error}", where=str(path),
            fix="Delete the file and run again: the chapter is mastered anew.",
        ) from error  # fmt: skip
    return replace(file, sizes=file.sizes[:expected])
