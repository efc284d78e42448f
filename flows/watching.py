"""Who watches a flow's progress in this process. A flow's parameters are data for Prefect's form, so a callback cannot
be one of them; the command line sets it here around the call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.progress import Observer, Progress, unobserved

_observer: Observer = unobserved


@contextmanager
def watched_by(observer: Observer) -> Iterator[None]:
    """Tell `observer` about progress while the context lasts."""
    global _observer
    before, _observer = _observer, observer
    try:
        yield
    finally:
        _observer = before


def tell(step: Progress) -> None:
    """Pass a step on to whoever watches."""
    _observer(step)
