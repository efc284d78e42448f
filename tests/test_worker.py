"""A worker's batch: what an engine doubts is tried again, kept with its flag, and known even after the run was killed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from pipeline.engines.base import Spoken
from pipeline.engines.espeak import EspeakEngine
from pipeline.errors import RenderError
from pipeline.nouns import Direction, Voice
from pipeline.render import worker
from pipeline.render.plan import Job
from pipeline.render.pool import Workers
from pipeline.takes.key import subject_of, take_key

TEXT = "天快黑了,河边一个人也没有."


class Doubter(EspeakEngine):
    """eSpeak with a seed, which doubts what it said with the seeds it was told to."""

    capabilities = replace(EspeakEngine.capabilities, seeded=True)

    def __init__(self, doubted: set[int]) -> None:
        self.doubted, self.asked = doubted, list[int]()

    def render(self, batch: Sequence[Direction]) -> Iterator[Spoken]:
        for one in super().render(batch):
            seed = batch[one.index].seed
            self.asked.append(seed)
            yield replace(one, doubts=("runaway",) if seed in self.doubted else ())


def _job() -> Job:
    direction = Direction("c01-1", TEXT, "zh", Voice("v", "espeak"), seed=3)
    return Job(take_key(direction), subject_of(direction), direction, ("c01-1",))


def _rendered(engine: Doubter, folder: Path, monkeypatch: pytest.MonkeyPatch, there: frozenset[str] = frozenset()):
    monkeypatch.setattr(worker, "engine_of", lambda _name: engine)
    [found] = worker.render_batch([_job()], folder)
    return found.take


def test_a_doubted_take_is_tried_with_new_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Doubter({3})
    take = _rendered(engine, tmp_path, monkeypatch)
    assert engine.asked == [3, 3 + 7919]
    assert (take.seed, take.flags) == (3 + 7919, ())


def test_a_take_that_stays_doubted_is_kept_with_its_flag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Doubter({3, 3 + 7919, 3 + 2 * 7919})
    take = _rendered(engine, tmp_path, monkeypatch)
    assert len(engine.asked) == 3
    assert take.flags == ("runaway",)


def test_a_killed_run_does_not_launder_a_doubted_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job, engine = _job(), Doubter(set())
    wave = next(EspeakEngine().render([job.direction])).wave
    worker._write(
        job.subject, job.direction, wave, ("runaway",), (), rate=22050, folder=tmp_path
    )  # and then it was killed
    taken = worker._taken_over(job, tmp_path)
    assert taken is not None
    assert taken.take.flags == ("runaway",)
    take = _rendered(engine, tmp_path, monkeypatch, frozenset({job.key}))
    assert engine.asked == [3]  # rendered anew, without a doubt this time
    assert take.flags == ()
    assert np.isfinite(wave).all()


def test_a_process_that_was_just_starting_does_not_outlive_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends the processes that are there; here it finds none, as when one is being started at that moment."""
    monkeypatch.setattr(Workers, "stop", lambda self: setattr(self, "_stopped", True))

    def asks(workers: Workers) -> None:
        with pytest.raises((RenderError, CancelledError, BrokenProcessPool)):  # by when the end comes
            workers.run(time.sleep, 600)

    workers = Workers(1)
    asking = Thread(target=asks, args=(workers,), daemon=True)
    asking.start()
    time.sleep(1.5)
    began = time.monotonic()
    workers.__exit__(KeyboardInterrupt)
    asking.join(20)
    assert not asking.is_alive()
    assert time.monotonic() - began < 30
