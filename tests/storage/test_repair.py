"""A book that was damaged on its disk: what repair finds, mends and leaves alone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import time
from pathlib import Path

import pytest
import soundfile

from pipeline import script
from pipeline.errors import BookFolderError, MasteringError
from pipeline.folder import BookFolder
from pipeline.nouns import Direction, Voice
from pipeline.opening import reopen
from pipeline.repair import repair
from pipeline.takes import TakeStore, index, notes
from pipeline.takes.verified import DamagedTake, ForeignTake, verified
from tests.conftest import shuoshu
from tests.storage.conftest import produced


def everything(folder: Path) -> dict[str, str]:
    """Every file and its hash, but the lock's and what SQLite keeps beside an open index."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock" and not path.name.endswith(("-wal", "-shm"))
    }


def rows(folder: BookFolder, table: str, columns: str = "*") -> set[tuple[object, ...]]:
    with sqlite3.connect(folder.takes / index.NAME) as db:
        return set(db.execute(f"SELECT {columns} FROM {table}"))


ALL_BUT_CREATED = "key, sha256, size, sample_rate, frames, engine, seed, flags, subject, ingredients"


def known(folder: BookFolder) -> tuple[set[tuple[object, ...]], set[tuple[object, ...]], set[tuple[object, ...]]]:
    asked = {
        (*row[:-1], json.dumps(json.loads(str(row[-1])), sort_keys=True))
        for row in rows(folder, "takes", ALL_BUT_CREATED)
    }
    return asked, rows(folder, "chosen"), rows(folder, "line_takes", "line, key")


def lose_index(folder: BookFolder) -> None:
    for path in folder.takes.glob("index.sqlite*"):
        path.unlink()


def spoil(path: Path, at: float = 0.6) -> None:
    """Flip a byte; the size stays."""
    data = bytearray(path.read_bytes())
    data[int(len(data) * at)] ^= 0xFF
    path.write_bytes(data)


def some_take(folder: BookFolder, number: int = 1) -> tuple[str, Path]:
    """A line with words, and the file of its take."""
    with reopen(folder, lock=False) as production:
        line = [line.id for line in production.plan.lines if line.id in production.wanted][number]
        return line, production.store.path_of(production.wanted[line])


def test_a_book_in_order_is_left_as_it_is(folder: BookFolder) -> None:
    before = everything(folder.path)
    found = repair(folder)
    assert found.takes.index == "ok"
    assert found.takes.takes == len(list(folder.takes.rglob("*.flac")))
    assert (found.chapters, found.deliverables, found.again) == ((), (), ())
    assert [found.takes.damaged, found.takes.strange, found.takes.entered, found.takes.missing] == [{}, {}, [], []]
    assert everything(folder.path) == before


def test_a_lost_index_is_made_again_and_nothing_is_rendered(home: Path, folder: BookFolder) -> None:
    line, path = some_take(folder)
    with TakeStore(folder.takes) as store:
        store.choose(line, path.stem, store.choices()[line].subject)
    before = known(folder)
    lose_index(folder)
    found = repair(folder)
    assert found.takes.index == "lost"
    assert sorted(found.takes.entered) == sorted(path.stem for path in folder.takes.rglob("*.flac"))
    assert found.takes.choices == 1
    assert known(folder) == before
    result, stale = produced(home)
    assert (result.rendered, result.mastered, stale) == (0, (), {})


@pytest.mark.parametrize("at", [0.001, 0.5], ids=["its header", "a page in the middle"])
def test_a_damaged_index_is_said_by_every_command_and_made_again(home: Path, folder: BookFolder, at: float) -> None:
    line, path = some_take(folder)
    with TakeStore(folder.takes) as store:
        store.choose(line, path.stem, store.choices()[line].subject)
    (folder.takes / "choices.jsonl").unlink()  # what people chose can then only be read out of the damaged file
    before = known(folder)
    data = bytearray((folder.takes / index.NAME).read_bytes())
    start = int(len(data) * at) // 4096 * 4096
    data[start : start + 4096] = b"\x07" * 4096
    (folder.takes / index.NAME).write_bytes(data)
    done = shuoshu("status", "small", "--output", home / "out")
    assert (done.returncode, "take index is damaged" in done.stderr, "shuoshu repair" in done.stderr) == (2, True, True)
    done = shuoshu("repair", "small", "--output", home / "out", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["index"], told["rendered_again"], told["takes"]) == ("damaged", [], len(told["entered"]))
    assert list(folder.takes.glob("index.damaged-*.sqlite")), "it is kept"
    takes, chosen, _ = known(folder)
    assert takes == before[0]
    if told["hand_choices_kept"]:
        assert chosen == before[1]
    assert produced(home)[0].rendered == 0


