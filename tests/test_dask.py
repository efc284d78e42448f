"""Work on a Dask cluster: real schedulers and workers, each a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from distributed import LocalCluster

from pipeline import chapters
from pipeline.errors import RenderError
from pipeline.files import sha256_file
from pipeline.opening import open_book
from pipeline.produce import Result, finish
from pipeline.progress import unobserved
from pipeline.render import dask_crew
from pipeline.request import Request
from tests.conftest import shuoshu

LONG = "\n\n".join(
    f"第{n}章 路上\n\n" + "\n".join(f"林晚说：“这是第{n}章的第{m}句话。”老王听了第{m}遍。" for m in range(12))
    for n in (1, 2)
)


@contextmanager
def cluster(workers: int = 2, threads: int = 1) -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=workers, threads_per_worker=threads, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield running


@pytest.fixture
def long_book(tmp_path: Path) -> Path:
    path = tmp_path / "long.txt"
    path.write_text(LONG, encoding="utf-8")
    return path


def made(manuscript: Path, output: Path, dask: str = "") -> tuple[Result, dict[str, str]]:
    """The result, and the hash of every take and chapter file by its place in the book's folder."""
    with open_book(Request(manuscript, output=output, formats="flac,m4a", deliver="timeline")) as production:
        result = finish(production, 1, dask=dask)
    files = [*(result.folder / "takes").rglob("*.flac"), *(result.folder / "chapters").glob("*.*")]
    return result, {str(path.relative_to(result.folder)): sha256_file(path) for path in files if path.suffix != ".json"}


def test_a_cluster_makes_the_same_bytes_though_a_worker_is_killed(long_book: Path, tmp_path: Path) -> None:
    _, here = made(long_book, tmp_path / "here")
    with cluster() as running:
        killed = []

        def kill_one() -> None:
            takes = tmp_path / "there/long/takes"
            while not list(takes.rglob("*.flac")):
                time.sleep(0.05)
            worker = next(iter(running.workers.values()))
            os.kill(worker.process.pid, signal.SIGKILL)
            killed.append(worker)

        threading.Thread(target=kill_one, daemon=True).start()
        result, there = made(long_book, tmp_path / "there", running.scheduler_address)
        assert killed
    assert there == here
    assert result.rendered == len([name for name in here if name.startswith("takes")])
    assert not list((tmp_path / "there").rglob("*.part*"))


def test_the_flow_and_the_command_use_the_cluster(book: Path, tmp_path: Path, prefect_server: str) -> None:
    with cluster(1) as running:
        done = shuoshu(
            "run", str(book), "--output", str(tmp_path / "out"), "--runner", "dask", "--address", running.scheduler_address,
            "--json", PREFECT_API_URL=prefect_server,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert len(list((tmp_path / "out/small/chapters").glob("*.flac"))) == 2


def test_a_worker_with_threads_is_refused(book: Path, tmp_path: Path) -> None:
    with cluster(1, threads=2) as running, pytest.raises(RenderError, match="has 2 threads"):
        made(book, tmp_path / "out", running.scheduler_address)


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs root for a mount namespace")
def test_a_machine_that_does_not_see_the_folder_is_refused(book: Path, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    with cluster(0) as running:
        hidden = f"mount -t tmpfs none {tmp_path}/shared && exec {sys.executable} -m distributed.cli.dask_worker"
        worker = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", f"{hidden} {running.scheduler_address} --nthreads 1 --no-dashboard"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(dask_crew.__file__).parents[2])},
        )  # fmt: skip
        try:
            with pytest.raises(RenderError, match="does not see"):
                made(book, tmp_path / "shared/out", running.scheduler_address)
        finally:
            worker.terminate()
            worker.wait()


def test_a_cluster_that_is_not_there_is_one_clear_error(
    book: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dask_crew, "CONNECT_S", 1.0)
    with pytest.raises(RenderError, match="no Dask cluster at work at tcp://127.0.0.1:9"):
        made(book, tmp_path / "out", "tcp://127.0.0.1:9")
    with cluster(0) as running, pytest.raises(RenderError, match="no Dask cluster at work"):
        made(book, tmp_path / "out", running.scheduler_address)


def test_runner_and_address_go_together(book: Path) -> None:
    for arguments in (["--runner", "dask"], ["--address", "tcp://127.0.0.1:8786"]):
        told = shuoshu("run", str(book), *arguments)
        assert (told.returncode, "go together" in told.stderr) == (2, True)


def test_a_cluster_that_loses_its_workers_is_not_waited_for_for_ever(
    long_book: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dask_crew, "ALONE_S", 1.0)
    monkeypatch.setattr(dask_crew, "_LOOK_S", 0.5)
    with cluster(1) as running:

        def retire() -> None:
            while not list((tmp_path / "out/long/takes").rglob("*.flac")):
                time.sleep(0.05)
            running.scale(0)

        threading.Thread(target=retire, daemon=True).start()
        with pytest.raises(RenderError, match="no worker any more"):
            made(long_book, tmp_path / "out", running.scheduler_address)


def test_an_interrupt_waits_for_no_worker(tmp_path: Path) -> None:
    ended = list[BaseException]()

    def asks() -> None:
        try:
            crew.run(partial(time.sleep, 600))
        except RenderError as error:
            ended.append(error)

    with cluster(1) as running, dask_crew.DaskCrew(running.scheduler_address, tmp_path) as crew:
        threads = [threading.Thread(target=asks, daemon=True) for _ in range(2)]  # one works, one waits
        for thread in threads:
            thread.start()
        while not running.scheduler.tasks:
            time.sleep(0.05)
        crew.stop()
        for thread in threads:
            thread.join(20)
    assert [str(one).splitlines()[0] for one in ended] == ["the work was stopped"] * 2


def test_chapters_are_given_out_while_workers_come_and_go() -> None:
    """A cluster of four loses three of its workers while chapters are in flight."""
    counts = iter([4, 4, 1, 1, 1, 2, 3, 4])

    class Shrinking:
        @property
        def count(self) -> int:
            return next(counts, 4)

    book = SimpleNamespace(chapters=tuple(range(1, 13)), stop_when=lambda: False)
    made: list[Any] = []

    def submit(number: int) -> Any:
        return lambda: (SimpleNamespace(title="", chapter=number), True)

    chapters.master_in_turn(book, submit, Shrinking(), unobserved, made)  # type: ignore[arg-type]
    assert [master.chapter for master, _ in made] == list(book.chapters)
