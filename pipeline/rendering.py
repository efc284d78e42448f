"""Rendering what an opened book still needs: batches of lines given to workers, and their takes entered."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from pipeline import disk, engines
from pipeline.errors import EngineError, Stopped
from pipeline.memory import give_back_freed
from pipeline.opening import Production, planned_in
from pipeline.progress import Observer, Progress
from pipeline.quarantine import quarantine
from pipeline.render import faults
from pipeline.render.plan import Job, batches
from pipeline.render.pool import visible_gpus
from pipeline.takes.journal import Rendered
from pipeline.wording import Wording

if TYPE_CHECKING:
    from pipeline.render.crew import Crew

AHEAD = 4
"""Batches given out for each worker: one it renders, one that waits, and two for a slow one in front of them."""


def batches_of(production: Production, workers: int = 1) -> Iterator[tuple[Job, ...]]:
    """The batches of lines that still have to be rendered by so many workers, one after the other."""
    return batches(production.plan.due, production.cast, production.engine, workers)


def render(production: Production, batch: tuple[Job, ...], workers: Crew | None = None) -> float | None:
    """Render one batch (in a worker process, or here without one) and enter its takes; seconds of audio made, None where
    nothing is to be begun any more when its turn comes. Lines that cannot be rendered are quarantined."""
    try:
        return rendered(production, batch, workers)
    except Stopped:
        return None


def rendered(production: Production, batch: tuple[Job, ...], workers: Crew | None = None) -> float:
    """The same; raises Stopped instead of None."""
    production.may_go_on()
    found = list(
        zip(
            batch,
            faults.rendered(batch, production.store, workers, production.patience, production.observe),
            strict=True,
        )
    )
    made = [(job, one) for job, one in found if isinstance(one, Rendered)]
    _enter(production, made)
    quarantine(production, [(job, one) for job, one in found if isinstance(one, EngineError)], len(made), workers)
    return sum(one.take.seconds for _, one in made)


def render_in_turn(
    production: Production,
    submit: Callable[[tuple[Job, ...]], Callable[[], float | None]],
    workers: Crew,
    observe: Observer,
) -> None:
    """Give out every batch that is due, a few for each worker at a time, so that a long book needs no more memory.

    submit: starts a batch and returns a call that waits for it and gives what `render` does.
    Raises Stopped when the production is to stop: no batch is begun any more, and those in flight are done.
    """
    disk.check(production)
    workers.at_most(_processes(production))
    done, total, stopped = 0, len(production.plan.due), False
    if total:
        observe(Progress("render", 0, total))
    work, given = batches_of(production, workers.count), deque[tuple[tuple[Job, ...], Callable[[], float | None]]]()
    while True:
        disk.watch(production)
        stopped = stopped or production.stop_when()
        if not stopped:
            room = AHEAD * workers.count - len(given)  # a cluster's workers come and go
            given.extend((batch, submit(batch)) for batch in islice(work, max(0, room)))
        if not given:
            break
        batch, wait = given.popleft()
        seconds = wait()
        if seconds is None:
            stopped = True
            continue
        done += len(batch)
        observe(Progress("render", done, total, seconds, chapter=_chapter(batch)))
    if done < total:
        raise Stopped(Wording(f"lines left to render: {total - done}", f"还没有合成的行：{total - done}"))


def _chapter(batch: Sequence[Job]) -> int:
    """The last chapter that a batch has lines of, read off their ids (c03-7fa2b1)."""
    return max(int(found[1]) if (found := re.match(r"c(\d+)-", one)) else 0 for job in batch for one in job.lines)


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
    failed = {name: one.stand_in for name, one in production.failed.items()}
    planned = replace(planned, due=tuple(one for one in planned.due if one.line.id not in failed))
    planned.wanted.update(failed)
    if production.retake:
        planned = replace(planned, due=tuple(one for one in planned.due if one.line.id in mine))
        planned.wanted.update({name: key for name, key in production.wanted.items() if name not in mine})
    production.plan, production.by_hand = planned, {}
    production.wanted = planned.wanted
    return bool(planned.due)


def rendering_done(production: Production, workers: Crew) -> None:
    """Let go of what only rendering needs: its worker processes, and the lists of what was due and why."""
    production.remarks += [
        Wording(f"{one} failed where another did not, and got no more work", f"{one} 出错而别的没有，已停用")
        for one in workers.drained
    ]
    workers.at_most()
    production.store.drop_journals()
    production.plan = replace(production.plan, due=(), stale={})
    give_back_freed()


def _enter(production: Production, made: Sequence[tuple[Job, Rendered]]) -> None:
    production.store.record([one for _, one in made])
    for job, one in made:
        for line in job.lines:
            asked = production.by_hand.get(line)
            if asked == job.key:
                production.store.choose(line, one.take.key, job.subject)
            if asked in (None, job.key):
                production.wanted[line] = one.take.key
    production.rendered += len(made)
