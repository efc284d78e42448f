"""Making what an opened book still needs: lines rendered (`rendering`), chapters mastered (`chapters`), deliverables made.

Flows wrap these functions in Prefect tasks; `finish` does all of them in plain Python.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import chapters, rendering
from pipeline.errors import Stopped
from pipeline.folder import safe_name
from pipeline.nouns import Master
from pipeline.opening import Production
from pipeline.progress import Observer, Progress, unobserved
from pipeline.render.plan import Job
from pipeline.script.conversation import doubtful as in_doubt
from pipeline.wording import Wording

if TYPE_CHECKING:
    from pipeline.deliver.book import FinishedBook
    from pipeline.deliver.make import Made
    from pipeline.render.crew import Crew


@dataclass(frozen=True, slots=True)
class Deliverable:
    """One finished file for the table at the end of a run; `seconds` of what plays, None of any other file; `integrated` LUFS
    and `true_peak` dBTP where measured."""

    path: Path
    title: str
    seconds: float | None
    size: int
    integrated: float | None = None
    true_peak: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a run did. `lines` are spoken, in so many `takes`, which lines alike share. `mastered` are the chapters, `delivered`
    the kinds of deliverables that were made now, `failed` the lines that something stands in for; `stopped` says what it
    left where it was asked to stop, "" = it came to its end."""

    folder: Path
    lines: int
    takes: int
    rendered: int
    mastered: tuple[int, ...]
    delivered: tuple[str, ...]
    flagged: tuple[str, ...]
    remarks: tuple[str, ...]
    deliverables: tuple[Deliverable, ...]
    failed: tuple[str, ...] = ()
    stopped: str = ""


def finish(production: Production, workers: int = 0, observe: Observer = unobserved, dask: str = "") -> Result:
    """Render, master and assemble what is stale, without Prefect; `workers` and `dask` as `render.crew.crew` takes them."""
    from concurrent.futures import ThreadPoolExecutor

    from pipeline.render.crew import CLUSTER_THREADS, crew

    with (
        crew(production.folder.path, workers, dask) as pool,
        ThreadPoolExecutor(CLUSTER_THREADS if dask else 2 * pool.count) as threads,
    ):

        def render(batch: tuple[Job, ...]) -> Callable[[], float | None]:
            return threads.submit(rendering.render, production, batch, pool).result

        def master(number: int) -> Callable[[], tuple[Master, bool] | None]:
            return threads.submit(chapters.master, production, number, pool).result

        def assemble(kind: str, masters: Sequence[Master]) -> Made | None:
            return deliver(production, masters, kind)

        try:
            return in_turn(production, render, master, assemble, pool, observe)
        except BaseException as error:
            threads.shutdown(wait=False, cancel_futures=True)
            if isinstance(error, KeyboardInterrupt):
                pool.stop()
            raise


def in_turn(
    production: Production,
    render: Callable[[tuple[Job, ...]], Callable[[], float | None]],
    master: Callable[[int], Callable[[], tuple[Master, bool] | None]],
    assemble: Callable[[str, Sequence[Master]], Made | None],
    workers: Crew,
    observe: Observer,
) -> Result:
    """Everything a production still needs, one stage after the other, until it is done or to stop.

    render, master: start a batch or a chapter and return a call that waits for it; see `rendering.render_in_turn` and
    `chapters.master_in_turn`. assemble: makes a deliverable of these masters, as `deliver` does.
    """
    masters: list[tuple[Master, bool]] = []
    delivered: list[Made | None] = []
    production.worked = True
    workers.watch(lambda how: production.observe(Progress("lost", note=how)), production.stop_when)
    try:
        rendering.render_in_turn(production, render, workers, observe)
        if rendering.plan_again(production):
            rendering.render_in_turn(production, render, workers, observe)
        rendering.rendering_done(production, workers)
        chapters.master_in_turn(production, master, workers, observe, masters)
        workers.renew()
        for at, kind in enumerate(production.deliver):
            production.may_go_on()
            observe(Progress("deliver", at, len(production.deliver), note=kind))
            delivered.append(assemble(kind, [one for one, _ in masters]))
        observe(Progress("deliver", len(delivered), len(delivered)))
    except Stopped as stop:
        return replace(result_of(production, masters, delivered), stopped=stop.what)
    return result_of(production, masters, delivered)


