"""The log for machines: one JSON object a line, with times and names, and without a manuscript's text or keys."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import CastError, EngineError
from pipeline.progress import Progress
from pipeline.watch.log import Log, Records
from tests.conftest import shuoshu

TEXTS = ("林晚道", "你来了", "坐吧", "这碗汤有毒", "推开窗", "天亮了")
STORY = "第一章 雨夜\n\n林晚道：“你来了。”\n“坐吧。”老王说。\n这碗汤有毒。\n\n第二章 天明\n\n天亮了，林晚推开窗。\n"


def rows(text: str) -> list[dict[str, Any]]:
    """The log's rows, each looked at for what every row has."""
    found = [json.loads(line) for line in text.splitlines()]
    for one in found:
        assert list(one)[:3] == ["time", "level", "event"]
        assert datetime.fromisoformat(one["time"]).utcoffset() is not None
        assert one["level"] in ("info", "warning", "error")
    return found


def test_a_run_through_prefect_logs_itself_and_prefect_in_one_shape(prefect_server: str, tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text(STORY, encoding="utf-8")
    done = shuoshu(
        "run", "s.txt", "--log-json", "--log-file", "logs/s.jsonl", "--json", "--formats", "flac", "--deliver", "timeline",
        cwd=tmp_path, PREFECT_API_URL=prefect_server,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["chapters_mastered"] == [1, 2]
    found = rows(done.stderr)
    assert rows((tmp_path / "logs/s.jsonl").read_text(encoding="utf-8")) == found
    assert [one["event"] for one in found if one["event"] in ("book", "outcome")] == ["book", "outcome"]
    assert found[-1] | {"time": ""} == {
        "time": "", "level": "info", "event": "outcome", "book": "s", "done": 1, "total": 1, "outcome": "done",
    }  # fmt: skip
    rendered = [one for one in found if one["event"] == "render"]
    assert (rendered[-1]["done"], rendered[-1]["total"], rendered[-1]["book"]) == (
        rendered[-1]["total"],
        rendered[0]["total"],
        "s",
    )
    assert sum(one.get("audio_s", 0) for one in rendered) > 3
    assert [one["chapter"] for one in found if one["event"] == "master" and one["done"]] == [1, 2]
    prefect = [one for one in found if one["event"] == "log"]
    assert {"prefect.flow_runs", "prefect.task_runs"} <= {one["logger"] for one in prefect}
    assert any(one.get("task_run") == "master chapter 2" for one in prefect)
    for text in TEXTS:
        assert text not in done.stderr


@pytest.mark.usefixtures("troubled")
def test_a_line_that_fails_is_named_and_not_quoted(tmp_path: Path, prefect_server: str) -> None:
    (tmp_path / "s.txt").write_text(STORY, encoding="utf-8")
    package = next(
        one
        for one in sys.path
        if one.endswith("site") and "troubled" not in one and Path(one, "troubled-1.dist-info").is_dir()
    )
    environment = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), package])}
    more = {"PREFECT_API_URL": prefect_server, "SOME_API_KEY": "sk-very-secret-123"}
    arguments = ("run", "s.txt", "--engine", "refusing", "--log-json", "--formats", "flac", "--deliver", "timeline")
    stopped = shuoshu(*arguments, cwd=tmp_path, **environment, **more)
    assert stopped.returncode == 2
    found = rows(stopped.stderr)
    [failed] = [one for one in found if one["event"] == "failed"]
    assert (failed["level"], failed["on_failure"], failed["book"]) == ("error", "stop", "s")
    [retries] = [[one for one in found if one["event"] == "retry"]]
    assert [(one["why"], one["line"]) for one in retries] == [("refused", failed["line"])] * 2
    assert [one["outcome"] for one in found if one["event"] == "outcome"] == ["failed"]
    assert (found[-1]["event"], found[-1]["kind"], "what" in found[-1]) == ("error", "EngineError", False)
    for text in TEXTS:
        assert text not in stopped.stderr

    on = shuoshu(*arguments, "--plain", "--on-failure", "silence", cwd=tmp_path, **environment, **more)
    assert on.returncode == 0, on.stderr
    [failed] = [one for one in rows(on.stderr) if one["event"] == "failed"]
    assert (failed["level"], failed["on_failure"]) == ("warning", "silence")


