"""The catalogue by night: Prefect starts `night` when the queue's window opens, and it makes the queue's books, one
`produce_book` run each, until the window closes.

python -m flows.overnight queue.yaml --until "2026-11-26 07:00"
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import prefect
from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.client.schemas.objects import State
from prefect.deployments import run_deployment
from prefect.runtime import flow_run
from prefect.schedules import Cron
from prefect.settings import PREFECT_API_URL
from prefect.states import Completed
from prefect.types.entrypoint import EntrypointType

from flows.handover import run_opened
from flows.watching import recorded, watched_by
from pipeline import disk
from pipeline.errors import ShuoshuError
from pipeline.folder import safe_name
from pipeline.opening import Production
from pipeline.produce import Result
from pipeline.progress import Observer, together, unobserved
from pipeline.queue import morning, record
from pipeline.queue.entry import STEM, Queue
from pipeline.queue.file import load
from pipeline.queue.night import AtWork, Unrecorded, at_work, broke_off, now, work
from pipeline.queue.record import Night
from pipeline.queue.watched import Watched
from pipeline.queue.window import Window
from pipeline.request import Request
from pipeline.watch import environment
from pipeline.watch.log import Log
from pipeline.wording import Wording, chinese_of

LOOK_S = 5.0
"""How often a served queue looks at its file and its inbox."""
AGAIN_S = 60.0
"""A night that broke off is begun again at the earliest so long after it was begun."""
EARLY_S = 60.0
"""A run that begins so long before its window opens, or less, waits for it. Prefect rounds: a run begins up to half a second
before its time, and where its server is another machine, by that machine's clock."""


def _name() -> str:
    return f"night of {' '.join(_names(Path(flow_run.parameters['queue'])))}"


def _names(path: Path) -> list[str]:
    """What people call a queue: its folder's name, and its file's where that is not the usual one."""
    return [path.resolve().parent.name, *([] if path.stem == STEM else [path.stem])]


@flow(name="night", flow_run_name=_name, log_prints=False)
def night(queue: Path, until: datetime | None = None) -> State[None]:
    """Make the books of a queue until its window closes.

    Args:
        queue: The queue file.
        until: End then, whether the window is open or not; none = when the window closes. In the queue's time zone.
    """
    plan = load(queue)
    zone = plan.window.zone
    ends = _closing(plan.window) if until is None else until if until.tzinfo else until.replace(tzinfo=zone)
    if ends is None:
        opens = record.shown(plan.window.opens(now()), zone)
        return Completed(name="Closed", message=f"The window is closed until {opens}: nothing was begun.")
    try:
        with _watched() as observe:
            done = work(queue, ends, _make, observe=observe)
    except AtWork as error:  # a window of several parts is opened more than once: nothing is wrong
        return Completed(name="At work", message=f"{error.brief}: nothing was begun.")
    morning.write_page(done, plan.nights, plan.language)
    with suppress(httpx.HTTPError):  # without its server there is nobody to show it to; the page is there
        _publish(done)
    text = morning.summary(done)
    told = chinese_of(text) if plan.language == "zh" else str(text)
    failed = [remark for slug in plan.notify for remark in _notified(slug, told, done.name)]
    if failed:
        record.write(plan.nights, done.with_remarks(failed))
    return Completed(message=told)


def _closing(window: Window) -> datetime | None:
    """When the window closes that is open now, or opens in a moment, which is waited for; None when it stays closed."""
    early = (window.opens(now()) - now()).total_seconds()
    if 0 < early <= EARLY_S:
        time.sleep(early)
    return window.closes(now())


@contextmanager
def _watched() -> Iterator[Observer]:
    """Whoever watches the night, as this process's environment says."""
    log, counter = environment.log(), environment.counter()
    observers = [one for one in (log, counter) if one]
    try:
        with watched_by(unobserved, log), recorded():
            yield together(*observers)
    finally:
        if log:
            log.close()


def _make(production: Production, request: Request, observe: Observer) -> Result:
    try:
        with watched_by(observe):
            return run_opened(production, request, request.workers)
    except httpx.HTTPError as error:  # rooms that ask servers explain their own errors; this is Prefect's client
        raise Unrecorded(str(error)) from error


def _publish(done: Night) -> None:
    create_table_artifact(
        key="morning",
        table=[
            {
                "book": one.title or one.book, "outcome": morning.OUTCOMES[one.outcome][0], "why": str(one.what),
                "where": one.where, "what to do": str(one.fix), "audio h": round(one.audio_s / 3600, 3),
                "chapters made": one.mastered, "lines rendered": one.rendered, "took s": round(one.work_s, 1),
                "expected s": None if one.estimate_s is None else round(one.estimate_s, 1), "to listen to": len(one.listen),
            }
            for one in done.books
        ],
        description=str(morning.summary(done)),
    )  # fmt: skip


def _notified(slug: str, text: str, name: str) -> list[Wording]:
    """Tell a notification block of Prefect's; a remark when that failed, since a night is worth more than its message."""
    try:
        told: object = _block(slug).notify(text, subject=f"Shuoshu, night of {name}")
        if isinstance(told, Coroutine):  # of a block of the user's own: Prefect's wait for themselves
            asyncio.run(told)
    except Exception as error:  # noqa: BLE001 - blocks are anybody's code, and may raise anything
        get_run_logger().warning("%s was not told: %s", slug, error)
        return [Wording(f"{slug} was not told: {error}", f"通知 {slug} 失败：{error}")]
    return []


