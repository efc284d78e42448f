"""What goes wrong while lines are rendered: a line that is refused, that kills or hangs its worker, a device that fails."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
import soundfile

from pipeline.errors import DeviceError, EngineError, RenderError
from pipeline.folder import BookFolder
from pipeline.mastering.record import load, load_timeline
from pipeline.nouns import Direction, Voice
from pipeline.opening import open_book, reopen
from pipeline.produce import Result, doubtful, finish, nothing_to_do
from pipeline.render import faults, pool, worker
from pipeline.render.crew import Crew
from pipeline.render.patience import Patience
from pipeline.render.plan import Job
from pipeline.render.pool import Workers
from pipeline.request import Request
from pipeline.takes import TakeStore
from pipeline.takes.journal import Rendered
from pipeline.takes.key import subject_of, take_key

pytestmark = pytest.mark.usefixtures("troubled")
POISON = 2
"""Which of five lines has the word."""


def batch(engine: str, count: int = 5, poison: tuple[int, ...] = (POISON,)) -> tuple[Job, ...]:
    jobs = []
    for number in range(count):
        text = f"这是第{number}句话" + ("有毒" if number in poison else "")
        direction = Direction(f"c01-{number:02d}", text, "zh", Voice("v", engine))
        jobs.append(Job(take_key(direction), subject_of(direction), direction, (direction.line_id,)))
    return tuple(jobs)


def rendered(jobs: tuple[Job, ...], folder: Path, workers: Crew | None) -> list[Rendered | EngineError]:
    with TakeStore(folder) as store:
        return faults.rendered(jobs, store, workers, Patience())


def whole(made: list[Rendered | EngineError]) -> list[int]:
    """The numbers of the lines that have a take, each looked at."""
    found = [number for number, one in enumerate(made) if isinstance(one, Rendered)]
    for number in found:
        one = made[number]
        assert isinstance(one, Rendered)
        assert soundfile.info(one.take.path).frames == one.take.frames
    return found


OTHERS = [number for number in range(5) if number != POISON]


@pytest.mark.parametrize("engine", ["refusing", "forgetful"])
def test_a_line_that_is_refused_costs_no_other_line(engine: str, tmp_path: Path) -> None:
    made = rendered(batch(engine), tmp_path / "takes", None)
    assert whole(made) == OTHERS
    refusal = made[POISON]
    assert isinstance(refusal, EngineError)
    assert (refusal.line, "c01-02" in refusal.what) == ("c01-02", True)


def test_a_refused_line_is_tried_three_times_and_no_other_again(troubled: Path, tmp_path: Path) -> None:
    rendered(batch("refusing"), tmp_path / "takes", None)
    asked = Counter(row.split()[1] for row in troubled.read_text().splitlines())
    assert asked.pop("c01-02") == worker.TRIES
    assert set(asked.values()) == {1}


@pytest.mark.parametrize("engine", ["deadly", "breaking", "hanging"])
def test_a_line_that_takes_its_worker_along_is_found_and_costs_no_other(
    engine: str, troubled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    if engine == "hanging":
        monkeypatch.setenv("SHUOSHU_WORKER_TIMEOUT_S", "5")
    count = 3 if engine == "hanging" else 5
    with Workers(1) as workers:
        made = rendered(batch(engine, count), tmp_path / "takes", workers)
        assert whole(made) == OTHERS[: count - 1]
        assert workers.run(os.getpid) != os.getpid(), "the workers go on"
    failure = made[POISON]
    assert isinstance(failure, DeviceError)
    says = {
        "deadly": "signal 9",
        "breaking": "ZeroDivisionError: somewhere deep down",
        "hanging": "said nothing for 5 s",
    }
    assert says[engine] in failure.what
    asked = Counter(row.split()[1] for row in troubled.read_text().splitlines())
    assert asked["c01-02"] <= 7
    assert all(count == 1 for line, count in asked.items() if line < "c01-02"), "their takes were in the journal"


def test_work_goes_on_elsewhere_when_a_worker_is_killed_from_outside(tmp_path: Path) -> None:
    jobs = batch("espeak", 5, ())
    with Workers(2) as workers:
        first = workers.run(os.getpid)
        killer = threading.Timer(0.2, os.kill, (first, signal.SIGKILL))
        killer.start()
        assert workers.run(partial(time.sleep, 0.6)) is None
        assert whole(rendered(jobs, tmp_path / "takes", workers)) == list(range(5))


def test_a_gpu_that_fails_where_another_does_not_gets_no_more_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    pool.visible_gpus.cache_clear()
    jobs = batch("onegpu", 48, ())
    batches = [jobs[at : at + 4] for at in range(0, 48, 4)]
    found: list[list[Rendered | EngineError]] = []
    with TakeStore(tmp_path / "takes") as store, Workers(2) as workers:
        patience = Patience()

        def work(mine: list[tuple[Job, ...]]) -> None:
            found.extend(faults.rendered(one, store, workers, patience) for one in mine)

        threads = [threading.Thread(target=work, args=(batches[at::2],)) for at in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert workers.drained == ("1",)
    pool.visible_gpus.cache_clear()
    assert len(found) == 12
    assert all(isinstance(one, Rendered) for made in found for one in made)


def test_the_only_gpu_is_not_blamed_for_what_it_then_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    pool.visible_gpus.cache_clear()
    jobs = batch("recovering", 10, (2, 7))
    with Workers(1) as workers:
        made = [one for at in (0, 5) for one in rendered(jobs[at : at + 5], tmp_path / "takes", workers)]
        assert workers.drained == ()
    pool.visible_gpus.cache_clear()
    assert whole(made) == list(range(10))
    assert len(list(tmp_path.glob("failed-*"))) == 2


def test_a_line_that_kills_workers_of_a_cluster_is_found_and_costs_no_other(tmp_path: Path) -> None:
    import dask
    from distributed import LocalCluster

    from pipeline.render.dask_crew import DaskCrew

    (tmp_path / "book").mkdir()
    patient = {
        "distributed.deploy.lost-worker-timeout": "1 hour"
    }  # LocalCluster gives up workers that die again too soon
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0, **patient}),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        DaskCrew(cluster.scheduler_address, tmp_path / "book") as crew,
    ):
        made = rendered(batch("deadly"), tmp_path / "book/takes", crew)
    assert whole(made) == OTHERS
    assert isinstance(made[POISON], DeviceError)


def test_a_machine_on_which_every_worker_dies_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "IN_A_ROW", 4)
    jobs = batch("deadly", 5, tuple(range(5)))
    with Workers(2) as workers, pytest.raises(RenderError, match="one after the other"):
        [rendered((one,), tmp_path / "takes", workers) for one in jobs]


# --- a whole book ---------------------------------------------------------------------------------------------------

BOOK = """第一章

