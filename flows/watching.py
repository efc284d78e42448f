"""Who watches a flow's progress, and Prefect's own log, in this process. A flow's parameters are data for Prefect's form, so
callbacks cannot be among them; the command line sets them here around the call."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.progress import Observer, Progress, unobserved
from pipeline.watch.log import Log, Records

_observer: Observer = unobserved
_records: Records | None = None
_CONTEXT = ("flow_run_name", "task_run_name")
"""What Prefect adds to its log records."""


@contextmanager
def watched_by(observer: Observer, log: Log | None = None) -> Iterator[None]:
    """Tell `observer` about progress while the context lasts, and `log` what Prefect logs; None = whoever had it before."""
    global _observer, _records
    before = _observer, _records
    _observer, _records = observer, Records(log, _CONTEXT) if log else _records
    try:
        yield
    finally:
        _observer, _records = before


def tell(step: Progress) -> None:
    """Pass a step on to whoever watches."""
    _observer(step)


@contextmanager
def recorded() -> Iterator[None]:
    """Pass on what Prefect logs while the context lasts. To be entered once Prefect is imported, which sets its loggers up."""
    logger, records = logging.getLogger("prefect"), _records
    if records is None or records in logger.handlers:
        yield
        return
    logger.addHandler(records)
    try:
        yield
    finally:
        logger.removeHandler(records)
