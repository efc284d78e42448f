"""What finished files are, for the table at the end of a run: the title each bears, and how long it plays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.deliver.book import FinishedBook
from pipeline.deliver.make import Made
from pipeline.deliver.metadata import chapter_title
from pipeline.errors import MasteringError

_PART = re.compile(r" \(\d+\)$")
_AUDIO = {".mp3", ".m4a", ".m4b", ".flac", ".opus", ".wav"}


def described(book: FinishedBook, made: Made) -> Iterator[tuple[Path, str, float | None]]:
    """(file, title, seconds) of every file of a kind. Of audio, both are what its own head says. Any other file has the title
    of the chapter whose name it bears, or of the audio beside it, else the book's; and no length.

    Raises MasteringError for audio that is damaged.
    """
    known = {one.stem: chapter_title(book, one) for one in book.masters}
    sounding = {path: _heard(path) for path in made.files if path.suffix in _AUDIO}
    known |= {str(path.with_suffix("")): title for path, (title, _) in sounding.items() if title}
    for path in made.files:
        title, seconds = sounding.get(path, ("", None))
        if made.kind == "video":
            from pipeline.deliver import video

            seconds = video.seconds(path)
        yield path, title or _named(path, known) or book.record.title, seconds


def _heard(path: Path) -> tuple[str, float]:
    import mutagen

    try:
        file = mutagen.File(path, easy=True)
    except (mutagen.MutagenError, OSError) as error:
        raise _damaged(path) from error
    if file is None:
        raise _damaged(path)
    return (file.get("title") or [""])[0], float(file.info.length)


def _damaged(path: Path) -> MasteringError:
    return MasteringError(
        "this deliverable cannot be read as audio", where=str(path), fix="Delete it and run again: it is made anew."
    )


def _named(path: Path, known: dict[str, str]) -> str:
    """The title known for a file's name, or its place and name, without suffixes and the number of a part; "" for none."""
    name = path.name
    while "." in name:
        name = name.rpartition(".")[0]
        for one in (name, str(path.with_name(name)), _PART.sub("", name)):
            if one in known:
                return known[one]
    return ""
