"""Kills, full disks and places that cannot be written, for every kind of deliverable."""

import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.deliver.book import FinishedBook
from pipeline.deliver.kinds import KINDS
from pipeline.deliver.make import make
from pipeline.errors import BookFolderError
from tests.disks import small_disk

SETTINGS = {"feed": {"url": "https://example.org/book", "first": "2026-01-31"}}
SMALL = [kind for kind in KINDS if kind not in ("video", "sample")]
"""What a small book has: no video was dubbed, and a retail sample is a minute long (tests of their own)."""
MOMENTS = (1, 2, 3, 5, 8)
"""At which rename the process is killed."""


def moved(book: FinishedBook, folder: Path) -> FinishedBook:
    """The same book in a folder of its own, without deliverables."""
    for part in ("chapters", "takes"):
        shutil.copytree(book.folder / part, folder / part, ignore=shutil.ignore_patterns(".*"))
    masters = tuple(
        replace(one, files={kind: folder / "chapters" / path.name for kind, path in one.files.items()})
        for one in book.masters
    )
    return replace(book, folder=folder, masters=masters, takes=folder / "takes", settings=SETTINGS)


def seen(folder: Path) -> dict[str, str]:
    """Every file under a name of its own -> its hash."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith((".", "takes")) for part in path.relative_to(folder).parts)
    }


@pytest.mark.parametrize("kind", SMALL)
def test_a_kill_leaves_no_half_deliverable_and_the_next_run_makes_it_whole(
    finished: FinishedBook, tmp_path: Path, kind: str
) -> None:
    whole = moved(finished, tmp_path / "whole")
    before = seen(whole.folder)
    make(whole, kind)
    wanted = seen(whole.folder)
    assert len(wanted) > len(before), "it makes something"
    book = moved(finished, tmp_path / "killed")
    for moment in MOMENTS:
        child = os.fork()
        if child == 0:
            _die_at_rename(moment)
            make(book, kind)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL)
        assert seen(book.folder).items() <= wanted.items(), f"killed at rename {moment}"
    make(book, kind)
    assert seen(book.folder) == wanted
    assert not make(book, kind).now


def _die_at_rename(moment: int) -> None:
    """Kill this process when it is about to rename a file for the n-th time."""
    count = 0
    rename = Path.replace

    def dying(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(self, target)

    Path.replace = dying  # type: ignore[method-assign, assignment]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "64m") as folder:
        yield folder


def test_a_full_disk_is_said_and_leaves_what_was_there(finished: FinishedBook, disk: Path) -> None:
    book = moved(finished, disk / "book")
    with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))
    before = seen(book.folder)
    for kind in SMALL:
        with pytest.raises(BookFolderError, match="disk is full"):
            make(book, kind)
        assert seen(book.folder) == before, kind


def test_a_place_that_cannot_be_written_is_named(finished: FinishedBook, disk: Path) -> None:
    book = moved(finished, disk / "book")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    for kind in SMALL:
        with pytest.raises(BookFolderError, match="cannot be written") as error:
            make(book, kind)
        assert str(book.folder) in error.value.where
