import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.pronunciation import doubts, spoken
from pipeline.pronunciation.pinyin import runs
from pipeline.pronunciation.syllable import canonical


def syllables(text: str) -> str:
    return " ".join(run.text for run in runs(spoken(text, "zh")))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("他重(chóng)新站起来", "他重(chong2)新站起来"), ("重（chong2）新", "重(chong2)新"), ("重CHONG2新", "重(chong2)新"),
        ("绿(lǜ)色", "绿(lü4)色"), ("绿(lv4)色", "绿(lü4)色"), ("重(xyz)新", "重 xyz 新"), ("“你好！”他说……", "你好! 他说."),
        ("2024年3月5日", "二零二四年三月五日"), ("涨了3.5%", "涨了百分之三点五"), ("100多人", "一百多人"), ("……！", ""), ("😀", ""),
        ("《红楼梦》——一本书", "红楼梦,一本书"),
    ],
)  # fmt: skip
def test_chinese_as_spoken(text: str, said: str) -> None:
    assert spoken(text, "zh") == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Don’t — go!", "Don't, go!"), ("He was--or so he said--dead", "He was, or so he said, dead"),
        ("from 1914--1918", "from nineteen fourteen to nineteen eighteen"), ("Stop—now! -----", "Stop, now!"), ("in the 1990s", "in the nineteen nineties"), ("Dr. Smith's 3 dogs", "Doctor Smith's three dogs"),
        ("“Well-known,” he said.", "Well-known, he said."), ("* * *", ""),
    ],
)  # fmt: skip
def test_english_as_spoken(text: str, said: str) -> None:
    assert spoken(text, "en") == said


def test_the_lexicon_gives_readings_and_replacements() -> None:
    lexicon = {"长安": "chang2 an1", "SQL": "sequel", "长安街": "chang2 an1 jie1"}
    assert (
        spoken("长安街在长安，用SQL。SQLite不算", "zh", lexicon)
        == "长(chang2)安(an1)街(jie1)在长(chang2)安(an1),用sequel. SQLite不算"
    )


def test_letters_that_only_look_like_a_terms_are_no_term() -> None:
    assert spoken("Kasim and Kasım and KASIM", "en", {"Kasim": "one", "Kasım": "two"}) == "one and two and one"
    assert spoken("Kasım met Kasim", "en", {"Kasim": "one"}) == "Kasım met one"


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.sampled_from("重新chóng(chong2)（），。！“”…—-'\" a1%😀\u200bé龘𠀀《》"), max_size=40),
    st.sampled_from(["zh", "en"]),
)
@example("1…cc", "zh")
@example("5。com", "zh")
def test_never_raises_and_says_the_same_twice(text: str, language: str) -> None:
    once = spoken(text, language)
    assert spoken(once, language) == once
    runs(once)


@pytest.mark.parametrize(
    ("text", "pinyin"),
    [
        ("重新开始", "chong2 xin1 kai1 shi3"), ("重量", "zhong4 liang4"), ("银行行长", "yin2 hang2 hang2 zhang3"),
        ("他长大了", "ta1 zhang3 da4 le5"), ("头发很长", "tou2 fa5 hen3 chang2"), ("还差一点", "hai2 cha4 yi4 dian3"),
        ("还钱", "huan2 qian2"), ("音乐", "yin1 yue4"), ("快乐", "kuai4 le4"), ("不去", "bu2 qu4"), ("不来", "bu4 lai2"),
        ("一个", "yi2 ge4"), ("一天", "yi4 tian1"), ("你好", "ni2 hao3"), ("女儿", "nü3 er2"), ("觉得", "jue2 de5"),
        ("睡觉", "shui4 jiao4"), ("得到", "de2 dao4"), ("大夫", "dai4 fu5"), ("朝阳", "zhao1 yang2"), ("供应", "gong1 ying4"),
        ("着急", "zhao2 ji2"), ("看着", "kan4 zhe5"), ("便宜", "pian2 yi5"), ("方便", "fang1 bian4"), ("弹琴", "tan2 qin2"),
        ("子弹", "zi3 dan4"), ("教书", "jiao1 shu1"), ("教室", "jiao4 shi4"), ("参加", "can1 jia1"), ("人参", "ren2 shen1"),
        ("空气", "kong1 qi4"), ("没空", "mei2 kong4"), ("数学", "shu4 xue2"), ("数一数", "shu3 yi5 shu3"), ("干净", "gan1 jing4"),
        ("干活", "gan4 huo2"), ("分开", "fen1 kai1"), ("成分", "cheng2 fen4"), ("假期", "jia4 qi1"), ("真假", "zhen1 jia3"),
    ],
)  # fmt: skip
def test_polyphones(text: str, pinyin: str) -> None:
    assert syllables(text) == pinyin


