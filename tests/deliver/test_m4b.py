"""The audiobook in parts and its metadata, read by mutagen, ffmpeg, ffprobe, AtomicParsley and mediainfo."""

import json
import subprocess
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from mutagen.mp4 import MP4

from pipeline import cast as cast_room
from pipeline.deliver import kinds, m4b, make
from pipeline.deliver import metadata as deliver_metadata
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.wishes import wished
from pipeline.errors import CastError
from tests.deliver.synthetic import (
    COVER,
    PODCAST,
    Said,
    again,
    book,
    decoded,
    decoded_at,
    metadata,
    told,
    tool,
    with_settings,
)

M4A = replace(PODCAST, formats=("flac", "m4a"))


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> FinishedBook:
    """Five chapters of five to nine seconds, with a click in each."""
    chapters = [[Said(seconds=2.0 + n, click=1.0)] for n in range(5)]
    return book(tmp_path_factory.mktemp("five"), chapters, M4A)


def marks(path: Path) -> list[tuple[float, str]]:
    return [(mark.start, mark.title) for mark in MP4(path).chapters]


def test_parts_end_at_chapters_and_go_on_counting(five: FinishedBook) -> None:
    hours = (sum(one.seconds for one in five.masters[:3]) + 0.1) / 3600
    paths = m4b.write(with_settings(five, "m4b", split_hours=hours))
    assert [path.name for path in paths] == ["雨夜 part 1 of 2.m4b", "雨夜 part 2 of 2.m4b"]
    assert [[title for _, title in marks(path)] for path in paths] == [["第1章", "第2章", "第3章"], ["第4章", "第5章"]]
    for number, (path, masters) in enumerate(zip(paths, (five.masters[:3], five.masters[3:]), strict=True), 1):
        file = MP4(path)
        assert (file["\xa9nam"], file["\xa9alb"]) == ([f"雨夜（{number}/2）"], ["雨夜"])
        assert (file["sonm"], file["soal"]) == ([f"yu ye （{number}/2）"], ["yu ye"])
        assert (file["trkn"], file["disk"]) == ([(number, 2)], [(number, 2)])
        starts = [0, *accumulate(one.frames for one in masters)]
        assert np.allclose([start for start, _ in marks(path)], np.array(starts[:-1]) / 44100, atol=0.001)
        wave = decoded(path)
        assert abs(wave.size - starts[-1]) <= 44
        for start, master in zip(starts, masters, strict=False):
            assert abs(int(np.abs(wave[start : start + master.frames]).argmax()) - 1.75 * 44100) < 250


def test_parts_in_megabytes_are_not_larger(five: FinishedBook) -> None:
    long = again(five, 120)
    paths = m4b.write(with_settings(long, "m4b", split_mb=1))
    assert len(paths) > 3
    assert all(path.stat().st_size <= 1_000_000 for path in paths)
    assert min(path.stat().st_size for path in paths[:-1]) > 800_000
    assert [title for path in paths for _, title in marks(path)] == [one.title for one in long.masters]


def test_a_chapter_longer_than_a_part_stays_whole(five: FinishedBook) -> None:
    paths = m4b.write(with_settings(five, "m4b", split_hours=6.5 / 3600))
    assert [[title for _, title in marks(path)] for path in paths] == [[one.title] for one in five.masters]


def test_another_split_removes_the_parts_of_the_one_before(five: FinishedBook) -> None:
    before = make.make(with_settings(five, "m4b", split_hours=6.5 / 3600), "m4b")
    after = make.make(five, "m4b")
    assert [path.name for path in after.files] == ["雨夜.m4b"]
    assert not any(path.exists() for path in before.files)


