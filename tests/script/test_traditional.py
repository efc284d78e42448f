"""Books in traditional characters: analysed as simplified ones, written as they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import cast as cast_room
from pipeline import script
from pipeline.nouns import Book, Chapter, Line, Paragraph
from pipeline.pronunciation import spoken
from pipeline.pronunciation.pinyin import runs
from pipeline.script import delivery, emotion
from pipeline.simplified import simplified

STORY = (
    "陳紹鈞推門進來，怒道：「誰動了我的帳簿？」趙麗蘋嚇得發抖，說道：「我沒有動。」",
    "陳紹鈞道：「那是誰？」趙麗蘋低聲道：「是老張。」陳紹鈞道：「叫他來！」",
    "樵夫道：「他走了。」趙麗蘋笑道：「這卻好。」陳紹鈞沒有說話。",
    "趙麗蘋道：「陳先生，隨後再說吧。」陳紹鈞道：「也罷。」",
)


def book(*paragraphs: str) -> Book:
    chapter = Chapter(1, "", tuple(Paragraph(one) for one in paragraphs))
    return Book("T", "A", "zh", (chapter,), Path("t.txt"), "0")


def told(lines: list[Line]) -> list[tuple[str, str, str, str]]:
    return [(line.kind, simplified(line.speaker), line.emotion, line.delivery) for line in lines]


def test_both_scripts_give_the_same_lines_each_in_its_own() -> None:
    old, new = script.analyse(book(*STORY)), script.analyse(book(*map(simplified, STORY)))
    assert told(old) == told(new)
    assert "".join(line.text for line in old) == "".join(STORY)
    assert {line.speaker for line in old} == {"narrator", "陳紹鈞", "趙麗蘋", "樵夫"}
    assert {line.speaker for line in new} == {"narrator", "陈绍钧", "赵丽苹", "樵夫"}
    assert next(line for line in old if "帳簿" in line.text).emotion.startswith("angry")


def test_characters_are_told_as_the_book_writes_them() -> None:
    story = (*STORY, "陳紹鈞看著先生。他笑了。陳紹鈞走了，他很氣。", "陳先生來了。")
    found = {one.name: one for one in script.characters(script.analyse(book(*story)), book(*story))}
    assert found["陳紹鈞"].gender == "male"
    assert "陳先生" in found["陳紹鈞"].aliases


def test_a_name_given_by_hand_in_the_other_script_is_that_person() -> None:
    lines = script.analyse(book(*STORY, "[陈绍钧|憤怒:0.8,輕聲] 出去！"))
    assert (lines[-1].speaker, lines[-1].emotion, lines[-1].delivery) == ("陳紹鈞", "憤怒:0.8", "whisper")


def test_one_traditional_paragraph_does_not_rename_a_simplified_books_people() -> None:
    lines = script.analyse(book(*map(simplified, STORY), "信上寫著：「致陳紹鈞」。陳紹鈞道：「誰寫的？」"))
    assert {line.speaker for line in lines} == {"narrator", "陈绍钧", "赵丽苹", "樵夫"}
    assert lines[-1].text == "「誰寫的？」"


def test_a_cast_file_in_simplified_characters_casts_a_traditional_book(tmp_path: Path) -> None:
    path = tmp_path / "cast.yaml"
    voices = "voices: {one: {engine: espeak, variant: f2}, two: {engine: espeak, variant: m3}}"
    path.write_text(f"language: zh\nnarrator: one\n{voices}\ncharacters: {{陈绍钧: two}}\n", encoding="utf-8")
    found = script.characters(script.analyse(book(*STORY)), book(*STORY))
    cast = cast_room.complete(cast_room.load(path), found)
    assert cast.part("陳紹鈞").voice == "two"
    assert not [one for one in cast_room.check(cast, found) if "绍" in one or "紹" in one]


def test_one_name_in_two_scripts_gets_one_voice_without_a_cast_file() -> None:
    from pipeline.nouns import Character

    people = [Character("陳紹鈞", 9, "", (), "male", ""), Character("陈绍钧", 1, "", (), "male", "")]
    cast = cast_room.complete(cast_room.default_cast("zh"), people)
    assert cast.part("陈绍钧").voice == cast.part("陳紹鈞").voice != cast.narrator.voice


@pytest.mark.parametrize(
    "text",
    [
        "他還沒有還錢，銀行行長走來。", "2個人，下午2點30分，2萬2千。", "長大了很長，樂隊快樂，睡覺覺得。", "他看著我，隨後走了。", "單雄信來了。",
        "會計會議，參加人參，調查調整。",
    ],
)  # fmt: skip
def test_is_read_aloud_as_the_same_text_in_simplified_characters(text: str) -> None:
    assert runs(spoken(text, "zh")) == runs(spoken(simplified(text), "zh"))


def test_a_lexicon_in_either_script_holds_for_both() -> None:
    assert "fang1" in runs(spoken("萬華區到了", "zh", {"万华区": "wan4 hua4 fang1"}))[0].text
    assert "fang1" in runs(spoken("万华区到了", "zh", {"萬華區": "wan4 hua4 fang1"}))[0].text


def test_words_for_feelings_are_read_in_both_scripts() -> None:
    assert emotion.parse("憤怒:0.7").weights == emotion.parse("愤怒:0.7").weights
    assert emotion.parse("疲憊地低語").weights == emotion.parse("疲惫地低语").weights
    assert delivery.parse("低聲、緩慢") == ("whisper", "slow")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他說：「乾杯！」乾隆皇帝笑著說。", "他说：「干杯！」乾隆皇帝笑着说。"),
        ("這本名著，他看著。", "这本名著，他看着。"),
        ("他走了。Hello!", "他走了。Hello!"),
        ("🙂囧", "🙂囧"),
    ],
)
def test_simplified_characters_stand_in_the_same_places(text: str, expected: str) -> None:
    assert simplified(text) == expected


def test_a_simplified_book_does_not_load_the_table() -> None:
    code = (
        "import sys; from pipeline.simplified import simplified;\n"
        "assert simplified('他说：“好……”') == '他说：“好……”'; print('opencc' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
