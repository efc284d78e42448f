"""A served queue that is watched: its nights are processes of Prefect's, and what they say comes through."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.flows.test_overnight import until
from tests.queue.conftest import write_queue, write_story
from tests.watch.test_metrics import free_port, scraped


def test_what_a_night_does_is_scraped_and_logged_where_the_queue_is_served(prefect_server: str, tmp_path: Path) -> None:
    home = tmp_path / "watchedhouse"
    home.mkdir()
    for name in ("first", "second", "third"):
        write_story(home, name)
    (home / "broken.epub").write_bytes(b"no zip at all")
    write_queue(home, "  - broken.epub\n  - first.txt\n  - second.txt\n  - {manuscript: third.txt, paused: true}\n")
    port = free_port()
    command = [
        sys.executable, "-m", "pipeline.cli", "schedule", "serve", "--metrics-port", str(port), "--log-json", "--log-file",
        "served.jsonl",
    ]  # fmt: skip
    environment = {**os.environ, "PREFECT_API_URL": prefect_server, "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
    process = subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert until(lambda: any('"ended": "2' in one.read_text() for one in (home / "nights").glob("*.json")), 120)
        found = scraped(port)
    finally:
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=60)[1]
    assert {key[1]: value for key, value in found.items() if key[0] == "shuoshu_queue_books"} == {
        "waiting": 3.0,
        "paused": 1.0,
    }
    assert {key[1]: value for key, value in found.items() if key[0] == "shuoshu_books"} == {
        "failed": 1.0, "done": 2.0, "paused": 1.0, "waiting": 0.0,
    }  # fmt: skip
    night = json.loads(next((home / "nights").glob("*.json")).read_text(encoding="utf-8"))
    assert found["shuoshu_lines_total", "rendered"] == sum(one["rendered"] for one in night["books"])
    speech = sum(one["speech_s"] for one in night["books"])
    assert abs(found["shuoshu_audio_seconds_total",] - speech) < 0.01
    assert found["shuoshu_chapters_mastered_total",] == sum(one["mastered"] for one in night["books"])
    assert found["shuoshu_disk_free_bytes",] > 1e6

    rows = [json.loads(line) for line in (home / "served.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {"serve", "night", "book", "render", "master", "outcome", "log"} <= {one["event"] for one in rows}
    outcomes = {one["book"]: (one["outcome"], one["level"]) for one in rows if one["event"] == "outcome"}
    assert outcomes == {
        "broken": ("failed", "error"), "first": ("done", "info"), "second": ("done", "info"), "third": ("paused", "info"),
    }  # fmt: skip
    loggers = {one["logger"] for one in rows if one["event"] == "log"}
    assert "prefect.flow_runs" in loggers
    assert any(one.startswith("prefect.flow_runs.runner") or "runner" in one for one in loggers), loggers
    assert all(isinstance(json.loads(line), dict) for line in told.splitlines()), "nothing else on standard error"
    assert {json.loads(line)["event"] for line in told.splitlines()} >= {"serve", "outcome"}, "the night's rows as well"
    assert "你来了" not in told
