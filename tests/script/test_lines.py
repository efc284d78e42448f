from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import script
from pipeline.errors import ScriptError
from pipeline.nouns import NARRATOR, UNKNOWN, Book, Chapter, Line, Paragraph, Source


def book(*paragraphs: str, language: str = "zh") -> Book:
    chapter = Chapter(
        1, "", tuple(Paragraph(text, "body", Source("t", f"line {n}")) for n, text in enumerate(paragraphs, 1))
    )
    return Book("T", "A", language, (chapter,), Path("t.txt"), "0")


def analysed(*paragraphs: str, language: str = "zh") -> list[Line]:
    return script.analyse(book(*paragraphs, language=language))


def spoken(*paragraphs: str, language: str = "zh") -> list[tuple[str, str]]:
    return [(line.speaker, line.text) for line in analysed(*paragraphs, language=language) if line.kind != "narration"]


def squeezed(text: str) -> str:
    return "".join(text.split())


PIECES = st.sampled_from(
    ["林晚", "说道", "：", "“", "”", "‘", "’", "「", "」", "『", "』", '"', "'", "。", "！", "？", "……", "——", "，", "3.14", "Mr. ", "don't ",
     "a", " ", "\u3000", "😀", "\u200d", "\u202e", "é", "[", "]", "《", "》", "(", ")", "-", "\n", "very long word ", "他", "她笑了"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=40).map("".join), max_size=8), st.sampled_from(["zh", "en"]))
def test_whatever_the_text_nothing_is_lost_doubled_or_moved(paragraphs: list[str], language: str) -> None:
    lines = analysed(*paragraphs, language=language)
    assert squeezed("".join(line.text for line in lines)) == squeezed("".join(paragraphs))
    assert len({line.id for line in lines}) == len(lines)
    assert all(len(line.text) <= (120 if language == "zh" else 360) for line in lines)
    assert [line.order for line in lines] == list(range(1, len(lines) + 1))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_unicode_survives(text: str) -> None:
    lines = analysed(text.replace("[", "(").replace("［", "(").replace("【", "("))
    assert squeezed("".join(line.text for line in lines)) == squeezed(
        text.replace("[", "(").replace("［", "(").replace("【", "(")
    )


