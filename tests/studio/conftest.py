"""A workspace with a book in it, and the studio's app around it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import shuoshu

STORY = """第一章 雨夜

雨下了三天。

“你终于来了。”林晚高兴地说。

“路不好走。”老王低声道，“雨太大。”

“喝杯热茶吧，暖和一下。”林晚说。

第二章 天晴

天晴了，两个人都没有说话。

“走吧。”老王说。

“去哪里？”

“银行。”
"""
PORT_WAIT_S = 60


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose book `story` is made; to be copied."""
    root = tmp_path_factory.mktemp("workspace")
    (root / "manuscripts").mkdir()
    (root / "manuscripts/story.txt").write_text(STORY, encoding="utf-8")
    done = shuoshu("run", "manuscripts/story.txt", "--deliver", "m4b,report", "--plain", "--workers", "1", cwd=root)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def workspace(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "work"))


@contextmanager
def studio(root: Path, *options: str) -> Iterator[str]:
    """The studio served by its own command; its address."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    log = root.parent / f"studio-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "studio", "--port", str(port), *options],
            cwd=root,
            stdout=out,
            stderr=out,
        )
    path = options[options.index("--path") + 1] if "--path" in options else ""
    try:
        until = time.monotonic() + PORT_WAIT_S
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}/api/books", timeout=5)
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}{path}"
    finally:
        process.terminate()
        process.wait(30)
