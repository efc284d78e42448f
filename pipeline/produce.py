"""Making what an opened book still needs: render batches of lines, master chapters, make the deliverables.

Flows wrap these functions in Prefect tasks; `finish` does all of them in plain Python.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import engines
from pipeline.errors import BookFolderError, MasteringError
from pipeline.folder import safe_name
from pipeline.mastering.profiles import Profile
from pipeline.mastering.tags import Tags
from pipeline.memory import give_back_freed
from pipeline.nouns import Line, Master, Take, Timeline
from pipeline.opening import Production, planned_in
from pipeline.progress import Observer, Progress, unobserved
from pipeline.render.plan import Due, Job, batches, direction_of
from pipeline.render.pool import visible_gpus
from pipeline.render.worker import render_batch
from pipeline.script.conversation import doubtful as in_doubt
from pipeline.takes import take_key
from pipeline.takes.store import Rendered

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from pipeline.deliver.book import FinishedBook
    from pipeline.deliver.make import Made
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
    """What a run did: `mastered` are the chapters, `delivered` the kinds of deliverables that were made now."""

    folder: Path
    lines: int
    rendered: int
    mastered: tuple[int, ...]
    delivered: tuple[str, ...]
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


def plan_again(production: Production) -> bool:
    """For a timed script whose lines were rendered freely: plan what of them must be shorter; whether there is any. Other
    scripts need no second round, and of single lines made anew only those take part."""
    if production.timing is None:
        return False
    mine = {name for name, key in production.by_hand.items() if production.wanted.get(name) == key}
    planned, production.naturals = planned_in(
        production.timing,
        production.plan.lines,
        production.cast,
        production.store,
        production.profile,
        production.engine,
    )
    if production.retake:
        planned = replace(planned, due=tuple(one for one in planned.due if one.line.id in mine))
        planned.wanted.update({name: key for name, key in production.wanted.items() if name not in mine})
    production.plan, production.by_hand = planned, {}
    production.wanted = planned.wanted
    return bool(planned.due)


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


def make_chapter(job: ChapterJob) -> Master | tuple[Take, ...]:
    """Master one chapter; runs in a worker process. Writes the chapter's files and, last, their record. Where takes are not
    what they were when they were rendered, nothing is written and they are returned."""
    from pipeline.mastering import chapter, record, sound

    damaged = sound.damaged(job.takes.values())
    if damaged:
        return tuple(damaged)
    made, laid_out = chapter.master(
        job.timeline, job.takes, job.profile, job.folder, job.stem, job.tags, job.fingerprint, job.cover, job.cover_type
    )
    record.write(made, laid_out, job.folder)
    return made


def chapter_job(production: Production, number: int) -> ChapterJob:
    """Everything that mastering a chapter needs, its fingerprint included."""
    from pipeline.mastering import record

    lines = production.lines_of(number)
    keys = {line.id: production.wanted[line.id] for line in lines if line.id in production.wanted}
    known = production.store.takes(keys.values())
    takes = {line: known[key] for line, key in keys.items() if key in known}
    title = production.titles.get(number, "")
    laid_out = _laid_out(production, number, lines, takes)
    numbers = list(production.titles)
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


def _laid_out(production: Production, number: int, lines: Sequence[Line], takes: Mapping[str, Take]) -> Timeline:
    from pipeline.mastering import timed, timeline

    title = production.titles.get(number, "")
    if production.timing is None or (production.timing.total is None and all(one.start is None for one in lines)):
        return timeline.build(number, title, lines, takes, production.profile)
    laid_out, _ = timed.build(number, title, lines, takes, production.profile, production.timing)
    return laid_out if production.timing.length is not None else timeline.in_whole_blocks(laid_out)


def _stem(production: Production, number: int) -> str:
    width = max(2, len(str(max(production.titles))))
    return safe_name(f"{number:0{width}d} {production.titles.get(number, '')}")


def master(production: Production, number: int, workers: Workers | None = None) -> tuple[Master, bool]:
    """Master one chapter unless it is as it was; the master, and whether it was made now."""
    from pipeline.mastering import record

    job = chapter_job(production, number)
    there = record.load(job.folder, job.stem)
    if there and there.fingerprint == job.fingerprint:
        return there, False
    _forget_other_names(job.folder, job.stem, number)
    made = workers.run(make_chapter, job) if workers else make_chapter(job)
    if not isinstance(made, Master):
        _render_again(production, number, made, workers)
        job = chapter_job(production, number)
        made = workers.run(make_chapter, job) if workers else make_chapter(job)
    if not isinstance(made, Master):
        raise MasteringError(
            "a take that was just rendered is damaged", where=str(made[0].path), fix="Check the disk it lies on."
        )
    return made, True


def _render_again(production: Production, number: int, damaged: Sequence[Take], workers: Workers | None) -> None:
    """Render takes anew whose files were damaged on disk; the lines that use them say so in a remark."""
    due: dict[str, Due] = {}
    for take in damaged:
        lines = [line for line in production.lines_of(number) if production.wanted.get(line.id) == take.key]
        direction = direction_of(lines[0], production.cast, production.engine)
        if direction is None or take_key(replace(direction, seed=take.seed)) != take.key:
            raise MasteringError(
                f"the take that line {lines[0].id} uses is damaged, and the script now asks for another",
                where=str(take.path), fix=f"Choose another: `shuoshu takes BOOK {lines[0].id}` lists them.",
            )  # fmt: skip
        take.path.unlink(missing_ok=True)
        due[take.key] = Due(take.key, take.engine, lines[0], tuple(line.id for line in lines[1:]), take.seed)
        production.remarks.append(f"the take of line {lines[0].id} was damaged on disk; it is rendered again")
    for batch in batches(due.values(), production.cast, production.engine):
        render(production, batch, workers)


def _forget_other_names(folder: Path, stem: str, number: int) -> None:
    """Remove a chapter's files under a title it no longer has: they are ours, made from the record beside them."""
    from pipeline.mastering import record

    for path in folder.glob("*.json"):
        other = record.load(folder, path.stem)
        if path.stem != stem and other and other.chapter == number:
            for file in (*other.files.values(), folder / f"{path.stem}.timeline.csv", path):
                file.unlink(missing_ok=True)


