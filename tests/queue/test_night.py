"""A night in plain Python: real books, real speech, real files."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
import soundfile
from mutagen.mp4 import MP4

from pipeline.cli import main
from pipeline.errors import BookFolderError, ShuoshuError
from pipeline.folder import BookFolder
from pipeline.opening import Production
from pipeline.produce import Result
from pipeline.progress import Observer, Progress
from pipeline.queue import edit, inbox, morning, night, record, speeds
from pipeline.queue.file import load
from pipeline.queue.forecast import forecast
from pipeline.queue.unchanged import unchanged
from pipeline.request import Request
from tests.disks import small_disk
from tests.queue.conftest import files, plainly, write_queue, write_story

FAR = datetime(2099, 1, 1, tzinfo=UTC)
LONG = "{manuscript: long.txt, formats: flac, deliver: timeline}"


def outcomes(made: record.Night) -> dict[str, str]:
    return {one.book: one.outcome for one in made.books}


def test_one_broken_book_never_stops_the_others_and_the_sums_are_what_is_on_disk(home: Path) -> None:
    for name, who in (("one", "林晚"), ("two", "老李")):
        write_story(home, name, who)
    (home / "broken.epub").write_bytes(b"no zip at all")
    queue = write_queue(
        home, "  - {manuscript: broken.epub, priority: 9}\n  - one.txt\n  - {manuscript: two.txt, priority: 1}\n  - gone.txt\n",
        top="price_per_hour: 3\ncurrency: EUR\n",
    )  # fmt: skip
    made = night.work(queue, FAR, plainly)
    assert outcomes(made) == {"broken": "failed", "two": "done", "one": "done", "gone": "failed"}
    assert [one.book for one in made.books] == ["broken", "two", "one", "gone"], "by priority"
    broken, gone = made.books[0], made.books[3]
    assert str(home / "broken.epub") in broken.where
    assert broken.what
    assert broken.fix
    assert "not there" in gone.what
    assert record.load(home / "nights", made.name) == made, "the record on disk is what was returned"

    sums = morning.sums(made)
    measured = {}
    for name in ("one", "two"):
        chapters = sorted((home / "output" / name / "chapters").glob("*.flac"))
        measured[name] = sum(soundfile.info(path).duration for path in chapters)
        row = next(one for one in made.books if one.book == name)
        assert row.audio_s == pytest.approx(measured[name], abs=1e-3)
        assert row.chapters == row.mastered == len(chapters)
        takes = list((home / "output" / name / "takes").glob("*/*.flac"))
        assert row.rendered == len(takes)
        assert row.speech_s == pytest.approx(sum(soundfile.info(path).duration for path in takes), abs=1e-2)
    assert sums.audio_h * 3600 == pytest.approx(sum(measured.values()), abs=1e-2)
    assert sums.per_hour is not None
    assert sums.per_hour * sums.audio_h == pytest.approx(
        3 * sum(one.work_s for one in made.books[1:3]) / 3600, rel=1e-6
    )
    assert morning.changed_since(made, home / "output") == []
    shutil.rmtree(home / "output/one")
    assert "one: " in morning.changed_since(made, home / "output")[0]


def test_a_night_with_nothing_stale_touches_no_book_and_the_next_one_too(home: Path) -> None:
    write_story(home, "one")
    queue = write_queue(home, "  - one.txt\n")
    assert outcomes(night.work(queue, FAR, plainly)) == {"one": "done"}
    before = files(home / "output")
    later = datetime(2030, 5, 5, 12, tzinfo=UTC)

    def never(*_: object) -> Result:
        raise AssertionError("nothing is to be made")

    for day in range(3):
        at = later + timedelta(days=day)
        made = night.work(queue, FAR, never, clock=lambda at=at: at)
        assert outcomes(made) == {"one": "unchanged"}
        assert made.books[0].audio_s > 5, "what is finished is known all the same"
        assert files(home / "output") == before
    assert [one.state for one in forecast(load(queue), later, speeds.load())] == ["unchanged"]


@pytest.mark.parametrize("change", ["manuscript", "script", "cast", "take", "chapter", "deliverable", "wish"])
def test_whatever_changes_a_book_is_looked_at_again(home: Path, change: str) -> None:
    manuscript = write_story(home, "one")
    (home / "casts").mkdir()
    cast = home / "casts/one.yaml"
    cast.write_text("language: zh\nnarrator: {voice: n}\nvoices: {n: {engine: espeak, variant: f2}}\n")
    queue = write_queue(home, "  - one.txt\n")
    night.work(queue, FAR, plainly)
    request, book = load(queue).books[0].request, home / "output/one"
    assert unchanged(request)
    if change == "manuscript":
        manuscript.write_text(manuscript.read_text() + "又说：“走吧。”\n")
    elif change == "script":
        (book / "script.csv").write_text((book / "script.csv").read_text().replace("narrator", "老王", 1))
    elif change == "cast":
        cast.write_text(cast.read_text().replace("f2", "f3"))
    elif change == "wish":
        request = replace(request, formats="flac,m4a")
    else:
        next(
            book.glob({"take": "takes/*/*.flac", "chapter": "chapters/*.mp3", "deliverable": "*.m4b"}[change])
        ).unlink()
    assert unchanged(request) is None


def test_what_does_not_fit_stops_at_the_windows_end_and_goes_on_the_next_night(home: Path) -> None:
    (home / "long.txt").write_text("\n".join(f"这是第{n}句话。" for n in range(200)), encoding="utf-8")
    write_story(home, "small")
    queue = write_queue(home, f"  - {LONG}\n  - small.txt\n", top="price_per_hour: 2\n")
    ends = datetime(2026, 11, 26, 7, tzinfo=UTC)
    given: list[int] = []

    class Clock:
        """The window's end comes when the first lines are made."""

        late = False

        def __call__(self) -> datetime:
            return ends + timedelta(seconds=1) if self.late else ends - timedelta(hours=1)

    clock = Clock()

    def make(production: Production, request: Request, observe: Observer) -> Result:
        def watching(step: Progress) -> None:
            observe(step)
            if step.stage == "render" and step.done:
                clock.late = True
                given.append(step.done)

        return plainly(production, request, watching)

    first = night.work(queue, ends, make, clock=clock)
    assert outcomes(first) == {"long": "stopped", "small": "waiting"}
    long = first.books[0]
    assert "stopped at the window's end" in long.what
    assert 0 < long.rendered < 200
    takes = {path.name for path in (home / "output/long/takes").glob("*/*.flac")}
    assert len(takes) == long.rendered, "what was in flight is finished and kept"
    assert long.rendered == given[0], "no batch was begun after the end, those that were given out before it included"

    next_day = ends + timedelta(hours=17)
    second = night.work(queue, next_day + timedelta(hours=9), plainly, clock=lambda: next_day)
    assert second.name > first.name
    assert outcomes(second) == {"long": "done", "small": "done"}
    again = second.books[0]
    assert again.before_s == pytest.approx(long.work_s, abs=0.01), "what the first night spent on it counts"
    assert again.rendered + long.rendered == again.lines
    assert takes <= {path.name for path in (home / "output/long/takes").glob("*/*.flac")}
    sums = morning.sums(second)
    assert sums.per_hour == pytest.approx(
        2 * (again.work_s + long.work_s + second.books[1].work_s) / 3600 / sums.audio_h
    )


