"""Who speaks in Chinese passages of many shapes."""

from __future__ import annotations

import pytest
from hypothesis import given as example_of
from hypothesis import settings
from hypothesis import strategies as st

from pipeline.script.attribution import Unit, attribute
from pipeline.script.conversation import DOUBTFUL
from pipeline.script.names import Names
from pipeline.script.names_zh import given, learn
from pipeline.script.quotes import spans
from pipeline.script.words import speech

PEOPLE: Names = given({"林晚": ["小晚"], "陈默": ["老陈"]}, {"林晚": "female", "陈默": "male"})
PIECES = [
    "林晚说：",
    "“你来了？”",
    "他问。",
    "她没有回答。",
    "“小晚，走吧。”",
    "陈默看着林晚。",
    "“我是陈默。”",
    "夜深了。",
    "",
]


def speakers(*units: tuple[str, int]) -> list[str]:
    """Of the speech among (text, paragraph) units."""
    read = [Unit(text, text.startswith("“"), paragraph) for text, paragraph in units]
    found = attribute(read, PEOPLE, "zh")
    return [decision.speaker for unit, decision in zip(read, found, strict=True) if unit.speech]


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ((("林晚说：", 1), ("“走吧。”", 1)), ["林晚"]),
        ((("“走吧。”", 1), ("陈默说。", 1)), ["陈默"]),
        ((("陈默和林晚坐下来。", 1), ("她问：", 2), ("“几点了？”", 2)), ["林晚"]),
        ((("陈默和林晚坐下来。", 1), ("他对小晚说：", 2), ("“几点了？”", 2)), ["陈默"]),
        (
            (("林晚道：", 1), ("“你饿吗？”", 1), ("陈默道：", 2), ("“不饿。”", 2), ("“真的？”", 3)),
            ["林晚", "陈默", "林晚"],
        ),
        ((("小晚答道：", 1), ("“好。”", 1)), ["林晚"]),
    ],
)
def test_shapes(units: tuple[tuple[str, int], ...], expected: list[str]) -> None:
    assert speakers(*units) == expected


def test_nobody_near_is_unknown() -> None:
    assert speakers(("夜深了。", 1), ("“谁？”", 2)) == ["unknown"]


def test_forms_of_a_learnt_name_are_one_person() -> None:
    names = learn(
        [("林晚说：", True), ("林晚问：", True), ("林晚道：", True), ("小晚笑道：", True), ("小晚说：", True)] * 2
    )
    assert names.canonical("小晚") == "林晚"


@settings(max_examples=60, deadline=None)
@example_of(st.lists(st.tuples(st.sampled_from(PIECES), st.integers(0, 2), st.booleans()), max_size=25))
def test_any_chapter_gets_one_decision_a_unit(rows: list[tuple[str, int, bool]]) -> None:
    units, paragraph = [], 1
    for text, step, ends in rows:
        paragraph += step
        units.append(Unit(text, text.startswith("“"), paragraph, ends_conversation=ends))
    once = attribute(units, PEOPLE, "zh")
    assert len(once) == len(units)
    assert once == attribute(units, PEOPLE, "zh")
    assert all(0 <= decision.confidence <= 1 for decision in once)


NO_SPEECH = (
    "所谓“自由”，不过是一句空话。", "他有一只狗，名叫“小黑”。", "门上写着“禁止入内”四个大字。", "门上贴着“闲人免进！”的纸条。",
    "大家都叫他“老狐狸”。", "这就是他说的“大事”。", "他嘴里的“朋友”，其实都是债主。", "“自由”这个词，他说了三遍。", "“小黑”是他家的狗。",
    "村里人把这条路叫做“鬼见愁”。", "他被称为“铁算盘”，很会说话。", "他一听“搬家”两个字就头疼。", "他说自己是“乡下人”，没见过世面。",
    "有一种病叫“相思”。", "外号叫“铁拐”的老汉走了过来。", "他口口声声“为了孩子”，却从不回家。", "“咚”的一声，门关上了。", "他读《春江》读到“归人”一回。",
    "孩子们给它起名“雪球”。", "大家背地里管他叫“算盘珠子”。", "“成功”对他来说毫无意义。",
)  # fmt: skip
SPEECH = (
    "他说：“走。”", "“走”，他说。", "他说“好”，转身就走。", "他喊了一声“妈”，哭了。", "“嗯”了一声，他低下头。", "林晚道“来了”。", "“好”林晚点点头说。",
    "他叫道“救命”，没人应。", "他只说了一句“知道了”就挂了电话。", "他大叫“站住”，追了上去。", "老板娘喊“上菜”。", "他应了声“是”，退了出去。", "她告诉他“别等”。",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_SPEECH)
def test_quoted_words_that_are_no_speech(text: str) -> None:
    assert not any(span.speech for span in spans(text, speech("zh").verb))


