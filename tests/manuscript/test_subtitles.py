"""Subtitle files as manuscripts: what is said, by whom and when; what is refused, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import script
from pipeline.errors import ManuscriptError
from pipeline.manuscript import read
from pipeline.nouns import Book, Paragraph
from pipeline.script import table

SRT = """1
00:00:01,000 --> 00:00:02,500
<i>林晚：</i>你来了。

2
00:00:02,600 --> 00:00:04,000
老王：嗯，外面下着雨，
我走了 3 个小时。

3
00:00:04,000 --> 00:00:05,000
♪ 啦啦啦 ♪

4
00:00:05,000 --> 00:00:06,000
[door slams]

5
00:00:06,000 --> 00:00:07,500
林晚：(笑) 他重(chóng)新来过。

6
00:00:08,000 --> 00:00:09,000
{\\an8}注意：快跑！
"""

VTT = """WEBVTT

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.500 align:start position:10%
<v.loud Anna>Come <b>in</b> &amp; sit.</v>

NOTE nobody says this

00:02.500 --> 01:00:04.000
<v Mr. Hale><00:03.000>Thank <00:03.500>you.
It rains.
"""

ASS = """[Script Info]
Title: x
[V4+ Styles]
Format: Name, Fontname
Style: Default,Arial,rubbish
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:03.00,0:00:04.50,Default,Anna,0,0,0,,{\\i1}Come in,{\\i0}\\Nplease.
Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,It was night.
Comment: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,check this
Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\\p1}m 0 0 l 10 10{\\p0}
"""


def book(folder: Path, text: str, name: str = "clip.srt", encoding: str = "utf-8", **options) -> Book:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return read(path, **options)


def said(found: Book) -> list[tuple[str, str]]:
    return [(one.cue.speaker, one.text) for one in paragraphs(found) if one.cue]


def paragraphs(found: Book) -> tuple[Paragraph, ...]:
    (chapter,) = found.chapters
    return chapter.paragraphs


def cues(*texts: str) -> str:
    return "\n".join(
        f"{n}\n00:00:{2 * n:02d},000 --> 00:00:{2 * n + 1:02d},000\n{text}\n" for n, text in enumerate(texts, 1)
    )


def test_srt_gives_lines_with_their_times_and_speakers(tmp_path: Path) -> None:
    found = book(tmp_path, SRT)
    assert said(found) == [
        ("林晚", "你来了。"), ("老王", "嗯，外面下着雨，我走了 3 个小时。"), ("林晚", "他重(chóng)新来过。"), ("", "注意：快跑！"),
    ]  # fmt: skip
    assert [(one.cue.start, one.cue.seconds) for one in paragraphs(found) if one.cue] == [
        (1.0, 1.5), (2.6, 1.4), (6.0, 1.5), (8.0, 1.0),
    ]  # fmt: skip
    assert [one.source.where for one in paragraphs(found)] == ["line 2", "line 6", "line 19", "line 23"]
    assert [(one.why, one.source.where) for one in found.skipped] == [("music", "line 11"), ("sound", "line 15")]
    assert "2 cues are not spoken: line 11 (music), line 15 (sound)" in found.notes
    assert found.language == "zh"


def test_one_cue_that_is_not_spoken_is_said_in_the_singular(tmp_path: Path) -> None:
    assert "1 cue is not spoken: line 6 (music)" in book(tmp_path, cues("你好。", "♪ 歌声 ♪")).notes


def test_webvtt_voices_notes_and_entities(tmp_path: Path) -> None:
    found = book(tmp_path, VTT, "clip.vtt")
    assert said(found) == [("Anna", "Come in & sit."), ("Mr. Hale", "Thank you. It rains.")]
    assert [one.cue.seconds for one in paragraphs(found) if one.cue] == [1.5, 3601.5]


def test_ass_names_comments_and_drawings(tmp_path: Path) -> None:
    found = book(tmp_path, ASS, "clip.ass")
    assert said(found) == [("", "It was night."), ("Anna", "Come in, please.")], "in order of time"
    assert {one.why for one in found.skipped} == {"comment", "drawing"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_those_of_text_files(tmp_path: Path, encoding: str) -> None:
    assert said(book(tmp_path, SRT, encoding=encoding))[0] == ("林晚", "你来了。")


def test_line_ends_of_windows(tmp_path: Path) -> None:
    assert said(book(tmp_path, SRT.replace("\n", "\r\n"))) == said(book(tmp_path, SRT))


@pytest.mark.parametrize(
    ("texts", "speakers"),
    [
        (("ANNA: Hello.", "It was late.", "So it was.", "Quite."), ["ANNA", "", "", ""]),
        (("Anna: Hello.", "It was late.", "So it was.", "Quite."), ["", "", "", ""]),
        (("Anna: Hello.", "It was late.", "Anna: Bye.", "Quite.", "No."), ["Anna", "", "Anna", "", ""]),
        (("[Anna] Hello.", "Late.", "[Anna] Bye.", "Quite.", "No."), ["Anna", "", "Anna", "", ""]),
        (("ANNA (V.O.): Hello.", "NARRATOR: Night."), ["ANNA", "narrator"]),
        (("旁白：天亮了。", "王掌柜：来了。", "小二：好。"), ["narrator", "王掌柜", "小二"]),
        (("NOTE: none.", "At 10:30 we go.", "Today: rain.", "Today: sun."), ["", "", "", ""]),
    ],
)
def test_a_name_in_front_is_one_when_the_file_agrees(
    tmp_path: Path, texts: tuple[str, ...], speakers: list[str]
) -> None:
    found = said(book(tmp_path, cues(*texts)))
    assert [speaker for speaker, _ in found] == speakers
    for (speaker, text), raw in zip(found, texts, strict=True):
        assert (text == raw) is (speaker == ""), "a name that is none is spoken"


def test_sounds_inside_a_cue_are_left_out_and_other_parentheses_stay(tmp_path: Path) -> None:
    found = book(
        tmp_path,
        cues("[sighs] Well (laughs) then.", "I met him (her brother) once.", "（叹气）走吧。", "- One.\n- Two."),
    )
    assert [text for _, text in said(found)] == ["Well then.", "I met him (her brother) once.", "走吧。", "One. Two."]


def test_cues_that_overlap_are_shortened_and_reported(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:03,400\nOne.\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo.\n"
    found = book(tmp_path, text)
    assert [one.cue.seconds for one in paragraphs(found) if one.cue] == [2.0, 1.0]
    assert [note for note in found.notes if note.startswith("line 2: the cue is shortened by 0.400 s")]
    twice = text.replace("Two.", "One.").replace("00:00:03,000", "00:00:01,000")
    assert [one.why for one in book(tmp_path, twice).skipped] == ["said twice at once"]
    with pytest.raises(ManuscriptError, match="lines 2 and 6 begin together"):
        book(tmp_path, text.replace("00:00:03,000", "00:00:01,100"))


@pytest.mark.parametrize(
    ("name", "text", "says", "where"),
    [
        ("a.srt", SRT.replace("00:00:05,000 --> 00:00:06,000", "00:00:05,000 --> 00:00:x6,000"), "cannot be read", "line 15"),
        ("a.srt", SRT.replace("00:00:02,600 --> 00:00:04,000", "00:00:02,600 --> 00:00:01,000"), "before it begins", "line 6"),
        ("a.srt", cues("From 10:00:00,000 until 11:00:00,000."), "cannot be read", "line 3"),
        ("a.srt", cues("One.").replace(" --> ", " "), "cannot be read", "line 2"),
        ("a.srt", "Nothing with times.\n", "no cue", "a.srt"),
        ("a.srt", cues("♪ la ♪", "[wind]"), "no words", "a.srt"),
        ("a.vtt", VTT.replace("00:02.500 --> 01", "2.500 --> 01"), "cannot be read", "line 12"),
        ("a.vtt", VTT.replace("WEBVTT", "HELLO"), "begins with WEBVTT", "line 1"),
        ("a.ass", ASS.replace("0:00:03.00,", "soon,"), "cannot be read", "line 8"),
        ("a.ass", ASS.replace("Layer, Start, End", "Layer, End, Start"), "unusual order", "line 7"),
    ],
)  # fmt: skip
def test_broken_files_are_refused_with_their_row(tmp_path: Path, name: str, text: str, says: str, where: str) -> None:
    with pytest.raises(ManuscriptError, match=says) as error:
        book(tmp_path, text, name)
    assert where in error.value.where


def test_every_cue_is_one_line_of_the_script_whatever_it_holds(tmp_path: Path) -> None:
    long = "“走吧。”他说。" * 40
    lines = script.analyse(
        book(tmp_path, cues(f"林晚：{long}", "林晚：[pause 800ms]等等。", "[林晚|愤怒:0.8] 走！", "天亮了。"))
    )
    assert [(one.kind, one.speaker, one.text) for one in lines] == [
        ("dialogue", "林晚", long), ("dialogue", "林晚", "等等。"), ("dialogue", "林晚", "走！"), ("narration", "narrator", "天亮了。"),
    ]  # fmt: skip
    assert [(one.start, one.duration) for one in lines] == [(2.0, 1.0), (4.0, 1.0), (6.0, 1.0), (8.0, 1.0)]
    assert lines[2].emotion == "愤怒:0.8"


def test_milliseconds_survive_the_table_and_edits_win(tmp_path: Path) -> None:
    text = "1\n01:23:45,678 --> 01:23:47,899\n走吧。\n"
    fresh = script.analyse(book(tmp_path, text))
    folder = tmp_path / "book"
    folder.mkdir()
    script.sync(folder, fresh)
    (row,) = table.rows(folder / "script.csv")
    assert (row["start"], row["duration"]) == ("5025.678", "2.221")
    assert script.load(folder)[0].start == 5025.678
    script.edit(folder, [row["id"]], {"start": 5026.0, "duration": 1.5})
    line = script.sync(folder, fresh).lines[0]
    assert (line.start, line.duration) == (5026.0, 1.5)
