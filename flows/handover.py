"""Handing a production that this process has opened already to the flow that finishes it.

The command line opens a book first, to see whether anything is stale at all; the flow then works on the same one, so
that nothing is read twice. A flow that nobody handed anything opens the book itself.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from flows.watching import recorded
from pipeline.opening import Production
from pipeline.produce import Result
from pipeline.request import Request
from pipeline.retake import Retake

_handed: Production | None = None


def handed() -> AbstractContextManager[Production] | None:
    """The production handed to the flow that runs now, once; None when there is none."""
    global _handed
    production, _handed = _handed, None
    return nullcontext(production) if production is not None else None


def run_opened(production: Production, wish: Request | Retake, workers: int) -> Result:
    """Finish an opened production in the flow that fits the wish."""
    global _handed
    from flows.dub import dub_script
    from flows.dub import parameters as of_dub
    from flows.produce import parameters, produce_book, threads
    from flows.rerender import rerender_lines

    _handed = production
    try:
        with recorded():
            if isinstance(wish, Request):
                flow, values = (dub_script, of_dub(wish, wish.dub)) if wish.dub else (produce_book, parameters(wish))
                result: Result = flow.with_options(task_runner=threads(workers, wish.dask))(**values)
                return result
            run = rerender_lines.with_options(task_runner=threads(workers))
            return run(
                production.folder.path,
                list(wish.lines),
                wish.emotion,
                wish.speed,
                wish.text,
                wish.seed,
                wish.takes,
                workers,
            )
    finally:
        _handed = None