def test_a_damaged_take_is_put_aside_and_only_its_line_is_rendered(home: Path, folder: BookFolder) -> None:
    line, path = some_take(folder)
    other = some_take(folder, 3)[1]
    spoil(path)
    other.unlink()
    before = everything(folder.takes)
    found = repair(folder)
    assert list(found.takes.damaged) == [path]
    assert found.takes.missing == [other.stem]
    assert found.takes.lines[line] == path.stem
    assert found.again is not None
    assert line in found.again
    assert len(found.again) == 2
    after = everything(folder.takes)
    assert before[f"{path.parent.name}/{path.name}"] == after.pop(f"damaged/{path.name}"), "nothing is thrown away"
    assert after.items() <= before.items() | {("index.sqlite", after["index.sqlite"])}
    result, _ = produced(home)
    assert result.rendered == 2


def test_a_choice_made_by_hand_whose_take_is_damaged_is_reported(home: Path, folder: BookFolder) -> None:
    line, path = some_take(folder)
    with TakeStore(folder.takes) as store:
        store.choose(line, path.stem, store.choices()[line].subject)
    spoil(path)
    assert "the take you chose is lost" in shuoshu("repair", "small", "--output", home / "out", "--dry-run").stderr
    assert repair(folder).takes.by_hand == [line]
    with TakeStore(folder.takes) as store:
        assert line not in store.choices()
    lose_index(folder)
    found = repair(folder)
    assert (found.takes.by_hand, found.takes.choices) == ([line], 0)
    assert produced(home)[0].rendered == 1


def test_damage_is_found_without_an_index(folder: BookFolder) -> None:
    _, one = some_take(folder, 1)
    _, two = some_take(folder, 2)
    _, three = some_take(folder, 3)
    spoil(one, 0.9)
    two.write_bytes(two.read_bytes()[:-300])
    three.write_bytes(b"")
    lose_index(folder)
    found = repair(folder)
    assert set(found.takes.damaged) == {one, two, three}


def test_old_takes_that_do_not_say_what_they_are_are_known_by_the_script(home: Path, folder: BookFolder) -> None:
    """As they were written before: flags and words in the comment, or nothing."""
    for path in folder.takes.rglob("*.flac"):
        wave, rate = soundfile.read(path, dtype="int16")
        with soundfile.SoundFile(path, "w", rate, 1, "PCM_16", format="FLAC") as file:
            file.write(wave)
    stray = folder.takes / "ab" / f"ab{'0' * 62}.flac"
    stray.parent.mkdir(exist_ok=True)
    shutil.copy(path, stray)
    lose_index(folder)
    found = repair(folder)
    assert found.again == ()
    assert list(found.takes.old) == [stray.stem]
    assert stray.is_file(), "nothing asks for it, and it is left alone"
    assert produced(home)[0].rendered == 0


def test_what_is_no_take_of_ours_is_left_alone(folder: BookFolder) -> None:
    _, path = some_take(folder)
    place = folder.takes / "ab"
    place.mkdir(exist_ok=True)
    strangers = [place / "notes.txt", place / "copy of a take.flac", place / f"{'cd' * 32}.flac"]
    for stranger in strangers:
        stranger.write_bytes(b"hello")
    renamed = place / f"ab{path.stem[2:]}.flac"
    shutil.copy(path, renamed)
    found = repair(folder)
    assert set(found.takes.strange) == {*strangers, renamed}
    assert all(one.is_file() for one in (*strangers, renamed))
    with TakeStore(folder.takes) as store:
        assert store.take(renamed.stem) is None


def test_what_killed_processes_left_goes_and_what_is_being_written_stays(folder: BookFolder) -> None:
    old, new = folder.takes / "ab/.x.17.part.flac", folder.chapters / ".y.18.part.m4a"
    named = folder.chapters / ".Alice.part 2.words.json"  # the record of a deliverable of a book of that name
    old.parent.mkdir(exist_ok=True)
    for path in (old, new, named):
        path.write_bytes(b"half")
    for path in (old, named):
        os.utime(path, (time.time() - 3600,) * 2)
    assert repair(folder).half_written == (old,)
    assert (old.exists(), new.exists(), named.exists()) == (False, True, True)