def test_a_megabyte_on_one_line_takes_linear_time() -> None:
    import time

    def seconds(text: str) -> float:
        began = time.perf_counter()
        analysed(text)
        return time.perf_counter() - began

    for piece in ("“他说", "字", "“好。”", "word "):
        small, large = "".join([piece] * (50_000 // len(piece))), "".join([piece] * (500_000 // len(piece)))
        assert seconds(large) < 25 * max(seconds(small), 0.02), piece


@pytest.mark.parametrize(
    ("paragraphs", "wanted"),
    [
        (["林晚道：“你来了。”"], [("林晚", "“你来了。”")]),
        (["“坐吧。”老王笑着说，“外面冷。”"], [("老王", "“坐吧。”"), ("老王", "“外面冷。”")]),
        (["“走！”林晚喊道。", "“来了。”老王说。"], [("林晚", "“走！”"), ("老王", "“来了。”")]),
        (["林晚道：“来。”", "林晚看着窗外，轻声说道：", "“下雨了。”"], [("林晚", "“来。”"), ("林晚", "“下雨了。”")]),
        (["林晚道：「你看『那个』。」"], [("林晚", "「你看『那个』。」")]),
        (["林晚问：“去吗？”", "老王答：“去。”", "“几点？”", "“八点。”", "“好。”"],
         [("林晚", "“去吗？”"), ("老王", "“去。”"), ("林晚", "“几点？”"), ("老王", "“八点。”"), ("林晚", "“好。”")]),
        (["林晚说：“第一段。", "“第二段。”"], [("林晚", "“第一段。"), ("林晚", "“第二段。”")]),
        (["“是谁？”"], [(UNKNOWN, "“是谁？”")]),
        (["老王说：“好。”", "所谓“自由”，他想，不过如此。"], [("老王", "“好。”")]),
        (["他读过《红楼梦》。"], []),
    ],
)  # fmt: skip
def test_who_speaks_chinese(paragraphs: list[str], wanted: list[tuple[str, str]]) -> None:
    assert spoken(*paragraphs) == wanted


@pytest.mark.parametrize(
    ("paragraphs", "wanted"),
    [
        (["“Go,” said Anne."], [("Anne", "“Go,”")]),
        (["“Go,” Anne said quietly, “and don’t come back.”"], [("Anne", "“Go,”"), ("Anne", "“and don’t come back.”")]),
        (['Mr. Hale replied, "I shall not."'], [("Mr. Hale", '"I shall not."')]),
        (["“Who’s there?” asked the old man."], [("the old man", "“Who’s there?”")]),
        (["“Why?” asked Anne.", "“Because,” said Tom.", "“I see.”", "“Do you?”"],
         [("Anne", "“Why?”"), ("Tom", "“Because,”"), ("Anne", "“I see.”"), ("Tom", "“Do you?”")]),
        (["Mrs. Pike put down her cup. She sighed.", "“Well,” she said."], [("Mrs. Pike", "“Well,”")]),
        (["He loved the word “home” above all."], []),
        (["'I know,' said Tom."], [("Tom", "'I know,'")]),
    ],
)  # fmt: skip
def test_who_speaks_english(paragraphs: list[str], wanted: list[tuple[str, str]]) -> None:
    tags = ["“Oh,” said Anne.", "“Oh,” said Tom.", "“Oh,” said Mrs. Pike."]
    assert spoken(*paragraphs, "* The end of it.", *tags, language="en")[: len(wanted)] == wanted or wanted == []
    if not wanted:
        assert spoken(*paragraphs, language="en") == []


def test_every_decision_says_how_sure_it_is_and_why() -> None:
    by_text = {
        line.text: line
        for line in analysed("林晚道：“来。”", "“是谁？”", "风停了。", "雨也停了。", "夜深了。", "“嗯。”")
    }
    assert 0.9 < by_text["“来。”"].confidence < 1
    assert "林晚道" in by_text["“来。”"].why
    assert by_text["“嗯。”"].speaker == UNKNOWN
    assert by_text["“嗯。”"].confidence < 0.5


def test_thoughts_letters_and_feelings_are_kinds_of_their_own() -> None:
    lines = {line.text: line for line in analysed("林晚心想：“糟了。”", "林晚怒道：“滚！”", "信上写着：“见字如面。”")}
    assert (lines["“糟了。”"].kind, lines["“糟了。”"].speaker) == ("thought", "林晚")
    assert lines["“滚！”"].emotion == "angry:0.8"  # the tag and the word agree
    assert lines["“见字如面。”"].kind == "letter"


def test_a_scene_break_lasts_as_long_as_the_profile_says() -> None:
    one = book("他走了。", "", "天亮了。")
    [chapter] = one.chapters
    before, between, after = chapter.paragraphs
    chapter = replace(chapter, paragraphs=(before, replace(between, kind="break"), after))
    assert [(line.kind, line.pause_after) for line in script.analyse(replace(one, chapters=(chapter,)))] == [
        ("narration", None), ("pause", None), ("narration", None),
    ]  # fmt: skip


def test_marks_that_authors_type() -> None:
    lines = analysed("[林晚|愤怒:0.8] 我不听！", "他[pause 800ms]走了。", "[停顿 2秒]", "见注[1]。")
    assert (lines[0].speaker, lines[0].emotion, lines[0].text, lines[0].why) == (
        "林晚",
        "愤怒:0.8",
        "我不听！",
        "markup",
    )
    assert [(line.kind, line.text, line.pause_after) for line in lines[1:]] == [
        ("narration", "他", None), ("pause", "", 0.8), ("narration", "走了。", None), ("pause", "", 2.0),
        ("narration", "见注[1]。", None),
    ]  # fmt: skip
    with pytest.raises(ScriptError, match="unknown emotion") as error:
        analysed("[林晚|愤怒:0.8] 好。", "[林晚|吃饭了] 好。")
    assert "line 2" in error.value.where


@pytest.mark.parametrize("mark", ["[pause 9999999999s]", "[停顿 61秒]", "[pause 60001]", f"[pause {'9' * 400}ms]"])
def test_a_pause_beyond_the_limit_is_an_error_with_its_line(mark: str) -> None:
    with pytest.raises(ScriptError, match=r"longer than a pause may be, 60 s") as error:
        analysed("他走了。", f"他又{mark}来了。")
    assert "line 2" in error.value.where
    assert len(error.value.what) < 100
    assert [one.pause_after for one in analysed("他[pause 60s]走了。[停顿 60000]") if one.kind == "pause"] == [
        60.0,
        60.0,
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Mr. Smith paid 3.14 dollars. Then he left.", ["Mr. Smith paid 3.14 dollars. ", "Then he left."]),
        ("Wait... what? J. R. R. Tolkien!", ["Wait... what? ", "J. R. R. Tolkien!"]),
        ("等等……他走了。真的？真的！", ["等等……", "他走了。", "真的？", "真的！"]),
    ],
)
def test_where_sentences_end(text: str, parts: list[str]) -> None:
    from pipeline.script.sentences import sentences

    assert sentences(text) == parts


def test_narration_is_cut_at_sentences_and_quotes_are_lines_of_their_own() -> None:
    lines = analysed("风很大，雨也很大，谁都不愿意出门去走一走。" * 12)
    assert all(line.text.endswith("。") for line in lines)
    assert all(line.speaker == NARRATOR for line in lines)
    assert max(len(line.text) for line in lines) <= 120


def test_hints_of_gender_and_age() -> None:
    text = ["林晚说：“好。”她笑了。林晚又说：“走。”她站起来。", "方奶奶说：“慢点。”", "小男孩问：“为什么？”"]
    found = {one.name: one for one in script.characters(script.analyse(book(*text)), book(*text))}
    assert found["林晚"].gender == "female"
    assert (found["方奶奶"].gender, found["方奶奶"].age) == ("female", "elder")
    assert (found["小男孩"].gender, found["小男孩"].age) == ("male", "child")


def test_an_adverb_that_begins_like_a_family_name_is_nobody() -> None:
    lines = analysed("林晚走进银行。", "她抬起头，平静地问：“行长，你在吗？”", "苏小小低声回答：“好。”")
    assert [line.speaker for line in lines if line.kind == "dialogue"] == [UNKNOWN, "苏小小"]


AFTERTHOUGHT = "——那是三年前的事了。林晚站在雪地里，一句话也没有说。"


@pytest.mark.parametrize("others", [["林晚说：“走吧。”"], ["林晚走了。"], []])
def test_narration_that_begins_with_a_dash_is_no_speech(others: list[str]) -> None:
    found = [line for line in analysed(*others, AFTERTHOUGHT) if line.text.startswith("——")]
    assert [(line.kind, line.speaker) for line in found] == [("narration", NARRATOR)]


def test_a_chapter_that_marks_speech_by_dashes_alone_is_heard() -> None:
    found = analysed("林晚走进门。", "——你来了？", "——来了。")
    assert [line.kind for line in found] == ["narration", "dialogue", "dialogue"]