def test_a_stop_between_chapters_and_between_deliverables_keeps_what_is_made(home: Path) -> None:
    (home / "five.txt").write_text("\n\n".join(f"第{n}章 夜\n\n这是第{n}章。" for n in "一二三四五"), encoding="utf-8")
    queue = write_queue(home, "  - five.txt\n")
    stopped_in: list[str] = []

    def stopping(stage: str) -> night.Make:
        def make(production: Production, request: Request, observe: Observer) -> Result:
            state = {"stop": False}
            production.stop_when = lambda: state["stop"]

            def watching(step: Progress) -> None:
                observe(step)
                state["stop"] = state["stop"] or (step.stage == stage and (step.done > 0 or stage == "deliver"))

            result = plainly(production, request, watching)
            stopped_in.append(str(result.stopped))
            return result

        return make

    first = night.work(queue, FAR, stopping("master"))
    assert first.books[0].outcome == "stopped"
    assert first.books[0].mastered == 1, "chapters that were given out before were not begun"
    second = night.work(queue, FAR, stopping("deliver"))
    assert second.books[0].outcome == "stopped"
    assert second.books[0].mastered == 5, "both turns of one night together"
    third = night.work(queue, FAR, plainly)
    assert third.books[0].outcome == "done"
    assert third.books[0].mastered == 5
    assert stopped_in[0].startswith("chapters left to master")
    assert (home / "output/five/five.m4b").is_file()