林晚说：“你来了。”
“这里有毒，别碰。”老王说。
他停下了脚步。

第二章

天亮了。
"""
CAST = """language: zh
narrator: {voice: n}
voices: {n: {engine: espeak}, w: {engine: %s}}
characters: {老王: {voice: w}, 林晚: {voice: n}}
"""


def book(tmp_path: Path, engine: str, more: str = "") -> Request:
    (tmp_path / "b.txt").write_text(BOOK, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(CAST % engine + more, encoding="utf-8")
    return Request(tmp_path / "b.txt", tmp_path / "b.yaml", output=tmp_path / "out", formats="flac", deliver="timeline")


def produced(request: Request) -> Result:
    with open_book(request) as production:
        return nothing_to_do(production) or finish(production, 1)


def poison_line(folder: Path) -> str:
    with reopen(BookFolder(folder), lock=False) as production:
        return next(line.id for line in production.plan.lines if "毒" in line.text)


@pytest.mark.parametrize(
    ("engine", "says"), [("refusing", "no such word"), ("deadly", "failed 3 times: a worker process was killed")]
)
def test_the_run_stops_at_a_poison_line_and_keeps_the_others(engine: str, says: str, tmp_path: Path) -> None:
    request = book(tmp_path, engine)
    with pytest.raises((EngineError, RenderError), match=says):
        produced(request)
    with reopen(BookFolder(tmp_path / "out/b")) as production:
        assert {line: str(why) for line, why in production.plan.stale.items()} == {
            poison_line(tmp_path / "out/b"): "failed before"
        }
        [failure] = production.store.failures().values()
        assert (failure.tries, failure.stand_in) == (3, "")


@pytest.mark.parametrize(("how", "engine"), [("silence", "refusing"), ("placeholder", "deadly")])
def test_the_book_is_finished_around_a_poison_line(how: str, engine: str, tmp_path: Path) -> None:
    result = produced(book(tmp_path, engine, f"on_failure: {how}\n"))
    line = poison_line(result.folder)
    assert result.failed == (line,)
    assert result.mastered == (1, 2)
    assert result.delivered == ("timeline",)
    assert any(line in remark and "next run tries again" in remark for remark in result.remarks)
    master = load(result.folder / "chapters", "01 第一章")
    assert master is not None
    [segment] = [one for one in load_timeline(result.folder / "chapters", master).segments if one.line_id == line]
    wave, rate = soundfile.read(result.folder / f"takes/{segment.take[:2]}/{segment.take}.flac")
    assert 1.0 < len(wave) / rate < 4.0
    assert (abs(wave).max() > 0.05) == (how == "placeholder")
    with reopen(BookFolder(result.folder), lock=False) as production:
        assert production.plan.stale == {line: "failed before"}


def test_the_next_run_tries_a_quarantined_line_again(tmp_path: Path) -> None:
    request = book(tmp_path, "refusing", "on_failure: silence\n")
    result = produced(request)
    line = poison_line(result.folder)
    again = produced(request)  # as bad as before
    assert (again.failed, again.rendered, again.mastered) == ((line,), 0, ())
    (tmp_path / "b.yaml").write_text(CAST % "espeak", encoding="utf-8")
    mended = produced(request)
    assert (mended.failed, mended.rendered, mended.mastered) == ((), 1, (1,))
    with reopen(BookFolder(result.folder), lock=False) as production:
        assert production.store.failures() == {}
        assert doubtful(production)[0] == {}


def test_what_lost_workers_were_writing_is_gone_when_the_book_is_closed(tmp_path: Path) -> None:
    request = book(tmp_path, "refusing")
    half = [tmp_path / "out/b/takes/ab/.ab12.4242.part.flac", tmp_path / "out/b/chapters/.01.4242.part.flac"]
    with open_book(request) as production:
        for path in half:
            path.parent.mkdir(parents=True)
            path.write_bytes(b"fLaC")
        with pytest.raises(EngineError, match="no such word"):
            finish(production, 1)
    assert not any(path.exists() for path in half)


def test_status_report_and_summary_name_what_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from pipeline.cli import main

    request = book(tmp_path, "refusing")
    command = ["run", str(request.manuscript), "--cast", str(request.cast), "--output", str(request.output), "--plain"]
    assert (
        main(
            [
                *command,
                "--workers",
                "1",
                "--on-failure",
                "silence",
                "--json",
                "--deliver",
                "report",
                "--formats",
                "flac",
            ]
        )
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    line = poison_line(tmp_path / "out/b")
    assert told["failed"] == [line]
    assert main(["status", "b", "--output", str(request.output), "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["failed"][line]["why"], status["failed"][line]["tries"]) == (f"line {line}: no such word", 3)
    assert main(["review", "b", "--output", str(request.output), "--json"]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)["failed"]] == [line]
    report = json.loads(next((tmp_path / "out/b").glob("*report*.json")).read_text(encoding="utf-8"))
    assert [(one["kind"], one["line"]) for one in report["findings"] if one["kind"] == "stand_in"] == [
        ("stand_in", line)
    ]


def test_line_after_line_refused_is_no_poison_line_but_a_broken_engine(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("\n".join(f"第{n}句有毒。" for n in range(30)), encoding="utf-8")
    (tmp_path / "b.yaml").write_text(
        "language: zh\nnarrator: {voice: n}\nvoices: {n: {engine: refusing}}\non_failure: silence\n", encoding="utf-8"
    )
    with pytest.raises(EngineError, match="no such word"):
        produced(Request(tmp_path / "b.txt", tmp_path / "b.yaml", output=tmp_path / "out"))


def test_a_cast_file_that_asks_for_something_else_on_failure_is_refused(tmp_path: Path) -> None:
    from pipeline.errors import CastError

    with pytest.raises(CastError, match="on_failure 'silent' is unknown. Did you mean silence"):
        produced(book(tmp_path, "espeak", "on_failure: silent\n"))
