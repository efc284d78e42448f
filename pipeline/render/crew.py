"""Who does the work: processes of this machine (`pool`), or the workers of a Dask cluster (`dask_crew`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeVar

from pipeline.errors import DeviceError, RenderError, Stopped
from pipeline.wording import Wording, chinese_of

R = TypeVar("R")

ATTEMPTS = 3
"""How often a piece of work is tried when its worker dies (out of memory, killed, lent and taken back)."""
BLAMED = 2
"""So many batches that one device failed over and another did take a device out of the run."""
CLUSTER_THREADS = 512
"""Threads that only wait for a cluster's workers; how many those are, and will be, is not known."""


class Crew(Protocol):
    """Does pieces of work elsewhere. `run` may be called from several threads; leave the context to let the workers go."""

    @property
    def count(self) -> int:
        """How many pieces of work can be done at once."""
        ...

    def run(self, work: Callable[[], R], limit: float | None = None) -> R:
        """Do work and wait. A worker that dies, or says nothing for `limit` seconds, is replaced and the work tried again.

        Raises what the work raises; RenderError when workers are lost `ATTEMPTS` times over the same work, or after `stop`;
        Stopped as `try_once`.
        """
        ...

    def try_once(self, work: Callable[[], R], limit: float | None = None, avoid: frozenset[str] = frozenset()) -> R:
        """Do work once and wait, away from the devices in `avoid` where there are others.

        Raises what the work raises; DeviceError when its worker dies, or says nothing for `limit` seconds where that can be
        told, or its device fails: `device` is then set. RenderError after `stop`; Stopped, and the work is not begun, when its
        turn comes and nothing more is to be begun (see `watch`).
        """
        ...

    def blame(self, devices: frozenset[str]) -> None:
        """Say that work failed on these devices which was then done away from them, where there are others. One that
        another did it for twice gets no more work."""
        ...

    @property
    def drained(self) -> tuple[str, ...]:
        """Devices that get no more work in this run."""
        ...

    def at_most(self, count: int | None = None) -> None:
        """Work with fewer processes of this machine, where an engine must not run in all of them; None = as asked for."""
        ...

    def renew(self) -> None:
        """Let go of what workers hold of the work so far. Between stages, so that none holds what both need."""
        ...

    def watch(self, lost: Callable[[str], None], stop_when: Callable[[], bool]) -> None:
        """Have `lost` called, from any thread, whenever a worker is lost, with how: see "lost" in `progress`; and `stop_when`
        before a piece of work is begun: True = begin nothing more."""
        ...

    def stop(self) -> None:
        """End the work in its middle, because the user wants to. Work that is asked for from now on raises RenderError."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def crew(folder: Path, processes: int = 0, dask: str = "") -> Crew:
    """For the book in `folder`: a Dask cluster's workers where the address of its scheduler is given, else `processes` of this
    machine (0 = one per core).

    Raises RenderError for a cluster that cannot be reached.
    """
    if dask:
        from pipeline.render.dask_crew import DaskCrew

        return DaskCrew(dask, folder)
    from pipeline.render.pool import Workers

    return Workers(processes)


def tried(once: Callable[[], R]) -> R:
    """Work done by `once`, a `Crew.try_once`, and once more where its worker was lost. Raises RenderError after `ATTEMPTS`."""
    for _ in range(ATTEMPTS):
        try:
            return once()
        except DeviceError as error:
            lost = error
    raise RenderError(
        Wording(
            f"workers failed {ATTEMPTS} times over the same work: {lost.what}",
            f"同一份工作失败了 {ATTEMPTS} 次：{chinese_of(lost.what)}",
        ),
        fix=lost.fix,
    ) from lost


def stopped() -> RenderError:
    """What work raises that is stopped, or asked for after that."""
    return RenderError(
        Wording("the work was stopped", "工作已停止"),
        fix=Wording("The same command goes on from there.", "再次运行同一命令即可接着做。"),
    )


def never() -> bool:
    """Nobody ends the work before its end."""
    return False


def not_begun() -> Stopped:
    """What work raises whose turn comes when nothing more is to be begun."""
    return Stopped(Wording("stopped between two pieces of work", "在两件工作之间停下"))
