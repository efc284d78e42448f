"""The whole chain in plain Python: manuscript -> script -> cast -> takes -> masters -> audiobook.

A production is opened (`open_book` from a manuscript, `reopen` from a book's folder), then its parts are done one by
one: `render` batches, `master` chapters, `assemble`. Flows wrap the same functions in Prefect tasks; `finish` does all
of them without Prefect.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import __version__, script
from pipeline import manuscript as manuscript_room
from pipeline.cast import Cast
from pipeline.errors import BookFolderError, ManuscriptError
from pipeline.files import sha256_file, write_text
from pipeline.folder import BookFolder, Record, folder_for, safe_name
from pipeline.mastering.profiles import Profile
from pipeline.mastering.tags import Tags
from pipeline.nouns import NARRATOR, UNKNOWN, Character, Language, Line, Master, Take, Timeline
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
    `formats` like ``m4a,mp3`` ("" = the profile's). None = by the cast, the last run, or the default."""

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
    formats: str = ""


@dataclass(slots=True)
class Production:
    """A book being made: everything that is known before the first line is rendered, and the takes as they come.

    wanted   line id -> key of the take it uses, kept up to date while takes are made
    by_hand  line id -> key of the new take to choose for it by hand, whatever the line used before
    retake   whether only some lines are made anew, for a book that is there already
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
    retake: bool = False
    rendered: int = 0

    def cover(self) -> tuple[bytes | None, str]:
        """The book's cover and its media type; (None, "") without one."""
        if not self.record.cover:
            return None, ""
        path = self.folder.path / self.record.cover
        return (path.read_bytes(), self.record.cover_type) if path.is_file() else (None, "")

    @property
    def partial(self) -> bool:
        """Whether only some of the book's chapters are asked for."""
        return not self.retake and len(self.chapters) < len(self.record.chapters)

    def lines_of(self, chapter: int) -> list[Line]:
        return [line for line in self.plan.lines if line.chapter == chapter]


@dataclass(frozen=True, slots=True)
class ChapterJob:
    """What a worker needs to master one chapter. `takes` by line id."""

    timeline: Timeline
    takes: Mapping[str, Take]
    profile: Profile
    folder: Path
    stem: str
    tags: Tags
    fingerprint: str
    cover: bytes | None
    cover_type: str


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
def reopen(
    folder: BookFolder, *, chapters: str = "", observe: Observer = unobserved, lock: bool = True
) -> Iterator[Production]:
    """Open a book by its folder alone, as its last run left it: the script table as it stands, no manuscript needed.

    lock: False only to look, also while another run is working on the book.
    """
    with folder.locked() if lock else nullcontext():
        record = folder.read()
        request = Request(
            Path(record.source), profile=record.profile or None, chapters=chapters, output=folder.path.parent,
            formats=record.formats,
        )  # fmt: skip
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
    versions = {"shuoshu": __version__, "manuscript": manuscript_room.VERSION, "script": script.VERSION}
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
    book = manuscript_room.read(
        request.manuscript, chapter_pattern=request.chapter_pattern, include_matter=request.include_matter,
        encoding=request.encoding, language=request.language,
    )  # fmt: skip
    lines = script.analyse(book)
    found = script.characters(lines, book)
    sync = script.sync(folder.path, lines)
    fresh = Record(
        title=book.title, author=book.author, language=book.language, source=str(request.manuscript.resolve()),
        source_sha256=digest, encoding=book.encoding, cover=folder.write_cover(book), cover_type=book.cover_type,
        options=dict(options), versions=dict(versions),
        chapters=tuple((chapter.number, chapter.title) for chapter in book.chapters),
        skipped=tuple((part.title, part.why, part.characters) for part in book.skipped),
        characters=tuple((one.name, one.gender, one.age) for one in found), notes=book.notes,
    )  # fmt: skip
    if before is None:
        return fresh, sync
    kept = {"cast": before.cast, "profile": before.profile, "engine": before.engine, "formats": before.formats}
    return replace(fresh, **kept), sync


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
    profile = profiles.with_formats(profiles.with_pauses(profile, cast.pauses), request.formats)
    chapters = chapters_in(request.chapters, [number for number, _ in record.chapters])
    engine = request.engine or record.engine or None
    with TakeStore(folder.takes) as store:
        cast = cast_room.complete(cast, characters)
        chosen = [line for line in lines if line.chapter in set(chapters)]
        planned = plan(chosen, cast, store, engine=engine)
        folder.write(
            replace(record, cast=cast_path, profile=profile.name, engine=engine or "", formats=request.formats)
        )
        remarks = [*record.notes, *(sync.remarks() if sync else ()), *cast_room.check(cast, characters)]
        yield Production(
            folder=folder, record=record, cast=cast, profile=profile, store=store, plan=planned,
            chapters=tuple(number for number in chapters if any(line.chapter == number for line in chosen)),
            characters=tuple(characters), sync=sync, remarks=[str(one) for one in remarks], wanted=dict(planned.wanted),
        )  # fmt: skip


