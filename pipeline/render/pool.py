"""Worker processes: one per core (or per GPU), started fresh, gone when this process is gone."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache, partial
from typing import Any, ParamSpec, TypeVar

from pipeline.errors import RenderError
from pipeline.memory import give_back_freed

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 3
"""How often a piece of work is tried when its worker dies (out of memory, killed)."""


def cores() -> int:
    """CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def visible_gpus() -> tuple[str, ...]:
    """The NVIDIA GPUs this process may use, as CUDA_VISIBLE_DEVICES names them; none without a driver."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return tuple(one.strip() for one in named.split(",") if one.strip() and one.strip() != "-1")
    program = shutil.which("nvidia-smi")
    if not program:
        return ()
    told = subprocess.run([program, "-L"], capture_output=True, text=True, check=False).stdout
    return tuple(str(number) for number, line in enumerate(told.splitlines()) if line.startswith("GPU "))


class Workers:
    """`count` worker processes (0 = one per core). `run` may be called from several threads.

    Processes are spawned, not forked (threads and eSpeak's global state do not survive a fork), on first use.
    """

    def __init__(self, count: int = 0) -> None:
        self.asked = self.count = count or cores()
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._stopped = False

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is KeyboardInterrupt:
            self.stop()
        with self._lock:
            if self._pool and kind is KeyboardInterrupt:
                _ended(self._pool)
            elif self._pool:
                self._pool.shutdown(wait=True, cancel_futures=kind is not None)
            self._pool = None

    def stop(self) -> None:
        """End the processes in the middle of their work, because the user wants to; what they were writing is swept away
        by the next run. Work that is asked for from now on raises RenderError."""
        self._stopped = True
        with self._lock:
            for process in list((self._pool._processes or {}).values()) if self._pool else []:
                process.terminate()

    def at_most(self, count: int | None = None) -> None:
        """Work with fewer processes than asked for, where an engine must not run in all of them; None = as asked for."""
        self.renew()
        self.count = min(count or self.asked, self.asked)

    def renew(self) -> None:
        """Let the processes go; the next work gets fresh ones. Between stages, so that none holds what both need."""
        with self._lock:
            if self._pool:
                self._pool.shutdown(wait=True)
                self._pool = None

    def run(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do work in a process and wait. A worker that dies is replaced and the work tried again.

        Raises what the work raises; RenderError when workers die `ATTEMPTS` times over the same work.
        """
        for _ in range(ATTEMPTS):
            if self._stopped:
                raise RenderError("the work was stopped", fix="The same command goes on from there.")
            pool = self._live()
            try:
                return pool.submit(_done, partial(work, *args, **kwargs)).result()
            except BrokenProcessPool:
                self._replace(pool)
        raise RenderError(
            f"a worker process died {ATTEMPTS} times over the same work",
            fix="Most often memory ran out: try --workers 1. Finished lines are kept.",
        )

    def _live(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                context = multiprocessing.get_context("spawn")
                turns = context.Value("i", 0)
                self._pool = ProcessPoolExecutor(self.count, mp_context=context, initializer=_start, initargs=(turns,))
            return self._pool

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._pool is broken:
                broken.shutdown(wait=False, cancel_futures=True)
                self._pool = None


def _ended(pool: ProcessPoolExecutor) -> None:
    """Shut a pool down whose processes were ended. One that was just being started when the others were is in nobody's list
    yet; the pool would wait for it for ever."""
    held: Any = pool
    processes, manager = held._processes, held._executor_manager_thread
    pool.shutdown(wait=False, cancel_futures=True)
    while manager is not None and manager.is_alive():
        for process in list((processes or {}).values()):
            process.terminate()
        manager.join(0.1)


def _start(turns: Any) -> None:
    """A worker leaves Ctrl-C to its parent, and ends when the parent is gone, however it went. Each sees one GPU, in turns."""
    gpus = visible_gpus()
    if gpus:
        with turns.get_lock():
            os.environ["CUDA_VISIBLE_DEVICES"] = gpus[turns.value % len(gpus)]
            turns.value += 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent: Any = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


def _done(work: Callable[[], R]) -> R:
    """Do work in a worker, which then keeps no memory but what the next work finds useful."""
    try:
        return work()
    finally:
        give_back_freed()
