"""Surnames read as surnames, and the same characters read as words. The sentences are our own."""

import pytest

from pipeline.cast import complete, default_cast
from pipeline.nouns import Character, Line
from pipeline.pronunciation.pinyin import readings
from pipeline.pronunciation.surnames import of_names, surnames
from pipeline.render.plan import direction_of


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("单雄信说他不走", "单shan4"), ("单先生来了", "单shan4"), ("我姓单，住在河边", "单shan4"), ("单老师今天没来", "单shan4"),
        ("单家的人都到齐了", "单shan4"), ("请单总说几句", "单shan4"), ("都问老单头去", "单shan4"), ("曾志强是我的同学", "曾zeng1"),
        ("曾先生请坐", "曾zeng1"), ("曾教授的书借走了", "曾zeng1"), ("曾家大院着了火", "曾zeng1"), ("解先生在吗", "解xie4"),
        ("解珍道：走吧", "解xie4"), ("解晓东的歌", "解xie4"), ("解总说不行", "解xie4"), ("仇先生留步", "仇qiu2"),
        ("仇小姐哭了", "仇qiu2"), ("免贵姓仇。", "仇qiu2"), ("查先生不在家", "查zha1"), ("查小姐笑道", "查zha1"), ("查总，您好", "查zha1"),
        ("任先生到了", "任ren2"), ("任盈盈笑道", "任ren2"), ("任老师病了", "任ren2"), ("华先生一言不发", "华hua4"),
        ("华国强来了", "华hua4"), ("我姓华", "华hua4"), ("区先生来电话了", "区ou1"), ("区小姐你好", "区ou1"), ("盖先生坐下", "盖ge3"),
        ("朴先生不会喝酒", "朴piao2"), ("朴小姐住二楼", "朴piao2"), ("尉迟恭提鞭上马", "尉yu4 迟chi2"), ("万俟先生的船", "万mo4 俟qi2"),
        ("翟老师点头", "翟zhai2"), ("缪小姐写信来", "缪miao4"), ("乐先生抬头", "乐yue4"), ("令狐冲喝酒", "令ling2 狐hu2"),
        ("燕青道：好", "燕yan1"), ("他姓应。", "应ying1"), ("她姓宁，不姓林", "宁ning4"), ("那人姓过。", "过guo1"), ("老太太姓黑，", "黑he4"),
    ],
)  # fmt: skip
def test_surnames(text: str, said: str) -> None:
    row = readings([text])[0]
    for one in said.split():
        assert row[text.rindex(one[0])] == one[1:]


@pytest.mark.parametrize(
    "text",
    [
        "简单的事说三遍", "菜单先生看过了", "他曾先后去过", "我曾想过要走", "曾经理解过他", "不曾老去", "问题解决了", "解开绳子说话",
        "此仇不报", "仇家的人来了", "他去查清楚再说", "查处长江污染", "他任经理三年", "担任老师的人", "历任福建总督", "责任先生担着",
        "中华文明史", "黄佩华先生", "地区经理到了", "小区老师傅", "区书记讲话", "锅盖大人拿走", "纯朴姑娘", "上尉迟到了", "百姓解放了",
        "音乐老师", "快乐老家", "姓任何一个都行", "听他的姓都笑", "同姓过年", "绿盖红莲", "姓名单上", "新鲜于我", "这里那姑娘",
    ],
)  # fmt: skip
def test_words_are_no_surnames(text: str) -> None:
    assert surnames(text) == {}


def test_a_books_characters_are_read_by_their_surnames() -> None:
    assert of_names("单雄信 小仇 老解 宁采臣 长孙无忌 万俟卨".split()) == {
        "单雄信": "单(shan4)雄信", "小仇": "小仇(qiu2)", "老解": "老解(xie4)", "宁采臣": "宁(ning4)采臣",
        "长孙无忌": "长(zhang3)孙(sun1)无忌", "万俟卨": "万(mo4)俟(qi2)卨",
    }  # fmt: skip
    assert of_names("区长 查票员 那人 黑衣人 少年 解差 查理 查尔斯 单 燕子 林晚 Tom A单 ''".split()) == {}


def test_a_character_of_the_script_is_read_by_the_surname_wherever_named() -> None:
    people = [Character("解无双", 3, "走。"), Character("林晚", 3, "好。", aliases=("小曾",))]
    cast = complete(default_cast("zh"), people)
    found = direction_of(Line("c01-1", 1, 1, 1, "narration", "旁白", "没有解无双解不开的锁,小曾曾想。"), cast)
    assert found is not None
    assert found.text == "没有解(xie4)无双解不开的锁,小曾(zeng1)曾想."
    by_hand = direction_of(Line("c01-1", 1, 1, 1, "narration", "旁白", "解(jie3)无双走了"), cast)
    assert by_hand is not None
    assert by_hand.text == "解(jie3)无双走了"
