"""Takes written by many processes, killed or not: what the index knows in the end."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest
import soundfile

from pipeline.errors import BookFolderError
from pipeline.nouns import Direction, Take, Voice
from pipeline.opening import open_book, reopen
from pipeline.produce import finish
from pipeline.render.plan import Job
from pipeline.render.worker import render_batch
from pipeline.request import Request
from pipeline.takes import TakeStore, journal, notes
from pipeline.takes.journal import Rendered
from pipeline.takes.key import key_of, subject_of, take_key

SPAWN = multiprocessing.get_context("spawn")


def jobs(who: int, count: int, first: int = 0) -> list[Job]:
    found = []
    for number in range(first, first + count):
        direction = Direction(
            f"c{who:02d}-{number:04d}", f"第{who}个人说的第{number}句话。", "zh", Voice("v", "espeak")
        )
        found.append(Job(take_key(direction), subject_of(direction), direction, (direction.line_id,)))
    return found


def work(folder: Path, who: int, batches: int, size: int) -> None:
    """A worker of another machine: renders batch after batch and hands nothing back."""
    for at in range(batches):
        render_batch(jobs(who, size, at * size), folder)


def started(target: Callable[..., object], *arguments: object) -> SpawnProcess:
    process = SPAWN.Process(target=target, args=arguments)
    process.start()
    return process


def sound(store: TakeStore) -> dict[str, str]:
    """Line -> key of its chosen take, each take looked at on disk."""
    chosen = {line: choice.key for line, choice in store.choices().items()}
    takes = store.takes(chosen.values())
    for line, key in chosen.items():
        assert soundfile.info(takes[key].path).frames == takes[key].frames, line
        assert take_key_of(takes[key]) == key
    return chosen


def take_key_of(take: Take) -> str:
    return key_of(notes.of(take.path).asked)


def test_a_row_that_is_read_before_its_file_has_its_name_is_read_again(tmp_path: Path) -> None:
    """A reader looks between a worker's row and the moment its file gets its name; then the worker is killed."""
    [one] = render_batch(jobs(0, 1), tmp_path)
    assert isinstance(one, Rendered)
    nameless = one.take.path.rename(tmp_path / "nameless")
    with TakeStore(tmp_path) as store:
        assert store.absorb() == []
        assert store.absorb() == []
        nameless.rename(one.take.path)
        assert [made.take.key for made in store.absorb()] == [one.take.key]
        assert store.absorb() == []
        assert sound(store) == {"c00-0000": one.take.key}


def test_workers_that_share_nothing_but_a_folder_lose_nothing_when_killed(tmp_path: Path) -> None:
    """Three processes write takes and journals while this one reads; two are killed in the middle of their work."""
    processes = [started(work, tmp_path, who, 40, 5) for who in range(3)]
    with TakeStore(tmp_path) as store:
        while not all((tmp_path / journal.FOLDER).glob(f"*-{one.pid}-*") for one in processes):
            time.sleep(0.05)
        seen: list[Rendered] = []
        while len(seen) < 60:
            seen += store.absorb()
            time.sleep(0.02)
        for process in processes[:2]:
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            process.join()
        processes[2].join(60)
        assert processes[2].exitcode == 0
        store.absorb()
        files = {path.stem for path in tmp_path.rglob("*.flac") if not path.name.startswith(".")}
        chosen = sound(store)
        assert set(chosen.values()) == files, "every take that got its name is known"
        assert sum(line.startswith("c02") for line in chosen) == 200
        before = sqlite_rows(tmp_path)
        with TakeStore(tmp_path) as other:  # reads all of it again
            assert other.absorb() == []
            other.drop_journals()
        assert sqlite_rows(tmp_path) == before
        assert list(journal.there(tmp_path)) == []


def sqlite_rows(folder: Path) -> list[object]:
    with sqlite3.connect(folder / "index.sqlite") as index:
        return [
            index.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
            for name in ("takes", "line_takes", "chosen")
        ]


def test_a_row_cut_short_is_read_when_it_is_whole(tmp_path: Path) -> None:
    made = render_batch(jobs(0, 2), tmp_path)
    [path] = journal.there(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:-40])
    with TakeStore(tmp_path) as store:
        assert [one.take.key for one in store.absorb()] == [key(made[0])]
        path.write_bytes(data + b'{"torn')
        assert [one.take.key for one in store.absorb()] == [key(made[1])]
        assert store.absorb() == []


def key(made: object) -> str:
    assert isinstance(made, Rendered)
    return made.take.key


def test_rows_that_make_no_sense_and_takes_that_are_not_there_are_passed_over(tmp_path: Path) -> None:
    made = render_batch(jobs(0, 3), tmp_path)
    [path] = journal.there(tmp_path)
    rows = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([b"\xff\x00 what", b'{"take": {}}', b"[]", rows[0], rows[1], rows[2], b""]))
    gone = tmp_path / key(made[1])[:2] / f"{key(made[1])}.flac"
    gone.unlink()
    with TakeStore(tmp_path) as store:
        store.absorb()
        assert set(store.whole()) == {key(made[0]), key(made[2])}
        assert store.take(key(made[1])) is None