def _same_book(folder: BookFolder, record: Record, manuscript: Path) -> None:
    """Refuse to pour another manuscript into a book's folder: same name, other suffix or other place."""
    before, now = Path(record.source), manuscript.resolve()
    if before != now and (before.suffix != now.suffix or before.is_file()):
        raise BookFolderError(
            f"this folder holds another manuscript, {before}", where=str(folder.path),
            fix="Give another --output, or rename one of the manuscripts.",
        )  # fmt: skip


def _cast(request: Request, record: Record) -> tuple[Cast, str]:
    """The cast that counts, and its path as recorded: the one given, else the last run's, else default voices."""
    from pipeline import cast as cast_room

    given = request.cast or (Path(record.cast) if record.cast else None)
    if given is None:
        return cast_room.default_cast(record.language), ""
    return cast_room.load(given), str(given.resolve())


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
    """The chapters that ``2-5,9`` names; all of `there` for "". Raises ManuscriptError for what is not there."""
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


def make_chapter(job: ChapterJob) -> Master:
    """Master one chapter; runs in a worker process. Writes the chapter's files and, last, their record."""
    from pipeline.mastering import chapter, record

    made = chapter.master(
        job.timeline, job.takes, job.profile, job.folder, job.stem, job.tags, job.fingerprint, job.cover, job.cover_type
    )
    record.write(made, job.timeline, job.folder, job.stem)
    return made


def chapter_job(production: Production, number: int) -> ChapterJob:
    """Everything that mastering a chapter needs, its fingerprint included."""
    from pipeline.mastering import record, timeline

    lines = production.lines_of(number)
    keys = {line.id: production.wanted[line.id] for line in lines if line.id in production.wanted}
    known = production.store.takes(keys.values())
    takes = {line: known[key] for line, key in keys.items() if key in known}
    title = production.record.chapter_titles.get(number, "")
    laid_out = timeline.build(number, title, lines, takes, production.profile)
    numbers = [one for one, _ in production.record.chapters]
    tags = Tags(
        title=title or production.record.title, author=production.record.author, album=production.record.title,
        language=production.record.language, track=numbers.index(number) + 1, tracks=len(numbers),
    )  # fmt: skip
    cover, cover_type = production.cover()
    return ChapterJob(
        timeline=laid_out, takes=takes, profile=production.profile, folder=production.folder.chapters,
        stem=_stem(production, number), tags=tags, cover=cover, cover_type=cover_type,
        fingerprint=record.fingerprint(laid_out, production.profile, tags, cover),
    )  # fmt: skip


def _stem(production: Production, number: int) -> str:
    width = max(2, len(str(max(one for one, _ in production.record.chapters))))
    return safe_name(f"{number:0{width}d} {production.record.chapter_titles.get(number, '')}")


def master(production: Production, number: int, workers: Workers | None = None) -> tuple[Master, bool]:
    """Master one chapter unless it is as it was; the master, and whether it was made now."""
    from pipeline.mastering import record

    job = chapter_job(production, number)
    there = record.load(job.folder, job.stem)
    if there and there.fingerprint == job.fingerprint:
        return there, False
    _forget_other_names(job.folder, job.stem, number)
    return (workers.run(make_chapter, job) if workers else make_chapter(job)), True


def _forget_other_names(folder: Path, stem: str, number: int) -> None:
    """Remove a chapter's files under a title it no longer has: they are ours, made from the record beside them."""
    from pipeline.mastering import record

    for path in folder.glob("*.json"):
        other = record.load(folder, path.stem)
        if path.stem != stem and other and other.chapter == number:
            for file in (*other.files.values(), folder / f"{path.stem}.timeline.csv", path):
                file.unlink(missing_ok=True)


def audiobook(production: Production) -> Path:
    """Where the M4B goes; a run of some chapters has a file of its own."""
    name = safe_name(production.record.title) or production.folder.path.name
    if production.partial:
        some = production.chapters
        name += f" ({some[0]}-{some[-1]})" if len(some) > 1 else f" ({some[0]})"
    return production.folder.path / f"{name}.m4b"


def assemble(production: Production, masters: Sequence[Master]) -> bool:
    """Join the chapters into the M4B unless it is made of just these; whether it was made now.

    A retake of single lines joins every chapter the book has, not only those it mastered.
    """
    masters = _whole_book(production, masters)
    if not masters or any("m4a" not in one.files for one in masters):
        return False
    if _assembled(production, masters):
        return False
    from pipeline.mastering import m4b

    path = audiobook(production)
    record = production.record
    tags = Tags(title=record.title, author=record.author, album=record.title, language=record.language)
    m4b.assemble(masters, path, tags, *production.cover())
    write_text(_assembly_file(path), json.dumps(_assembly(masters, path)))
    return True


