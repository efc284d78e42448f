"""Money, measures, percentages, temperatures."""

from __future__ import annotations

import re

from pipeline.pronunciation.normalization.frame import NUMBER
from pipeline.pronunciation.normalization.frame_zh import FREE, HAN, TO
from pipeline.pronunciation.normalization.rules import Rule, right, rule
from pipeline.pronunciation.normalization.tables import units, units_pattern
from pipeline.pronunciation.normalization.words_zh import cardinal, counted, digits

Match = re.Match[str]

_COINS = {
    "¥": "元",
    "$": "美元",
    "€": "欧元",
    "£": "英镑",
    "RMB": "元",
    "CNY": "元",
    "USD": "美元",
    "EUR": "欧元",
    "HK$": "港元",
    "US$": "美元",
    "GBP": "英镑",
    "JPY": "日元",
    "NT$": "新台币",
}
_SCALE = {"w": "万", "W": "万", "k": "千"}


def rules() -> tuple[Rule, ...]:
    return (*_money(), *_measures())


def _money() -> tuple[Rule, ...]:
    sign = "|".join(re.escape(one) for one in sorted(_COINS, key=len, reverse=True))
    return (
        rule(
            rf"({sign})\s?({NUMBER})(?:{TO}(?:{sign})?({NUMBER}))?\s?([百千万亿]*|[wk](?![A-Za-z]))",
            lambda m: _price(m[2], m[3], _SCALE.get(m[4], m[4]), _COINS[m[1]]),
        ),
        rule(
            rf"{FREE}({NUMBER})()\s?([百千万亿]*)\s?(RMB|CNY|USD|EUR|GBP|JPY)(?![A-Za-z])",
            lambda m: _price(m[1], m[2], m[3], _COINS[m[4]]),
        ),
        rule(
            rf"{FREE}(\d+)\.(\d)0(?=\s?[元块])",
            lambda m: f"{cardinal(m[1])}点{digits(m[2])}" if m[2] != "0" else counted(m[1]),
        ),
        rule(rf"{FREE}([1-9])([1-9])(?=折)", lambda m: digits(m[1] + m[2])),
        rule(rf"(?<=[元块角分度斤克米里升天人次吨])\s?/\s?(?=[{HAN}])", "每"),
        rule(r"(?<=[元块角])\s?/\s?(kg|g|m2|m\^2|h|L|km)(?![A-Za-z])", lambda m: f"每{units('zh')[m[1]][0]}"),
    )


def _price(first: str, last: str | None, scale: str, coin: str) -> str:
    return f"{_amount(_short(first), last and _short(last))}{scale}{coin}"


def _short(price: str) -> str:
    """3.50 -> 3.5, 3.00 -> 3."""
    return re.sub(r"(\.\d)0$|\.00$", r"\1", price)


def _amount(first: str, last: str | None = None) -> str:
    return f"{counted(first)}到{counted(last)}" if last else counted(first)


def _measures() -> tuple[Rule, ...]:
    signs = units_pattern("zh")
    percent = {"%": "百分之", "‰": "千分之"}
    return (
        rule(r"(°)\s?(\d+)\s?[′']", lambda m: f"{m[1]}{cardinal(m[2])}分"),
        rule(r"(分)\s?(\d+)\s?[″\"]", lambda m: f"{m[1]}{cardinal(m[2])}秒"),
        rule(rf"(?<=[{HAN}])\+(?=\d)", "加"),
        rule(
            rf"([-\u2212])?{FREE}({NUMBER})\s?([%‰]?){TO}([-\u2212])?({NUMBER})\s?([%‰])",
            lambda m: (
                f"{'负' if m[1] else ''}{percent[m[6]]}{cardinal(m[2])}到{'负' if m[4] else ''}{percent[m[6]]}{cardinal(m[5])}"
            ),
        ),
        rule(
            rf"([-\u2212])?{FREE}({NUMBER})\s?([%‰])",
            lambda m: f"{'负' if m[1] else ''}{percent[m[3]]}{'百' if m[2] == '100' else cardinal(m[2])}",
        ),
        rule(
            rf"([-\u2212])?{FREE}({NUMBER})(?:{TO}([-\u2212])?({NUMBER}))?\s?(°C|°F|°)(?:\s?{TO}([-\u2212])?({NUMBER})\s?(?:°C|°F|°))?",
            _degrees,
        ),
        rule(rf"[-\u2212]{FREE}({NUMBER})(?=\s?(?:度|摄氏度))", lambda m: f"零下{cardinal(m[1])}"),
        rule(rf"{FREE}({NUMBER})([百千万亿]*)(?:{TO}({NUMBER})([百千万亿]*))?\s?({signs})(?![A-Za-z\d^])", _measured),
        rule(
            rf"{FREE}({NUMBER})([wW](?=\+|[{HAN}]|$|[,。!?])|k(?![A-Za-z]))",
            lambda m: None if m[2] == "W" and not right(m).startswith("+") else f"{counted(m[1])}{_SCALE[m[2]]}",
        ),
    )


def _degrees(match: Match) -> str:
    minus, first, minus_last, last, sign, minus_more, more = match.groups()
    name, below = units("zh")[sign][0], "零下"
    last, minus_last = last or more, minus_last or minus_more
    said = f"{below if minus else ''}{cardinal(first)}"
    if last:
        said += f"{name if more else ''}到{below if minus_last else ''}{cardinal(last)}"
    return said + name


def _measured(match: Match) -> str | None:
    first, scale, last, last_scale, sign = match.groups()
    if sign in {"N", "J", "K", "A", "B", "in"}:  # 2B, 3A景区, 4K: letters far more often than units
        return None
    if sign in {"V", "W", "L"} and re.match(r"[座型级栋楼区班口]", right(match)):
        return None
    said = f"{_amount(first)}{scale}" + (f"到{_amount(last)}{last_scale}" if last else "")
    return said + units("zh")[sign][0]
