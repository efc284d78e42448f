"""How long a worker may say nothing before it is taken for hung: by what it was given, and by what its like have needed."""

from __future__ import annotations

import os
from collections.abc import Sequence

from pipeline import engines
from pipeline.engines.plausible import usual_seconds
from pipeline.errors import RenderError
from pipeline.render.plan import Job
from pipeline.wording import Wording

START_S = 300.0
"""For a process to start and an engine to load its weights from a slow disk."""
SPARE = 20.0
"""As many times the slowest pace of this run so far: other work on the machine, a batch of hard lines."""
MASTERING = 1.0
"""Seconds for each second of a chapter: 26 times what FLAC, MP3 and AAC together were measured to take (0.038 on two cores,
docs/scaling.md)."""


class Patience:
    """Limits for batches of one run. An engine that answers line by line has the limit for each of its lines anew."""

    def __init__(self) -> None:
        self._slowest: dict[str, float] = {}

    def limit(self, jobs: Sequence[Job]) -> float:
        """Seconds of silence to allow while `jobs` are rendered. Before the first batch of an engine is done, by the slowest
        pace that it admits to (`Capabilities.slowest`). SHUOSHU_WORKER_TIMEOUT_S has the last word; RenderError for one that
        is no number."""
        told = _told()
        if told is not None:
            return told
        name = jobs[0].direction.voice.engine
        pace = self._slowest.get(name)
        return START_S + _speech(jobs) * (
            engines.engine_class(name).capabilities.slowest if pace is None else SPARE * pace
        )

    def learn(self, jobs: Sequence[Job], seconds: float) -> None:
        """That `jobs` took so long."""
        name = jobs[0].direction.voice.engine
        self._slowest[name] = max(self._slowest.get(name, 0.0), seconds / max(_speech(jobs), 1.0))


def mastering_limit(seconds: float) -> float:
    """Seconds to allow for mastering a chapter of so many seconds, of which a worker says nothing. SHUOSHU_WORKER_TIMEOUT_S,
    meant for lines, can only give it longer; RenderError for one that is no number."""
    return max(START_S + MASTERING * seconds, _told() or 0.0)


def _told() -> float | None:
    """What SHUOSHU_WORKER_TIMEOUT_S says, if anything."""
    told = os.environ.get("SHUOSHU_WORKER_TIMEOUT_S", "")
    if not told:
        return None
    if not told.replace(".", "", 1).isdigit():
        raise RenderError(
            Wording(f"SHUOSHU_WORKER_TIMEOUT_S is {told!r}", f"SHUOSHU_WORKER_TIMEOUT_S 是 {told!r}"),
            fix=Wording("Give seconds, such as 600, or nothing.", "请给出秒数，如 600，或不设。"),
        )
    return float(told)


def _speech(jobs: Sequence[Job]) -> float:
    return sum(usual_seconds(job.direction.text, job.direction.language) / job.direction.speed for job in jobs)
