"""Surnames read as surnames: 单 is shan4 in 单雄信, in 单先生 and after 姓, and dan1 elsewhere.

A rule sees them where what follows can hardly be anything but a name or a title; `of_names` reads those of a book's
characters, which need no guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from pipeline.pronunciation.syllable import syllables
from pipeline.pronunciation.text import HAN
from pipeline.pronunciation.words import is_word
from pipeline.shipped import rows_of

_HAN = re.compile(f"[{HAN}]")

_PEOPLE = "先生|小姐|女士|太太|夫人|姑娘|公子|老师|师傅|大人|大哥|大姐|大叔|大爷|大妈|大娘|大婶|大嫂|老爷|少爷|某人|氏"
_OFFICES = "教授|医生|大夫|老板|经理|主任|局长|处长|科长|厂长|校长|书记|队长|律师|博士|将军|警官"
_BUSY = "任曾查区"
"""Before an office these are verbs, adverbs or a district: 任经理, 曾经理解, 查处长假, 区书记."""
_VERBS = "任曾查区解盖"
"""Before two characters that could be a given name these stand for much else: 任福建总督, 解南安之危."""
_OPEN = "的和与跟同对向请问给找见叫是让把被为像到在说了着有位个这那及替由从陪带等帮老小"
"""Before a title, what stands before the surname must leave room for one: 黄佩华先生 has none."""
_HOUSE = "家(?=[的里人大老小两三四五六七八九，。、])"
_GIVEN = (
    "伟强勇军磊涛斌波辉刚健明亮俊杰峰超鹏浩宇轩博文彬武雄志建华国庆福贵荣祥瑞宝龙虎豹麟凯旋毅坚诚信义仁礼智德才良忠孝恩泽"
    "世昌盛兴旺顺安康宁远航飞翔云天成海江河山川林森松柏梅兰竹菊芳芬芝莲荷蓉莉萍英秀娟娜娇婷婉静淑贤惠慧敏丽艳红霞雪冰玉"
    "珍珠珊瑶琳琪琴琼璐璇莹晶晓春夏秋冬冬梦思雨晴岚露倩倩怡悦欣佳嘉美妍娥凤凰燕雁鹃鸿鹤生根金银铜锁柱栓良镛藩盈盈"
    "非凡然若涵梓萱诗韵清泉洋洁颖蕾薇蔷茜菲蓓蕊媛嫣嫱妙姝彤丹青翠碧紫墨白素心灵逸尘风月星辰耀光炎烈炳焕煜熙东南西北民振邦"
    "永长寿朝阳立群超凡启元亨利贞培树学勤正宽厚道平均兆伯仲叔季孟珊珊圆圆媚姗宗秉采臣继承绍祖敬鲁渊恭哲仪守业鼎钧锋钢铁铭锐"
)
_ROLES = "人员者长子客兵汉匠夫手民商生官吏\\W\\da-zA-Z"
_SAYS = "[说道问笑答喊叫骂叹想哭点摇站坐走转低抬皱]"
_FREE = "他她它我你您们未不并还也都就才又已是"
"""After these a word follows that is no surname: 他曾, 不任, 我查."""


def surnames(text: str) -> dict[int, str]:
    """place -> syllable, of the surnames in `text` that the rule sees."""
    found: dict[int, str] = {}
    if not _hint().search(text):
        return found
    for pattern in _patterns():
        for match in pattern.finditer(text):
            name, at = match["name"], match.start("name")
            if text[at - 1 : at] == "姓" or not _part_of_a_word(text, at, name, match.groupdict().get("given")):
                found.update(zip(range(at, at + len(name)), _table()[name][0], strict=True))
    return found


def of_names(names: Iterable[str]) -> dict[str, str]:
    """A lexicon for those of `names` (a book's characters) whose surname is read in a way of its own: name -> the name with
    the surname's reading, 单(shan4)雄信, 老单(shan4). Names that are words (区长) or say what one does (查票员) stay."""
    found = {}
    for name in names:
        match = _known().fullmatch(name) if len(name) > 1 else None
        if match and not is_word(name) and not is_word(match["name"] + match["rest"][:1]):
            rare = _table()[match["name"]][1] == "known"
            if rare and not (match["rest"] and all(sign in _GIVEN for sign in match["rest"])):
                continue
            read = zip(match["name"], _table()[match["name"]][0], strict=True)
            found[name] = match["before"] + "".join(f"{sign}({one})" for sign, one in read) + match["rest"]
    return found


def _part_of_a_word(text: str, at: int, name: str, given: str | None) -> bool:
    """简单明华: 单 belongs to 简单. 他曾平: an adverb. 华东平原: 华东 is a word."""
    before = text[at - 1 : at] if at else ""
    if len(name) == 1 and not given and before not in _OPEN and _HAN.match(before):
        return True
    if before and (is_word(before + name[0]) or is_word(text[max(at - 2, 0) : at] + name[0])):
        return True
    if not given:
        return False
    free = before != "" and before in _FREE
    return free or is_word(name + given[0]) or is_word(name + given) or (name in _VERBS and is_word(given))


@cache
def _table() -> dict[str, tuple[tuple[str, ...], str]]:
    """surname -> its syllables, and where the rule may see one."""
    rows = rows_of(__package__, "surnames.tsv")
    return {name: (tuple(syllables(reading)), where) for name, reading, where in rows}


def _any(*where: str, without: str = "") -> str:
    names = [name for name, row in _table().items() if row[1] in where and name not in without]
    longer = "|".join(name for name in names if len(name) > 1)
    return f"[{''.join(name for name in names if len(name) == 1)}]" + (f"|{longer}" if longer else "")


@cache
def _hint() -> re.Pattern[str]:
    return re.compile(f"[姓{''.join(name[0] for name, row in _table().items() if row[1] != 'known')}]")


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    every, seen, named = _any("name", "title", "known"), _any("name", "title"), _any("name")
    rules = (
        rf"(?<=姓)(?<!百姓)(?P<name>{seen})(?![氏名何])",
        rf"(?<=姓)(?<!百姓)(?P<name>{every})(?=[的，。！？、,.!?啊呢吗]|$)",
        rf"(?P<name>{seen})(?={_PEOPLE})",
        rf"(?P<name>{_any('name', 'title', without=_BUSY)})(?={_OFFICES})",
        r"(?P<name>[曾查])(?=(?:教授|医生|大夫|律师|博士)[的说问道笑是，。：、])",
        rf"(?P<name>{seen})(?=总[，。！？：、说问道])",
        rf"(?P<name>{_any('name', 'title', without='仇')}){_HOUSE}",
        rf"(?<=老)(?P<name>{_any('name', 'title', without='区燕乐')})(?=[头，。！？：说问道])",
        r"(?<=小)(?P<name>[曾任仇翟缪葛覃谌查华卜])(?=[，。！？：说问道])",
        rf"(?P<name>{_any('name', without=_VERBS)})(?P<given>[{_GIVEN}]{{2}})",
        rf"(?<![{HAN}])(?P<name>[{_VERBS}])(?P<given>[{_GIVEN}]{{2}})(?=[的是和与跟对向在把被给也又就都，、])",
        rf"(?P<name>{named})(?P<given>[{_GIVEN}]{{1,2}})(?={_SAYS})",
        rf"(?P<name>{'|'.join(name for name in _table() if len(name) > 1)})",
    )
    return tuple(map(re.compile, rules))


@cache
def _known() -> re.Pattern[str]:
    name, rest = _any("name", "title", "known"), f"(?:[{HAN}]{{0,2}}[^{_ROLES}])?"
    return re.compile(rf"(?P<before>[老小阿大]?)(?!查[理尔德普克特韦])(?P<name>{name})(?P<rest>{rest})")