def _block(slug: str) -> NotificationBlock:
    try:
        found: Any = Block.load(slug)
    except ValueError as error:
        raise ShuoshuError(
            Wording(f"Prefect has no block {slug!r}", f"Prefect 里没有 block {slug}"),
            fix=Wording(
                "`prefect block ls` lists them; docs/scheduling.md shows how to make one.",
                "`prefect block ls` 会列出已有的；做法见 docs/scheduling.md。",
            ),
        ) from error
    if not isinstance(found, NotificationBlock):
        raise ShuoshuError(
            Wording(f"the block {slug!r} is none that notifies", f"block {slug} 不能发通知"),
            fix=Wording("Name one such as custom-webhook/morning.", "请写 custom-webhook/morning 这样的。"),
        )
    return found


# --- serving ---------------------------------------------------------------------------------------------------------


def serve(
    path: Path, say: Callable[[Wording], None], count: Callable[[Queue], None] | None = None,
    log: Log | None = None,
) -> None:  # fmt: skip
    """Register the queue's deployment, whose runs Prefect starts as the window opens, and wait for them; returns when stopped.
    Meanwhile the queue file and the inbox are watched; `count` is told the queue as it is, `log` what Prefect logs here.

    Raises CastError for a queue that cannot be read, ShuoshuError without a Prefect server that stays, or for a notification
    block that is not there.
    """
    if not PREFECT_API_URL.value():
        raise ShuoshuError(
            Wording("a schedule needs a Prefect server that stays", "定时制作需要一直运行的 Prefect 服务器"),
            fix=Wording(
                "Run `prefect server start` and set PREFECT_API_URL=http://127.0.0.1:4200/api.",
                "请运行 `prefect server start`，并设 PREFECT_API_URL=http://127.0.0.1:4200/api。",
            ),
        )
    watched = Watched(path)
    queue = watched.queue
    for slug in queue.notify:
        _block(slug)
    deployment = _deployment(queue)
    say(
        Wording(
            f"{deployment.full_name}: waiting for its window (Ctrl-C ends this; the deployment stays, paused, on the server)",
            f"{deployment.full_name}：等待时间窗（Ctrl-C 结束等待；deployment 留在服务器上，处于暂停）",
        )
    )
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(watched, say, count, stop), daemon=True)
    deployment.apply()  # before the watcher may want a run of it
    watcher.start()
    try:
        with watched_by(unobserved, log), recorded():
            prefect.serve(deployment, limit=1, print_starting_message=False)
    finally:
        stop.set()
        watcher.join(LOOK_S)


def deployment_name(queue: Queue) -> str:
    """The name that a queue has on a Prefect server which many queues of many machines may share: what people call it, this
    machine, and six digits of a hash of its path."""
    digest = hashlib.sha256(str(queue.path).encode()).hexdigest()[:6]
    return "-".join(
        name for name in (*map(safe_name, _names(queue.path)), safe_name(socket.gethostname()), digest) if name
    )


def _deployment(queue: Queue) -> Any:
    zone = str(queue.window.zone)
    return night.to_deployment(
        name=deployment_name(queue), parameters={"queue": str(queue.path)}, paused=False,
        schedules=[Cron(cron, timezone=zone) for cron in queue.window.crons()],
        entrypoint_type=EntrypointType.MODULE_PATH,
    )  # fmt: skip


def _watch(
    watched: Watched, say: Callable[[Wording], None], count: Callable[[Queue], None] | None, stop: threading.Event
) -> None:
    """Take in what is dropped into the inbox, give Prefect a changed window, and begin a night within an open window: at
    first, when there is a book to make that was not (added, resumed, or asked for otherwise) after the last one may have ended,
    and when the last one broke off."""
    queue, told, wanted, begun = watched.queue, Wording(""), True, -AGAIN_S
    while True:
        try:
            found = watched.look()
            for one in found.queued:
                say(Wording(f"{one.name} is queued", f"{one.name} 已排队"))
            fresh = watched.queue
            if count:
                count(fresh)
            if fresh.window != queue.window:
                _deployment(fresh).apply()
                times = f"{', '.join(fresh.window.crons())} ({fresh.window.zone})"
                say(Wording(f"the window is now {times}", f"时间窗现在是 {times}"))
            queue, wanted = fresh, wanted or bool(_asked(fresh) - _asked(queue))
            if time.monotonic() - begun >= AGAIN_S and broke_off(queue, now()):
                disk.must_have_room(queue.output)
                wanted = True
            told = Wording("")
            if not queue.window.closes(now()):
                wanted = False  # Prefect's own schedule will begin it
            elif wanted and not queue.paused and not at_work(queue):
                run_deployment(_deployment(queue).full_name, timeout=0)
                wanted, begun = False, time.monotonic()
        except Exception as error:  # noqa: BLE001 - a server that restarts, a file that goes: nobody else looks for weeks
            trouble = error.brief if isinstance(error, ShuoshuError) else Wording(f"{type(error).__name__}: {error}")
            if trouble != told:  # once
                told = trouble
                say(told)
        if stop.wait(LOOK_S):
            return


def _asked(queue: Queue) -> set[Request]:
    """What a night would make."""
    return set() if queue.paused else {one.request for one in queue.books if not one.paused}


if __name__ == "__main__":
    from flows.command import run_as_command

    run_as_command(night)