def test_a_mistake_is_told_in_words_and_in_the_file_beside_the_usual_display(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text(STORY, encoding="utf-8")
    (tmp_path / "s.yaml").write_text("language: zh\nnarator: {}\n", encoding="utf-8")
    done = shuoshu("run", "s.txt", "--cast", "s.yaml", "--plain", "--log-file", "s.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert "what to do" in done.stderr, "people are told as ever"
    last = rows((tmp_path / "s.jsonl").read_text(encoding="utf-8"))[-1]
    assert (last["event"], last["level"], last["kind"]) == ("error", "error", "CastError")
    assert "narator" in last["what"]
    assert "s.yaml, line 2" in last["where"]
    assert last["fix"]


def test_a_log_that_cannot_be_written_is_said_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text(STORY, encoding="utf-8")
    (tmp_path / "there").mkdir()
    done = shuoshu("run", "s.txt", "--plain", "--log-file", "there", cwd=tmp_path)
    assert done.returncode == 2
    assert "there" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "output").exists()


def test_ctrl_c_is_an_event_and_leaves_whole_rows(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text(
        "\n".join(f"这是第{n}句很长的话，长得说不完。" for n in range(3000)), encoding="utf-8"
    )
    command = [sys.executable, "-m", "pipeline.cli", "run", "s.txt", "--plain", "--log-json"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr
    told = ""
    while '"event": "render"' not in told:
        line = process.stderr.readline()
        assert line
        told += line
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    told += process.communicate(timeout=60)[1]
    assert process.returncode == 130
    found = rows(told)
    assert [one["event"] for one in found[-2:]] == ["outcome", "interrupted"]
    assert found[-2]["outcome"] == "stopped"


# --- the writer itself -----------------------------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(False, tmp_path / "log.jsonl")


def written(log: Log, tmp_path: Path) -> list[dict[str, Any]]:
    log.close()
    return rows((tmp_path / "log.jsonl").read_text(encoding="utf-8"))


def test_titles_and_words_of_steps_are_left_out_and_figures_are_kept(log: Log, tmp_path: Path) -> None:
    log(Progress("book", 4, 9, book="novel"))
    log(Progress("master", 0, 3))
    log(Progress("master", 2, 3, note="第二章 天亮了", chapter=2))
    log(Progress("retry", note="lost", lines=("c02-7fa2b1", "c02-11ac09")))
    log(Progress("outcome", 5, 9, note="held", book="novel"))
    log(Progress("night", 9, 9))
    found = [{name: one for name, one in row.items() if name != "time"} for row in written(log, tmp_path)]
    assert found == [
        {"level": "info", "event": "book", "book": "novel", "done": 4, "total": 9},
        {"level": "info", "event": "master", "book": "novel", "done": 0, "total": 3},
        {"level": "info", "event": "master", "book": "novel", "chapter": 2, "done": 2, "total": 3},
        {"level": "warning", "event": "retry", "book": "novel", "lines": ["c02-7fa2b1", "c02-11ac09"], "why": "lost"},
        {"level": "warning", "event": "outcome", "book": "novel", "done": 5, "total": 9, "outcome": "held"},
        {"level": "info", "event": "night", "done": 9, "total": 9},
    ]


def test_keys_and_logins_are_struck_out(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECH_API_KEY", "sk-abcdef123456")
    log.event("start", note="asked https://me:hunter2@example.org/v1 with sk-abcdef123456")
    log.error(CastError("no such host https://me:hunter2@example.org", fix="Bearer sk-abcdef123456"))
    text = json.dumps(written(log, tmp_path))
    assert "sk-abcdef" not in text
    assert "hunter2" not in text
    assert "https://***@example.org/v1" in text


def test_other_programs_records_lose_what_may_quote_a_line(log: Log, tmp_path: Path) -> None:
    records, logger = Records(log, ("flow_run_name",)), logging.getLogger("shuoshu.test")
    logger.propagate, logger.level = False, logging.DEBUG
    logger.addHandler(records)
    try:
        logger.debug("not for anybody")
        logger.info(
            "Finished in state Completed('line c01-1 has nothing to speak: 天亮了')", extra={"flow_run_name": "night"}
        )
        logger.warning("c01-1: 天亮了")
        try:
            raise EngineError("nothing to speak: '天亮了'")
        except EngineError:
            logger.exception('Task failed with exception "天亮了"')
    finally:
        logger.removeHandler(records)
    found = [{name: one for name, one in row.items() if name != "time"} for row in written(log, tmp_path)]
    assert found == [
        {"level": "info", "event": "log", "logger": "shuoshu.test", "message": "Finished in state Completed", "flow_run": "night"},
        {"level": "warning", "event": "log", "logger": "shuoshu.test", "message": "c01-1"},
        {
            "level": "error", "event": "log", "logger": "shuoshu.test", "message": "Task failed with exception",
            "kind": "EngineError",
        },
    ]  # fmt: skip
