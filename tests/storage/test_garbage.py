"""What gc removes, and what it never does."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from pipeline import rendering
from pipeline.folder import BookFolder
from pipeline.garbage import Garbage, collect
from pipeline.opening import open_book, reopen
from pipeline.request import Request
from pipeline.takes import TakeStore, index
from tests.conftest import shuoshu
from tests.storage.conftest import produced


@pytest.fixture(scope="session")
def remade(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One voice changed five times: five takes of each of its lines that no line uses, one after the other."""
    home = tmp_path_factory.mktemp("remade") / "home"
    shutil.copytree(made, home)
    before = 55
    for pitch in (30, 32, 34, 36, 38):
        cast = (home / "small.yaml").read_text(encoding="utf-8")
        (home / "small.yaml").write_text(cast.replace(f"pitch: {before}", f"pitch: {pitch}"), encoding="utf-8")
        before = pitch
        with open_book(Request(home / "small.txt", home / "small.yaml", output=home / "out")) as production:
            for batch in rendering.batches_of(production):
                rendering.render(production, batch)
    produced(home)
    return home.rename(home.parent / "template")


@pytest.fixture
def home(remade: Path, made: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The book, changed five times for the tests that ask for it `edited`."""
    copy = tmp_path / "home"
    shutil.copytree(remade if "edited" in request.fixturenames else made, copy)
    return copy


@pytest.fixture
def edited(folder: BookFolder) -> BookFolder:
    return folder


def lines_of_lin(folder: BookFolder) -> list[str]:
    with reopen(folder, lock=False) as production:
        return [line.id for line in production.plan.lines if line.speaker == "林晚"]


def collected(folder: BookFolder, **more: Any) -> Garbage:
    told: list[Garbage] = []
    found = collect(folder, told.append, **more)
    assert told == [found]
    return found


def files(folder: BookFolder) -> set[str]:
    return {path.stem for path in folder.takes.rglob("*.flac")}


def test_the_newest_three_of_each_line_stay_and_all_that_are_used(home: Path, edited: BookFolder) -> None:
    lines, before = lines_of_lin(edited), files(edited)
    sizes = {path.stem: path.stat().st_size for path in edited.takes.rglob("*.flac")}
    dry = collected(edited, dry_run=True)
    assert files(edited) == before
    found = collected(edited)
    assert found == dry
    gone = {one.key for one in found.takes}
    assert len(gone) == 3 * len(lines), "six takes of each line"
    assert files(edited) == before - gone
    assert found.size == sum(sizes[key] for key in gone)
    assert found.kept == len(before) - len(gone)
    with TakeStore(edited.takes) as store:
        assert {len(store.takes_of(line)) for line in lines} == {3}
        assert set(store.whole()) == files(edited)
    result, stale = produced(home)
    assert (result.rendered, result.mastered, stale) == (0, (), {})
    assert collected(edited).takes == ()


def test_a_take_chosen_by_hand_is_never_removed_nor_what_a_master_is_made_from(home: Path, edited: BookFolder) -> None:
    line = lines_of_lin(edited)[0]
    with TakeStore(edited.takes) as store:
        oldest = store.takes_of(line)[0].key
        store.choose(line, oldest, "a subject that the line does not ask for now")
    before = files(edited)
    (home / "small.yaml").write_text(
        (home / "small.yaml").read_text(encoding="utf-8").replace("pitch: 38", "pitch: 60"), encoding="utf-8"
    )
    with reopen(edited, lock=False) as production:  # stale now, and not rendered: the masters still sound as before
        mastered = {choice.key for choice in production.store.choices().values()}
    found = collected(edited, keep=0)
    gone = {one.key for one in found.takes}
    assert oldest not in gone
    assert not gone & mastered
    assert before - gone == files(edited)


def test_by_age(edited: BookFolder) -> None:
    assert collected(edited, older_than=1).takes == ()
    with sqlite3.connect(edited.takes / index.NAME) as db:
        db.execute("UPDATE takes SET created='2020-01-01T00:00:00+00:00'")
    assert len(collected(edited, older_than=1).takes) == 5 * len(lines_of_lin(edited))


def test_takes_of_lines_that_are_gone_go(home: Path, folder: BookFolder) -> None:
    text = (home / "small.txt").read_text(encoding="utf-8").replace("天亮了。", "")
    (home / "small.txt").write_text(text, encoding="utf-8")
    produced(home)
    [gone] = collected(folder).takes
    assert not gone.path.exists()
    assert produced(home)[0].rendered == 0


def test_what_repairs_and_kills_left_goes_and_strangers_stay(folder: BookFolder) -> None:
    aside, stranger = folder.takes / "damaged/x.flac", folder.takes / "my notes.txt"
    aside.parent.mkdir()
    left = [aside, folder.takes / "index.damaged-20260101-000000.sqlite", folder.chapters / ".y.18.part.m4a"]
    for path in (*left, stranger):
        path.write_bytes(b"12345")
        os.utime(path, (time.time() - 3600,) * 2)
    unknown = folder.takes / "ab" / f"ab{'0' * 62}.flac"
    unknown.parent.mkdir(exist_ok=True)
    shutil.copy(next(folder.takes.rglob("*.flac")), unknown)
    found = collected(folder)
    assert found.size == 15
    assert not any(path.exists() for path in left)
    assert stranger.exists()
    assert unknown.exists(), "the index does not know it: that is for repair"


def test_the_command_says_what_goes_in_both_languages_and_as_json(home: Path, edited: BookFolder) -> None:
    where = ("--output", home / "out")
    said = shuoshu("gc", "small", *where, "--dry-run")
    assert "would be removed" in said.stdout
    assert "takes stay" in said.stdout
    assert "将删除" in shuoshu("gc", "small", *where, "--dry-run", SHUOSHU_LANG="zh").stdout
    [told] = json.loads(shuoshu("gc", "small", *where, "--keep", "1", "--json").stdout)
    assert told["bytes"] == sum(one["bytes"] for one in told["takes"])
    assert len(told["takes"]) == 5 * len(lines_of_lin(edited))
    assert shuoshu("gc", "small", *where, "--keep", "1", "--older-than", "3").returncode == 2
