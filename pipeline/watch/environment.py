"""What a process is to be watched by, as its environment says: how a served queue passes its wishes on to its nights, each a
process of its own, and how a worker of Prefect's is told."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.progress import Observer
from pipeline.watch.log import Log

METRICS_FILE, LOG_JSON, LOG_FILE = "SHUOSHU_METRICS_FILE", "SHUOSHU_LOG_JSON", "SHUOSHU_LOG_FILE"


def log() -> Log | None:
    """The log that SHUOSHU_LOG_JSON (1 = on standard error) and SHUOSHU_LOG_FILE ask for; None for none."""
    console, file = os.environ.get(LOG_JSON, "") not in ("", "0"), os.environ.get(LOG_FILE, "")
    return Log(console, Path(file) if file else None) if console or file else None


def counter() -> Observer | None:
    """What counts into the file that SHUOSHU_METRICS_FILE names; None for none."""
    path = os.environ.get(METRICS_FILE, "")
    if not path:
        return None
    from pipeline.watch.metrics import ToFile

    return ToFile(Path(path))
