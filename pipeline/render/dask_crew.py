"""The workers of an existing Dask cluster, on many machines that share a file system.

Dask moves the work; takes and chapters are written by the workers where this process would write them. Pieces of work are
safe to do twice: files are written beside their name and renamed, and the same work gives the same bytes.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pipeline import engines
from pipeline.errors import DeviceError, RenderError
from pipeline.memory import give_back_freed
from pipeline.render.crew import BLAMED, never, not_begun, stopped, tried
from pipeline.wording import Wording

R = TypeVar("R")

ALONE_S = 600.0
"""How long a run waits for a cluster that has lost all its workers."""
_LOOK_S = 10.0
CONNECT_S = 20.0
"""Longest wait for the scheduler, and for the first worker."""
AT_HAND = 2
"""Pieces of work that Dask has for each worker at a time: one that is done, and one that waits so that no worker does."""


class DaskCrew:
    """A crew (see `crew.Crew`) of all workers that the scheduler at `address` (``tcp://host:8786``) has, those that join later
    included. One thread each: a voice's library is not made for two.

    folder: the book's, which every worker must see under this path. Raises RenderError for a missing package, or an address
    that no cluster with a worker answers at.
    """

    def __init__(self, address: str, folder: Path) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise RenderError(
                Wording("Dask is not installed", "没有安装 Dask"),
                fix=Wording("pip install 'shuoshu[dask]'", "请运行 pip install 'shuoshu[dask]'"),
            ) from error
        try:
            self._client: Any = Client(address, timeout=CONNECT_S, set_as_default=False)
            self._client.wait_for_workers(1, timeout=CONNECT_S)
        except (OSError, TimeoutError, ValueError) as error:
            raise RenderError(
                Wording(
                    f"no Dask cluster at work at {address} ({_short(error)})",
                    f"{address} 没有可用的 Dask 集群（{_short(error)}）",
                ),
                fix=Wording(
                    "Start `dask scheduler` and `dask worker ADDRESS --nthreads 1`, or correct --address.",
                    "请启动 dask scheduler 和 dask worker 地址 --nthreads 1，或更正 --address。",
                ),
            ) from error  # fmt: skip
        self._turn, self._running, self._stopped = threading.Condition(), set[Any](), False
        self._stop_when = never
        self._blamed: Counter[str] = Counter()
        self._died: Callable[[str], None] | None = None
        self._token = folder / f".seen.{uuid.uuid4().hex}.{os.getpid()}.part"
        self._token.touch()
        self._count = self.count

    @property
    def count(self) -> int:
        """How many workers there are now."""
        count = max(1, len(self._client.nthreads()))
        with self._turn:
            self._count = count
            self._turn.notify_all()
        return count

    def run(self, work: Callable[[], R], limit: float | None = None) -> R:
        """See `Crew.run`. Each time Dask itself gives the work of a worker that died to another, three times as a cluster
        comes set up: machines that are lent may go at any moment."""
        return tried(lambda: self.try_once(work, limit))

    def try_once(self, work: Callable[[], R], limit: float | None = None, avoid: frozenset[str] = frozenset()) -> R:
        """See `Crew.try_once`; a device is a worker here. Whether a worker hangs cannot be told from one whose turn has not
        come: `limit` says nothing, Dask's own heartbeats do. Dask is given `AT_HAND` pieces of work a worker at a time."""
        from distributed import CancelledError, KilledWorker

        away = avoid.union(self.drained)
        others = [one for one in self._client.nthreads() if one not in away] if away else []
        with self._turn:
            self._turn.wait_for(lambda: self._stopped or len(self._running) < AT_HAND * self._count)
            if self._stopped:
                raise stopped()
            if self._stop_when():
                raise not_begun()
            future = self._client.submit(
                _done, work, str(self._token), _voices(), key=f"work-{uuid.uuid4().hex}", pure=False,
                workers=others or None, allow_other_workers=bool(others),
            )  # fmt: skip
            self._running.add(future)
        try:
            result: R = self._waited_for(future)
        except CancelledError as error:
            raise (stopped() if self._stopped else _lost()) from error
        except KilledWorker as error:
            self._tell("ended")
            raise DeviceError(
                Wording("Dask workers died over this work", "Dask worker 在这份工作上退出"),
                fix=Wording("Look at their logs; most often memory ran out.", "请查看它们的日志；多半是内存不够。"),
            ) from error
        except DeviceError:
            self._tell("device")
            raise
        finally:
            with self._turn:
                self._running.discard(future)
                self._turn.notify_all()
            future.release()  # a result that somebody holds would be computed again when its worker dies
        return result

    def _waited_for(self, future: Any) -> Any:
        """The future's result. Raises RenderError when the cluster has had no worker for `ALONE_S`."""
        done, alone_since = threading.Event(), None
        future.add_done_callback(lambda _: done.set())
        while not done.wait(_LOOK_S):
            alone_since = None if self._client.nthreads() else alone_since or time.monotonic()
            if alone_since and time.monotonic() - alone_since > ALONE_S:
                raise _alone()
        return future.result()

    def blame(self, devices: frozenset[str]) -> None:
        """See `Crew.blame`."""
        if any(one not in devices for one in self._client.nthreads()):
            self._blamed.update(devices)

    @property
    def drained(self) -> tuple[str, ...]:
        """See `Crew.drained`."""
        return tuple(sorted(one for one, count in self._blamed.items() if count >= BLAMED))

    def at_most(self, count: int | None = None) -> None:
        """See `Crew.at_most`: says nothing about other machines, where a worker is started for each device."""

    def renew(self) -> None:
        """See `Crew.renew`: workers hold nothing between pieces of work but their loaded voices."""

    def watch(self, lost: Callable[[str], None], stop_when: Callable[[], bool] = never) -> None:
        """See `Crew.watch`. Of workers that die while Dask can give their work to others nothing is told."""
        self._died, self._stop_when = lost, stop_when

    def _tell(self, how: str) -> None:
        if self._died and not self._stopped:
            self._died(how)

    def stop(self) -> None:
        """See `Crew.stop`. What a worker is doing just now it does to its end, but nobody waits for it."""
        with self._turn:
            self._stopped, running = True, list(self._running)
            self._turn.notify_all()
        with contextlib.suppress(OSError, RuntimeError):  # a scheduler that is gone has nothing left to cancel
            self._client.cancel(running, force=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.stop()
        self._client.close()
        self._token.unlink(missing_ok=True)


def _done(work: Callable[[], R], token: str, voices: tuple[tuple[str, str], ...]) -> R:
    """On a worker: do the work, where it can be done as the run's own machine would."""
    from distributed import get_worker

    _check(token, voices)
    try:
        return work()
    except DeviceError as error:
        error.device = get_worker().address
        raise
    finally:
        give_back_freed()


def _check(token: str, voices: tuple[tuple[str, str], ...]) -> None:
    """Raise RenderError where this worker does not see the book's folder, has several threads, or other engines."""
    from distributed import get_worker

    worker = get_worker()
    if not Path(token).exists():
        raise _unfit(
            worker.address, f"does not see {Path(token).parent}", f"看不到 {Path(token).parent}",
            "Let every machine mount the output folder at the same path.", "请让每台机器把输出文件夹挂载到同一路径。",
        )  # fmt: skip
    if worker.state.nthreads != 1:
        raise _unfit(
            worker.address, f"has {worker.state.nthreads} threads", f"有 {worker.state.nthreads} 个线程",
            "Start it with --nthreads 1, and more workers instead.", "请用 --nthreads 1 启动，需要并行时多开几个 worker。",
        )  # fmt: skip
    if _voices() != voices:
        raise _unfit(
            worker.address, "has other engines or versions than the run", "的引擎或版本与发起运行的机器不同",
            "Install the same version of Shuoshu on all machines.", "请在所有机器上安装同一版本的说书。",
        )  # fmt: skip


@cache
def _voices() -> tuple[tuple[str, str], ...]:
    return tuple((name, engines.engine_class(name).version) for name in engines.names())


def _unfit(worker: str, english: str, chinese: str, fix: str, fix_chinese: str) -> RenderError:
    return RenderError(
        Wording(f"the Dask worker {worker} {english}", f"Dask worker {worker} {chinese}"), fix=Wording(fix, fix_chinese)
    )


def _alone() -> RenderError:
    return RenderError(
        Wording("the Dask cluster has no worker any more", "Dask 集群里已经没有 worker"),
        fix=Wording(
            "Start some and run the same command: finished lines are kept.",
            "请启动 worker 后再运行同一命令；已完成的行都会保留。",
        ),
    )


def _lost() -> RenderError:
    return RenderError(
        Wording("the Dask scheduler is gone", "与 Dask 调度器的连接断了"),
        fix=Wording(
            "Start it again and run the same command: finished lines are kept.",
            "请重新启动它，再运行同一命令；已完成的行都会保留。",
        ),
    )


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