def finished(production: Production, masters: Sequence[Master]) -> FinishedBook:
    """The book to make deliverables of `masters`."""
    from pipeline.deliver.book import FinishedBook
    from pipeline.mastering import wishes

    name = safe_name(production.record.title) or production.folder.path.name
    if production.partial:
        some = production.chapters
        name += f" ({some[0]}-{some[-1]})" if len(some) > 1 else f" ({some[0]})"
    cover, cover_type = production.cover()
    credits = wishes.credits(production.profile, production.cast)
    return FinishedBook(
        folder=production.folder.path, name=name, record=production.record, profile=production.profile,
        masters=tuple(masters), takes=production.folder.takes, cover=cover, cover_type=cover_type,
        settings=production.settings, narrator=credits.narrator if credits else "",
    )  # fmt: skip


def _whole_book(production: Production, masters: Sequence[Master]) -> Sequence[Master]:
    """For a retake of single lines: every chapter the book has, not only those it mastered, or nothing when not all of
    them are there; otherwise `masters`."""
    if not production.retake:
        return masters
    by_number = {one.chapter: one for one in masters}
    found = [by_number.get(number) or _there(production, number) for number in production.titles]
    return [one for one in found if one] if all(found) else ()


def _there(production: Production, number: int) -> Master | None:
    from pipeline.mastering import record

    return record.load(production.folder.chapters, _stem(production, number))


def masters_there(production: Production) -> tuple[list[Master], tuple[int, ...]]:
    """Every mastered chapter of the book as it lies on disk, and the numbers of those that the script and cast now ask
    for otherwise. Raises BookFolderError when one was never mastered."""
    current, found = mastered_chapters(production), []
    for number in production.chapters:
        there = _there(production, number)
        if there is None:
            raise BookFolderError(
                f"chapter {number} is not mastered", where=str(production.folder.path),
                fix="`shuoshu run` on the manuscript masters it.",
            )  # fmt: skip
        found.append(there)
    return found, tuple(number for number in production.chapters if number not in current)


def deliver(production: Production, masters: Sequence[Master], kind: str) -> Made | None:
    """Make one kind of deliverable, unless it is as it was; None when the book is not whole."""
    from pipeline.deliver.make import make

    whole = _whole_book(production, masters)
    return make(finished(production, whole), kind) if whole else None


# --- all of it ------------------------------------------------------------------------------------------------------


def nothing_to_do(production: Production) -> Result | None:
    """The result of a run in which nothing is stale; None when there is something to do."""
    if production.plan.due or production.retake:
        return None
    from pipeline.deliver.make import Made, current, made

    mastered = mastered_chapters(production)
    masters = [mastered[number] for number in production.chapters if number in mastered]
    if len(masters) < len(production.chapters) or not masters:
        return None
    book = finished(production, masters)
    if not all(current(book, kind) for kind in production.deliver):
        return None
    there = [Made(kind, made(book, kind) or (), False) for kind in production.deliver]
    return result_of(production, [(one, False) for one in masters], there)


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


def result_of(
    production: Production, masters: Sequence[tuple[Master, bool]], delivered: Sequence[Made | None]
) -> Result:
    """What a run did, with every deliverable of the chapters asked for."""
    deliverables = []
    for one, _ in masters:
        for path in one.files.values():
            deliverables.append(
                Deliverable(
                    path, one.title, one.seconds, path.stat().st_size, one.loudness.integrated, one.loudness.true_peak
                )
            )
    seconds = sum(one.seconds for one in _whole_book(production, [master for master, _ in masters]))
    for made in delivered:
        for path in made.files if made else ():
            deliverables.append(Deliverable(path, production.record.title, seconds, path.stat().st_size))
    return Result(
        folder=production.folder.path, lines=len(production.wanted), rendered=production.rendered,
        mastered=tuple(one.chapter for one, made in masters if made),
        delivered=tuple(made.kind for made in delivered if made and made.now),
        flagged=tuple(doubtful(production)[0]), remarks=tuple(production.remarks), deliverables=tuple(deliverables),
    )  # fmt: skip


def finish(production: Production, workers: int = 0, observe: Observer = unobserved) -> Result:
    """Render, master and assemble what is stale, without Prefect. `workers` 0 = one process per core."""
    from concurrent.futures import ThreadPoolExecutor

    from pipeline.render.pool import Workers, cores

    with Workers(workers) as pool, ThreadPoolExecutor(2 * (workers or cores())) as threads:
        try:
            _render_all(production, pool, threads, observe)
            if plan_again(production):
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
    delivered = []
    for at, kind in enumerate(production.deliver):
        observe(Progress("deliver", at, len(production.deliver), note=kind))
        delivered.append(deliver(production, [one for one, _ in masters], kind))
    observe(Progress("deliver", len(delivered), len(delivered)))
    return result_of(production, masters, delivered)


def _render_all(production: Production, pool: Workers, threads: ThreadPoolExecutor, observe: Observer) -> None:
    def submit(batch: tuple[Job, ...]) -> Callable[[], float]:
        return threads.submit(render, production, batch, pool).result

    render_in_turn(production, submit, pool, observe)
