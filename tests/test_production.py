"""The whole chain on real components, without Prefect: what is made again, and what is not."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mutagen
import pytest

from pipeline import chapters, script
from pipeline.errors import ManuscriptError, ScriptError
from pipeline.folder import find, safe_name
from pipeline.mastering import levelling, sound
from pipeline.mastering.profiles import Profile
from pipeline.nouns import Take, Timeline
from pipeline.opening import open_book, reopen
from pipeline.produce import Result, doubtful, finish, nothing_to_do
from pipeline.request import Request, chapters_in
from pipeline.retake import Retake, open_choice, open_retake
from pipeline.script import table


def produced(book: Path, cast: Path | None, **more: Any) -> tuple[Result, dict[str, str]]:
    """Make the book; the result, and why each line was stale."""
    request = Request(book, cast, output=book.parent / "out", **more)
    with open_book(request) as production:
        stale = dict(production.plan.stale)
        return nothing_to_do(production) or finish(production, 1), stale


def hashes(folder: Path, pattern: str) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob(pattern))}


def test_one_voice_changed_makes_only_its_lines_and_chapters(book: Path, cast: Path) -> None:
    first, stale = produced(book, cast)
    assert first.rendered == len(stale) == first.lines
    assert first.mastered == (1, 2)
    assert set(stale.values()) == {"new"}
    folder = first.folder
    takes = hashes(folder / "takes", "*.flac")
    again, _ = produced(book, cast)
    assert (again.rendered, again.mastered, again.delivered) == (0, (), ())

    text = book.read_text(encoding="utf-8").replace("林晚推开窗，说道：“今天是个好天气。”", "窗外很亮。")
    book.write_text(text, encoding="utf-8")
    produced(book, cast)
    masters = hashes(folder / "chapters", "*.flac")
    cast.write_text(cast.read_text(encoding="utf-8").replace("pitch: 55", "pitch: 60"), encoding="utf-8")
    changed, stale = produced(book, cast)
    lin = [line.id for line in script.load(folder) if line.speaker == "林晚"]
    assert stale == dict.fromkeys(lin, "voice")
    assert (changed.rendered, changed.mastered) == (len(lin), (1,))
    assert {name for name, one in hashes(folder / "chapters", "*.flac").items() if masters[name] != one} == {
        "01 第一章 雨夜.flac"
    }
    assert hashes(folder / "takes", "*.flac").items() >= takes.items()


def test_a_line_made_again_touches_nothing_else(book: Path, cast: Path) -> None:
    result, _ = produced(book, cast)
    folder = find("small", result.folder.parent)
    line = next(line for line in script.load(folder.path) if line.speaker == "老王" and line.chapter == 2)
    before = hashes(folder.takes, "*.flac")
    with open_retake(folder, Retake((line.id,), emotion="angry:0.8")) as production:
        made = finish(production, 1)
    assert (made.rendered, made.mastered, made.delivered) == (1, (2,), ("m4b", "timeline"))
    after = hashes(folder.takes, "*.flac")
    assert len(after) == len(before) + 1
    assert after.items() >= before.items()
    assert next(one for one in script.load(folder.path) if one.id == line.id).emotion == "angry:0.8"
    assert produced(book, cast)[0].rendered == 0
    with reopen(folder) as production:
        takes = production.store.takes_of(line.id)
        assert [take.key == production.wanted[line.id] for take in takes] == [False, True]
    with open_choice(folder, line.id, "1") as production:
        chosen = finish(production, 1)
    assert (chosen.rendered, chosen.mastered) == (0, (2,))
    assert produced(book, cast)[0].mastered == ()


def test_a_hand_edit_survives_a_change_elsewhere(book: Path, cast: Path) -> None:
    result, _ = produced(book, cast)
    path = result.folder / "script.csv"
    rows = table.rows(path)
    rows[1]["spoken"], rows[-1]["emotion"] = "林晚慢慢地说", "sad:0.5"
    path.write_bytes(table.csv_bytes(rows))
    _, stale = produced(book, cast)
    assert sorted(stale.values()) == ["emotion", "spoken text"]
    book.write_text(book.read_text(encoding="utf-8").replace("第二章", "一句新的话。\n\n第二章"), encoding="utf-8")
    after, stale = produced(book, cast)
    assert (after.rendered, list(stale.values())) == (1, ["new"])
    kept = {row["id"]: row for row in table.rows(path)}
    assert kept[rows[1]["id"]]["spoken"] == "林晚慢慢地说"
    assert kept[rows[-1]["id"]]["emotion"] == "sad:0.5"


def test_a_lost_or_damaged_take_is_made_again(book: Path, cast: Path) -> None:
    result, _ = produced(book, cast)
    one, two = sorted((result.folder / "takes").rglob("*.flac"))[:2]
    one.unlink()
    two.write_bytes(two.read_bytes()[:50])
    again, stale = produced(book, cast)
    assert again.rendered == 2
    assert set(stale.values()) == {"file missing"}


def test_some_chapters_only(book: Path, cast: Path) -> None:
    some, _ = produced(book, cast, chapters="2")
    assert some.mastered == (2,)
    assert [one.path.name for one in some.deliverables if one.path.suffix == ".m4b"] == ["small (2).m4b"]
    rest, _ = produced(book, cast)
    assert rest.mastered == (1,)
    assert (rest.folder / "small.m4b").is_file()


@pytest.mark.parametrize(("text", "wanted"), [("", (1, 2, 3, 9)), ("2-3,9", (2, 3, 9)), ("9, 1", (1, 9))])
def test_chapters_are_chosen_by_number(text: str, wanted: tuple[int, ...]) -> None:
    assert chapters_in(text, [1, 2, 3, 9]) == wanted


@pytest.mark.parametrize("text", ["5", "x", "3-2", "1--2", "0"])
def test_chapters_that_are_not_there(text: str) -> None:
    with pytest.raises(ManuscriptError):
        chapters_in(text, [1, 2, 3, 9])


def test_doubtful_speakers_are_listed(book: Path) -> None:
    book.write_text("第一章\n\n“是谁？”\n\n门开了。\n", encoding="utf-8")
    with open_book(Request(book, output=book.parent / "out")) as production:
        assert len(doubtful(production)[1]) == 1


def test_the_demo_has_what_a_demo_should_show() -> None:
    from pipeline import cast as cast_room
    from pipeline.manuscript import read
    from tests.conftest import CAST_ZH, DEMO_ZH

    book = read(DEMO_ZH)
    lines = script.analyse(book)
    people = {one.name for one in script.characters(lines, book)}
    kinds = {line.kind for line in lines}
    assert len(book.chapters) >= 4
    assert len(lines) >= 150
    assert {"林晚", "小满", "周师傅", "陈屿", "沈行长", "方奶奶"} <= people
    assert kinds == {"heading", "narration", "dialogue", "thought", "letter", "pause"}
    assert not [
        one for one in cast_room.check(cast_room.load(CAST_ZH), script.characters(lines, book)) if "nobody in" in one
    ]


def test_a_take_damaged_on_disk_is_found_by_its_hash_and_rendered_again(book: Path, cast: Path) -> None:
    result, _ = produced(book, cast)
    folder = find("small", result.folder.parent)
    before = hashes(folder.takes, "*.flac")
    with reopen(folder) as production:
        line = production.lines_of(2)[1].id
        path = production.store.path_of(production.wanted[line])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF  # the size stays
    path.write_bytes(data)
    next(folder.chapters.glob("02*.json")).unlink()
    again, stale = produced(book, cast)
    assert stale == {}
    assert again.mastered == (2,)
    assert hashes(folder.takes, "*.flac") == before, "the same line is the same samples"
    with reopen(folder) as production:
        assert sound.damaged(production.store.takes(production.wanted.values()).values()) == []
    assert any(line in remark and "damaged" in remark for remark in again.remarks)


def test_a_take_that_chapters_share_is_the_same_file_when_it_is_rendered_again(book: Path, cast: Path) -> None:
    book.write_text(book.read_text(encoding="utf-8") + "林晚道：“你来了。”\n", encoding="utf-8")
    result, _ = produced(book, cast)
    folder = find("small", result.folder.parent)
    before = hashes(folder.takes, "*.flac")
    with reopen(folder) as production:
        first, second = ({production.wanted[line.id] for line in production.lines_of(number)} for number in (1, 2))
        path = production.store.path_of(min(first & second))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    next(folder.chapters.glob("02*.json")).unlink()
    assert produced(book, cast)[0].mastered == (2,)
    assert hashes(folder.takes, "*.flac") == before


def test_chapters_that_are_mastered_at_once_render_a_take_that_they_share_once(book: Path, cast: Path) -> None:
    book.write_text(book.read_text(encoding="utf-8") + "林晚道：“你来了。”\n", encoding="utf-8")
    result, _ = produced(book, cast)
    with open_book(Request(book, cast, output=result.folder.parent)) as production:
        first, second = ({production.wanted[line.id] for line in production.lines_of(number)} for number in (1, 2))
        path = production.store.path_of(min(first & second))
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        found = [sound.damaged(chapters.chapter_job(production, number).takes.values()) for number in (1, 2)]
        assert [len(one) for one in found] == [1, 1], "both have seen it"
        for one in found:
            chapters._render_again(production, one, None)
        assert production.rendered == 1


def test_a_take_damaged_while_its_chapter_is_mastered_is_rendered_again(
    book: Path, cast: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, _ = produced(book, cast)
    folder = find("small", result.folder.parent)
    before = hashes(folder.chapters, "*.flac")
    next(folder.chapters.glob("02*.json")).unlink()
    real, times = levelling.levelled, []

    def levelled(timeline: Timeline, takes: Mapping[str, Take], profile: Profile) -> tuple[Timeline, list[float], bool]:
        if not times:
            path = next(iter(takes.values())).path
            path.write_bytes(path.read_bytes()[:-100])
        times.append(1)
        return real(timeline, takes, profile)

    monkeypatch.setattr(levelling, "levelled", levelled)
    with open_book(Request(book, cast, output=folder.path.parent)) as production:
        _, made = chapters.master(production, 2)
    assert (made, len(times)) == (True, 2)
    assert hashes(folder.chapters, "*.flac") == before


def test_credits_are_spoken_by_the_narrator_in_chapters_of_their_own(book: Path, cast: Path) -> None:
    cast.write_text(
        cast.read_text(encoding="utf-8") + '\ncredits: {opening: "{title}，由{narrator}演播。", narrator: 林月}\n',
        encoding="utf-8",
    )
    result, _ = produced(book, cast)
    assert result.mastered == (0, 1, 2, 3)
    folder = find("small", result.folder.parent)
    with reopen(folder) as production:
        assert [line.text for line in production.lines_of(0)] == [f"{production.record.title}，由林月演播。"]
        assert production.lines_of(3)[-1].text == "感谢收听。"
        assert {line.speaker for number in (0, 3) for line in production.lines_of(number)} == {"narrator"}
    assert next(path.name for path in sorted(folder.chapters.glob("*.flac"))) == "00 片头.flac"
    assert not any(line.chapter in (0, 3) for line in script.load(folder.path)), "they are in no script table"
    for path in (*folder.chapters.glob("01*.flac"), *folder.chapters.glob("01*.mp3"), *folder.chapters.glob("01*.m4a")):
        file = mutagen.File(path)
        named = {".flac": "composer", ".mp3": "TCOM", ".m4a": "\xa9wrt"}[path.suffix]
        assert "".join(map(str, file[named])) == "林月", path.name
    assert produced(book, cast)[0].mastered == ()
    with open_retake(folder, Retake(("c03-credit1",))) as production:
        assert ([one.line.id for one in production.plan.due], production.chapters) == (["c03-credit1"], (3,))
    with (
        pytest.raises(ScriptError, match="spoken credits") as caught,
        open_retake(folder, Retake(("c03-credit1",), text="好")),
    ):
        pass
    assert "credits" in caught.value.fix
    with (
        pytest.raises(ScriptError, match="no line has the id 'c09-credit1'"),
        open_retake(folder, Retake(("c09-credit1",))),
    ):
        pass


def test_edits_that_leave_every_take_as_it_was_reach_what_is_made_of_the_chapter(book: Path, cast: Path) -> None:
    told = cast.read_text(encoding="utf-8").replace("老王: {voice: wang}", "老王: {voice: lin, level: 4}")
    cast.write_text(told, encoding="utf-8")
    first, _ = produced(book, cast, formats="flac", deliver="srt,timeline")
    hers, counted = (
        next(line for line in script.load(first.folder) if sign in line.text) for sign in ("你来了", "一共走了")
    )
    script.edit(first.folder, [counted.id], {"spoken": "他重新站了起来，一共走了三步。"})
    produced(book, cast, formats="flac", deliver="srt,timeline")
    before = {row["id"]: row for row in csv_rows(first.folder / "chapters/01 第一章 雨夜.timeline.csv")}
    assert hers.speaker == "林晚"

    script.edit(first.folder, [hers.id], {"speaker": "老王"})
    script.edit(first.folder, [counted.id], {"text": "他重新站了起来，一共走了三步。"})
    edited, stale = produced(book, cast, formats="flac", deliver="srt,timeline")
    assert (edited.rendered, stale) == (0, {})
    assert edited.mastered == (1,)
    after = {row["id"]: row for row in csv_rows(first.folder / "chapters/01 第一章 雨夜.timeline.csv")}
    assert [(row["take"], row["start"]) for row in after.values()] == [
        (row["take"], row["start"]) for row in before.values()
    ]
    assert (before[hers.id]["speaker"], after[hers.id]["speaker"]) == ("林晚", "老王")
    assert after[counted.id]["text"] == "他重新站了起来，一共走了三步。"
    louder = [float(one[hers.id]["gain_db"]) - float(one[counted.id]["gain_db"]) for one in (before, after)]
    assert louder[1] - louder[0] > 2, "the new speaker's own level counts"
    [srt] = first.folder.glob("*.srt")
    assert "一共走了三步" in srt.read_text(encoding="utf-8").replace("\n", "")
    assert produced(book, cast, formats="flac", deliver="srt,timeline")[0].mastered == ()


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_chapter_may_have_a_long_title(tmp_path: Path) -> None:
    """As long as eighty Chinese characters, which are 240 bytes of the 255 that a file's name may have."""
    title = "雨" * 79 + "夜"
    path = tmp_path / "长.html"
    path.write_text(f"<html><body><h1>{title}</h1><p>天亮了。</p></body></html>", encoding="utf-8")
    result, _ = produced(path, None, deliver="srt,stems")
    assert result.mastered == (1,)
    with reopen(find("长", tmp_path / "out")) as production:
        assert production.titles == {1: title}
    made = {one.suffix: one for one in (result.folder / "chapters").iterdir() if one.name.startswith("01")}
    assert set(made) == {".flac", ".mp3", ".m4a", ".csv", ".json", ".srt"}
    assert made[".flac"].stem == "01 " + "雨" * 59
    assert produced(path, None, deliver="srt,stems")[0].mastered == ()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a" * 90, "a" * 80),
        ("雨" * 90, "雨" * 60),
        ("a" + "雨" * 79, "a" + "雨" * 59),
        ("😀" * 80, "😀" * 45),
        (" a/b?. ", "a b"),
    ],
)
def test_names_of_files_end_at_a_character(name: str, safe: str) -> None:
    assert safe_name(name) == safe
