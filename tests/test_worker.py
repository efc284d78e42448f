"""A worker's batch: what an engine doubts is tried again, kept with its flag, and known even after the run was killed."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread

import pytest

from pipeline.engines.base import Spoken
from pipeline.engines.espeak import EspeakEngine
from pipeline.errors import BookFolderError, EngineError, RenderError
from pipeline.nouns import Direction, Take, Voice
from pipeline.render import worker
from pipeline.render.plan import Job
from pipeline.render.pool import Workers
from pipeline.takes import TakeStore
from pipeline.takes.journal import Journal, Rendered
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


def _rendered(engine: Doubter, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Take:
    monkeypatch.setattr(worker, "engine_of", lambda _name: engine)
    [found] = worker.render_batch([_job()], folder)
    assert isinstance(found, Rendered)
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


def test_a_killed_run_does_not_launder_a_doubted_take(tmp_path: Path) -> None:
    job = _job()
    wave = next(EspeakEngine().render([job.direction])).wave
    with Journal(tmp_path) as journal:
        worker.write(job, job.direction, wave, ("runaway",), (), rate=22050, folder=tmp_path, journal=journal)
    with TakeStore(tmp_path) as store:  # and then the run was killed
        store.absorb()
        assert store.flagged() == {job.key: ("runaway",)}


def test_a_refused_seed_does_not_lose_the_flagged_take_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Choosy(Doubter):
        def render(self, batch: Sequence[Direction]) -> Iterator[Spoken]:
            if batch[0].seed != 3:
                raise EngineError("not with that seed", line=batch[0].line_id)
            yield from super().render(batch)

    take = _rendered(Choosy({3}), tmp_path, monkeypatch)
    assert (take.seed, take.flags) == (3, ("runaway",))


def test_a_disk_that_is_away_for_a_moment_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a network file system answers while its server restarts."""
    monkeypatch.setattr(worker, "PATIENCE_S", 0.01)
    real, answers = Path.write_bytes, [errno.ESTALE, errno.EIO]

    def write_bytes(path: Path, data: bytes) -> int:
        if answers:
            raise OSError(answers.pop(), "away")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    assert _rendered(Doubter(set()), tmp_path, monkeypatch).path.is_file()
    assert not answers
    answers += [errno.EIO] * worker.TRIES
    with pytest.raises(BookFolderError, match="away"):
        _rendered(Doubter(set()), tmp_path, monkeypatch)


def test_an_interrupt_ends_workers_in_the_middle_of_their_work_and_while_they_start() -> None:
    workers, ended = Workers(1), list[BaseException]()

    def asks(seconds: float) -> None:
        try:
            workers.run(partial(time.sleep, seconds))
        except RenderError as error:
            ended.append(error)

    threads = [Thread(target=asks, args=(600,), daemon=True) for _ in range(3)]  # one works, two wait
    for thread in threads:
        thread.start()
    time.sleep(0.05)  # the process is still starting
    workers.__exit__(KeyboardInterrupt)
    for thread in threads:
        thread.join(20)
    assert [str(one).splitlines()[0] for one in ended] == ["the work was stopped"] * 3


def test_a_worker_ends_with_its_parent_however_that_went(tmp_path: Path) -> None:
    script = (
        "import os, sys, time\nfrom functools import partial\nfrom pipeline.render.pool import Workers\n"
        "if __name__ == '__main__':\n"
        "    w = Workers(1)\n    print(w.run(os.getpid), flush=True)\n    w.run(partial(time.sleep, 600))\n"
    )
    (tmp_path / "run.py").write_text(script)
    parent = subprocess.Popen([sys.executable, tmp_path / "run.py"], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the worker outlived its parent")
