"""Who speaks where the words before a Chinese quotation name him late, early, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import script
from pipeline.nouns import Book, Chapter, Line, Paragraph
from pipeline.script.names import Names
from pipeline.script.names_zh import learn

KNOWN = (
    "林晚道：“走吧。”",
    "陈默道：“好。”",
    "林晚笑道：“快些。”",
    "陈默问道：“去哪里？”",
    "林晚说：“回家。”",
    "陈默说：“也好。”",
)
"""A conversation from which the book's two people are learnt."""


def lines(*paragraphs: str) -> list[Line]:
    chapter = Chapter(1, "", tuple(Paragraph(one) for one in (*KNOWN, "* * *", *paragraphs)))
    return script.analyse(Book("T", "A", "zh", (chapter,), Path("t.txt"), "0"))


def last(*paragraphs: str) -> Line:
    return [one for one in lines(*paragraphs) if one.kind not in ("narration", "pause")][-1]


def learnt(*sentences: str) -> Names:
    return learn([(one, True) for one in sentences] * 3)


@pytest.mark.parametrize(
    "lead",
    [
        "林晚听了这番言语，心里不快，放下手里的针线，过了半日才冷笑道：",
        "林晚推门进来。四下看了一看，点点头，笑道：",
        "林晚站起身来。走了两步，又停住。想了一会，说：",
        "林晚将陈默唤到跟前，问道：",
        "林晚把陈默叫来，说：",
        "林晚见了陈默，忙起身道：",
        "林晚走上楼去。见了陈默，拉住陈默的袖子，说道：",
        "林晚见陈默说得有理，便点头道：",
        "林晚命陈默掌灯。看了半日，道：",
        "话说林晚把陈默领到堂前，说：",
        "忽听林晚走上楼来，禀道：",
        "林晚请来了陈默、王老板。吃过了饭，说道：",
    ],
)
def test_whoever_acts_in_the_sentences_of_a_lead_speaks_and_not_whom_they_name_as_object(lead: str) -> None:
    assert last(f"{lead}“坐下。”").speaker == "林晚"


def test_a_lead_without_a_subject_goes_on_with_the_last_speaker() -> None:
    found = lines("林晚道：“你来了。”说罢，将茶递了过去，又道：“先喝口水。”")
    assert [one.speaker for one in found if one.kind == "dialogue"][-2:] == ["林晚", "林晚"]


def test_an_answer_without_a_subject_is_not_the_last_speakers() -> None:
    assert last("林晚问陈默道：“饭好了么？”", "答道：“好了。”").speaker != "林晚"


@pytest.mark.parametrize(
    ("lead", "speaker"),
    [
        ("林晚正要开口，只听得门外有人道：", "有人"),
        ("林晚住了脚，又听屋里说：", "有人"),
        ("陈默听了半日。忽听外面一阵乱嚷道：", "有人"),
        ("林晚正在做活，忽见一个穿青布衫的大汉闯将进来，喝道：", "大汉"),
        ("林晚靠着窗看雨。只见管家匆匆进来，说：", "管家"),
        ("管船的接过钱来一看，不敢嫌少，只笑嘻嘻的说道：", "管船的"),
        ("林晚不言语。早有差役上来，禀道：", "差役"),
        ("小玉道：", "小玉"),
        ("何秋生奏道：", "何秋生"),
        ("慧岸道：", "慧岸"),
        ("姓李的道：", "姓李的"),
        ("众百姓道：", "众百姓"),
    ],
)
def test_whom_a_lead_brings_in_speaks(lead: str, speaker: str) -> None:
    assert last("陈默道：“天黑了。”", f"{lead}“快开门！”").speaker == speaker


@pytest.mark.parametrize(
    "lead",
    ["林晚听了，暗暗思道：", "林晚低下头去，心中暗想：", "林晚自思：", "林晚转念一想：", "林晚不觉暗笑道："],
)
def test_what_somebody_thinks_is_a_thought_of_whoever_acts(lead: str) -> None:
    found = last(f"{lead}“这话倒也不错。”")
    assert (found.kind, found.speaker) == ("thought", "林晚")


@pytest.mark.parametrize(
    "lead", ["林晚接过信来，打开一看：", "只见条上写着：", "门上贴着一张纸，纸上写道：", "林晚题诗一首，诗曰："]
)
def test_what_is_read_off_paper_is_a_letter(lead: str) -> None:
    assert last(f"{lead}“今晚三更，河边相见。”").kind == "letter"


def test_opening_a_door_is_no_letter() -> None:
    assert last("林晚打开门一看，叫道：“是你！”").kind == "dialogue"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("林晚问：”走么？“陈默说：”走。“", [("林晚", "”走么？“"), ("陈默", "”走。“")]),
        ("林晚道：“走么、’陈默道：“走。”", [("林晚", "“走么、’"), ("陈默", "“走。”")]),
        ("林晚道：“走么？陈默道：“走。”", [("林晚", "“走么？"), ("陈默", "“走。”")]),
        ("林晚道：“他说：‘不走。’我便回来了。”", [("林晚", "“他说：‘不走。’我便回来了。”")]),
    ],
)
def test_marks_the_wrong_way_round_or_missing_end_a_quotation_at_the_next_tag(
    text: str, said: list[tuple[str, str]]
) -> None:
    found = [(one.speaker, one.text) for one in lines(text) if one.kind == "dialogue"]
    assert found[len(KNOWN) :] == said


def test_brothers_are_told_apart_by_their_number() -> None:
    names = learnt("孟大爷道：", "孟大爷笑道：", "孟二爷道：", "孟二爷说：", "孟长庚道：", "孟三爷道：")
    assert {"孟大爷", "孟二爷", "孟三爷", "孟长庚"} <= set(names.aliases)
    assert len({names.canonical(one) for one in ("孟大爷", "孟二爷", "孟三爷")}) == 3


@pytest.mark.parametrize(
    "tag",
    [
        "一句话说得",
        "尚未说",
        "方问道：",
        "毕竟说道：",
        "躬身道：",
        "双手捧上道：",
        "又听有人道：",
        "连说：",
        "回答道：",
        "明知道",
    ],
)
def test_words_of_manner_time_and_hearing_are_nobody(tag: str) -> None:
    assert set(learnt("周平道：", tag).aliases) == {"周平"}


@pytest.mark.parametrize("name", ["孙三胖子", "白二麻子", "崔小辫子"])
def test_a_nickname_of_four_characters_is_learnt_whole(name: str) -> None:
    assert set(learnt(f"{name}道：", f"{name}笑道：", f"{name}又说：").aliases) == {name}


@pytest.mark.parametrize("name", ["牡丹", "沈秋葵", "凤仙"])
def test_flowers_are_names_of_women(name: str) -> None:
    assert learnt(f"{name}道：", f"{name}笑道：", f"{name}说：", f"那{name}说：").gender(name) == "female"


def test_somebody_new_is_learnt_from_one_tag_with_an_adverb_and_speaks_beside_what_he_does() -> None:
    told = lines(
        "赵国栋掏出手帕。“我还有事。”", "“什么事？”林晚问。", "赵国栋叹了口气。“家里来了电报。”", "“票我来想办法。”陈默说。", "赵国栋连忙说：“麻烦你了。”"
    )  # fmt: skip
    assert [one.speaker for one in told if one.kind == "dialogue"][len(KNOWN) :] == [
        "赵国栋",
        "林晚",
        "赵国栋",
        "陈默",
        "赵国栋",
    ]