@pytest.mark.parametrize("text", SPEECH)
def test_short_speech(text: str) -> None:
    assert any(span.speech for span in spans(text, speech("zh").verb))


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("樵夫道：", "樵夫"),
        ("众猎户齐叫道：", "众猎户"),
        ("只见后军答道：", "后军"),
        ("林晚来见陈默，说道：", "林晚"),
        ("林晚拉住樵夫，说道：", "林晚"),
    ],
)
def test_who_is_told_by_what_he_is_speaks(text: str, speaker: str) -> None:
    people = learn([("林晚说：", True), ("林晚问：", True), ("陈默说：", True), ("陈默笑道：", True)])
    units = [Unit(text, False, 1), Unit("“这岭是孟州道。”", True, 1)]
    assert attribute(units, people, "zh")[1].speaker == speaker


def test_everybody_a_colon_names_can_speak() -> None:
    """Of eighteen people in one conversation no one is left out for being named less often."""
    cast = {f"{family}平": [] for family in "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦"}
    names = given(cast, {})
    units = [one for at, name in enumerate(cast) for one in (Unit(f"{name}道：", False, at), Unit("“好。”", True, at))]
    found = attribute(units, names, "zh")
    assert [decision.speaker for unit, decision in zip(units, found, strict=True) if unit.speech] == list(cast)


@pytest.mark.parametrize(
    ("before", "after", "speaker"),
    [
        ("银行行长说：", "", "银行行长"),
        ("那穿红衣的女子笑道：", "", "女子"),
        ("", "苏小小低声回答。", "苏小小"),  # a name that stands once in the book
        ("", "邻居冷冷地说。", "邻居"),
        ("只见林晚跳起身来，说道：", "", "林晚"),
        ("高声叫道：", "", "unknown"),  # nobody is named
        ("闻人报道：", "", "unknown"),
    ],
)
def test_a_tag_before_or_behind_names_who_is_no_character_yet(before: str, after: str, speaker: str) -> None:
    people = learn([("林晚说：", True), ("林晚问：", True), ("林晚笑道：", True)])
    units = [Unit("林晚来了。", False, 0), *([Unit(before, False, 1)] if before else []), Unit("“走吧。”", True, 1)]
    units += [Unit(after, False, 1)] if after else []
    found = attribute(units, people, "zh")
    assert next(one.speaker for unit, one in zip(units, found, strict=True) if unit.speech) == speaker


# --- names ----------------------------------------------------------------------------------------


def _learnt(*sentences: str) -> Names:
    return learn([(one, True) for one in sentences])


def test_a_book_that_writes_他_of_women_tells_their_gender_otherwise() -> None:
    tags = [f"{name}{verb}：" for name in ("黛玉", "袭人", "周瑞", "平儿") for verb in ("道", "笑道", "说", "问")]
    names = _learnt(
        *tags,
        *["袭人姐姐来了，他笑了。", "他叫袭人姐姐。", "周瑞走了。他又来。", "他对黛玉说。", "见平儿在，他说。"] * 4,
    )
    assert [names.gender(one) for one in ("黛玉", "袭人", "周瑞", "平儿")] == ["female", "female", "male", "female"]


def test_a_modern_book_tells_gender_by_its_pronouns() -> None:
    names = _learnt(*["周瑞道：", "周瑞来了，她笑了。", "陈默道：", "陈默来了，他笑了。"] * 4)
    assert (names.gender("周瑞"), names.gender("陈默")) == ("female", "male")


def test_a_wife_called_by_her_husbands_name_leaves_him_a_man() -> None:
    names = _learnt(*["林冲道：", "林冲娘子来了。", "林冲去了，他怒了。"] * 4)
    assert names.gender("林冲") == "male"


def test_how_it_is_said_is_nobody() -> None:
    said = [f"{how}道：" for how in ("拍手", "含泪", "自斟", "晴雯") for _ in range(6)]
    more = ["自斟自饮。", "众人拍手。"] * 12 + ["他对晴雯说。", "见晴雯来。"] * 6
    found = _learnt(*said, *more)
    assert set(found.aliases) == {"晴雯"}


def test_a_name_may_hold_a_speech_verb() -> None:
    names = _learnt(*["乔道清道：", "乔道清在马上答道：", "乔道清笑道："] * 2)
    assert "乔道清" in names.aliases


@pytest.mark.parametrize("name", ["老周", "阿贵", "小满", "小宝", "林晚"])
@pytest.mark.parametrize("times", [1, 9, 10, 40])
def test_a_name_is_learnt_however_often_it_stands(name: str, times: int) -> None:
    assert set(_learnt(*[f"{name}说。"] * times).aliases) == {name}


MANNER = (
    "严肃", "强笑", "悄声", "平静", "温和", "严厉", "高兴", "关切", "安静", "郑重", "焦急", "许久", "应声", "颤声", "幽幽", "认真", "哈哈",
)  # fmt: skip


@pytest.mark.parametrize("how", MANNER)
def test_words_of_manner_are_nobody_and_the_named_subject_speaks(how: str) -> None:
    tag = f"老王板起脸，{how}道："
    names = learn([(tag, True)] * 12 + [("老王说：", True)])
    assert set(names.aliases) == {"老王"}
    found = attribute([Unit(tag, False, 1), Unit("“坐下。”", True, 1)], names, "zh")
    assert found[1].speaker == "老王"


