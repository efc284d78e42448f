"""Real Prefect: a run shows on its server, nothing stays behind, nothing is said twice on the terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT, shuoshu


def test_a_run_shows_on_the_server(prefect_server: str, book: Path, cast: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = shuoshu(
        "run",
        book,
        "--cast",
        cast,
        "--output",
        out,
        "--deliver",
        "m4b,report",
        "--json",
        PREFECT_API_URL=prefect_server,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["chapters_mastered"] == [1, 2]

    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: prefect_server}), get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=["produce small"])))
        assert runs[0].state is not None
        assert runs[0].state.is_completed()
        for _ in range(50):  # task runs reach the database through the event stream, a little later
            tasks = {run.name for run in client.read_task_runs() if run.flow_run_id == runs[0].id}
            if len(tasks) >= 4:
                break
            time.sleep(0.2)
        assert {"master chapter 1", "master chapter 2", "deliver m4b"} <= tasks
        assert any(name.startswith("render ") for name in tasks)
        artifacts = {one.key for one in client.read_artifacts()}
        assert {"deliverables", "chapter-loudness", "quality"} <= artifacts
        [quality] = [one for one in client.read_artifacts() if one.key == "quality"]
        assert [row["verdict"] for row in json.loads(quality.data)] == ["pass", "pass"]


def test_nothing_stale_starts_no_flow(prefect_server: str, book: Path, tmp_path: Path) -> None:
    out = ["--output", tmp_path / "out"]
    assert shuoshu("run", book, *out, "--plain").returncode == 0
    began = time.perf_counter()
    again = shuoshu("run", book, *out, "--json", PREFECT_API_URL="http://127.0.0.1:9/nobody-listens")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["rendered"] == 0
    assert time.perf_counter() - began < 5


def test_without_a_server_one_is_started_and_gone(book: Path, tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PREFECT_HOME": str(tmp_path / "home")}
    done = shuoshu("run", book, "--output", tmp_path / "out", **environment)
    assert done.returncode == 0, done.stderr
    assert "preparing Prefect's database" in done.stderr, "the wait is explained"
    for noise in ("Traceback", "CancelledError", "Starting temporary server", "prefect.engine", "Task run", "Flow run"):
        assert noise not in done.stderr + done.stdout
    time.sleep(0.5)
    left = [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or ())]
    assert left == []
    line = json.loads(shuoshu("lines", "small", "--output", tmp_path / "out", "--json").stdout)[-1]["id"]
    again = shuoshu("rerender", "small", line, "--output", tmp_path / "out", "--speed", "1.2", "--json", **environment)
    assert (json.loads(again.stdout)["rendered"], json.loads(again.stdout)["chapters_mastered"]) == (1, [2])


def test_a_killed_run_leaves_no_process(tmp_path: Path) -> None:
    book = tmp_path / "long.txt"
    book.write_text("\n".join(f"这是第{n}句话，一共有很多很多句。" for n in range(2000)), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "run", str(book), "--output", str(tmp_path / "out")],
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stderr
    for row in process.stderr:
        if row.startswith("rendering"):
            break
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 1
    process.kill()
    process.wait()
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert gone


@pytest.mark.parametrize("module", ["flows.produce", "flows.rerender"])
def test_a_flow_runs_as_a_module(module: str, prefect_server: str, book: Path, tmp_path: Path) -> None:
    arguments = [str(book), "--output", str(tmp_path / "out")]
    if module == "flows.rerender":
        assert shuoshu("run", *arguments, "--plain").returncode == 0
        line = json.loads(shuoshu("lines", "small", "--output", tmp_path / "out", "--json").stdout)[0]["id"]
        arguments = [str(tmp_path / "out/small"), line]
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PREFECT_API_URL": prefect_server},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/small/small.m4b").is_file()
    wrong = subprocess.run(
        [sys.executable, "-m", module, str(tmp_path / "none"), *arguments[1:]], capture_output=True, text=True, check=False,
        env={**os.environ, "PREFECT_API_URL": prefect_server}, timeout=120,
    )  # fmt: skip
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr


def test_deployments_are_accepted_by_the_server(prefect_server: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PREFECT_API_URL": prefect_server}
    prefect = [sys.executable, "-m", "prefect"]
    subprocess.run(
        [*prefect, "work-pool", "create", "--type", "process", "shuoshu"],
        env=environment,
        check=False,
        capture_output=True,
    )
    done = subprocess.run(
        [*prefect, "--no-prompt", "deploy", "--all"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    listed = subprocess.run(
        [*prefect, "deployment", "ls"], env=environment, capture_output=True, text=True, check=True
    ).stdout
    for name in ("produce-book/produce", "rerender-lines/rerender", "night/night"):
        assert name in listed
