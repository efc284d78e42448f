"""A queue of small books, and a cache of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pipeline import chapters, produce, rendering
from pipeline.deliver.make import Made
from pipeline.nouns import Master
from pipeline.opening import Production
from pipeline.produce import Result
from pipeline.progress import Observer
from pipeline.render.plan import Job
from pipeline.render.pool import Workers
from pipeline.request import Request

STORY = "第一章 雨夜\n\n{0}道：“你来了。”\n“嗯。”老王说，“坐吧。”\n\n第二章 天明\n\n{0}推开窗，说道：“今天是个好天气。”\n“是啊。”\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a queue; figures of speed are kept in its cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def write_queue(home: Path, books: str, *, top: str = "") -> Path:
    path = home / "queue.yaml"
    path.write_text(f"window: all day\ntimezone: Europe/Berlin\nworkers: 1\n{top}books:\n{books}", encoding="utf-8")
    return path


def write_story(home: Path, name: str, who: str = "林晚") -> Path:
    path = home / f"{name}.txt"
    path.write_text(STORY.format(who), encoding="utf-8")
    return path


def plainly(production: Production, request: Request, observe: Observer) -> Result:
    """Make a book in this process: real rooms, without the seconds that worker processes take to start. Work is given out ahead, as
    ever, and done when it is waited for."""

    def render(batch: tuple[Job, ...]) -> Callable[[], float | None]:
        return lambda: rendering.render(production, batch)

    def master(number: int) -> Callable[[], tuple[Master, bool] | None]:
        return lambda: chapters.master(production, number)

    def assemble(kind: str, masters: Sequence[Master]) -> Made | None:
        return produce.deliver(production, masters, kind)

    with Workers(1) as workers:
        return produce.in_turn(production, render, master, assemble, workers, observe)


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file under a folder with its size and time of change."""
    return {str(one): (one.stat().st_size, one.stat().st_mtime_ns) for one in folder.rglob("*") if one.is_file()}