def test_chapters_and_deliverables_that_are_not_what_was_made_are_made_again(home: Path, folder: BookFolder) -> None:
    before = everything(folder.path)
    audio = next(folder.chapters.glob("02*.flac"))
    delivered = next(path for path in folder.path.glob("small*") if path.is_file())
    spoil(audio)
    spoil(delivered)
    assert produced(home)[0].mastered == (), "sizes are as they were"
    found = repair(folder)
    assert found.chapters == (audio.stem,)
    assert found.deliverables == ("timeline",)
    result, _ = produced(home)
    assert (result.rendered, result.mastered, result.delivered) == (0, (2,), ("timeline",))
    assert everything(folder.path)[delivered.name] == before[delivered.name]


@pytest.mark.parametrize("pattern", ["02*.m4a", "02*.timeline.csv"])
def test_a_damaged_chapter_is_not_delivered_but_mastered_again_by_the_next_run(
    home: Path, folder: BookFolder, pattern: str
) -> None:
    produced(home, formats="m4a", deliver="m4b")
    audiobook = next(folder.path.glob("*.m4b"))
    packets = audiobook.read_bytes()
    audiobook.unlink()
    spoil(next(folder.chapters.glob(pattern)))
    with pytest.raises(MasteringError, match="damaged") as refused:
        produced(home, formats="m4a", deliver="m4b")
    assert "chapters/02 " in refused.value.where
    assert not audiobook.exists()
    result, _ = produced(home, formats="m4a", deliver="m4b")
    assert (result.rendered, result.mastered, result.delivered) == (0, (2,), ("m4b",))
    assert audiobook.read_bytes() == packets


def test_a_dry_run_says_the_same_and_changes_nothing(home: Path, folder: BookFolder) -> None:
    line, path = some_take(folder)
    spoil(path)
    spoil(next(folder.chapters.glob("01*.flac")))
    (folder.takes / "ab").mkdir(exist_ok=True)
    half = folder.takes / "ab/.x.17.part.flac"
    half.touch()
    os.utime(half, (0, 0))
    before = everything(folder.path)
    done = shuoshu("repair", folder.path, "--dry-run", "--json", LANG="zh_CN.UTF-8")
    told = json.loads(done.stdout)
    assert everything(folder.path) == before
    found = repair(folder)
    assert told["damaged"] == {str(one): why for one, why in found.takes.damaged.items()}
    assert told["lines"] == found.takes.lines == {line: path.stem}
    assert (told["chapters"], told["half_written"]) == (list(found.chapters), [str(half)])
    lose_index(folder)
    before = everything(folder.path)
    assert repair(folder, dry_run=True).takes.index == "lost"
    assert everything(folder.path) == before


def test_a_repair_that_is_killed_is_done_by_the_next(home: Path, folder: BookFolder) -> None:
    line, path = some_take(folder)
    spoil(path)
    child = os.fork()
    if child == 0:
        Path.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        repair(folder)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    with reopen(folder) as production:
        assert line in production.plan.stale, "the index does not trust it any more"
    found = repair(folder)
    assert list(found.takes.damaged) == [path]
    assert produced(home)[0].rendered == 1


def test_nobody_repairs_a_book_that_is_being_made(folder: BookFolder) -> None:
    with folder.locked(), pytest.raises(BookFolderError, match="another run"):
        repair(folder)


def test_a_take_says_what_it_is_and_a_bit_of_damage_is_seen(folder: BookFolder) -> None:
    line, path = some_take(folder)
    one = verified(path)
    with TakeStore(folder.takes) as store:
        take = store.take(path.stem)
        assert take is not None
        assert one.ingredients == store.ingredients(path.stem)
        assert (one.take.sha256, one.take.frames, one.subject) == (
            take.sha256,
            take.frames,
            store.choices()[line].subject,
        )
    assert line in one.lines
    text = next(each.text for each in script.load(folder.path) if each.id == line)
    assert one.ingredients["language"] == "zh"
    assert len(one.ingredients["text"]) >= len(text) // 2
    size = path.stat().st_size
    data = path.read_bytes()
    start = data.index(b"\xff\xf8")  # the first frame: RFC 9639, section 9.1
    for at in range(start, size, max(1, (size - start) // 40)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        with pytest.raises((DamagedTake, ForeignTake)):
            verified(path)


def test_the_same_line_rendered_in_two_books_is_told_by_the_same_notes() -> None:
    """What a take says about itself does not depend on when or where it was made."""
    from pipeline.takes.key import ingredients

    one = Direction("c01-1", "你好。", "zh", Voice("a", "espeak"))
    two = Direction("c09-9", "你好。", "zh", Voice("b", "espeak"))
    assert notes.written((), (), ingredients(one), ()) == notes.written((), (), ingredients(two), ())