def test_of_two_renderings_of_one_key_the_index_knows_the_one_on_disk(tmp_path: Path) -> None:
    """A worker that was taken for hung wakes up: both wrote the same take, and the later file stays."""
    [job] = jobs(0, 1)
    render_batch([job], tmp_path)
    path = tmp_path / job.key[:2] / f"{job.key}.flac"
    with TakeStore(tmp_path) as store:
        store.absorb()
        row = json.loads(next(journal.there(tmp_path)).read_text().splitlines()[0])
        again, _ = soundfile.read(path, dtype="int16")
        soundfile.write(path, again[::-1], 22050, subtype="PCM_16")
        row["take"]["sha256"], row["size"] = journal_hash(path), path.stat().st_size
        (tmp_path / journal.FOLDER / "elsewhere-1-abc.jsonl").write_text(json.dumps(row) + "\n")
        [news] = store.absorb()
        assert news.take.sha256 == journal_hash(path)
        assert store.take(job.key) == news.take
        late = json.loads(json.dumps(row)) | {"size": 7}
        late["take"] = row["take"] | {"sha256": "0" * 64}
        (tmp_path / journal.FOLDER / "late-1-abc.jsonl").write_text(json.dumps(late) + "\n")
        assert store.absorb() == []


def journal_hash(path: Path) -> str:
    from pipeline.files import sha256_file

    return sha256_file(path)


def test_a_choice_made_by_hand_is_not_undone_by_a_journal_read_again(tmp_path: Path) -> None:
    [job] = jobs(0, 1)
    render_batch([job], tmp_path)
    with TakeStore(tmp_path) as store:
        store.absorb()
        store.choose("c00-0000", "f" * 64, job.subject)
    with TakeStore(tmp_path) as store:
        store.absorb()
        assert (store.choices()["c00-0000"].key, store.choices()["c00-0000"].by_hand) == ("f" * 64, True)


def test_journals_of_workers_that_live_stay_and_those_of_other_machines_for_a_day(tmp_path: Path) -> None:
    folder = tmp_path / journal.FOLDER
    folder.mkdir(parents=True)
    host = os.uname().nodename
    living, dead = folder / f"{host}-1-aaaaaa.jsonl", folder / f"{host}-{2**22 + 1}-aaaaaa.jsonl"
    near, far = folder / "n-17-aaaaaa.jsonl", folder / "other-host-17-aaaaaa.jsonl"
    strange = folder / "notes.jsonl"
    for path in (living, dead, near, far, strange):
        path.touch()
    os.utime(far, (0, 0))
    with TakeStore(tmp_path) as store:
        store.drop_journals()
    assert set(folder.iterdir()) == {living, near, strange}


# --- the index --------------------------------------------------------------------------------------------------------


def enter(folder: Path, who: int, count: int) -> None:
    with TakeStore(folder) as store:
        for number in range(count):
            name = f"{who:02d}{number:062d}"
            take = Take(name, store.path_of(name), "0", 22050, 1, "espeak", 0, "now", ())
            store.record([Rendered(take, 1, name, {"n": number}, (f"c{who}-{number}", "shared"))])
            if number % 10 == 0:
                store.choose(f"c{who}-{number}", name, name)
            store.choices()


def test_many_processes_of_one_machine_write_one_index(tmp_path: Path) -> None:
    processes = [started(enter, tmp_path, who, 60) for who in range(4)]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    with TakeStore(tmp_path) as store:
        assert store.count() == 240
        assert len(store.takes_of("shared")) == 240
        assert sum(choice.by_hand for choice in store.choices().values()) == 24
    with sqlite3.connect(tmp_path / "index.sqlite") as index:
        assert index.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_run_killed_before_it_entered_its_takes_renders_none_of_them_again(
    book: Path, cast: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request(book, cast, output=tmp_path / "out")
    with open_book(request) as production:
        monkeypatch.setattr(TakeStore, "record", lambda *_: os._exit(9))
        child = os.fork()
        if child == 0:
            finish(production, 1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        monkeypatch.undo()
        folder = production.folder
    takes = {path.name: path.stat().st_mtime_ns for path in folder.takes.rglob("*.flac")}
    assert takes
    with reopen(folder) as production:
        assert {one.key for one in production.plan.due}.isdisjoint(name.removesuffix(".flac") for name in takes)
        finish(production, 1)
    for path in folder.takes.rglob("*.flac"):
        assert takes.get(path.name, path.stat().st_mtime_ns) == path.stat().st_mtime_ns


def test_a_disk_that_fails_when_a_batch_ends_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(BookFolderError, match="Input/output error"):
        render_batch(jobs(0, 1), tmp_path)
