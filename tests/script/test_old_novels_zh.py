"""Chinese as novels before 1920 write it: offices and titles for names, 道 for said, 那 before people, 「」 for speech."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import script
from pipeline.nouns import Book, Chapter, Line, Paragraph
from pipeline.script.names import Names
from pipeline.script.names_zh import learn


def lines(*paragraphs: str) -> list[Line]:
    chapter = Chapter(1, "", tuple(Paragraph(one) for one in paragraphs))
    return script.analyse(Book("T", "A", "zh", (chapter,), Path("t.txt"), "0"))


def spoken(*paragraphs: str) -> list[tuple[str, str]]:
    return [(one.speaker, one.text) for one in lines(*paragraphs) if one.kind != "narration"]


def learnt(*sentences: str, times: int = 3) -> Names:
    return learn([(one, True) for one in sentences] * times)


# --- who is a name --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tags",
    [
        ("那日道：", "那船上说道：", "那知道：", "一路说道：", "坐下道：", "走过来说道：", "席间说道：", "不必细说。"),
        ("向他说道：", "向众人道：", "笑说道：", "那两个道：", "那里敢说：", "那伙人道："),
    ],
)
def test_words_of_time_way_and_turning_to_are_nobody(tags: tuple[str, ...]) -> None:
    assert set(learnt("周平道：", *tags).aliases) == {"周平"}


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        (("那脚夫道：", "脚夫道：", "那脚夫笑道："), "脚夫"),
        (("那汉道：", "那汉又道："), "那汉"),
        (("那五道：", "那五笑道："), "那五"),
        (("何四老爹道：", "何四老爹笑道：", "何四老爹说："), "何四老爹"),
        (("沈大太爷道：", "沈大太爷说："), "沈大太爷"),
        (("毛三胡子道：", "毛三胡子笑道："), "毛三胡子"),
        (("欧阳天赐道：", "欧阳天赐笑道："), "欧阳天赐"),
        (("孙学道道：", "孙学道问道："), "孙学道"),
        (("潘守正赞：", "潘守正赞道："), "潘守正"),
    ],
)
def test_a_name_is_learnt_whole(tags: tuple[str, ...], name: str) -> None:
    assert set(learnt(*tags).aliases) == {name}


def test_a_name_without_a_known_surname_is_learnt_where_it_begins_sentences() -> None:
    narration = ["褟墨卿道：", "褟墨卿笑道："] * 4 + ["众人看褟墨卿的诗。"] * 6
    assert "褟墨卿" in learn([(one, True) for one in narration]).aliases


def test_two_surnames_are_not_one_person_for_their_title() -> None:
    names = learnt("周老太道：", "王老太道：", "周老太说：", "王老太说：", "倪珠道：", "倪老爹道：", "倪老爹笑道：")
    assert names.canonical("周老太") != names.canonical("王老太")
    assert names.canonical("倪老爹") != names.canonical("倪珠")


def test_what_somebody_is_is_no_short_form_of_his_name() -> None:
    names = learnt(
        "陈和尚道：", "和尚道：", "陈和尚笑道：", "和尚说：", "余和声道：", "他声声叫苦。", "人人都笑。", "丁超人道："
    )
    assert names.canonical("和尚") == "和尚"
    assert names.canonical("声声") == "声声"
    assert names.canonical("人人") == "人人"


# --- who speaks -----------------------------------------------------------------------------------

PEOPLE = "周平道：「好。」何安道：「也好。」周平笑道：「走罢。」何安说：「且慢。」"


@pytest.mark.parametrize(
    ("tag", "speaker"),
    [
        ("又一个道：", "又一个"),
        ("又一个客人道：", "又一个客人"),
        ("两个人齐道：", "两个人"),
        ("周平赞：", "周平"),
        ("周平唱：", "周平"),
        ("周平走了进来。当下坐定，向何安说道：", "周平"),
        ("周平走了进来。向那少年道：", "周平"),
        ("只见一个穿蓝布衫的大汉，挑着担子，走到面前说道：", "大汉"),
        ("那梢公向伙计道：", "梢公"),
    ],
)
def test_the_lead_says_who_speaks(tag: str, speaker: str) -> None:
    assert spoken(PEOPLE, f"{tag}「前面就是渡口了。」")[-1][0] == speaker


def test_whoever_is_turned_to_does_not_speak() -> None:
    said = spoken(PEOPLE, "何安道：「是你么？」向周平道：「我来说与你听。」")
    assert [who for who, _ in said[-2:]] == ["何安", "何安"]


def test_a_monk_is_the_one_monk_of_the_scene_and_else_anybody() -> None:
    monks = "陈和尚道：「请坐。」周平道：「不坐。」陈和尚笑道：「吃茶。」周平道：「不吃。」"
    assert spoken(monks, "和尚道：「也罢。」")[-1][0] == "陈和尚"
    both = spoken(monks, "老和尚道：「阿弥陀佛。」和尚道：「师父请。」")
    assert both[-1][0] == "和尚"
    elsewhere = lines(monks, *["周平走了一程。"] * 50, "和尚道：「施主留步。」")
    assert elsewhere[-1].speaker == "和尚"


# --- what kind of line ----------------------------------------------------------------------------


@pytest.mark.parametrize("lead", ["只见上面写着：", "上写道：", "次日批出来，批道：", "那状子上批道：", "又一行写道："])
def test_what_is_written_is_the_narrators(lead: str) -> None:
    line = lines(PEOPLE, f"{lead}「此案已结，毋庸再议。」")[-1]
    assert (line.kind, line.speaker) == ("letter", "narrator")


@pytest.mark.parametrize(
    "lead",
    ["周平心里想：", "周平心里疑惑：", "周平心里烦闷道：", "周平自忖道：", "周平心中暗自沉吟道：", "周平肚里算计道："],
)
def test_what_is_thought_is_a_thought(lead: str) -> None:
    line = lines(PEOPLE, f"{lead}「这人好生面熟。」")[-1]
    assert (line.kind, line.speaker) == ("thought", "周平")


def test_doubt_and_hesitation_may_be_said_aloud() -> None:
    assert {lines(PEOPLE, f"周平{how}道：「你怎么来了？」")[-1].kind for how in ("疑惑", "沉吟")} == {"dialogue"}


def test_a_quotation_closed_by_the_wrong_mark_ends_there() -> None:
    found = lines("周平道：「你且回去罢！』何安走了。看那书上，「且夫」二字甚多。")
    assert [(one.kind, one.text) for one in found if one.kind == "dialogue"] == [("dialogue", "「你且回去罢！』")]
    assert [one.text for one in lines("周平道：「他说『走』，我不走。」")][-1] == "「他说『走』，我不走。」"


def test_a_line_does_not_begin_with_the_mark_behind_a_quotation() -> None:
    found = lines(
        "他笑道“好”，转身就走。", "门上贴着：「年家眷弟周平拜」，先叫小厮拿进去。", "周平道：「走罢。」。何安走了。"
    )
    assert not [one.text for one in found if one.text[0] in "，。"]
    assert [one.text for one in found][-2:] == ["「走罢。」。", "何安走了。"]


def test_called_is_no_verb_of_speech() -> None:
    found = lines("第二件，「为谋夺家产事」，告状的人叫做周平。")
    assert [one.kind for one in found] == ["narration"]


def test_whoever_is_called_by_office_or_trade_speaks_under_it() -> None:
    found = spoken("圣上道：“平身。”", "员外问道：“你从哪里来？”", "渔翁笑道：“河上来。”", "奸王喝道：“拿下！”")
    assert [who for who, _ in found] == ["圣上", "员外", "渔翁", "奸王"]
