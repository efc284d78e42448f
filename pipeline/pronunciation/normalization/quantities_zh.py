"""Money, measures, percentages, temperatures."""

from __future__ import annotations

import re
from decimal import Decimal

from pipeline.pronunciation.normalization.frame import NUMBER
from pipeline.pronunciation.normalization.frame_zh import FREE, HAN, MINUS, SPELT, TO
from pipeline.pronunciation.normalization.rules import Rule, right, rule
from pipeline.pronunciation.normalization.tables import lists, units, units_pattern
from pipeline.pronunciation.normalization.words_zh import cardinal, counted, digits

Match = re.Match[str]

_IS = lists("zh")
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
_WORDS = "美元|美金|欧元|英镑|日元|港元|港币|新台币|人民币|元|块钱|块"


def rules() -> tuple[Rule, ...]:
    return (*_money(), *_measures())


def _money() -> tuple[Rule, ...]:
    sign = "|".join(re.escape(one) for one in sorted(_COINS, key=len, reverse=True))
    return (
        rule(
            rf"({sign})\s?({NUMBER})(?:{TO}(?:{sign})?({NUMBER}))?\s?([wk](?![A-Za-z])|[百千万亿]*)(?:\s?({_WORDS}))?",
            lambda m: _price(m[2], m[3], m[4], _named(_COINS[m[1]], m[5])),
        ),
        rule(
            rf"{FREE}({NUMBER})()\s?([百千万亿]*)\s?((?:RMB|CNY|USD|EUR|GBP|JPY)(?![A-Za-z])|[$€£¥](?!\s?\d))",
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
    if scale in ("w", "k"):
        return f"{_scaled(first, scale)}{'到' + _scaled(last, scale) if last else ''}{coin}"
    return f"{_amount(_short(first), last and _short(last))}{scale}{coin}"


def _named(coin: str, word: str | None) -> str:
    """Of a sign in front and a word behind: ¥ and 块 -> 块, $ and 元 -> 美元."""
    return word if word and (coin == "元" or word not in ("元", "块", "块钱")) else coin


def _scaled(figures: str, scale: str) -> str:
    """3, w -> 三万; 15, k -> 一万五千."""
    if scale in "wW":
        return f"{counted(figures)}万"
    return counted(f"{Decimal(figures.replace(',', '')).scaleb(3).normalize():f}")


def _short(price: str) -> str:
    """3.50 -> 3.5, 3.00 -> 3."""
    return re.sub(r"\.00$|(\.\d)0$", r"\1", price)


def _amount(first: str, last: str | None = None) -> str:
    return f"{counted(first)}到{counted(last)}" if last else counted(first)


def _measures() -> tuple[Rule, ...]:
    signs = units_pattern("zh")
    percent = {"%": "百分之", "‰": "千分之"}
    return (
        *_primes(),
        rule(rf"(?<=[{HAN}])\+(?=\d)", "加"),
        rule(
            rf"({MINUS})?{FREE}({NUMBER})\s?([%‰]?){TO}([-\u2212\u2013])?({NUMBER})\s?([%‰])",
            lambda m: (
                f"{'负' if m[1] else ''}{percent[m[6]]}{cardinal(m[2])}到{'负' if m[4] else ''}{percent[m[6]]}{cardinal(m[5])}"
            ),
        ),
        rule(
            rf"({MINUS})?{FREE}({NUMBER})\s?([%‰])",
            lambda m: f"{'负' if m[1] else ''}{percent[m[3]]}{'百' if m[2] == '100' else cardinal(m[2])}",
        ),
        rule(
            rf"({MINUS})?{FREE}({NUMBER})(?:{TO}([-\u2212\u2013])?({NUMBER}))?\s?(°C|°F|°)(?:{TO}([-\u2212\u2013])?({NUMBER})\s?(?:°C|°F|°))?",
            _degrees,
        ),
        rule(
            rf"({MINUS})?{FREE}({NUMBER}){TO}([-\u2212\u2013])?({NUMBER})(?=\s?(?:度|摄氏度))",
            lambda m: (
                f"{'零下' if m[1] else ''}{cardinal(m[2])}到{'零下' if m[3] else ''}{cardinal(m[4])}"
                if m[1] or m[3]
                else None
            ),
        ),
        rule(rf"{MINUS}{FREE}({NUMBER})(?=\s?(?:度|摄氏度))", lambda m: f"零下{cardinal(m[1])}"),
        rule(
            rf"{FREE}({NUMBER})(?:{TO}({NUMBER}))?([wW](?=\+|{_IS['in_tens_of_thousands']})|w(?=[{HAN}]|$|[,。!?])|k(?![A-Za-z]|{_IS['in_pixels']}))",
            lambda m: f"{_scaled(m[1], m[3])}{'到' + _scaled(m[2], m[3]) if m[2] else ''}",
        ),
        rule(
            rf"{FREE}({NUMBER})k{TO}({NUMBER})k(?![A-Za-z])",
            lambda m: f"{_scaled(m[1], 'k')}到{_scaled(m[2], 'k')}",
        ),
        rule(rf"{FREE}({NUMBER})([百千万亿]*)(?:{TO}({NUMBER})([百千万亿]*))?\s?({signs})(?![A-Za-z\d^])", _measured),
    )


def _primes() -> tuple[Rule, ...]:
    """Of angles, of the length of people and screens in feet and inches, else of time. NFKC makes two of a double prime."""
    double = "(?:′′|″)"
    return (
        rule(r"(°)\s?(\d+)\s?[′'](?!′)", lambda m: f"{m[1]}{cardinal(m[2])}分"),
        rule(rf"(°\s?[{SPELT}]+分)\s?(\d+)\s?(?:{double}|\")", lambda m: f"{m[1]}{cardinal(m[2])}秒"),
        rule(
            rf"((?:身高|个头|个子|高)[约有是为:]{{0,2}}){FREE}(\d+)\s?[′']\s?(?:(\d+)\s?(?:{double}|\"))?",
            lambda m: f"{m[1]}{counted(m[2])}英尺{counted(m[3]) + '英寸' if m[3] else ''}",
        ),
        rule(rf"{FREE}({NUMBER})\s?{double}(?=的?(?:{_IS['in_inches']}))", lambda m: f"{counted(m[1])}英寸"),
        rule(rf"{FREE}(\d+)\s?[′']\s?(\d\d?)\s?(?:{double}|\")", lambda m: f"{counted(m[1])}分{cardinal(m[2])}秒"),
        rule(rf"{FREE}(\d+)\s?{double}(\d{{1,2}})(?!\d)", lambda m: f"{counted(m[1])}秒{digits(m[2])}"),
        rule(rf"{FREE}({NUMBER})\s?{double}", lambda m: f"{counted(m[1])}秒"),
        rule(rf"{FREE}({NUMBER})\s?′", lambda m: f"{counted(m[1])}分"),
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
