"""One book that stands for many: read and planned once, made and tracked as often as there are books. For `benchmarks/scale.py`,
where reading and planning every book would take hours and teach nothing that shorter queues do not.

What every book still has of its own: manuscript, place in the queue, forecast, turn, lock, record, index with every line's take,
chapters with their timelines, row in the night. What it has not: script table, plan and keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pipeline import rendering
from pipeline.folder import BookFolder, folder_for
from pipeline.opening import Production, open_book
from pipeline.progress import Observer, unobserved
from pipeline.queue import night
from pipeline.queue.unchanged import Whole, on_disk
from pipeline.render.plan import Job
from pipeline.request import Request
from pipeline.takes import TakeStore


@contextmanager
def standing_for_all(request: Request) -> Iterator[None]:
    """While the context lasts, nights make every book from the plan of this one."""
    with open_book(request) as planned:
        jobs = [job for batch in rendering.batches_of(planned) for job in batch]
        before = night.open_book, night.unchanged, night.note, rendering.batches_of

        @contextmanager
        def opened(own: Request, observe: Observer = unobserved) -> Iterator[Production]:
            folder = folder_for(own.manuscript, own.output)
            with folder.locked(), TakeStore(folder.takes) as store:
                folder.write(replace(planned.record, source=str(own.manuscript)))
                yield _of(planned, folder, store, observe)

        def batches(production: Production, _: int = 1) -> Iterator[tuple[Job, ...]]:
            due = {one.key for one in production.plan.due}
            mine = [job for job in jobs if job.key in due]
            yield from (tuple(mine[at : at + 64]) for at in range(0, len(mine), 64))

        def finished(own: Request) -> Whole | None:
            chapters = on_disk(folder_for(own.manuscript, own.output))
            if len(chapters) < len(planned.chapters):
                return None
            return Whole(planned.record.title, len(planned.wanted), len(chapters), sum(chapters))

        night.open_book, night.unchanged, night.note = opened, finished, lambda _: False
        rendering.batches_of = batches
        try:
            yield
        finally:
            night.open_book, night.unchanged, night.note, rendering.batches_of = before


def _of(planned: Production, folder: BookFolder, store: TakeStore, observe: Observer) -> Production:
    """The planned book's production in a folder of its own, as far as that is made already."""
    there = store.whole()
    stale = {line: why for line, why in planned.plan.stale.items() if planned.wanted[line] not in there}
    plan = replace(planned.plan, due=tuple(one for one in planned.plan.due if one.key not in there), stale=stale)
    return replace(
        planned, folder=folder, store=store, plan=plan, wanted=dict(planned.wanted), remarks=[], observe=observe
    )