def test_an_explicit_reading_wins() -> None:
    assert syllables("重(zhòng)新") == "zhong4 xin1"
    assert syllables("重(chong2)新") == "chong2 xin1"


@pytest.mark.parametrize(
    ("text", "said", "pinyin"),
    [
        ("请读chong2这个音", "请读囗(chong2)这个音", "qing3 du2 chong2 zhe4 ge5 yin1"),
        ("目XUAN4是一种GAN3觉", "目囗(xuan4)是一种囗(gan3)觉", "mu4 xuan4 shi4 yi4 zhong2 gan3 jue2"),
        ("目 XUAN4 是一种 GAN3 觉", "目囗(xuan4)是一种囗(gan3)觉", "mu4 xuan4 shi4 yi4 zhong2 gan3 jue2"),
        ("这次DEI3做DE2很好才XING2", "这次囗(dei3)做囗(de2)很好才囗(xing2)", "zhe4 ci4 dei3 zuo4 de2 hen2 hao3 cai2 xing2"),
        ("重CHONG2新，料liao4到，绿LV4色", "重(chong2)新,料(liao4)到,绿(lü4)色", "chong2 xin1, liao4 dao4, lü4 se4"),
        ("蹊跷QI1QIAO1的事", "蹊跷囗(qi1)囗(qiao1)的事", "qi1 qiao1 qi1 qiao1 de5 shi4"),
        ("CHONG2", "囗(chong2)", "chong2"),
    ],
)  # fmt: skip
def test_a_syllable_stands_in_a_characters_place_unless_the_one_before_it_is_read_so(
    text: str, said: str, pinyin: str
) -> None:
    assert spoken(text, "zh") == said
    assert spoken(said, "zh") == said
    assert syllables(text) == pinyin


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("一张A4纸", "一张A四纸"), ("排放CO2", "排放CO二"), ("看NBA2", "看NBA二"), ("支持Qi2充电", "支持Qi二充电"),
        ("BigVGAN2和voice2", "BigVGAN二和voice二"), ("第alpha3号", "第alpha三号"),
        ("升到LV3，读AO3", "升到LV三,读AO三"), ("换了iPhone SE2", "换了iPhone SE二"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_syllable_is_read_as_written(text: str, said: str) -> None:
    assert spoken(text, "zh") == said
    assert spoken("Room he2 is shut", "en") == "Room he two is shut"
    assert spoken("军情处MI5的人", "zh", {"MI5": "M I five"}) == "军情处M I five的人"


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("他重(chóng新开始", "重(chóng: the bracket of this reading is not closed"),
        ("重（chong2，又来", "重（chong2: the bracket of this reading is not closed"),
        ("重(xyz)新", "重(xyz): xyz is no Mandarin syllable"), ("重CHOGN2新", "重CHOGN2: CHOGN2 is no Mandarin syllable"),
    ],
)  # fmt: skip
def test_a_reading_that_is_broken_is_named(text: str, remark: str) -> None:
    found = doubts(text, "zh")
    assert found == (remark,)
    assert re.search("[\u4e00-\u9fff]{3}", found[0].chinese.removeprefix(text[:6])), "in Chinese too"


@pytest.mark.parametrize(
    "text", ["重(chóng)新", "重庆(chóng qìng)", "请读chong2", "CHONG2", "他（Tom的哥哥）来了", "他说(笑"]
)
def test_a_reading_in_order_is_not(text: str) -> None:
    assert doubts(text, "zh") == ()


def test_languages_are_told_apart() -> None:
    assert [(run.language, run.text) for run in runs(spoken("我用Python写代码。OK!", "zh"))] == [
        ("zh", "wo3 yong4"), ("en", "Python"), ("zh", "xie3 dai4 ma3."), ("en", "OK!"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "is_"),
    [("chóng", "chong2"), ("CHONG2", "chong2"), ("lǜ", "lü4"), ("nv3", "nü3"), ("jü2", "ju2"), ("er2", "er2"), ("hello", ""),
     ("xyz1", ""), ("a", ""), ("zhuāng", "zhuang1"), ("lv", "")],
)  # fmt: skip
def test_syllables(written: str, is_: str) -> None:
    assert canonical(written) == is_
