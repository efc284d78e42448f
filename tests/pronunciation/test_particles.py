"""地 and 得 by what stands around them, words that two dictionaries agree on, and the tones of 一. The sentences are our own."""

import pytest

from pipeline.pronunciation.pinyin import readings, runs


def _said(text: str, sign: str) -> list[str]:
    return [syllable for one, syllable in zip(text, readings([text])[0], strict=True) if one == sign]


@pytest.mark.parametrize(
    "text",
    [
        "他慢慢地说", "她淡淡地说道", "他疲惫地低语", "轻轻地，她放下了碗", "若无其事地走开了", "他猛地站起来", "她一字一顿地念",
        "阳光斜斜地照进屋子", "他小心翼翼地下了楼", "高兴地上了车", "渐渐地方才明白", "她默默地面对着大海", "他重重地点头",
        "头也不回地往前走", "她飞也似地跑了", "他使劲地点了点头", "砰地一声", "不住地咳嗽", "情不自禁地笑了", "耐心地等着他",
        "两人争先恐后地答应", "他高高兴兴地回家", "毅然地走了", "极大地方便了大家", "他温柔地理了理头发",
    ],
)  # fmt: skip
def test_an_adverbs_particle_is_light(text: str) -> None:
    assert _said(text, "地") == ["de5"]


@pytest.mark.parametrize(
    "text",
    [
        "他坐在地上哭", "那块地种了豆子", "这片土地很肥", "雪地里有脚印", "种地的人都知道", "他说完便倒地不起", "他跪地求饶", "满地落叶",
        "每块地方都找过了", "这里虽然地广人稀", "各地主动来人", "地球上的人", "白茫茫大地真干净", "小小地图上标着", "天天地里忙", "驻地，在河边",
    ],
)  # fmt: skip
def test_ground_stays_ground(text: str) -> None:
    assert _said(text, "地") == ["di4"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("我得走了", "dei3"), ("你得小心点", "dei3"), ("你还得等一会儿", "dei3"), ("我也得去", "dei3"), ("他得把话说完", "dei3"),
        ("你得起床了", "dei3"), ("你得知道这件事", "dei3"), ("我得到了消息", "de2"), ("她得病以后", "de2"), ("他得意地笑", "de2"),
        ("谁得罪了你", "de2"), ("他得第一名", "de2"), ("她得知他要来", "de2"),
    ],
)  # fmt: skip
def test_must_and_to_get(text: str, said: str) -> None:
    assert _said(text, "得") == [said]


@pytest.mark.parametrize(
    ("text", "sign", "said"),
    [
        ("我很了解你的意思", "了", "liao3"), ("他着急得直跺脚", "着", "zhao2"), ("有人中毒了", "中", "zhong4"), ("你今天有空吗", "空", "kong4"),
        ("她勉强答应了", "强", "qiang3"), ("老人一头白发", "发", "fa4"), ("为了解决这个问题", "了", "le5"), ("他们都会来的", "都", "dou1"),
    ],
)  # fmt: skip
def test_a_word_that_stands_alone_is_read_as_the_dictionaries_do(text: str, sign: str, said: str) -> None:
    assert _said(text, sign) == [said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("唯一的", "wei2 yi1 de5"), ("星期一早上", "xing1 qi1 yi1 zao3 shang5"), ("统一的", "tong3 yi1 de5"), ("单一的", "dan1 yi1 de5"),
        ("一千块", "yi4 qian1 kuai4"), ("一万人", "yi2 wan4 ren2"), ("一亿人", "yi2 yi4 ren2"), ("三千一百人", "san1 qian1 yi4 bai3 ren2"),
        ("二十一万人", "er4 shi2 yi1 wan4 ren2"), ("第一百天", "di4 yi1 bai3 tian1"), ("第一次", "di4 yi1 ci4"),
        ("看一看", "kan4 yi5 kan4"), ("一天一天", "yi4 tian1 yi4 tian1"), ("一个一个来", "yi2 ge4 yi2 ge4 lai2"), ("不一定", "bu4 yi2 ding4"),
        ("大小不一的", "da4 xiao3 bu4 yi1 de5"), ("合一张影", "he2 yi4 zhang1 ying3"), ("五月一日", "wu3 yue4 yi1 ri4"),
        ("一月一号", "yi1 yue4 yi1 hao4"), ("万一有事", "wan4 yi1 you3 shi4"), ("一起走", "yi4 qi2 zou3"),
        ("独一无二的", "du2 yi1 wu2 er4 de5"), ("一样", "yi2 yang4"),
    ],
)  # fmt: skip
def test_one_changes_its_tone_where_it_counts_nothing(text: str, said: str) -> None:
    assert runs(text)[0].text == said


@pytest.mark.parametrize(
    ("text", "sign", "said"),
    [
        ("愿你们天长地久", "地", "di4"), ("他布下了天罗地网", "地", "di4"), ("做事要因地制宜", "地", "di4"), ("他的确来过", "的", "di2"),
        ("这个题目的答案", "的", "de5"), ("到了目的地再说", "的", "di4"), ("大将把他卡住了", "卡", "qia3"), ("她盛了一碗饭给我", "盛", "cheng2"),
        ("两人争吵起来", "吵", "chao3"), ("他在地上刨了个坑", "刨", "pao2"), ("把纸粘在墙上", "粘", "zhan1"),
    ],
)  # fmt: skip
def test_a_word_is_read_as_the_dictionaries_do_whatever_encyclopedias_hold(text: str, sign: str, said: str) -> None:
    assert _said(text, sign)[-1] == said
