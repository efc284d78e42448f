"""kill -9 at random moments: the next run goes on, and in the end everything is there once and whole."""

from __future__ import annotations

import collections
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile


@pytest.mark.long
@pytest.mark.timeout(420)
def test_twenty_kills_lose_nothing(tmp_path: Path, prefect_server: str) -> None:
    book = tmp_path / "long.txt"
    chapters = [
        f"第{n}章 起\n\n"
        + "\n".join(f"林晚说：“这是第{n}章的第{m}句话，一共有很多句。”老王听了第{m}遍。" for m in range(60))
        for n in range(1, 6)
    ]
    book.write_text("\n\n".join(chapters), encoding="utf-8")
    log = tmp_path / "rendered.log"
    command = [
        sys.executable,
        "-m",
        "pipeline.cli",
        "run",
        str(book),
        "--output",
        str(tmp_path / "out"),
        "--workers",
        "2",
    ]
    environment = {**os.environ, "PREFECT_API_URL": prefect_server, "SHUOSHU_RENDER_LOG": str(log)}
    drawn = random.Random(20)
    kills = 0
    while kills < 20:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        # most kills fall into the rendering and mastering, which begin after about 3 s; some earlier
        time.sleep(drawn.uniform(0.5, 7.0))
        if process.poll() is not None:
            assert process.returncode == 0
            for path in (tmp_path / "out/long/chapters").glob("*"):  # done too early: let there be work again
                path.unlink()
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        process.wait()
        kills += 1
    last = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, timeout=200)
    assert last.returncode == 0, last.stderr
    result = json.loads(last.stdout)
    folder = tmp_path / "out/long"
    with sqlite3.connect(folder / "takes/index.sqlite") as index:
        chosen = dict(index.execute("SELECT line, key FROM chosen"))
        known = {key for (key,) in index.execute("SELECT key FROM takes")}
    assert len(chosen) == result["lines"]
    assert set(chosen.values()) <= known
    for key in known:
        path = folder / "takes" / key[:2] / f"{key}.flac"
        assert soundfile.read(path)[0].size > 0
    assert not list(folder.rglob("*.part*"))
    for path in folder.glob("chapters/*.flac"):
        assert soundfile.info(path).frames > 0
    written = collections.Counter(log.read_text().split())
    # a take whose file a killed run has finished is never rendered again, entered in the index or not
    assert set(written.values()) == {1}
