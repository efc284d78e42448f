"""A queue that is looked at before every book, and its record while the night is at work."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import CastError
from pipeline.opening import Production
from pipeline.produce import Result
from pipeline.progress import Observer
from pipeline.queue import night, record, watched
from pipeline.queue.entry import Queue
from pipeline.queue.file import load
from pipeline.queue.record import BookNight, Night
from pipeline.queue.watched import Watched
from pipeline.request import Request
from tests.queue.conftest import plainly, write_queue, write_story

FAR = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A queue of one book, whose files count as settled after a tenth of a second."""
    monkeypatch.setattr(watched, "YOUNG_S", 0.1)
    write_story(home, "one")
    (home / "casts").mkdir()
    return write_queue(home, "  - one.txt\n")


def looked(seen: Watched) -> Watched:
    """Two looks, once its files are no longer young."""
    time.sleep(0.15)
    seen.look(0.1)
    return seen


def test_a_queue_is_read_again_when_something_of_it_changed_and_only_then(queue: Path) -> None:
    seen = looked(Watched(queue))
    before = seen.queue
    seen.look(0.1)
    assert seen.queue is before, "nothing changed, and nothing was read"
    assert seen.reread() is before

    text, times = queue.read_text(encoding="utf-8"), queue.stat()
    queue.write_text(text.replace("workers: 1", "workers: 2"), encoding="utf-8")
    os.utime(queue, ns=(times.st_atime_ns, times.st_mtime_ns))  # same size, same time: a copying program can do that
    assert seen.reread().workers == 2
    queue.write_text(text.replace("workers: 1", "workers: 3"), encoding="utf-8")
    seen.look(0.1)
    assert seen.queue.workers == 3


def test_a_cast_that_comes_into_its_folder_is_found(queue: Path) -> None:
    seen = looked(Watched(queue))
    assert seen.queue.books[0].request.cast is None
    cast = queue.parent / "casts/one.yaml"
    cast.write_text("language: zh\n", encoding="utf-8")
    seen.look(0.1)
    assert seen.queue.books[0].request.cast == cast.resolve()
    seen = looked(seen)
    cast.unlink()
    seen.look(0.1)
    assert seen.queue.books[0].request.cast is None


def test_a_manuscript_in_the_inbox_is_taken_in_once_it_has_settled_though_nothing_else_happens(queue: Path) -> None:
    seen = looked(Watched(queue))
    inbox = queue.parent / "manuscripts/inbox"
    inbox.mkdir(parents=True)
    looked(seen)
    write_story(inbox, "new")
    assert seen.look(0.3).growing == ((inbox / "new.txt").resolve(),)
    time.sleep(0.4)
    assert [path.name for path in seen.look(0.3).queued] == ["new.txt"]
    assert [one.name for one in seen.queue.books] == ["one", "new"]


def test_a_file_that_is_broken_for_a_moment_leaves_the_queue_as_it_was(queue: Path) -> None:
    seen = looked(Watched(queue))
    text = queue.read_text(encoding="utf-8")
    queue.write_text(text + "  - [\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(CastError, match="YAML"):
            seen.look(0.1)
        assert [one.name for one in seen.queue.books] == ["one"]
    queue.write_text(text + "  - two.txt\n", encoding="utf-8")
    seen.look(0.1)
    assert [one.name for one in seen.queue.books] == ["one", "two"]


def test_a_night_that_is_killed_has_the_rows_of_the_books_it_was_done_with(home: Path) -> None:
    for name in ("one", "two"):
        write_story(home, name)
    queue = write_queue(home, "  - one.txt\n  - two.txt\n")

    def killed(production: Production, request: Request, observe: Observer) -> Result:
        if production.folder.path.name == "two":
            os.kill(os.getpid(), signal.SIGKILL)
        return plainly(production, request, observe)

    child = multiprocessing.get_context("fork").Process(target=night.work, args=(queue, FAR, killed))
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL
    nights = home / "nights"
    [name] = record.names(nights)
    cut = record.load(nights, name)
    assert cut is not None
    assert not cut.ended
    assert [(one.book, one.outcome) for one in cut.books] == [("one", "done")]

    with (nights / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n{"book": "two", "outc')  # a full disk cut it short
    made = night.work(queue, FAR, plainly)
    assert [(one.book, one.outcome) for one in made.books] == [("one", "done"), ("two", "done")]
    assert made.books[0].rendered == cut.books[0].rendered, "counted once, though it was looked at twice"
    assert record.load(nights, name) == made
    assert not (nights / f"{name}.jsonl").exists()


def test_a_row_that_stands_in_the_record_and_beside_it_counts_once(tmp_path: Path) -> None:
    row = BookNight("one", "stopped", work_s=5.0, rendered=7)
    record.write(tmp_path, Night("2026-11-25", "", "", books=(row,)))
    record.add(tmp_path, "2026-11-25", row)  # as if killed between writing the record and removing the rows
    found = record.load(tmp_path, "2026-11-25")
    assert found is not None
    assert found.books == (row,)


def test_what_earlier_nights_spent_is_known_per_book_and_ends_with_the_night_that_finished_it(tmp_path: Path) -> None:
    def write(name: str, *rows: BookNight) -> None:
        record.write(tmp_path, Night(name, "", "", books=rows))

    write("2026-11-21", BookNight("a", "stopped", work_s=10.0), BookNight("b", "stopped", work_s=1.0))
    write(
        "2026-11-22",
        BookNight("a", "failed", work_s=5.0, before_s=10.0),
        BookNight("b", "done", work_s=2.0, before_s=1.0),
    )
    write("2026-11-23", BookNight("a", "waiting"), BookNight("b", "paused"), BookNight("c", "held"))
    (tmp_path / "2026-11-24.json").write_text("{}", encoding="utf-8")
    write("2026-11-25", BookNight("a", "stopped", work_s=99.0))
    assert record.spent(tmp_path, "2026-11-25") == {"a": 15.0, "b": 0.0}
    rows = [json.loads((tmp_path / "2026-11-22.json").read_text(encoding="utf-8"))["books"][0]["book"]]
    assert rows == ["a"], "looking changes nothing"


def test_a_night_reads_its_queue_no_oftener_for_more_books(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "YOUNG_S", 0.1)
    for number in range(8):
        write_story(home, f"b{number}")
    queue = write_queue(home, "".join(f"  - b{number}.txt\n" for number in range(8)))
    time.sleep(0.15)
    read: list[Path] = []

    def counted(path: Path) -> Queue:
        read.append(path)
        return load(path)

    monkeypatch.setattr(watched, "load", counted)
    (home / "output").mkdir()
    (home / "nights").mkdir()
    time.sleep(0.15)
    assert [one.outcome for one in night.work(queue, FAR, plainly).books] == ["done"] * 8
    assert len(read) <= 3
