"""The whole chain in plain Python: manuscript -> script -> cast -> takes -> masters -> audiobook.

A production is opened (`open_book` from a manuscript, `reopen` from a book's folder), then its parts are done one by
one: `render` batches, `master` chapters, `assemble`. Flows wrap the same functions in Prefect tasks; `finish` does all
of them without Prefect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import __version__, script
from pipeline.cast import Cast
from pipeline.errors import ManuscriptError
from pipeline.files import sha256_file
from pipeline.folder import BookFolder, Record, folder_for
from pipeline.mastering.profiles import Profile
from pipeline.nouns import Character, Language, Line
from pipeline.progress import Observer, Progress, unobserved
from pipeline.render.plan import Job, Plan, batches, plan
from pipeline.render.worker import render_batch
from pipeline.takes import TakeStore
from pipeline.takes.store import Rendered

if TYPE_CHECKING:
    from pipeline.render.pool import Workers
    from pipeline.script.merge import Sync


@dataclass(frozen=True, slots=True)
class Request:
    """What a run asks for. Paths may be relative; `chapters` is like ``2-5,9`` ("" = all); `workers` 0 = one per core;
    None = by the cast, the last run, or the default."""

    manuscript: Path
    cast: Path | None = None
    engine: str | None = None
    profile: str | None = None
    chapters: str = ""
    output: Path = Path("output")
    workers: int = 0
    chapter_pattern: str | None = None
    encoding: str | None = None
    language: Language | None = None
    include_matter: bool = False


@dataclass(slots=True)
class Production:
    """A book being made: everything that is known before the first line is rendered, and the takes as they come.

    wanted   line id -> key of the take it uses, kept up to date while takes are made
    by_hand  line id -> key of the new take to choose for it by hand, whatever the line used before
    """

    folder: BookFolder
    record: Record
    cast: Cast
    profile: Profile
    store: TakeStore
    plan: Plan
    chapters: tuple[int, ...]
    characters: tuple[Character, ...]
    sync: Sync | None = None
    remarks: list[str] = field(default_factory=list)
    wanted: dict[str, str] = field(default_factory=dict)
    by_hand: dict[str, str] = field(default_factory=dict)
    rendered: int = 0

    @property
    def partial(self) -> bool:
        """Whether only some of the book's chapters are asked for."""
        return len(self.chapters) < len(self.record.chapters)

    def lines_of(self, chapter: int) -> list[Line]:
        return [line for line in self.plan.lines if line.chapter == chapter]