def test_the_audiobook_carries_full_metadata(five: FinishedBook) -> None:
    [path] = m4b.write(replace(five, narrator="云间"))
    file = MP4(path)
    text = {
        name: file[name][0] for name in ("\xa9nam", "\xa9ART", "aART", "\xa9alb", "\xa9wrt", "\xa9gen", "sonm", "soar")
    }
    assert text == {
        "\xa9nam": "雨夜", "\xa9ART": "余华", "aART": "余华", "\xa9alb": "雨夜", "\xa9wrt": "云间", "\xa9gen": "Audiobook",
        "sonm": "yu ye", "soar": "yu hua",
    }  # fmt: skip
    assert file["stik"] == [2]
    assert bytes(file["----:com.apple.iTunes:LANGUAGE"][0]) == b"zho"
    assert bytes(file["covr"][0]) == COVER
    assert file["\xa9too"][0].startswith("Shuoshu")
    assert "共 5 章" in file["ldes"][0]
    assert "AI-generated" in file["ldes"][0]
    assert len(file["desc"][0].encode()) <= 255
    assert "trkn" not in file
    assert path.read_bytes()[8:12] == b"M4B "


def test_a_player_can_begin_before_the_whole_file_is_there(five: FinishedBook) -> None:
    """What describes the sound lies before it, tags and cover included, which do not move it when they are written."""
    for cover in (COVER, COVER + bytes(300_000), None):
        [path] = m4b.write(replace(five, cover=cover))
        data = path.read_bytes()
        kinds, at = [], 0
        while at < len(data):
            size = int.from_bytes(data[at : at + 4]) or len(data) - at
            kinds.append(data[at + 4 : at + 8])
            at += int.from_bytes(data[at + 8 : at + 16]) if size == 1 else size
        assert kinds == [b"ftyp", b"moov", b"mdat"]
        assert len(data) - data.index(b"mdat") > len(data) - len(cover or b"") - 150_000
        assert decoded(path).size == pytest.approx(sum(one.frames for one in five.masters), abs=44)


@pytest.mark.parametrize(
    ("language", "minutes", "chapters", "said"),
    [
        ("zh", 4, 1, "《雨夜》，余华 著，共 1 章，4 分钟。"), ("zh", 671, 61, "《雨夜》，余华 著，共 61 章，11 小时 11 分。"),
        ("en", 4.2, 1, "雨夜 by 余华. 1 chapter, 4 min. "), ("en", 60, 2, "雨夜 by 余华. 2 chapters, 1 h 0 min. "),
    ],
)  # fmt: skip
def test_the_description_says_no_hours_that_are_none(
    language: str, minutes: float, chapters: int, said: str, five: FinishedBook
) -> None:
    frames = round(minutes * 60 * five.masters[0].sample_rate / chapters)
    masters = tuple(replace(five.masters[0], chapter=1, frames=frames) for _ in range(chapters))
    one = replace(five, masters=masters, record=replace(five.record, language=language))
    assert deliver_metadata.whole(one).description.startswith(said)


def test_an_english_book_sorts_by_its_first_real_word_and_its_authors_last(tmp_path: Path) -> None:
    one = book(tmp_path, [[Said()]], M4A, language="en", titles=[""])
    named = replace(one, record=replace(one.record, title="The Rain", author="Jane van Austen"))
    file = MP4(m4b.write(named)[0])
    assert (file["sonm"], file["soar"], file["\xa9wrt"]) == (["Rain"], ["Austen, Jane van"], ["AI voice"])
    assert [mark.title for mark in file.chapters] == ["The Rain"]
    two = replace(one, record=replace(one.record, title="Rain", author="A. Bee and C. Dee"))
    file = MP4(m4b.write(two)[0])
    assert "sonm" not in file
    assert "soar" not in file


def test_a_chapter_without_a_title_is_marked_by_its_number(tmp_path: Path) -> None:
    two = book(tmp_path, [[Said()]] * 2, M4A, titles=["", "雪"])
    assert [title for _, title in marks(m4b.write(two)[0])] == ["第 1 章", "雪"]


