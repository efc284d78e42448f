"""Mastering the chapters of an opened book: what each is made from, and whether it is as it was."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import disk
from pipeline.errors import BookFolderError, MasteringError, Stopped
from pipeline.folder import safe_name
from pipeline.mastering.profiles import Profile
from pipeline.mastering.tags import Tags
from pipeline.nouns import Line, Master, Take, Timeline
from pipeline.opening import Production
from pipeline.progress import Observer, Progress
from pipeline.render.patience import mastering_limit
from pipeline.render.plan import Due, batches, direction_of
from pipeline.render.stand_in import FLAG
from pipeline.rendering import rendered
from pipeline.takes import take_key
from pipeline.wording import Wording

if TYPE_CHECKING:
    from pipeline.render.crew import Crew


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


def master(production: Production, number: int, workers: Crew | None = None) -> tuple[Master, bool] | None:
    """Master one chapter unless it is as it was; the master, and whether it was made now. None where nothing is to be begun any
    more when its turn comes."""
    from pipeline.mastering import record

    job = chapter_job(production, number)
    there = record.load(job.folder, job.stem)
    if there and there.fingerprint == job.fingerprint:
        return there, False
    try:
        production.may_go_on()
        disk.watch(production)
        _forget_other_names(production, job.stem, number)
        made = _made(job, workers)
        if not isinstance(made, Master):
            _render_again(production, made, workers)
            made = _made(chapter_job(production, number), workers)
    except Stopped:
        return None
    if not isinstance(made, Master):
        raise MasteringError(
            "a take that was just rendered is damaged", where=str(made[0].path), fix="Check the disk it lies on."
        )
    return made, True


def _made(job: ChapterJob, workers: Crew | None) -> Master | tuple[Take, ...]:
    if not workers:
        return make_chapter(job)
    return workers.run(partial(make_chapter, job), mastering_limit(job.timeline.frames / job.timeline.sample_rate))


def master_in_turn(
    production: Production,
    submit: Callable[[int], Callable[[], tuple[Master, bool] | None]],
    workers: Crew,
    observe: Observer,
    made: list[tuple[Master, bool]],
) -> None:
    """Give out every chapter, two for each worker at a time, and add what `master` returns of each to `made`, in order.

    submit: starts a chapter and returns a call that waits for it.
    Raises Stopped when the production is to stop: no chapter is begun any more, and those in flight are done.
    """
    numbers, given, stopped = iter(production.chapters), deque[Callable[[], tuple[Master, bool] | None]](), False
    total = len(production.chapters)
    observe(Progress("master", 0, total))
    while True:
        stopped = stopped or production.stop_when()
        if not stopped:
            given.extend(submit(number) for number in islice(numbers, max(0, 2 * workers.count - len(given))))
        if not given:
            break
        one = given.popleft()()
        if one is None:
            stopped = True
            continue
        made.append(one)
        observe(Progress("master", len(made), total, note=one[0].title, chapter=one[0].chapter))
    if len(made) < total:
        left = total - len(made)
        raise Stopped(Wording(f"chapters left to master: {left}", f"还没有制作的章：{left}"))


def _render_again(production: Production, damaged: Sequence[Take], workers: Crew | None) -> None:
    """Render takes anew whose files were damaged on disk, for the lines of all chapters that use them; a line says so in a
    remark. Of chapters that share one and are mastered at once, the first does it."""
    from pipeline.mastering import sound

    with production.mending:
        still = sound.damaged(production.store.takes(one.key for one in damaged).values())
        for batch in batches(_due_again(production, still), production.cast, production.engine):
            rendered(production, batch, workers)


def _due_again(production: Production, damaged: Sequence[Take]) -> list[Due]:
    due = []
    for take in damaged:
        lines = [line for line in production.plan.lines if production.wanted.get(line.id) == take.key]
        direction = direction_of(lines[0], production.cast, production.engine)
        if FLAG in take.flags:
            raise MasteringError(
                f"what stands in for line {lines[0].id} is damaged",
                where=str(take.path),
                fix="Run the same command again: the line is tried once more.",
            )
        if direction is None or take_key(replace(direction, seed=take.seed)) != take.key:
            raise MasteringError(
                f"the take that line {lines[0].id} uses is damaged, and the script now asks for another",
                where=str(take.path), fix=f"Choose another: `shuoshu takes BOOK {lines[0].id}` lists them.",
            )  # fmt: skip
        take.path.unlink(missing_ok=True)
        due.append(Due(take.key, take.engine, lines[0], tuple(line.id for line in lines[1:]), take.seed))
        production.remarks.append(f"the take of line {lines[0].id} was damaged on disk; it is rendered again")
    return due


def make_chapter(job: ChapterJob) -> Master | tuple[Take, ...]:
    """Master one chapter; runs in a worker process. Writes the chapter's files and, last, their record. Where takes are not
    what they were when they were rendered, nothing is written and they are returned."""
    from pipeline.mastering import chapter, record, sound

    damaged = sound.damaged(job.takes.values())
    if damaged:
        return tuple(damaged)
    try:
        made, laid_out = chapter.master(
            job.timeline,
            job.takes,
            job.profile,
            job.folder,
            job.stem,
            job.tags,
            job.fingerprint,
            job.cover,
            job.cover_type,
        )
    except MasteringError:
        damaged = sound.damaged(job.takes.values())  # since the first look
        if not damaged:
            raise
        return tuple(damaged)
    music = chapter.music_of(laid_out, job.profile)
    record.write(made, laid_out, job.folder, music.playing if music else ())
    return made


def chapter_job(production: Production, number: int) -> ChapterJob:
    """Everything that mastering a chapter needs, its fingerprint included."""
    from pipeline.mastering import record, wishes

    lines = production.lines_of(number)
    keys = {line.id: production.wanted[line.id] for line in lines if line.id in production.wanted}
    known = production.store.takes(keys.values())
    takes = {line: known[key] for line, key in keys.items() if key in known}
    title = production.titles.get(number, "")
    laid_out = _laid_out(production, number, lines, takes)
    numbers, credits = list(production.titles), wishes.credits(production.profile, production.cast)
    tags = Tags(
        title=title or production.record.title, author=production.record.author, album=production.record.title,
        language=production.record.language, track=numbers.index(number) + 1, tracks=len(numbers),
        narrator=credits.narrator if credits else "",
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


def _forget_other_names(production: Production, stem: str, number: int) -> None:
    """Remove a chapter's files under a title it no longer has: they are ours, made from the record beside them."""
    from pipeline.mastering import record

    folder = production.folder.chapters
    if production.stems is None:  # read once: of a book of many chapters that is long enough
        found: dict[int, list[str]] = {}
        for path in folder.glob("*.json"):
            there = record.load(folder, path.stem)
            if there:
                found.setdefault(there.chapter, []).append(path.stem)
        production.stems = found
    for name in production.stems.get(number, ()):
        other = record.load(folder, name)
        if name != stem and other and other.chapter == number:
            for file in (*other.files.values(), folder / f"{name}.timeline.csv", folder / f"{name}.json"):
                file.unlink(missing_ok=True)


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


def on_disk(production: Production, number: int) -> Master | None:
    """A chapter as it was last mastered; None when it never was or its files are not whole."""
    from pipeline.mastering import record

    return record.load(production.folder.chapters, _stem(production, number))


def masters_there(production: Production) -> tuple[list[Master], tuple[int, ...]]:
    """Every mastered chapter of the book as it lies on disk, and the numbers of those that the script and cast now ask
    for otherwise. Raises BookFolderError when one was never mastered."""
    current, found = mastered_chapters(production), []
    for number in production.chapters:
        there = on_disk(production, number)
        if there is None:
            raise BookFolderError(
                f"chapter {number} is not mastered", where=str(production.folder.path),
                fix="`shuoshu run` on the manuscript masters it.",
            )  # fmt: skip
        found.append(there)
    return found, tuple(number for number in production.chapters if number not in current)