def test_a_book_that_is_paused_while_it_is_made_stops_cleanly(home: Path) -> None:
    (home / "long.txt").write_text("\n".join(f"这是第{n}句话。" for n in range(150)), encoding="utf-8")
    queue = write_queue(home, f"  - {LONG}   # the long one\n")

    def make(production: Production, request: Request, observe: Observer) -> Result:
        edit.edit(queue, edit.paused(True, "long"))
        return plainly(production, request, observe)

    made = night.work(queue, FAR, make)
    assert made.books[0].outcome == "stopped"
    assert "paused" in made.books[0].what
    assert "# the long one" in queue.read_text()
    assert outcomes(night.work(queue, FAR, plainly)) == {"long": "stopped"}, "a paused book has no turn"
    edit.edit(queue, edit.paused(False, "long"))
    assert outcomes(night.work(queue, FAR, plainly)) == {"long": "done"}


def _hold(folder: str, held: Event, go: Event) -> None:
    with BookFolder(Path(folder)).locked():
        held.set()
        go.wait(60)


def test_a_book_that_another_process_holds_is_passed_over_with_that_reason(home: Path) -> None:
    write_story(home, "one")
    write_story(home, "two")
    queue = write_queue(home, "  - one.txt\n  - two.txt\n")
    context = multiprocessing.get_context("spawn")
    held, go = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(str(home / "output/one"), held, go))
    other.start()
    try:
        assert held.wait(30)
        made = night.work(queue, FAR, plainly)
    finally:
        go.set()
        other.join()
    assert outcomes(made) == {"one": "held", "two": "done"}
    assert f"process {other.pid}" in made.books[0].what


def test_a_night_whose_prefect_is_gone_goes_on_without_it(home: Path) -> None:
    for name in ("one", "two"):
        write_story(home, name)
    queue = write_queue(home, "  - one.txt\n  - two.txt\n")

    def make(production: Production, request: Request, observe: Observer) -> Result:
        if request.manuscript.stem == "one":  # its server dies when all is made, before it could say so
            plainly(production, request, observe)
        raise night.Unrecorded("connection refused")

    made = night.work(queue, FAR, make)
    assert outcomes(made) == {"one": "done", "two": "done"}
    for row in made.books:
        takes = list((home / "output" / row.book / "takes").glob("*/*.flac"))
        assert row.rendered == len(takes)
        assert row.speech_s == pytest.approx(sum(soundfile.info(path).duration for path in takes), abs=1e-3)
        assert "made without Prefect" in row.what


def test_a_full_disk_ends_the_night_and_the_night_goes_on_when_there_is_room(home: Path) -> None:
    for name in ("one", "two"):
        write_story(home, name)
    queue = write_queue(home, "  - one.txt\n  - two.txt\n")
    with small_disk(home / "output", "64m") as small:
        filler, tried = small / "others.bin", []

        def make(production: Production, request: Request, observe: Observer) -> Result:
            tried.append(request.manuscript.stem)
            filler.write_bytes(bytes(shutil.disk_usage(small).free))
            return plainly(production, request, observe)

        with pytest.raises(BookFolderError, match="disk"):
            night.work(queue, FAR, make)
        assert tried == ["one"], "the other book would fail of the same"
        assert night.broke_off(load(queue), night.now())
        filler.unlink()
        made = night.work(queue, FAR, plainly)
        assert outcomes(made) == {"one": "done", "two": "done"}
        assert not night.broke_off(load(queue), night.now())


def _killed(queue: Path) -> None:
    def make(*_: object) -> Result:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("dead")

    night.work(queue, FAR, make)


