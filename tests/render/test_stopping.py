"""What is begun and what is not when a run is to stop; a worker that hangs while it masters; workers that come later."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from distributed import LocalCluster

from pipeline import chapters, rendering
from pipeline.chapters import make_chapter
from pipeline.errors import Stopped
from pipeline.nouns import Master, Take
from pipeline.opening import Production, open_book
from pipeline.produce import finish
from pipeline.progress import Progress, unobserved
from pipeline.render import patience
from pipeline.render.dask_crew import DaskCrew
from pipeline.render.plan import Job
from pipeline.render.pool import Workers
from pipeline.request import Request


def wait_for(go: Path, begun: Path) -> None:
    begun.touch()
    while not go.exists():
        time.sleep(0.02)


def test_work_that_waits_for_a_process_when_the_end_comes_is_not_begun(tmp_path: Path) -> None:
    late, refused = threading.Event(), list[Stopped]()
    go, first, second = tmp_path / "go", tmp_path / "first", tmp_path / "second"

    def waits() -> None:
        try:
            workers.run(partial(wait_for, go, second))
        except Stopped as stop:
            refused.append(stop)

    with Workers(1) as workers:
        workers.watch(lambda _: None, late.is_set)
        threads = [
            threading.Thread(target=workers.run, args=(partial(wait_for, go, first),)),
            threading.Thread(target=waits),
        ]
        threads[0].start()
        while not first.exists():
            time.sleep(0.02)
        threads[1].start()
        late.set()
        go.touch()
        for thread in threads:
            thread.join(30)
    assert len(refused) == 1
    assert not second.exists()


def test_a_cluster_has_no_more_at_hand_than_it_works_on_and_one_each(tmp_path: Path) -> None:
    late, refused = threading.Event(), list[Stopped]()
    go = tmp_path / "go"

    def asks(number: int) -> None:
        try:
            crew.run(partial(wait_for, go, tmp_path / f"begun{number}"))
        except Stopped as stop:
            refused.append(stop)

    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        DaskCrew(cluster.scheduler_address, tmp_path) as crew,
    ):
        crew.watch(lambda _: None, late.is_set)
        threads = [threading.Thread(target=asks, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        while not list(tmp_path.glob("begun*")):
            time.sleep(0.02)
        late.set()
        go.touch()
        for thread in threads:
            thread.join(60)
    assert len(list(tmp_path.glob("begun*"))) <= 2
    assert len(refused) >= 4


def hangs_once(job: chapters.ChapterJob) -> Master | tuple[Take, ...]:
    """Masters a chapter, but hangs the first time it is asked to."""
    hung = job.folder.parent / "hung"
    if not hung.exists():
        hung.touch()
        time.sleep(3600)
    return make_chapter(job)


def test_a_worker_that_hangs_while_it_masters_is_replaced(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "START_S", 8.0)
    monkeypatch.setattr(chapters, "make_chapter", hangs_once)
    told: list[Progress] = []
    with open_book(
        Request(book, output=tmp_path / "out", formats="flac", deliver="timeline"), told.append
    ) as production:
        result = finish(production, 1)
    assert result.mastered == (1, 2)
    assert [one.note for one in told if one.stage == "lost"] == ["silent"]


def test_a_long_chapter_is_waited_for_longer_and_a_limit_for_lines_never_makes_it_shorter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hour, usual = patience.mastering_limit(3600), patience.mastering_limit(60)
    assert hour > usual > 60
    monkeypatch.setenv("SHUOSHU_WORKER_TIMEOUT_S", "5")
    assert patience.mastering_limit(3600) == hour
    monkeypatch.setenv("SHUOSHU_WORKER_TIMEOUT_S", "86400")
    assert patience.mastering_limit(3600) == 86400


def long_book(tmp_path: Path, lines: int) -> Request:
    (tmp_path / "long.txt").write_text("\n".join(f"这是第{n}句话。" for n in range(lines)), encoding="utf-8")
    return Request(tmp_path / "long.txt", output=tmp_path / "out", formats="flac", deliver="timeline")


def test_workers_that_join_later_get_batches_ahead_as_the_first_had(tmp_path: Path) -> None:
    """A cluster of one worker that soon has four."""
    counts = iter([1, 1])

    class Growing:
        @property
        def count(self) -> int:
            return next(counts, 4)

        def at_most(self, count: int | None = None) -> None: ...

    given, waited, ahead = [0], [0], list[int]()

    def submit(batch: tuple[Job, ...]) -> Callable[[], float | None]:
        given[0] += 1
        ahead.append(given[0] - waited[0])

        def wait() -> float:
            waited[0] += 1
            return 0.0

        return wait

    with open_book(long_book(tmp_path, 1000)) as production:
        rendering.render_in_turn(production, submit, Growing(), unobserved)
    assert given == waited
    assert max(ahead) == 4 * rendering.AHEAD


def test_a_cluster_is_given_batches_by_more_threads_than_it_had_workers_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(rendering.AHEAD, timeout=60)
    real = rendering.render

    def render(production: Production, batch: tuple[Job, ...], workers: DaskCrew) -> float | None:
        if len(seen) < rendering.AHEAD:
            seen.append(len(batch))
            together.wait()
        return real(production, batch, workers)

    seen: list[int] = []
    monkeypatch.setattr(rendering, "render", render)
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        open_book(long_book(tmp_path, 220)) as production,
    ):
        result = finish(production, dask=cluster.scheduler_address)
    assert result.rendered == 220
