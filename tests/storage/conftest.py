"""A finished book that each test gets a copy of."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.folder import BookFolder
from pipeline.opening import open_book
from pipeline.produce import Result, finish, nothing_to_do
from pipeline.request import Request
from tests.conftest import CAST, SMALL


def produced(home: Path, **more: Any) -> tuple[Result, dict[str, str]]:
    """Make the book in `home`; the result, and why each line was stale."""
    wish: dict[str, Any] = {"formats": "flac", "deliver": "timeline"} | more
    request = Request(home / "small.txt", home / "small.yaml", output=home / "out", **wish)
    with open_book(request) as production:
        stale = {line: str(why) for line, why in production.plan.stale.items()}
        return nothing_to_do(production) or finish(production, 1), stale


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made") / "home"
    home.mkdir()
    (home / "small.txt").write_text(SMALL, encoding="utf-8")
    (home / "small.yaml").write_text(CAST, encoding="utf-8")
    produced(home)
    return home.rename(home.parent / "template")  # where it was made there is nothing now: it has moved


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A folder with manuscript, cast, and the book in ``out/small``, all chapters mastered."""
    copy = tmp_path / "home"
    shutil.copytree(made, copy)
    return copy


@pytest.fixture
def folder(home: Path) -> BookFolder:
    return BookFolder(home / "out/small")
