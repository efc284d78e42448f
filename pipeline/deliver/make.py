"""Making the deliverables that are asked for, and only those whose ingredients changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.deliver import VERSION
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.kinds import KINDS, not_made
from pipeline.errors import MasteringError
from pipeline.files import sha256_file, write_text
from pipeline.mastering import record
from pipeline.nouns import Master
from pipeline.wording import Wording


@dataclass(frozen=True, slots=True)
class Made:
    """The files of one kind, and whether they were made now."""

    kind: str
    files: tuple[Path, ...]
    now: bool


def make(book: FinishedBook, kind: str) -> Made:
    """Make one kind, unless it is as it was. What it wrote before and does not write now is removed.

    Raises MasteringError for a chapter format that it needs and the book lacks, and for a damaged chapter, which then has no
    record any more and is mastered again by the next run; BookFolderError for a full disk.
    """
    one, print_ = KINDS[kind], fingerprint(book, kind)
    there = made(book, kind)
    if there is not None and _note(book, kind).get("fingerprint") == print_:
        return Made(kind, there, False)
    check(book.masters, kind, book.settings.get(kind, {}))
    _must_be_whole(book, kind)
    files = tuple(one.writer()(book))
    before = _note(book, kind).get("files", {})
    for name in before:
        path = book.folder / name
        if path not in files and path.resolve().is_relative_to(book.folder.resolve()):
            path.unlink(missing_ok=True)
    names = {str(path.relative_to(book.folder)): path for path in files}
    note = {
        "fingerprint": print_, "files": {name: path.stat().st_size for name, path in names.items()},
        "sha256": {name: sha256_file(path) for name, path in names.items()},
    }  # fmt: skip
    write_text(_note_file(book, kind), json.dumps(note, ensure_ascii=False))
    return Made(kind, files, True)


def check(masters: Sequence[Master], kind: str, settings: Mapping[str, Any]) -> None:
    """Raise MasteringError where a kind with these settings needs a chapter format that the book lacks."""
    for one in masters:
        lacking = KINDS[kind].lacks(one.files, settings)
        if lacking:
            raise not_made(kind, lacking)


def _must_be_whole(book: FinishedBook, kind: str) -> None:
    """A file that copies a chapter's sound copies its damage too, under a hash of its own, and nobody would find it later."""
    folder, formats = book.folder / "chapters", {*KINDS[kind].needs, *KINDS[kind].either}
    for one in book.masters:
        for path in record.damaged(folder, one, formats)[:1]:
            record.forget(folder, one.stem)
            raise MasteringError(
                Wording("a chapter's file is not what was made: it is damaged", "章节文件已损坏，不是制作时的内容"),
                where=str(path),
                fix=Wording(
                    "Run the same manuscript again: the chapter is mastered anew.",
                    "请再运行一次书稿：这一章会重新制作。",
                ),
            )


def made(book: FinishedBook, kind: str) -> tuple[Path, ...] | None:
    """The files of a kind as they were made; None when one is missing or has another size."""
    try:
        files = {book.folder / name: size for name, size in _note(book, kind)["files"].items()}
        return tuple(files) if all(path.stat().st_size == size for path, size in files.items()) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def current(book: FinishedBook, kind: str) -> bool:
    """Whether a kind is made of just these masters."""
    return made(book, kind) is not None and _note(book, kind).get("fingerprint") == fingerprint(book, kind)


def fingerprint(book: FinishedBook, kind: str) -> str:
    """SHA-256 of everything that goes into a deliverable: masters, metadata, cover, settings, files it
    reads, and this room's version."""
    ingredients = {
        "version": VERSION, "kind": kind, "name": book.name,
        "chapters": [(one.stem, one.fingerprint, sorted(one.files)) for one in book.masters],
        "tags": asdict(book.tags), "source": book.record.source_sha256,
        "cover": hashlib.sha256(book.cover).hexdigest() if book.cover else "",
        "settings": dict(book.settings.get(kind, {})), "aliases": dict(book.aliases) if KINDS[kind].by_cast else {},
        "read": {name: sha256_file(book.folder / name) for name in KINDS[kind].reads if (book.folder / name).is_file()},
    }  # fmt: skip
    return hashlib.sha256(json.dumps(ingredients, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _note_file(book: FinishedBook, kind: str) -> Path:
    return book.folder / "chapters" / f".{book.name}.{kind}.json"


def _note(book: FinishedBook, kind: str) -> dict[str, Any]:
    try:
        found = json.loads(_note_file(book, kind).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}
