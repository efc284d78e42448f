"""Who does the work: processes of this machine (`pool`), or the workers of a Dask cluster (`dask_crew`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Protocol, Self, TypeVar

from pipeline.errors import DeviceError, RenderError
from pipeline.wording import Wording, chinese_of

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 3
"""How often a piece of work is tried when its worker dies (out of memory, killed, lent and taken back)."""
BLAMED = 2
"""So many batches that one device failed over and another did take a device out of the run."""


class Crew(Protocol):
    """Does pieces of work elsewhere. `run` may be called from several threads; leave the context to let the workers go."""

    @property
    def count(self) -> int:
        """How many pieces of work can be done at once."""
        ...

    def run(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do work and wait. A worker that dies is replaced and the work tried again.

        Raises what the work raises; RenderError when workers die `ATTEMPTS` times over the same work, or after `stop`.
        """
        ...

    def try_once(self, work: Callable[[], R], limit: float | None = None, avoid: frozenset[str] = frozenset()) -> R:
        """Do work once and wait, away from the devices in `avoid` where there are others.

        Raises what the work raises; DeviceError when its worker dies, or says nothing for `limit` seconds where that can be
        told, or its device fails: `device` is then set. RenderError after `stop`.
        """
        ...

    def blame(self, devices: frozenset[str]) -> None:
        """Say that work failed on these devices which another one did. One that is blamed twice gets no more work."""
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

    def watch(self, lost: Callable[[str], None]) -> None:
        """Have `lost` called, from any thread, whenever a worker is lost, with how: see "lost" in `progress`."""
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
