"""A batch rendered whatever happens: workers that die or hang are replaced, and what cannot be spoken is found line by line.

Three kinds of trouble. A disk that is away for a moment: the worker tries again (`worker.PASSING`). A line that its engine
refuses: the engine names it, the others of its batch are rendered without it. A worker or device that fails: nobody knows
why, so the batch is given to another, then in halves, until the line at fault is alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pipeline.errors import DeviceError, EngineError
from pipeline.progress import Observer, Progress, unobserved
from pipeline.render.plan import Job
from pipeline.render.worker import TRIES, render_batch
from pipeline.takes import TakeStore
from pipeline.takes.journal import Rendered

if TYPE_CHECKING:
    from pipeline.render.crew import Crew
    from pipeline.render.patience import Patience


@dataclass(frozen=True, slots=True)
class _Part:
    """Some jobs of a batch: how often they were lost, and on which GPUs just now."""

    jobs: tuple[Job, ...]
    losses: int = 0
    avoid: frozenset[str] = frozenset()


def rendered(
    batch: Sequence[Job], store: TakeStore, workers: Crew | None, patience: Patience, observe: Observer = unobserved
) -> list[Rendered | EngineError]:
    """In the order of `batch`: each take, or why its line could not be rendered after `TRIES` tries. What is tried again is
    told to `observe`.

    A worker that fails costs at most the line it was at: the lines before it are in its journal. Raises EngineError for an
    engine that can speak no line at all, RenderError when nothing works any more, BookFolderError for a full disk.
    """
    found: dict[str, Rendered | EngineError] = {}
    waiting = [_Part(tuple(batch))]
    while waiting:
        part = waiting.pop()
        began, work = time.monotonic(), partial(render_batch, part.jobs, store.folder)
        try:
            made = workers.try_once(work, patience.limit(part.jobs), part.avoid) if workers else work()
        except DeviceError as error:
            found |= store.answers(job.key for job in part.jobs)
            left = tuple(job for job in part.jobs if job.key not in found)
            if len(left) == 1 and part.losses + 1 >= TRIES:
                found[left[0].key] = error
            elif left:
                waiting += _again(left, part, error)
                observe(Progress("retry", note="lost", lines=tuple(job.direction.line_id for job in left)))
            continue
        patience.learn(part.jobs, time.monotonic() - began)
        if workers and part.avoid:
            workers.blame(part.avoid)
        for job, one in zip(part.jobs, made, strict=True):
            found[job.key] = one
            for why in ("refused",) * (TRIES - 1) if isinstance(one, EngineError) else one.retries:
                observe(Progress("retry", note=why, lines=(job.direction.line_id,)))
    return [found[job.key] for job in batch]


def _again(left: tuple[Job, ...], part: _Part, error: DeviceError) -> list[_Part]:
    """What to try next of a part that was lost: all that is left once more, elsewhere where that is possible; then halves of
    it, or at once the line that the error names apart from the others."""
    avoid = part.avoid | ({error.device} if error.device else set())
    suspect = tuple(job for job in left if job.direction.line_id == error.line)
    rest = tuple(job for job in left if job not in suspect)
    if suspect and rest:
        return [_Part(rest), _Part(suspect, part.losses + 1, avoid)]
    if len(left) == 1 or not part.losses:
        return [_Part(left, part.losses + 1, avoid)]
    middle = len(left) // 2
    return [_Part(left[middle:], part.losses), _Part(left[:middle], part.losses)]