def _whole_book(production: Production, masters: Sequence[Master]) -> Sequence[Master]:
    """For a retake: all chapters, if all are mastered; nothing otherwise, as there is no whole book to join."""
    if not production.retake:
        return masters
    from pipeline.mastering import record

    by_number = {one.chapter: one for one in masters}
    found = []
    for number, _ in production.record.chapters:
        there = by_number.get(number) or record.load(production.folder.chapters, _stem(production, number))
        if there is None:
            return ()
        found.append(there)
    return found


def _assembly_file(path: Path) -> Path:
    return path.parent / "chapters" / f".{path.stem}.m4b.json"


def _assembly(masters: Sequence[Master], path: Path) -> dict[str, object]:
    return {"chapters": [one.fingerprint for one in masters], "size": path.stat().st_size}


def _assembled(production: Production, masters: Sequence[Master]) -> bool:
    path = audiobook(production)
    try:
        return bool(json.loads(_assembly_file(path).read_text()) == _assembly(masters, path))
    except (OSError, ValueError):
        return False


# --- all of it ------------------------------------------------------------------------------------------------------


def nothing_to_do(production: Production) -> Result | None:
    """The result of a run in which nothing is stale; None when there is something to do."""
    if production.plan.jobs or production.retake:
        return None
    current = mastered_chapters(production)
    masters = [current[number] for number in production.chapters if number in current]
    if len(masters) < len(production.chapters) or not masters or not _assembled(production, masters):
        return None
    return result_of(production, [(one, False) for one in masters], False)


def mastered_chapters(production: Production) -> dict[int, Master]:
    """The chapters whose files are what the script and cast now ask for."""
    from pipeline.mastering import record

    stale = {line.chapter for line in production.plan.lines if line.id in production.plan.stale}
    found = {}
    for number in production.chapters:
        if number in stale:
            continue
        job = chapter_job(production, number)
        there = record.load(job.folder, job.stem)
        if there and there.fingerprint == job.fingerprint:
            found[number] = there
    return found


def doubtful(production: Production) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Lines whose take an automatic check flagged (line id -> flags), and quotes whose speaker is unsure."""
    flagged = production.store.flagged()
    lines = {line: flagged[key] for line, key in production.wanted.items() if key in flagged}
    unsure = [line.id for line in production.plan.lines if line.kind == "dialogue" and line.confidence < 0.5]
    return lines, unsure


def result_of(production: Production, masters: Sequence[tuple[Master, bool]], assembled: bool) -> Result:
    """What a run did, with every deliverable of the chapters asked for."""
    deliverables = []
    for one, _ in masters:
        for path in one.files.values():
            deliverables.append(
                Deliverable(
                    path, one.title, one.seconds, path.stat().st_size, one.loudness.integrated, one.loudness.true_peak
                )
            )
    path = audiobook(production)
    if path.is_file():
        seconds = sum(one.seconds for one in _whole_book(production, [master for master, _ in masters]))
        deliverables.append(Deliverable(path, production.record.title, seconds, path.stat().st_size))
    return Result(
        folder=production.folder.path, lines=len(production.wanted), rendered=production.rendered,
        mastered=tuple(one.chapter for one, made in masters if made), assembled=assembled,
        flagged=tuple(doubtful(production)[0]), remarks=tuple(production.remarks), deliverables=tuple(deliverables),
    )  # fmt: skip


def finish(production: Production, workers: int = 0, observe: Observer = unobserved) -> Result:
    """Render, master and assemble what is stale, without Prefect. `workers` 0 = one process per core."""
    from concurrent.futures import ThreadPoolExecutor

    from pipeline.render.pool import Workers, cores

    work = batches_of(production)
    total, done = sum(len(batch) for batch in work), 0
    if work:
        observe(Progress("render", 0, total))
    with Workers(workers) as pool, ThreadPoolExecutor(2 * (workers or cores())) as threads:
        try:
            made = [threads.submit(render, production, batch, pool) for batch in work]
            for batch, future in zip(work, made, strict=True):
                seconds = future.result()
                done += len(batch)
                observe(Progress("render", done, total, seconds))
            masters = []
            chapters = [threads.submit(master, production, number, pool) for number in production.chapters]
            for at, chapter in enumerate(chapters, 1):
                masters.append(chapter.result())
                observe(Progress("master", at, len(chapters), note=masters[-1][0].title))
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    assembled = assemble(production, [one for one, _ in masters])
    observe(Progress("assemble", 1, 1))
    return result_of(production, masters, assembled)