def test_a_night_that_was_killed_broke_off_and_one_that_was_stopped_did_not(home: Path) -> None:
    write_story(home, "one")
    queue = write_queue(home, "  - one.txt\n")
    process = multiprocessing.get_context("spawn").Process(target=_killed, args=(queue,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert night.broke_off(load(queue), night.now()), "in its first book already"
    with night._alone(home / "nights"):
        assert night.at_work(load(queue))
        assert not night.broke_off(load(queue), night.now()), "somebody works on it"

    def make(*_: object) -> Result:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        night.work(queue, FAR, make)
    assert not night.broke_off(load(queue), night.now())


def test_an_error_nobody_foresaw_is_a_row_with_its_place(home: Path) -> None:
    write_story(home, "one")
    queue = write_queue(home, "  - one.txt\n")

    def make(*_: object) -> Result:
        raise ZeroDivisionError("odd")

    made = night.work(queue, FAR, make)
    assert made.books[0].outcome == "failed"
    assert "ZeroDivisionError: odd" in made.books[0].what
    assert "test_night.py, line" in made.books[0].where
    with pytest.raises(ShuoshuError, match="another night is at work"), night._alone(home / "nights"):
        night.work(queue, FAR, plainly)


def test_a_book_dropped_into_the_inbox_is_queued_once_it_is_whole(home: Path) -> None:
    folder = home / "manuscripts/inbox"
    folder.mkdir(parents=True)
    queue = write_queue(home, "  - one.txt # the only one\n")
    write_story(folder, "new")
    (folder / "empty.txt").touch()
    (folder / ".hidden.txt").write_text("x")
    (folder / "picture.png").write_text("x")
    write_story(folder, "one")
    found = inbox.take_in(queue)
    assert [one.name for one in found.growing] == ["empty.txt", "new.txt"], "it was written just now"
    assert "one.txt is not queued" in found.refused[0]
    assert found.queued == ()
    found = inbox.take_in(queue, settled_s=0.0)
    assert [one.name for one in found.queued] == ["new.txt"]
    assert "# the only one" in queue.read_text()
    assert [one.request.manuscript for one in load(queue).books] == [home / "one.txt", folder / "new.txt"]
    edit.edit(queue, lambda text, _: edit.remove(text, 1))
    assert inbox.take_in(queue, settled_s=0.0).queued == (), "removed is removed"
    (folder / "new.txt").write_text("另一个故事。")
    assert [one.name for one in inbox.take_in(queue, settled_s=0.0).queued] == ["new.txt"], "until the file changes"


def test_figures_are_learned_and_used(home: Path) -> None:
    """Of work that costs 3 s and 2 ms a character, two sizes tell both parts; one size tells their sum."""
    figure = speeds.Figure()
    for amount in (1000, 5000, 2000, 8000, 3000, 9000) * 4:
        figure = figure.learned(amount, 3 + 0.002 * amount)
    cost = figure.cost(speeds.Cost(10.0, 0.1))
    assert cost.seconds(20_000) == pytest.approx(43, rel=0.1)
    alike = speeds.Figure()
    for _ in range(5):
        alike = alike.learned(1000, 5)
    assert alike.cost(speeds.Cost(2.0, 0.1)).seconds(1000) == pytest.approx(5, rel=1e-6)
    assert alike.cost(speeds.Cost(2.0, 0.1)).fixed == pytest.approx(2)
    assert speeds.Figure().cost(speeds.Cost(2.0, 0.1)) == speeds.Cost(2.0, 0.1)

    write_story(home, "one")
    write_story(home, "two", "阿明")
    queue = write_queue(home, "  - one.txt\n")
    first = next(forecast(load(queue), FAR, speeds.load()))
    assert first.estimate
    assert not first.estimate.measured, "the first night says that it has no figures"
    night.work(queue, FAR, plainly)
    edit.edit(queue, edit.with_books([{"manuscript": "two.txt"}]))
    second = list(forecast(load(queue), FAR, speeds.load()))[1]
    assert second.estimate
    assert second.estimate.measured
    made = night.work(queue, FAR, plainly)
    assert second.estimate.audio == pytest.approx(made.books[1].audio_s, rel=0.1)
    (home.parent / "cache/shuoshu/speeds.json").write_text("{")
    assert speeds.load() == speeds.Speeds(), "figures can be made again: a broken file is none"


@dataclass
class Told:
    returncode: int
    stdout: str
    stderr: str


def test_the_queue_from_the_command_line(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)

    def command(*arguments: object) -> Told:
        code = main([*map(str, arguments)])
        return Told(code, *capsys.readouterr())

    write_story(home, "one")
    write_story(home, "two")
    done = command(
        "schedule", "add", "one.txt", "two.txt", "--priority", 3, "--deadline", "2030-01-01", "--profile", "acx"
    )
    assert done.returncode == 0, done.stderr
    text = (home / "queue.yaml").read_text()
    assert "docs/scheduling.md" in text
    assert "  - manuscript: one.txt\n    deadline: 2030-01-01\n    profile: acx\n    priority: 3\n" in text
    assert load(home / "queue.yaml").books[0].deadline == datetime(
        2030, 1, 2, tzinfo=load(home / "queue.yaml").window.zone
    )
    for wrong, says in (
        (("add", "one.txt"), "in the queue already"),
        (("add", "none.txt"), "not there"),
        (("add", "queue.yaml", "--cast", "none.yaml"), "none.yaml"),
        (("remove", "tow"), "Did you mean two?"),
        (("add", "three.txt", "--deadline", "soon"), "deadline"),
    ):
        refused = command("schedule", *wrong)
        assert (refused.returncode, says in refused.stderr) == (2, True), refused.stderr
        assert "Traceback" not in refused.stderr
    assert (home / "queue.yaml").read_text() == text, "what is refused changes nothing"
    assert command("schedule", "pause", "two").returncode == 0
    listed = json.loads(command("schedule", "list", "--json").stdout)
    assert [(one["book"], one["state"]) for one in listed["books"]] == [("one", "due"), ("two", "paused")]
    one = listed["books"][0]
    assert one["seconds"] > 0
    assert not one["measured"]
    assert one["done"] > listed["window"]["opens"]
    assert not one["late"]
    shown = command("schedule", "list")
    assert "1 of 1 books will be done by morning" in shown.stdout
    assert "defaults of docs/scheduling.md" in shown.stderr
    assert command("schedule", "resume", "two").returncode == 0
    assert command("schedule", "remove", "one.txt").returncode == 0
    assert [one.name for one in load(home / "queue.yaml").books] == ["two"]
    none = command("morning")
    assert (none.returncode, "no record" in none.stderr) == (2, True)

    night.work(home / "queue.yaml", FAR, plainly)
    told = command("morning", "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["sums"]["counts"]["done"] == 1
    book = next((home / "output/two").glob("*.m4b"))
    seconds = MP4(book).info.length
    assert found["books"][0]["audio_s"] == pytest.approx(seconds, abs=0.1), "as mutagen reads the audiobook"
    plain = command("morning")
    assert "no price_per_hour in queue.yaml" in plain.stdout
    page = next((home / "nights").glob("*.html")).read_text(encoding="utf-8")
    assert "Content-Security-Policy" in page
    assert "夜间" in page or "无需重做" in page or "完成" in page


def test_a_book_dropped_into_the_inbox_is_queued_once_though_two_look_at_the_same_time(home: Path) -> None:
    (home / "manuscripts/inbox").mkdir(parents=True)
    for number in range(4):
        write_story(home / "manuscripts/inbox", f"dropped{number}")
    queue = write_queue(home, "  - one.txt\n")
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: inbox.take_in(queue, settled_s=0.0), range(8)))
    assert sum(len(one.queued) for one in found) == 4
    assert [one.name for one in load(queue).books] == ["one", *(f"dropped{number}" for number in range(4))]


def test_a_first_book_that_cannot_be_leaves_no_queue_behind(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)
    assert main(["schedule", "add", "none.txt"]) == 2
    assert "none.txt" in capsys.readouterr().err
    assert not (home / "queue.yaml").exists()


def test_an_earlier_nights_broken_record_ends_no_night(home: Path) -> None:
    write_story(home, "one")
    queue = write_queue(home, "  - one.txt\n")
    (home / "nights").mkdir()
    (home / "nights/2020-01-01.json").write_text("{", encoding="utf-8")
    assert outcomes(night.work(queue, FAR, plainly)) == {"one": "done"}
