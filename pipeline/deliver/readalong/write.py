"""``<title>.epub``: the book as an EPUB 3 with its chapters' sound, and every line lit up while it is spoken."""

from __future__ import annotations

import csv
import io
import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pipeline import manuscript
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.readalong import documents, lines, metadata, plain
from pipeline.deliver.readalong import package as packages
from pipeline.deliver.readalong.lines import Script, Where
from pipeline.deliver.readalong.making import Making
from pipeline.errors import MasteringError
from pipeline.files import explained_errors, sha256_file, write_bytes, written_beside
from pipeline.nouns import Book
from pipeline.script.credits import AI_VOICE

_AUDIO_TYPES = {"m4a": "audio/mp4", "mp3": "audio/mpeg"}
_ZIP_EPOCH = 315_532_800
"""1980-01-01: no date in a zip archive is older."""


def write(book: FinishedBook) -> list[Path]:
    """Write the EPUB, and ``<title>.epub-left-out.csv`` where there are lines whose words are not in the manuscript as they
    stand in the script table. Memory: the text of the book, no sound.

    Raises MasteringError where chapters are made in no format that goes into an EPUB, the manuscript is gone or another, or
    fewer than half of the lines are found in it; ManuscriptError for one that cannot be read; BookFolderError for a full disk.
    """
    suffix = lines.audio_format(book)
    path, source = book.path(".epub"), Path(book.record.source)
    if path.resolve() == source.resolve():
        raise MasteringError(
            "the EPUB would take the manuscript's place",
            where=str(path),
            fix="Move the manuscript out of the book's folder.",
        )
    with _opened(book, source) as (opened, places):
        script = lines.script_of(book, places, suffix)
        with (
            written_beside(path) as beside, explained_errors(path), zipfile.ZipFile(beside, "w") as out,
        ):  # fmt: skip
            making = _begun(book, opened, out, str(source))
            documents.write(making, script, book.record)
            _sound(making, book, script, suffix)
            _check(making, script, path)
            making.add(making.package.name, _described(making, book))
    return [path, *_left_out(book, making, script)]


@contextmanager
def _opened(book: FinishedBook, source: Path) -> Iterator[tuple[zipfile.ZipFile, Mapping[tuple[int, int], Where]]]:
    """The EPUB to start from, and where its paragraphs are."""
    read = _read(book, source)
    if source.suffix.lower() == ".epub":
        with zipfile.ZipFile(source) as archive:
            folder = packages.read(archive, str(source)).folder
            yield archive, lines.places_in(read, folder)
    else:
        made, places = plain.build(read, book.record, book.cover, book.cover_type)
        with zipfile.ZipFile(made) as archive:
            yield archive, places


def _read(book: FinishedBook, source: Path) -> Book:
    """The manuscript, read as it was read for the script."""
    if not source.is_file():
        raise MasteringError(
            "the manuscript is gone, and epub is made from it", where=str(source),
            fix="Put it back, or run it from where it is now.",
        )  # fmt: skip
    if sha256_file(source) != book.record.source_sha256:
        raise MasteringError(
            "the manuscript is not what the chapters were made from", where=str(source), fix="`shuoshu run` it again."
        )
    options = book.record.options
    return manuscript.read(
        source, chapter_pattern=options.get("chapter_pattern"), encoding=options.get("encoding"),
        include_matter=bool(options.get("include_matter")), language=options.get("language"),
    )  # fmt: skip


def _begun(book: FinishedBook, source: zipfile.ZipFile, out: zipfile.ZipFile, where: str) -> Making:
    """The archive with what must come first: its type, and where the package document is (EPUB 3.3, OCF §4.3)."""
    package = packages.read(source, where)
    name = posixpath.join(package.folder, "read-along")
    while any(one.startswith(f"{name}/") for one in source.namelist()):
        name += "-1"
    newest = max(path.stat().st_mtime for one in book.masters for path in one.files.values())
    date = datetime.fromtimestamp(max(int(newest), _ZIP_EPOCH), UTC)
    making = Making(source, package, out, date, name)
    mimetype = making.entry("mimetype")
    mimetype.compress_type = zipfile.ZIP_STORED
    out.writestr(mimetype, b"application/epub+zip")
    making.add(packages.CONTAINER, packages.container(package.name))
    for one in packages.KEPT_BESIDE:
        if one in source.namelist():
            making.copy(one)
    return making


def _sound(making: Making, book: FinishedBook, script: Script, suffix: str) -> None:
    """The chapters' files, as they are; only those that have lines in the text."""
    used = {line.chapter for there in script.documents.values() for rows in there.values() for line in rows}
    for master in book.masters:
        if master.chapter not in used:
            continue
        name = posixpath.join(making.folder, lines.audio_name(master, suffix))
        making.package.add(f"audio-{master.chapter:03d}", name, _AUDIO_TYPES[suffix])
        if not master.files[suffix].is_file():
            raise MasteringError(
                f"chapter {master.chapter} has no {suffix} file", where=str(master.files[suffix]),
                fix="Run again: the chapter is mastered anew.",
            )  # fmt: skip
        making.copy_file(master.files[suffix], name)


def _check(making: Making, script: Script, path: Path) -> None:
    missing = len(making.left_out) + len(script.lost)
    if not script.total or missing * 2 > script.total:
        raise MasteringError(
            f"{missing} of {script.total} lines are not in the manuscript as the script table has them", where=str(path),
            fix="`shuoshu run` reads the manuscript again; texts edited in the table cannot be lit up.",
        )  # fmt: skip


def _described(making: Making, book: FinishedBook) -> bytes:
    narrator = book.setting("epub", "narrator", "") or book.narrator or AI_VOICE[book.record.language]
    metadata.describe(making.package, making.durations_ms, narrator, making.date)
    return making.package.data()


def _left_out(book: FinishedBook, making: Making, script: Script) -> list[Path]:
    rows = [*making.left_out, *((line, "its paragraph is not in the manuscript") for line in script.lost)]
    if not rows:
        return []
    stream = io.StringIO()
    table = csv.writer(stream)
    table.writerow(("id", "chapter", "why", "text"))
    table.writerows((line.line_id, line.chapter, why, line.text) for line, why in rows)
    path = book.path(".epub-left-out.csv")
    write_bytes(path, b"\xef\xbb\xbf" + stream.getvalue().encode())
    return [path]
