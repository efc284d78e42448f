"""A manuscript read into its script table: hand edits kept, and where it came from recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import __version__, script
from pipeline import manuscript as manuscript_room
from pipeline.errors import BookFolderError
from pipeline.files import sha256_file
from pipeline.folder import BookFolder, Record
from pipeline.nouns import Character, Line
from pipeline.progress import Observer, Progress, unobserved
from pipeline.request import Request
from pipeline.wording import Wording

if TYPE_CHECKING:
    from pipeline.script.llm import Outcome
    from pipeline.script.merge import Sync

INCOMPLETE = "llm, incomplete"
"""What the record says after a run in which questions stayed open, so that the next run asks again."""


def write_script(folder: BookFolder, request: Request, observe: Observer = unobserved) -> tuple[Record, Sync]:
    """Read the manuscript into the script table, keeping hand edits, and record where it came from.

    Nothing is read again when manuscript, options and the reading code are those of the last time.
    """
    observe(Progress("read", note=request.manuscript.name))
    digest = sha256_file(request.manuscript)
    record = folder.read() if folder.exists else None
    last = str(record.options.get("attributor", "offline")) if record else "offline"
    attributor = request.attributor or ("llm" if last.startswith("llm") else "offline")
    options = {
        "chapter_pattern": request.chapter_pattern, "encoding": request.encoding, "language": request.language,
        "include_matter": request.include_matter, "attributor": attributor,
    }  # fmt: skip
    versions = {"shuoshu": __version__, "manuscript": manuscript_room.VERSION, "script": script.VERSION}
    if record:
        _same_book(folder, record, request.manuscript, digest)
    unchanged = (
        record is not None
        and record.source_sha256 == digest
        and dict(record.options) == options
        and dict(record.versions) == versions
        and folder.script.is_file()
    )
    if unchanged and record is not None:
        sync = script.resync(folder.path)
    else:
        record, sync = _read(folder, request, digest, options, versions, record, observe)
    if record.source != str(request.manuscript.resolve()):
        record = replace(record, source=str(request.manuscript.resolve()))
    folder.write(record)
    return record, sync


def _read(
    folder: BookFolder, request: Request, digest: str, options: Mapping[str, object], versions: Mapping[str, str],
    before: Record | None, observe: Observer,
) -> tuple[Record, Sync]:  # fmt: skip
    book = manuscript_room.read(
        request.manuscript, chapter_pattern=request.chapter_pattern, include_matter=request.include_matter,
        encoding=request.encoding, language=request.language,
    )  # fmt: skip
    lines = script.analyse(book)
    found, notes, options = script.characters(lines, book), book.notes, dict(options)
    if options["attributor"] == "llm":
        outcome = _asked(lines, found, folder, observe)
        lines, notes = list(outcome.lines), (*notes, *outcome.remarks)
        options["attributor"] = "llm" if outcome.complete else INCOMPLETE
    sync = script.sync(folder.path, lines)
    fresh = Record(
        title=book.title, author=book.author, language=book.language, source=str(request.manuscript.resolve()),
        source_sha256=digest, encoding=book.encoding, cover=folder.write_cover(book), cover_type=book.cover_type,
        options=options, versions=dict(versions),
        chapters=tuple((chapter.number, chapter.title) for chapter in book.chapters),
        skipped=tuple((part.title, part.why, part.characters) for part in book.skipped),
        characters=tuple((one.name, one.gender, one.age) for one in found),
        aliases={one.name: one.aliases for one in found if one.aliases}, notes=notes,
    )  # fmt: skip
    if before is None:
        return fresh, sync
    last = replace(
        fresh, cast=before.cast, profile=before.profile, engine=before.engine, formats=before.formats,
        deliver=before.deliver, dub=before.dub,
    )  # fmt: skip
    return last, sync


def _asked(lines: Sequence[Line], found: Sequence[Character], folder: BookFolder, observe: Observer) -> Outcome:
    """The lines after a language model was asked about the doubtful ones."""
    from pipeline.script import llm, llm_config

    def tell(done: int, total: int, note: str) -> None:
        observe(Progress("ask", done, total, note=note))

    return llm.improve(lines, found, folder.path, llm_config.load(), tell)


def _same_book(folder: BookFolder, record: Record, manuscript: Path, digest: str) -> None:
    """Refuse to pour another manuscript into a book's folder: same name, other suffix or other place. A copy is no other."""
    before, now = Path(record.source), manuscript.resolve()
    if record.source_sha256 == digest and before.suffix == now.suffix:
        return
    if before != now and (before.suffix != now.suffix or before.is_file()):
        raise BookFolderError(
            Wording(f"this folder holds another manuscript, {before}", f"这个文件夹是另一份书稿的：{before}"),
            where=str(folder.path),
            fix=Wording(
                "Give another --output, or rename one of the manuscripts.", "请用 --output 换一处，或给其中一份改名。"
            ),
        )
