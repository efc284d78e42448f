"""Worker processes: one per core (or per GPU), replaced when they die or hang, gone when this process is gone."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pipeline.errors import DeviceError, RenderError, ShuoshuError
from pipeline.memory import give_back_freed
from pipeline.render.crew import BLAMED, never, not_begun, stopped, tried
from pipeline.wording import Wording

R = TypeVar("R")

IN_A_ROW = 12
"""Workers lost one after the other, with nothing done in between, after which the machine is at fault and not the work: more
than a batch of 64 lines with one that kills its worker can cost (see `faults.rendered`)."""


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


@dataclass(slots=True, eq=False)
class _Place:
    """Where a worker works: on `gpu` ("" = none). `process`, and our end of the `pipe` to it, while there is one."""

    gpu: str = ""
    process: Any = None
    pipe: Any = None

    def end(self, *, gently: bool = False) -> None:
        """End the process; gently: let it finish what it does at its end."""
        if self.process is None:
            return
        self.pipe.close()
        if gently:
            self.process.join(10)
        self.process.kill()
        self.process.join()
        self.process = self.pipe = None


class Workers:
    """A crew (see `crew.Crew`) of `count` worker processes (0 = one per core).

    Processes are spawned, not forked (threads and eSpeak's global state do not survive a fork), on first use.
    """

    def __init__(self, count: int = 0) -> None:
        self.asked = self.count = count or cores()
        self._turn = threading.Condition()
        self._places: list[_Place] | None = None
        self._free: list[_Place] = []
        self._stopped = False
        self._lost_in_a_row = 0
        self._blamed: Counter[str] = Counter()
        self._lost: Callable[[str], None] = _nobody
        self._stop_when = never

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is KeyboardInterrupt:
            self.stop()
        if kind is not None:
            self._stopped = True
        self.renew()

    def watch(self, lost: Callable[[str], None], stop_when: Callable[[], bool] = never) -> None:
        """See `crew.Crew.watch`."""
        self._lost, self._stop_when = lost, stop_when

    def stop(self) -> None:
        """End the processes in the middle of their work, because the user wants to; what they were writing is swept away
        by the next run. Work that is asked for from now on raises RenderError."""
        with self._turn:
            self._stopped = True
            for place in self._places or ():
                if place.process is not None:
                    place.process.terminate()
            self._turn.notify_all()

    def at_most(self, count: int | None = None) -> None:
        """Work with fewer processes than asked for, where an engine must not run in all of them; None = as asked for."""
        self.renew()
        self.count = min(count or self.asked, self.asked)
        if count is None:
            self._blamed.clear()

    def renew(self) -> None:
        """Let the processes go, each when its work is done; the next work gets fresh ones. Between stages, so that none holds
        what both need."""
        with self._turn:
            self._turn.wait_for(lambda: len(self._free) == len(self._places or ()))
            for place in self._free:
                place.end(gently=True)
            self._places, self._free = None, []

    def run(self, work: Callable[[], R], limit: float | None = None) -> R:
        """See `Crew.run`."""
        return tried(lambda: self.try_once(work, limit))

    def try_once(self, work: Callable[[], R], limit: float | None = None, avoid: frozenset[str] = frozenset()) -> R:
        """Do work in a process and wait, away from the GPUs in `avoid` where there are others.

        Raises what the work raises; DeviceError when the worker dies, says nothing for `limit` seconds (see `alive`) and is
        killed, or the work itself raised one: the process is then replaced. RenderError after `stop`, or when nothing but
        losses happens any more. Stopped when a process is free for it and nothing more is to be begun.
        """
        place, usable, how = self._taken(avoid), False, "ended"
        try:
            if self._stop_when():
                usable = True
                raise not_begun()
            kind, value = self._answer(place, work, limit)
            usable, how = not isinstance(value, DeviceError), "silent" if kind == "silent" else "device"
        except (OSError, EOFError):
            place.process.join(5)
            value = DeviceError(
                _how(place.process.exitcode),
                fix=Wording("Most often memory ran out: try --workers 1.", "多半是内存不够：请试 --workers 1。"),
            )
            kind = "failed"
        finally:
            self._given_back(place, usable)
        if kind == "done":
            result: R = value
            return result
        if isinstance(value, DeviceError):
            if self._stopped:
                raise stopped()
            self._lost(how)
            value.device = place.gpu
        raise value

    def blame(self, devices: frozenset[str]) -> None:
        """See `crew.Crew.blame`; a device is a GPU here."""
        with self._turn:
            if any(place.gpu not in devices for place in self._places or ()):
                self._blamed.update(devices)

    @property
    def drained(self) -> tuple[str, ...]:
        """GPUs that get no more work in this run, by their numbers."""
        return tuple(sorted(gpu for gpu, count in self._blamed.items() if count >= BLAMED))

    def _answer(self, place: _Place, work: Callable[[], object], limit: float | None) -> tuple[str, Any]:
        place.pipe.send(work)
        while place.pipe.poll(limit):
            kind, value = place.pipe.recv()
            if kind != "ready" and not isinstance(value, DeviceError):
                self._lost_in_a_row = 0
            if kind not in ("ready", "alive"):
                return kind, value
        return "silent", DeviceError(
            Wording(
                f"a worker process said nothing for {limit:.0f} s and was ended",
                f"工作进程 {limit:.0f} 秒没有响应，已结束",
            ),
            fix=Wording("SHUOSHU_WORKER_TIMEOUT_S gives it longer.", "可用 SHUOSHU_WORKER_TIMEOUT_S 放宽时限。"),
        )

    def _taken(self, avoid: frozenset[str]) -> _Place:
        """A place with a live process, for the caller alone."""
        with self._turn:
            if self._places is None:
                gpus = visible_gpus() or ("",)
                self._places = [_Place(gpus[at % len(gpus)]) for at in range(self.count)]
                self._free = [place for place in self._places if place.gpu not in self.drained] or list(self._places)
                self._places = list(self._free)
            place = None
            while place is None:
                if self._stopped:
                    raise stopped()
                wanted = [one for one in self._places if one.gpu not in avoid] or self._places
                place = next((one for one in self._free if one in wanted), None)
                if place is None:
                    self._turn.wait()
            if self._lost_in_a_row >= IN_A_ROW:
                raise RenderError(
                    Wording(
                        f"{IN_A_ROW} worker processes failed one after the other, and nothing was done in between",
                        f"连续 {IN_A_ROW} 个工作进程失败，其间没有任何进展",
                    ),
                    fix=Wording(
                        "Is there memory and a working device? Try --workers 1. Finished lines are kept.",
                        "请检查内存和设备；可试 --workers 1。做完的行都保留。",
                    ),
                )
            self._free.remove(place)
            if place.process is None:
                _start(place)
            return place

    def _given_back(self, place: _Place, usable: bool) -> None:
        with self._turn:
            if not usable:
                place.end()
                self._lost_in_a_row += 1
            places = self._places or []
            if place.gpu in self.drained and any(one.gpu not in self.drained for one in places):
                place.end(gently=True)
                places.remove(place)
            else:
                self._free.append(place)
            self._turn.notify_all()


def _nobody(_how: str) -> None:
    """Nobody watches."""


def _how(code: int | None) -> Wording:
    """How a process ended, for people."""
    if code is None or code >= 0:
        return Wording(
            f"a worker process ended in the middle of its work (exit code {code})", f"工作进程中途退出（退出码 {code}）"
        )
    name = f"{-code}, {signal.strsignal(-code)}"
    return Wording(f"a worker process was killed (signal {name})", f"工作进程被终止（信号 {name}）")


# --- processes ------------------------------------------------------------------------------------------------------

_to_parent: Any = None


def alive() -> None:
    """Tell whoever waits for the work at hand that it goes on. Does nothing outside of a worker process."""
    if _to_parent is not None:
        _to_parent.send(("alive", None))


def _start(place: _Place) -> None:
    context = multiprocessing.get_context("spawn")
    place.pipe, theirs = context.Pipe()
    place.process = context.Process(target=_serve, args=(theirs, place.gpu), name="shuoshu worker")
    place.process.start()
    theirs.close()


def _serve(pipe: Any, gpu: str) -> None:
    """A worker's life: work comes through the pipe, answers go back, until the pipe is closed. It leaves Ctrl-C to its parent,
    and ends when the parent is gone, however it went."""
    global _to_parent
    if gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent: Any = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    _to_parent = pipe
    pipe.send(("ready", None))
    while True:
        try:
            work = pipe.recv()  # its modules are imported now
        except EOFError:
            return
        pipe.send(("ready", None))
        pipe.send(_done(work))
        del work
        give_back_freed()


def _done(work: Callable[[], object]) -> tuple[str, object]:
    """What became of a piece of work, in a form that travels."""
    try:
        return "done", work()
    except ShuoshuError as error:
        return "failed", error
    except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits raises it
        error.add_note(traceback.format_exc())
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        except Exception:  # noqa: BLE001 - errors are rebuilt by code of their own, which may raise anything
            error = RuntimeError(f"{type(error).__name__}: {error}\n{traceback.format_exc()}")
        return "failed", error
