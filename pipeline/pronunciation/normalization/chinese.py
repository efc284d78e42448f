"""How figures and signs in Chinese text are read.

The order is from the particular to the general: a telephone before a number, a clock before a ratio. Where the writing
leaves the reading open, the rule carries a doubt, which the review shows.
"""

from __future__ import annotations

import re
from functools import cache

from pipeline.pronunciation.normalization import (
    addresses_zh,
    codes_zh,
    dates_zh,
    numerals_zh,
    quantities_zh,
    signs_zh,
    times_zh,
    titles_en,
)
from pipeline.pronunciation.normalization.frame import NUMBER
from pipeline.pronunciation.normalization.frame_zh import END, FREE, HAN, MEASURES, SPELT, TO, to
from pipeline.pronunciation.normalization.rules import Rule, right, rule
from pipeline.pronunciation.normalization.words_zh import cardinal, counted, digits
from pipeline.wording import Wording

Match = re.Match[str]


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order they run. Made on first use."""
    rooms = (titles_en, numerals_zh, addresses_zh, dates_zh, times_zh, quantities_zh, codes_zh)
    return (*(one for room in rooms for one in room.rules()), *_numbers())


def _numbers() -> tuple[Rule, ...]:
    number = NUMBER
    sign = r"\s?(?:[-\u2013~\u301c\u223c]|\u2014(?!\u2014))\s?"
    days = "(?:周|星期|礼拜)"
    return (
        rule(rf"({days}[一二三四五六日天]){sign}(?={days}?[一二三四五六日天])", lambda m: f"{m[1]}到"),
        rule(r"第(\d+)/(\d+)([页章集卷张])", lambda m: f"第{_whole(m[1])}{m[3]}共{_whole(m[2])}{m[3]}"),
        rule(
            rf"(第)\s?(\d+)(?:{TO}(第?)(\d+))?",
            lambda m: f"第{_whole(m[2])}" + (f"到{m[3]}{_whole(m[4])}" if m[4] else ""),
        ),
        *signs_zh.rules(),
        rule(
            rf"{FREE}(\d+)(?:\s(\d+)|又(\d+))/(\d+){END}",
            lambda m: f"{cardinal(m[1])}又{cardinal(m[4])}分之{cardinal(m[2] or m[3])}",
        ),
        rule(rf"{FREE}(\d+)又(?=\d+/\d)", lambda m: f"{cardinal(m[1])}又"),
        rule(rf"{FREE}(\d+)\s?/\s?(\d+){END}", lambda m: f"{cardinal(m[2])}分之{cardinal(m[1])}"),
        rule(rf"{FREE}(\d+)(?=\u2014\u2014\d*(?:\u2014|$))", lambda m: cardinal(m[1])),  # counting aloud
        rule(rf"{FREE}(\d)[、,](\d)(?=[十百千万亿]?[{MEASURES}])", lambda m: f"{counted(m[1])}、{cardinal(m[2])}"),
        rule(
            rf"{FREE}((?:19|20)\d\d){TO}((?:19|20)\d\d){END}(?![.:/{MEASURES}余多人元天字])",
            lambda m: f"{digits(m[1])}到{digits(m[2])}",
            Wording("read as a year", "按年份读"),
        ),
        rule(
            rf"{FREE}({number})([十百千万亿余多]*)({TO})({number})(?=[十百千万亿余多]*(?:[{HAN}]|{END}))",
            lambda m: f"{counted(m[1])}{m[2]}{to(m[3])}{_by_measure(m, 4)}",
        ),
        rule(
            rf"(?:(?<=[\d{SPELT}][年月日号点时分秒岁元块度楼层章节回页级集卷天周米斤万亿人个])"
            rf"|(?<=[\d{SPELT}](?:公里|小时|分钟|厘米|毫米|公斤|个月|美元)))\s?[-\u2013\u2014~\u301c]{{1,2}}\s?(?=\d)",
            "到",
        ),
        rule(r"(?<=\d)\s?[~\u301c\u223c]\s?(?=[-\u2212]\d)", "到"),
        rule(rf"(?<![A-Za-z\d.)]){FREE}[-\u2212]({number})", lambda m: f"负{cardinal(m[1])}"),
        rule(rf"{FREE}10(?=几)", "十"),
        rule(
            rf"{FREE}((?:1[89]|20)\d\d){END}(?=[\s,。.!?)》、]|$|[{HAN}])(?![{MEASURES}余多人])",
            lambda m: digits(m[1]),
            Wording("read as a year", "按年份读"),
        ),
        rule(rf"{FREE}({number})(?=\+)", lambda m: _by_measure(m, 1)),
        rule(rf"{FREE}({number}){END}", lambda m: _by_measure(m, 1)),
        rule(r"(?<=[零一二三四五六七八九十百千万亿])\+", "加"),
        rule(
            rf"(?<=[{SPELT}]){sign}(?=第[{SPELT}]|[{SPELT}]{{1,9}}[{MEASURES}天日月号人时折层楼级路环集章回卷度])", "到"
        ),
        rule(rf"(百分之[{SPELT}点]{{1,9}}){sign}(?=[{SPELT}])", r"\1到"),
        rule(
            rf"(?<=[{SPELT}][年月日号点时分秒天岁度章回节卷集级元块页楼层]){sign}(?=(?:第|[上下]午|凌晨|晚上|次[日年])?[{SPELT}])",
            "到",
        ),
        rule(r"\d+", lambda m: digits(m[0]), Wording("read digit by digit", "逐位读")),
    )


def _whole(figures: str) -> str:
    return digits(figures) if len(figures) > 6 else cardinal(figures)


def _by_measure(match: Match, group: int) -> str:
    """两 before a measure word, but 二 in 二两, 二年级, 二等; the digits of a long number that counts nothing."""
    figures, after = match[group], right(match).lstrip()[:2]
    if (
        figures == "2"
        and after[:1]
        and after[0] in MEASURES + "人"
        and after not in {"年级", "分之", "点五", "小姐", "百五", "把手"}
        and after[0] not in "百"
    ):
        return "二" if after in ("人转", "人组") or (after[0] == "代" and after != "代人") else "两"
    return cardinal(figures)