def test_a_surname_that_only_follows_a_named_subject_is_no_name() -> None:
    """严整, which no list holds, looks like somebody of the family 严, and never begins a sentence."""
    names = _learnt(*["老王板起脸，严整道："] * 12, "老王说：")
    assert set(names.aliases) == {"老王"}
    units = [Unit("老王板起脸，严整道：", False, 1), Unit("“坐下。”", True, 1)]
    assert attribute(units, names, "zh")[1].speaker == "老王"


def test_a_nickname_called_in_speech_is_learnt_without_a_tag() -> None:
    said = [("小满提着篮子跑进来。", True), ("“小满！”", False), ("小满把篮子一放。", True), ("“小心！”", False)]
    assert set(learn([*said, ("小心没大错。", False), ("小心些。", False)]).aliases) == {"小满"}


def test_a_name_in_latin_letters_is_learnt() -> None:
    assert set(_learnt("Sarah说：", "Mary Ann笑道：", "OK说：").aliases) == {"Sarah", "Mary Ann"}


@pytest.mark.parametrize("tag", ["小宝道：", "Sarah说：", "阿贵冷冷地说："])
def test_one_tag_names_a_speaker_whom_the_book_has_too_rarely_to_learn(tag: str) -> None:
    people = learn([("林晚说：", True), ("林晚问：", True), ("陈默说：", True), ("陈默笑道：", True)])
    units = [
        Unit("林晚说：", False, 1),
        Unit("“吃吧。”", True, 1),
        Unit(tag, False, 2),
        Unit("“饿着就饿着。”", True, 2),
    ]
    assert tag.startswith(attribute(units, people, "zh")[3].speaker)


def test_a_nickname_before_its_quotation_without_a_verb_speaks() -> None:
    people = learn([(one, True) for one in ("小宝道：", "林晚说：", "林晚问：")])
    units = [Unit("林晚说：", False, 1), Unit("“念吧。”", True, 1)]
    units += [Unit("小宝念完，哇的一声哭了。", False, 2), Unit("“我不念了。”", True, 2)]
    assert attribute(units, people, "zh")[3].speaker == "小宝"


# --- what the words beside a quotation say ---------------------------------------------------------


def test_an_indefinite_speaker_holds_its_own_tag_only() -> None:
    units = [Unit("林晚说：", False, 1), Unit("“走吧。”", True, 1)]
    units += [Unit("“凭什么？”", True, 2), Unit("有人喊道。", False, 2)]
    units += [Unit("那个人说：", False, 3), Unit("“就是！”", True, 3)]
    units += [Unit("“不能卖！”", True, 4), Unit("“听我说。”", True, 5), Unit("“不听！”", True, 6)]
    people = learn([(one, True) for one in ("林晚说：", "林晚问：", "陈默说：", "陈默笑道：")])
    found = [one.speaker for one in attribute(units, people, "zh") if one.kind != "narration"]
    assert found[1:3] == ["有人", "那个人"]
    assert not {"有人", "那个人"} & {found[0], *found[3:]}


@pytest.mark.parametrize("first", ["“不妨事。”", "“不妨事！”", "“不妨事，”"])
def test_a_quotation_resumed_after_a_beat_is_one_persons(first: str) -> None:
    units = [Unit("林晚问：", False, 1), Unit("“你的脸怎么了？”", True, 1)]
    units += [
        Unit(first, True, 2),
        Unit("陈默摸了摸脸上的疤，叹了口气，", False, 2),
        Unit("“十年前，在码头。”", True, 2),
    ]
    found = attribute(units, PEOPLE, "zh")
    assert (found[2].speaker, found[4].speaker) == ("陈默", "陈默")
    assert found[2].confidence == found[4].confidence


def test_narration_in_which_a_second_person_answers_does_not_bind() -> None:
    units = [Unit("“不妨事。”", True, 1), Unit("陈默说着，林晚接口道，", False, 1), Unit("“怎么不妨事。”", True, 1)]
    found = attribute(units, PEOPLE, "zh")
    assert (found[0].speaker, found[2].speaker) == ("陈默", "林晚")


@pytest.mark.parametrize("lead", ["男人却笑了：", "族长敲着拐杖：", "沈括抬起头：", "沈括拉住她，道："])
def test_a_lead_that_names_nobody_the_book_knows_leaves_the_line_for_review(lead: str) -> None:
    units = [Unit("林晚说：", False, 1), Unit("“走吧。”", True, 1), Unit("陈默说：", False, 2), Unit("“好。”", True, 2)]
    units += [Unit(lead, False, 3), Unit("“坐下。”", True, 3)]
    found = attribute(units, PEOPLE, "zh")
    assert found[1].confidence > DOUBTFUL
    assert found[3].confidence > DOUBTFUL
    assert found[5].confidence < DOUBTFUL


def test_a_lead_of_a_weak_verb_and_a_colon_is_a_tag() -> None:
    units = [
        Unit("林晚说：", False, 1),
        Unit("“走吧。”", True, 1),
        Unit("陈默却笑了：", False, 2),
        Unit("“好。”", True, 2),
    ]
    found = attribute(units, PEOPLE, "zh")
    assert found[3].speaker == "陈默"
    assert found[3].confidence > 0.9