def test_players_of_either_style_find_every_chapter(five: FinishedBook) -> None:
    """QuickTime's text track is what ffmpeg falls back to without a list of Nero's, which mutagen reads."""
    [path] = m4b.write(five)
    assert len(marks(path)) == 5
    probe = json.loads(told(tool("ffprobe"), "-v", "error", "-show_chapters", "-show_streams", "-of", "json", path))
    assert [one["tags"]["title"] for one in probe["chapters"]] == [f"第{n}章" for n in range(1, 6)]
    assert [one["codec_tag_string"] for one in probe["streams"][:2]] == ["mp4a", "text"]
    assert {one["tags"]["language"] for one in probe["streams"][:2]} == {"zho"}
    blind = path.with_name("blind.m4b")
    blind.write_bytes(path.read_bytes().replace(b"chpl", b"free"))
    assert [line for line in metadata(blind) if line.startswith("title=")][1:] == [
        f"title=第{n}章" for n in range(1, 6)
    ]


def test_past_255_chapters_the_quicktime_track_still_names_all(five: FinishedBook) -> None:
    [path] = m4b.write(again(five, 300))
    assert len(marks(path)) == 255, "all that Nero's count can say"
    blind = path.with_name("blind.m4b")
    blind.write_bytes(path.read_bytes().replace(b"chpl", b"free"))
    assert [line for line in metadata(blind) if line.startswith("title=")][-1] == "title=第300章"


def test_over_ten_hours_nothing_drifts(tmp_path: Path) -> None:
    one = book(tmp_path, [[Said(seconds=20, click=2.0)]], M4A)
    long = again(one, 36000 * 44100 // one.frames + 1)
    [path] = m4b.write(long)
    known = int(np.abs(decoded(one.masters[0].files["m4a"])).argmax())
    starts = [*long.starts()]
    for number in (1, len(starts) // 2, len(starts) - 1):
        wave = decoded_at(path, starts[number] / 44100, 5)
        assert abs(int(np.abs(wave).argmax()) - known) < 0.001 * 44100
        assert abs(MP4(path).chapters[number % 255].start - starts[number % 255] / 44100) < 0.001


def test_atomicparsley_and_mediainfo_take_it_for_an_audiobook(five: FinishedBook) -> None:
    [path] = m4b.write(five)
    tree = told(tool("AtomicParsley"), path, "-T")
    unknown = [line.split()[1] for line in tree.splitlines() if "~" in line and "Atom" in line]
    assert set(unknown) <= {"chpl", "sgpd"}, (
        "which it does not know: Nero's marks, and a box of ISO/IEC 14496-12 (8.9.3)"
    )
    told_tags = subprocess.run([tool("AtomicParsley"), path, "-t"], capture_output=True, check=True).stdout.decode()
    assert 'Atom "stik" contains: Audiobook' in told_tags
    info = json.loads(told(tool("mediainfo"), "--Output=JSON", path))["media"]["track"]
    [menu] = [one for one in info if one["@type"] == "Menu" and "extra" in one][:1]
    assert len(menu["extra"]) >= 5
    [audio] = [one for one in info if one["@type"] == "Audio"]
    assert float(audio["Duration"]) == pytest.approx(five.frames / 44100, abs=0.03)


def test_the_cast_file_gives_the_limits_and_wrong_ones_are_refused(tmp_path: Path) -> None:
    cast = tmp_path / "cast.yaml"
    start = "language: zh\nnarrator: {voice: n}\nvoices: {n: {engine: espeak}}\ndeliver:\n  m4b: "
    cast.write_text(start + "{split_hours: 8.5, split_mb: 200}\n", encoding="utf-8")
    assert wished(cast_room.load(cast), "", (), ("m4a",)) == (("m4b",), {"m4b": {"split_hours": 8.5, "split_mb": 200}})
    for wrong in ("{split_hours: 0.5}", "{split_hours: 101}", "{split_mb: 1.5}", "{split: 3}"):
        cast.write_text(start + wrong + "\n", encoding="utf-8")
        with pytest.raises(CastError, match="split") as error:
            wished(cast_room.load(cast), "", (), ("m4a",))
        assert error.value.where.endswith("line 5")
    assert "m4b" in kinds.KINDS
