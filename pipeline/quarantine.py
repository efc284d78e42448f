"""Lines that could not be rendered: the run stops, or something stands in for them and the book is finished all the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from pipeline.errors import DeviceError, EngineError, RenderError
from pipeline.opening import Production
from pipeline.progress import Progress
from pipeline.render.plan import Job
from pipeline.render.stand_in import EMBEDDED, stand_in
from pipeline.render.worker import TRIES
from pipeline.takes.journal import Rendered
from pipeline.takes.store import Failure
from pipeline.wording import Wording, chinese_of

if TYPE_CHECKING:
    from pipeline.render.crew import Crew

SYSTEMATIC = 20
"""So many lines refused one after the other, with none rendered among them, are no poison lines: the run stops. Those that
something stands in for since an earlier run are known to be, and do not count."""


def quarantine(
    production: Production, refused: Sequence[tuple[Job, EngineError]], rendered: int, workers: Crew | None
) -> None:
    """Enter lines that were refused or that killed their workers, and fill their places as `production.on_failure` says.
    `rendered`: how many lines beside them were.

    Raises the engine's error where the run is to stop: with ``stop``, or after `SYSTEMATIC` lines.
    """
    earlier = production.store.failures() if refused else {}
    new = [job for job, _ in refused if not _stood_in_for(job, earlier)]
    production.refused_in_a_row = 0 if rendered else production.refused_in_a_row + len(new)
    stop = production.on_failure == "stop" or production.refused_in_a_row >= SYSTEMATIC
    for job, error in refused:
        key = "" if stop else _filled(production, job, workers)
        failures = [
            Failure(line, job.subject, error.what, TRIES, key, datetime.now(UTC).isoformat(timespec="seconds"))
            for line in job.lines
        ]
        if not stop or job in new:  # what stands in for the others goes on doing so
            production.store.fail(failures)
        how = "stop" if stop else production.on_failure
        production.observe(Progress("failed", note=how, lines=job.lines))
        if key:
            production.failed.update((one.line, one) for one in failures)
            production.wanted.update(dict.fromkeys(job.lines, key))
            production.remarks.append(_told(job, error, production.on_failure))
    if stop and refused:
        raise _stopping(*refused[0])


def _stood_in_for(job: Job, earlier: Mapping[str, Failure]) -> bool:
    """Whether something stands in for one of the job's lines, as they are, since an earlier run."""
    known = (earlier.get(line) for line in job.lines)
    return any(one is not None and one.stand_in and one.subject == job.subject for one in known)


def _filled(production: Production, job: Job, workers: Crew | None) -> str:
    """The key of the take that stands in for a job's lines. A line that the embedded engine itself fails on is silence."""
    made: Rendered | None = None
    if production.on_failure == "placeholder" and job.direction.voice.engine != EMBEDDED:
        with suppress(DeviceError):
            made = _made(production, job, True, workers)
    made = made or _made(production, job, False, workers)
    production.store.record([made])
    return made.take.key


def _made(production: Production, job: Job, spoken: bool, workers: Crew | None) -> Rendered:
    work = partial(stand_in, job, spoken, production.store.folder)
    return workers.try_once(work, production.patience.limit((job,))) if workers else work()


def _told(job: Job, error: EngineError, how: str) -> Wording:
    stands, stands_zh = {
        "silence": ("silence is in its place", "以静音代替"),
        "placeholder": ("a stand-in is in its place", "以替代语音代替"),
    }[how]
    lines = ", ".join(job.lines)
    return Wording(
        f"{lines} could not be spoken, tried {TRIES} times ({error.what}): {stands}, the next run tries again",
        f"{lines} 试了 {TRIES} 次都无法合成（{chinese_of(error.what)}）：{stands_zh}，下次运行会再试",
    )


def _stopping(job: Job, error: EngineError) -> Exception:
    """The error that ends the run: the engine's own where it speaks of a line, else one that names the line."""
    if not isinstance(error, DeviceError):
        return error
    line = job.direction.line_id
    return RenderError(
        Wording(
            f"line {line} failed {TRIES} times: {error.what}",
            f"{line} 失败了 {TRIES} 次：{chinese_of(error.what)}",
        ),
        fix=Wording(
            f"Change the line, or let the rest be finished: --on-failure silence. Other lines are kept. {error.fix}",
            f"请修改这一行，或用 --on-failure silence 先做完其余部分。其他行都保留。{chinese_of(error.fix)}",
        ),
    )