def nothing_to_do(production: Production) -> Result | None:
    """The result of a run in which nothing is stale; None when there is something to do."""
    if production.plan.due or production.retake:
        return None
    from pipeline.deliver.make import Made, current, made

    mastered = chapters.mastered_chapters(production)
    masters = [mastered[number] for number in production.chapters if number in mastered]
    if len(masters) < len(production.chapters) or not masters:
        return None
    book = finished(production, masters)
    if not all(current(book, kind) for kind in production.deliver):
        return None
    there = [Made(kind, made(book, kind) or (), False) for kind in production.deliver]
    return result_of(production, [(one, False) for one in masters], there)


def finished(production: Production, masters: Sequence[Master]) -> FinishedBook:
    """The book to make deliverables of `masters`."""
    from pipeline.deliver.book import FinishedBook
    from pipeline.mastering import wishes

    name = safe_name(production.record.title) or production.folder.path.name
    if production.partial:
        name += f" ({_ranges(production.chapters)})"
    cover, cover_type = production.cover()
    credits = wishes.credits(production.profile, production.cast)
    return FinishedBook(
        folder=production.folder.path, name=name, record=production.record, profile=production.profile,
        masters=tuple(masters), takes=production.folder.takes, cover=cover, cover_type=cover_type,
        settings=production.settings, narrator=credits.narrator if credits else "",
        aliases={name: part.name for name, part in production.cast.parts.items() if name != part.name},
    )  # fmt: skip


def _ranges(numbers: Sequence[int]) -> str:
    """Rising numbers as people write them: ``1-3,7``."""
    ranges: list[list[int]] = []
    for one in numbers:
        if ranges and one == ranges[-1][-1] + 1:
            ranges[-1] = [ranges[-1][0], one]
        else:
            ranges.append([one])
    return ",".join("-".join(map(str, one)) for one in ranges)


def _whole_book(production: Production, masters: Sequence[Master]) -> Sequence[Master]:
    """For a retake of single lines: every chapter the book has, not only those it mastered, or nothing when not all of
    them are there; otherwise `masters`."""
    if not production.retake:
        return masters
    by_number = {one.chapter: one for one in masters}
    found = [by_number.get(number) or chapters.on_disk(production, number) for number in production.titles]
    return [one for one in found if one] if all(found) else ()


def deliver(production: Production, masters: Sequence[Master], kind: str) -> Made | None:
    """Make one kind of deliverable, unless it is as it was; None when the book is not whole."""
    from pipeline.deliver.make import make

    whole = _whole_book(production, masters)
    return make(finished(production, whole), kind) if whole else None


def result_of(
    production: Production, masters: Sequence[tuple[Master, bool]], delivered: Sequence[Made | None]
) -> Result:
    """What a run did, with every deliverable of the chapters asked for."""
    deliverables = []
    for one, _ in masters:
        for kind, path in one.files.items():
            peak = one.peaks.get(kind, one.true_peak)
            deliverables.append(
                Deliverable(path, one.title, one.seconds, path.stat().st_size, one.loudness.integrated, peak)
            )
    made_files = [made for made in delivered if made]
    if made_files:
        from pipeline.deliver.described import described

        book = finished(production, _whole_book(production, [master for master, _ in masters]))
        for made in made_files:
            for path, title, seconds in described(book, made):
                deliverables.append(Deliverable(path, title, seconds, path.stat().st_size))
    return Result(
        folder=production.folder.path, lines=len(production.wanted), takes=len(set(production.wanted.values())),
        rendered=production.rendered,
        mastered=tuple(one.chapter for one, made in masters if made),
        delivered=tuple(made.kind for made in delivered if made and made.now),
        flagged=tuple(doubtful(production)[0]), deliverables=tuple(deliverables),
        remarks=(*(remark for one, _ in masters for remark in sound_remarks(production, one)), *production.remarks),
        failed=tuple(line.id for line in production.plan.lines if line.id in production.failed),
    )  # fmt: skip


def sound_remarks(production: Production, master: Master) -> list[Wording]:
    """What is to be said of a chapter that misses its profile or was pressed hard to reach it."""
    from pipeline.deliver import loudness

    spoken = sum(line.kind != "pause" for line in production.lines_of(master.chapter))
    return loudness.remarks(master, production.profile, spoken)


def doubtful(production: Production) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Lines whose take an automatic check flagged (line id -> flags), and quotes whose speaker is unsure."""
    flagged = production.store.flagged()
    lines = {line: flagged[key] for line, key in production.wanted.items() if key in flagged}
    unsure = [line.id for line in production.plan.lines if in_doubt(line)]
    return lines, unsure
