"""Years, months, days."""

from __future__ import annotations

import re

from pipeline.pronunciation.normalization.frame_zh import END, FREE, HAN, MEASURES, TO, to
from pipeline.pronunciation.normalization.rules import Rule, rule
from pipeline.pronunciation.normalization.tables import lists
from pipeline.pronunciation.normalization.words_zh import cardinal, digits
from pipeline.wording import Wording

Match = re.Match[str]

_IS = lists("zh")
_SPANS = f"前(?!后)|{_IS['years_span']}"
"""Behind 年 where so many years are meant, and not a year."""
_LONG = _IS["years_long"]
_ROUND = r"(?:[13-9]000|(?:2[5-9]|[3-9]\d)00)"
"""Thousands but 2000, and hundreds beyond the centuries of our calendar: so many years, and no year."""
_SEASONS = "赛季|学年|年度|财年"


def rules() -> tuple[Rule, ...]:
    return (
        rule(rf"{FREE}(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){END}", _date),
        rule(rf"{FREE}(\d{{4}})[-/](0?[1-9]|1[0-2])(?=月)", lambda m: f"{digits(m[1])}年{cardinal(m[2].lstrip('0'))}"),
        rule(
            rf"{FREE}((?:19|20)\d\d)\s?[-\u2013\u2014~/]\s?(\d\d|\d{{4}})(?={_SEASONS})",
            lambda m: f"{digits(m[1])}到{digits(m[1][: 4 - len(m[2])] + m[2])}",
        ),
        rule(rf"{FREE}(\d\d)\s?[-\u2013/]\s?(\d\d)(?={_SEASONS})", lambda m: digits(m[1] + m[2])),
        rule(rf"{FREE}(\d\d00){TO}({_ROUND})(?=\s?年(?!代))", lambda m: f"{cardinal(m[1])}到{cardinal(m[2])}"),
        rule(
            rf"{FREE}(\d{{4}})(年?){TO}(\d{{4}}|\d\d(?=年))(?=年(?!前|的历史)|[)\]])",
            lambda m: f"{digits(m[1])}{m[2]}到{digits(m[3])}",
        ),
        rule(rf"(?<=[(\[]){FREE}(\d{{4}}){TO}(\d{{4}}|\s?(?=\)))", lambda m: f"{digits(m[1])}到{digits(m[2])}"),
        rule(
            rf"{FREE}((?:19|20)\d\d)\.(0?[1-9]|1[0-2]){END}(?![{MEASURES}.%])",
            lambda m: f"{digits(m[1])}年{_plain(m[2])}月",
        ),
        rule(
            rf"(公元前?|西元前?)\s?(\d{{1,4}})(年?){TO}((?:公元)?前?)(\d{{1,4}})(?=\s?年)",
            lambda m: f"{m[1]}{_of_an_era(m[2])}{m[3]}到{m[4]}{_of_an_era(m[5])}",
        ),
        rule(r"(公元前?|西元前?)\s?(\d{1,4})(?=\s?年)", lambda m: m[1] + _of_an_era(m[2])),
        rule(
            rf"((?:{_IS['years_counted']})[约有]?){FREE}(\d{{4}})(?=\s?年(?!代))|((?:大?约)有?)(\d\d00)(?=\s?年(?!代))",
            lambda m: (m[1] or m[3]) + cardinal(m[2] or m[4]),
        ),
        rule(rf"(?<![在到于]){FREE}({_ROUND})(?=\s?年(?!代|[级届]))", lambda m: cardinal(m[1])),
        rule(rf"(?<=[在到于]){FREE}({_ROUND})(?=\s?年(?![,。]|[春夏秋冬初末底]|\d+月))", lambda m: cardinal(m[1])),
        rule(rf"{FREE}((?:1[89]|20)\d\d)、(\d\d)(?=年)", lambda m: f"{digits(m[1])}、{digits(m[2])}"),
        rule(rf"((?:{_IS['reigns']}))\s?(\d{{1,2}})(?=\s?年)", lambda m: m[1] + cardinal(m[2])),
        rule(rf"{FREE}(\d{{4}})(?=\s?年代)", lambda m: digits(m[1])),
        rule(
            rf"{FREE}(?!(?:1[6-8]|20)00\s?年(?:{_SPANS}))((?:1[6-9]|20)\d\d)(?=\s?年(?!{_LONG}))",
            lambda m: digits(m[1]),
        ),
        rule(rf"{FREE}(\d{{4}})(?=\s?年(?!{_SPANS}))", lambda m: digits(m[1])),
        rule(
            rf"(?:^|(?<=[(于在,。])){FREE}([1-9]\d[1-9]|[1-9][1-9]0)(?=年(?:[),]|[春夏秋冬初末]|\d+月))",
            lambda m: digits(m[1]),
            Wording("a year, or so many years", "是年份，还是多少年"),
        ),
        rule(
            rf"(?<![\d.第近约过了满整]){FREE}([6-9]\d|0\d)(?=年(?!{_SPANS}|代|级|的(?![春夏秋冬]|那|时候|事)|如))",
            lambda m: digits(m[1]),
            Wording("a year, or so many years", "是年份，还是多少年"),
        ),
        rule(rf"{FREE}(\d{{4}}|[6-9]\d|0\d)(?=[级届](?!台阶))", lambda m: digits(m[1])),
        rule(rf"{FREE}([3-9]\d)(?=年(?:生|出生|入伍|毕业|版)|版(?![面块本图])|式)", lambda m: digits(m[1])),
        rule(
            rf"{FREE}([789]\d)(?=年的(?!{_SPANS}|婚|人生|生命|老|陈))",
            lambda m: digits(m[1]),
            Wording("a year, or so many years", "是年份，还是多少年"),
        ),
        rule(rf"{FREE}([5-9]0|[7-9]5|0[05])(?=后(?![{HAN}]?[{MEASURES}面来座院方]))", lambda m: digits(m[1])),
        rule(
            rf"{FREE}(\d{{1,2}})([月日号年]?)({TO})(\d{{1,2}})(?=[月日号])",
            lambda m: f"{_plain(m[1])}{m[2]}{to(m[3])}{_plain(m[4])}",
        ),
        rule(rf"{FREE}(\d{{1,2}})月(\d{{1,2}})(?=[日号]|{END})(?!\d|个)", lambda m: f"{_plain(m[1])}月{_plain(m[2])}"),
        rule(rf"{FREE}(0?[1-9]|1[0-2])/(\d\d?)(?=[日号])", lambda m: f"{_plain(m[1])}月{_plain(m[2])}"),
        rule(rf"{FREE}(\d{{1,2}})(?=月(?!子|饼)|日(?![{HAN}]?内)|号)", lambda m: cardinal(str(int(m[1])))),
        rule(rf"{FREE}(\d{{1,2}})[·・.](\d{{1,2}})(?={_IS['events']})", lambda m: digits(m[1] + m[2])),
        rule(rf"{FREE}(\d{{1,2}})·(\d{{1,2}}){END}", lambda m: digits(m[1] + m[2])),
        rule(r"(?<=[生卒写始建成死])于((?:1[5-9]|20)\d\d)(?![\d.,]|\s?年)", lambda m: f"于{digits(m[1])}"),
    )


def _of_an_era(figures: str) -> str:
    """208 -> 二零八, 3000 -> 三千, 25 -> 二十五."""
    return digits(figures) if len(figures) > 2 and not figures.endswith("00") else cardinal(figures)


def _plain(figures: str) -> str:
    """08 -> 八."""
    return cardinal(str(int(figures)))


def _date(match: Match) -> str | None:
    month, day = int(match[2]), int(match[3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{digits(match[1])}年{cardinal(str(month))}月{cardinal(str(day))}日"
