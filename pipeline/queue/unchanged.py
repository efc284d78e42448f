"""Whether a book is still as it was when nothing of it was stale: known from its files alone, without opening it.

A finished book is opened once more and found to need nothing; if none of its files changed meanwhile, what they are is noted in
``.unchanged.json``. While manuscript, cast, what the cast names, engines, this program, and every file of the book's
folder (name, size, time of change) are as noted, there is nothing to do, and nothing is written to find that out.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pipeline
from pipeline import cast as cast_room
from pipeline import engines
from pipeline.cast import Cast
from pipeline.ending import ending_of
from pipeline.errors import ShuoshuError
from pipeline.files import sha256_file, write_text
from pipeline.folder import BookFolder, folder_for
from pipeline.opening import open_book
from pipeline.produce import nothing_to_do
from pipeline.reading import INCOMPLETE
from pipeline.request import Request

NOTE = ".unchanged.json"
_PASSING = (NOTE, ".lock")


@dataclass(frozen=True, slots=True)
class Whole:
    """A finished book: its title, lines that are spoken, chapters, seconds of its masters, and the ids of lines that need a
    listen."""

    title: str
    lines: int
    chapters: int
    seconds: float
    listen: tuple[str, ...] = ()


def unchanged(request: Request) -> Whole | None:
    """The book as it was noted; None when something changed, or nothing was noted."""
    path = folder_for(request.manuscript, request.output).path / NOTE
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))
        if noted["print"] != _print(request):
            return None
        return Whole(**{**noted["whole"], "listen": tuple(noted["whole"]["listen"])})
    except (OSError, ValueError, KeyError, TypeError, ShuoshuError):
        return None


def note(request: Request) -> bool:
    """Find out that a book needs nothing, and note it; False when it needs something, or changes under our eyes."""
    folder = folder_for(request.manuscript, request.output)
    before = _print(request)
    with open_book(request) as production:
        result = nothing_to_do(production)
        open_questions = production.record.options.get("attributor") == INCOMPLETE
        title = production.record.title
    if result is None or open_questions:
        return False
    chapters = on_disk(folder)
    whole = Whole(title, result.lines, len(chapters), sum(chapters), result.flagged)
    if _print(request) != before:
        return False
    write_text(folder.path / NOTE, json.dumps({"print": before, "whole": asdict(whole)}, ensure_ascii=False))
    return True


def on_disk(folder: BookFolder) -> list[float]:
    """Seconds of every mastered chapter whose files lie in a book's folder."""
    from pipeline.mastering import record

    masters = (record.load(folder.chapters, path.stem) for path in sorted(folder.chapters.glob("[!.]*.json")))
    return [one.seconds for one in masters if one]


def _print(request: Request) -> str:
    """SHA-256 of everything that decides whether a book needs anything. Raises ShuoshuError for a broken record or cast,
    OSError for a file that is gone."""
    folder = folder_for(request.manuscript, request.output)
    record = folder.read()
    path = request.cast or (Path(record.cast) if record.cast else None)
    cast = cast_room.load(path) if path else cast_room.default_cast(record.language)
    ending = ending_of(cast, request.profile or cast.profile or record.profile, request.formats, request.deliver)
    wish = {**asdict(request), "manuscript": sha256_file(request.manuscript), "workers": 0, "dask": ""}
    ingredients = [
        _program(), _plain(wish), _plain(cast), _plain(ending), _engines(cast, request.engine or record.engine),
        sorted(_files(folder.path)),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(ingredients, ensure_ascii=False).encode()).hexdigest()


def _engines(cast: Cast, one: str) -> list[tuple[str, ...]]:
    """The engines that may speak, each with its version and its weights."""
    names = {one} if one else {voice.engine for voice in cast.voices.values()} | {"espeak"}
    known = names & set(engines.names())
    return [
        (name, engines.engine_class(name).version, engines.load(name).fingerprint(), engines.reader(name))
        for name in sorted(known)
    ]


def _files(folder: Path, inner: str = "") -> Iterator[tuple[str, int, int]]:
    """Every file under a folder: path, size, time of its last change."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{inner}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path), f"{name}/")
            elif name not in _PASSING:
                stat = entry.stat()
                yield name, stat.st_size, stat.st_mtime_ns


@cache
def _program() -> str:
    """Changes with this program's files."""
    home = Path(pipeline.__file__).parent
    found = sorted(one for one in _files(home) if "__pycache__" not in one[0])
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def _plain(value: object) -> Any:
    """A value as JSON knows it; a file by what is in it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Path):
        return sha256_file(value) if value.is_file() else str(value)
    return value if isinstance(value, str | int | float | bool | None) else repr(value)