@dataclass(frozen=True, slots=True)
class Deliverable:
    """One finished file for the table at the end of a run; `integrated` LUFS and `true_peak` dBTP where measured."""

    path: Path
    title: str
    seconds: float
    size: int
    integrated: float | None = None
    true_peak: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a run did."""

    folder: Path
    lines: int
    rendered: int
    mastered: tuple[int, ...]
    assembled: bool
    flagged: tuple[str, ...]
    remarks: tuple[str, ...]
    deliverables: tuple[Deliverable, ...]


# --- opening --------------------------------------------------------------------------------------------------------


@contextmanager
def open_book(request: Request, observe: Observer = unobserved) -> Iterator[Production]:
    """Read the manuscript and cast, write or merge the script table, and plan what must be rendered.

    Holds the book's lock and store for as long as the context. Raises the rooms' errors for bad input.
    """
    manuscript = request.manuscript
    if not manuscript.is_file():
        kind = "a folder, not a file" if manuscript.is_dir() else "not there"
        raise ManuscriptError(f"the manuscript is {kind}", where=str(manuscript), fix="Give the path of one file.")
    folder = folder_for(manuscript, request.output)
    with folder.locked():
        record, sync = write_script(folder, request, observe)
        with _production(folder, record, request, sync.lines, sync, observe) as production:
            yield production


@contextmanager
def reopen(folder: BookFolder, *, chapters: str = "", observe: Observer = unobserved) -> Iterator[Production]:
    """Open a book by its folder alone: the script table as it stands, no manuscript needed."""
    with folder.locked():
        record = folder.read()
        request = Request(Path(record.source), chapters=chapters, output=folder.path.parent)
        with _production(folder, record, request, script.load(folder.path), None, observe) as production:
            yield production


def write_script(folder: BookFolder, request: Request, observe: Observer = unobserved) -> tuple[Record, Sync]:
    """Read the manuscript into the script table, keeping hand edits, and record where it came from.

    Nothing is read again when manuscript, options and the reading code are those of the last time.
    """
    observe(Progress("read", note=request.manuscript.name))
    digest = sha256_file(request.manuscript)
    options = {
        "chapter_pattern": request.chapter_pattern, "encoding": request.encoding, "language": request.language,
        "include_matter": request.include_matter,
    }  # fmt: skip
    versions = {"shuoshu": __version__, "manuscript": _manuscript_version(), "script": script.VERSION}
    record = folder.read() if folder.exists else None
    if record:
        _same_book(folder, record, request.manuscript)
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
        record, sync = _read(folder, request, digest, options, versions, record)
    if record.source != str(request.manuscript.resolve()):
        record = replace(record, source=str(request.manuscript.resolve()))
    folder.write(record)
    return record, sync


def _read(
    folder: BookFolder, request: Request, digest: str, options: Mapping[str, object], versions: Mapping[str, str],
    before: Record | None,
) -> tuple[Record, Sync]:  # fmt: skip
    from pipeline import manuscript

    book = manuscript.read(
        request.manuscript, chapter_pattern=request.chapter_pattern, include_matter=request.include_matter,
        encoding=request.encoding, language=request.language,
    )  # fmt: skip
    lines = script.analyse(book)
    found = script.characters(lines, book)
    sync = script.sync(folder.path, lines)
    record = Record(
        title=book.title, author=book.author, language=book.language, source=str(request.manuscript.resolve()),
        source_sha256=digest, encoding=book.encoding, cover=folder.write_cover(book), cover_type=book.cover_type,
        cast=before.cast if before else "", profile=before.profile if before else "",
        engine=before.engine if before else "", options=dict(options), versions=dict(versions),
        chapters=tuple((chapter.number, chapter.title) for chapter in book.chapters),
        skipped=tuple((part.title, part.why, part.characters) for part in book.skipped),
        characters=tuple((one.name, one.gender, one.age) for one in found), notes=book.notes,
    )  # fmt: skip
    return record, sync


@contextmanager
def _production(
    folder: BookFolder, record: Record, request: Request, lines: Sequence[Line], sync: Sync | None, observe: Observer
) -> Iterator[Production]:
    from pipeline import cast as cast_room
    from pipeline.mastering import profiles

    observe(Progress("plan", note=f"{len(lines)} lines"))
    characters = speakers(lines, record)
    cast, cast_path = _cast(request, record)
    profile = profiles.load(request.profile or cast.profile or record.profile or profiles.DEFAULT)
    profile = replace(profile, pauses=replace(profile.pauses, **cast.pauses)) if cast.pauses else profile
    chapters = chapters_in(request.chapters, [number for number, _ in record.chapters])
    engine = request.engine or record.engine or None
    with TakeStore(folder.takes) as store:
        cast = cast_room.complete(cast, characters)
        chosen = [line for line in lines if line.chapter in set(chapters)]
        planned = plan(chosen, cast, store, engine=engine)
        folder.write(replace(record, cast=cast_path, profile=profile.name, engine=engine or ""))
        remarks = [*record.notes, *(sync.remarks() if sync else ()), *cast_room.check(cast, characters)]
        yield Production(
            folder=folder, record=record, cast=cast, profile=profile, store=store, plan=planned,
            chapters=tuple(number for number in chapters if any(line.chapter == number for line in chosen)),
            characters=tuple(characters), sync=sync, remarks=[str(one) for one in remarks], wanted=dict(planned.wanted),
        )  # fmt: skip


def speakers(lines: Sequence[Line], record: Record) -> list[Character]:
    """Who speaks in the table as it stands now, most lines first, with the hints found in the manuscript."""
    hints = {name: (gender, age) for name, gender, age in record.characters}
    counts: dict[str, list[Line]] = {}
    for line in lines:
        if line.kind in ("dialogue", "thought", "letter") and line.speaker not in (NARRATOR, UNKNOWN, ""):
            counts.setdefault(line.speaker, []).append(line)
    found = []
    for name, theirs in sorted(counts.items(), key=lambda item: -len(item[1])):
        gender, age = hints.get(name, ("", ""))
        found.append(Character(name, len(theirs), theirs[0].text, gender=gender, age=age))
    return found


def chapters_in(text: str, there: Sequence[int]) -> tuple[int, ...]:
    """The chapters that ``2-5,9`` names; all of `there` for "". Raises ManuscriptError for what cannot be read or is not
    there."""
    if not text.strip():
        return tuple(there)
    wanted: set[int] = set()
    for part in re.split(r"[,，\s]+", text.strip()):
        match = re.fullmatch(r"(\d+)(?:[-–](\d+))?", part)
        if not match or int(match[1]) > int(match[2] or match[1]):
            raise ManuscriptError(f"--chapters {text!r} cannot be read", fix="Write it like 2-5,9.")
        first, last = int(match[1]), int(match[2] or match[1])
        wanted.update(range(first, min(last, first + 100_000) + 1))
    missing = sorted(wanted - set(there))
    if missing:
        raise ManuscriptError(
            f"there is no chapter {missing[0]}", fix=f"The book has chapters {min(there)} to {max(there)}."
        )
    return tuple(number for number in there if number in wanted)


# --- doing ----------------------------------------------------------------------------------------------------------


def batches_of(production: Production) -> list[tuple[Job, ...]]:
    """The batches of lines that still have to be rendered."""
    return batches(production.plan.jobs)


def render(production: Production, batch: tuple[Job, ...], workers: Workers | None = None) -> float:
    """Render one batch (in a worker process, or here without one) and enter its takes; seconds of audio made."""
    folder = production.store.folder
    made = workers.run(render_batch, batch, folder) if workers else render_batch(batch, folder)
    _enter(production, batch, made)
    return sum(one.take.seconds for one in made)


def _enter(production: Production, batch: tuple[Job, ...], made: Sequence[Rendered]) -> None:
    production.store.record([(one, job.lines) for one, job in zip(made, batch, strict=True)])
    for one, job in zip(made, batch, strict=True):
        for line in job.lines:
            asked = production.by_hand.get(line)
            if asked == job.key:
                production.store.choose(line, one.take.key, job.subject)
            if asked in (None, job.key):
                production.wanted[line] = one.take.key
    production.rendered += len(made)
