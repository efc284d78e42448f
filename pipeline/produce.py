"""Making what an opened book still needs: render batches of lines, master chapters, join them into the audiobook.

Flows wrap these functions in Prefect tasks; `finish` does all of them in plain Python.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import engines
from pipeline.files import write_text
from pipeline.folder import safe_name
from pipeline.mastering.profiles import Profile
from pipeline.mastering.tags import Tags
from pipeline.memory import give_back_freed
from pipeline.nouns import Master, Take, Timeline
from pipeline.opening import Production
from pipeline.progress import Observer, Progress, unobserved
from pipeline.render.plan import Job, batches
from pipeline.render.pool import visible_gpus
from pipeline.render.worker import render_batch
from pipeline.script.conversation import doubtful as in_doubt
from pipeline.takes.store import Rendered

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from pipeline.render.pool import Workers

AHEAD = 4
"""Batches given out for each worker: one it renders, one that waits, and two for a slow one in front of them."""


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


def batches_of(production: Production) -> Iterator[tuple[Job, ...]]:
    """The batches of lines that still have to be rendered, one after the other."""
    return batches(production.plan.due, production.cast, production.engine)


def render(production: Production, batch: tuple[Job, ...], workers: Workers | None = None) -> float:
    """Render one batch (in a worker process, or here without one) and enter its takes; seconds of audio made."""
    store = production.store
    there = store.unrecorded(job.key for job in batch)
    made = (
        workers.run(render_batch, batch, store.folder, there) if workers else render_batch(batch, store.folder, there)
    )
    _enter(production, batch, made)
    return sum(one.take.seconds for one in made)


def render_in_turn(
    production: Production,
    submit: Callable[[tuple[Job, ...]], Callable[[], float]],
    workers: Workers,
    observe: Observer,
) -> None:
    """Give out every batch that is due, a few for each worker at a time, so that a long book needs no more memory.

    submit: starts a batch and returns a call that waits for it and gives the seconds of audio made.
    """
    workers.at_most(_processes(production))
    ahead = AHEAD * workers.count
    done, total = 0, len(production.plan.due)
    if total:
        observe(Progress("render", 0, total))
    work, given = batches_of(production), deque[tuple[int, Callable[[], float]]]()
    while True:
        given.extend((len(batch), submit(batch)) for batch in islice(work, ahead - len(given)))
        if not given:
            return
        size, wait = given.popleft()
        seconds = wait()
        done += size
        observe(Progress("render", done, total, seconds))


def _processes(production: Production) -> int | None:
    """How many processes may render: as many as the engine that is shyest of company allows on this machine's devices."""
    shy = [
        engines.engine_class(name).capabilities.processes_per_device
        for name in {one.engine for one in production.plan.due}
    ]
    return min((one * max(1, len(visible_gpus())) for one in shy if one), default=None)


def rendering_done(production: Production, workers: Workers) -> None:
    """Let go of what only rendering needs: its worker processes, and the lists of what was due and why."""
    workers.at_most()
    production.plan = replace(production.plan, due=(), stale={})
    give_back_freed()


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
    if production.plan.due or production.retake:
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
    unsure = [line.id for line in production.plan.lines if in_doubt(line)]
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

    with Workers(workers) as pool, ThreadPoolExecutor(2 * (workers or cores())) as threads:
        try:
            _render_all(production, pool, threads, observe)
            rendering_done(production, pool)
            masters = []
            observe(Progress("master", 0, len(production.chapters)))
            chapters = [threads.submit(master, production, number, pool) for number in production.chapters]
            for at, chapter in enumerate(chapters, 1):
                masters.append(chapter.result())
                observe(Progress("master", at, len(chapters), note=masters[-1][0].title))
            pool.renew()
        except BaseException as error:
            threads.shutdown(wait=False, cancel_futures=True)
            if isinstance(error, KeyboardInterrupt):
                pool.stop()
            raise
    assembled = assemble(production, [one for one, _ in masters])
    observe(Progress("assemble", 1, 1))
    return result_of(production, masters, assembled)


def _render_all(production: Production, pool: Workers, threads: ThreadPoolExecutor, observe: Observer) -> None:
    def submit(batch: tuple[Job, ...]) -> Callable[[], float]:
        return threads.submit(render, production, batch, pool).result

    render_in_turn(production, submit, pool, observe)
