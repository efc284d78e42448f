"""Shared by all tests: small books, a workspace, one Prefect server a session."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import engines
from pipeline.engines.indextts2 import computing
from pipeline.render import dask_crew
from tests.render.troubled import ENGINES

computing.prepare()  # some tests load PyTorch themselves

ROOT = Path(__file__).parent.parent
DEMO_ZH, DEMO_EN = ROOT / "manuscripts/demo-zh.epub", ROOT / "manuscripts/demo-en.epub"
CAST_ZH, CAST_EN = ROOT / "casts/demo-zh.yaml", ROOT / "casts/demo-en.yaml"

SMALL = """第一章 雨夜

林晚道：“你来了。”
“嗯。”老王笑着说，“坐吧，外面下着雨呢。”
他重(chóng)新站了起来，一共走了3步。

第二章 天明

天亮了。林晚推开窗，说道：“今天是个好天气。”
“是啊。”老王说。
"""

CAST = """language: zh
narrator: {voice: n}
voices:
  n: {engine: espeak, variant: f2}
  lin: {engine: espeak, variant: f3, pitch: 55}
  wang: {engine: espeak, variant: m3, pitch: 40}
characters:
  林晚: {voice: lin}
  老王: {voice: wang}
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that two processes end together."""
    items.sort(key=lambda item: not item.get_closest_marker("long"))


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A small manuscript of two chapters and two speakers."""
    path = tmp_path / "small.txt"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture
def cast(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(CAST, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prefect server for the whole session."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    from flows import server

    with server.available() as address:
        yield address
    os.environ.pop("XDG_CACHE_HOME") if before is None else os.environ.update(XDG_CACHE_HOME=before)


def shuoshu(*arguments: object, cwd: Path | None = None, timeout: float = 240, **environment: str):
    """Run the command as a user does; the completed process with its texts."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=timeout, env={**os.environ, "LANG": "C.UTF-8", **environment},
    )  # fmt: skip


@pytest.fixture
def troubled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The engines of `tests.render.troubled`, installed for this process and its workers; the log of what they were asked for."""
    package = tmp_path / "site/troubled-1.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: troubled\nVersion: 1\n")
    points = "\n".join(f"{name} = {one.__module__}:{one.__name__}" for name, one in ENGINES.items())
    (package / "entry_points.txt").write_text(f"[{engines.GROUP}]\n{points}\n")
    monkeypatch.syspath_prepend(str(package.parent))
    log = tmp_path / "asked.log"
    monkeypatch.setenv("SHUOSHU_TEST_LOG", str(log))
    _forget()
    yield log
    _forget()


def _forget() -> None:
    """What this process remembers of which engines there are."""
    for cached in (engines.names, engines.engine_class, engines.reader, dask_crew._voices):
        cached.cache_clear()
