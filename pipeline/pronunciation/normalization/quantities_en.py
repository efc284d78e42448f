"""Money, measures, percentages."""

from __future__ import annotations

import re

from pipeline.pronunciation.normalization.frame import NUMBER
from pipeline.pronunciation.normalization.frame_en import DASH, END, START
from pipeline.pronunciation.normalization.old_money_en import pence, shillings
from pipeline.pronunciation.normalization.rules import Rule, left, right, rule
from pipeline.pronunciation.normalization.tables import lists, units, units_pattern
from pipeline.pronunciation.normalization.words_en import SCALES, and_part, cardinal

Match = re.Match[str]

_MONEY = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "", ""),
    "₹": ("rupee", "rupees", "paisa", "paise"),
}
_LANDS = {
    "US": "U S ",
    "A": "Australian ",
    "C": "Canadian ",
    "HK": "Hong Kong ",
    "NZ": "New Zealand ",
    "S": "Singapore ",
}

_WINDS = {"N": "north", "S": "south", "E": "east", "W": "west"}


def rules() -> tuple[Rule, ...]:
    return (*_money(), *_measures())


def _money() -> tuple[Rule, ...]:
    number = rf"({NUMBER})(?:{DASH}[$£€¥₹]?({NUMBER}))?"
    scale = r"(?:\s?(thousand|million|billion|trillion)|(k|K|mn|m|M|bn|b|B))?"
    return (
        rule(rf"(?:\b(US|A|C|HK|NZ|S))?([$£€¥₹])\s?{number}(?:\s(\d+)s\.?(?:\s(\d+)d\.?)?)?{scale}{END}", _coins),
        rule(rf"{START}({NUMBER})\s?¢", lambda m: f"{cardinal(m[1])} {'cent' if m[1] == '1' else 'cents'}"),
        rule(rf"{START}(\d+)p{END}", lambda m: f"{cardinal(m[1])} p"),
    )


def _coins(match: Match) -> str:
    country, sign, first, last, silver, copper, scale, letter = match.groups()
    one, many, small_one, small_many = _MONEY[sign]
    one, many = _LANDS.get(country or "", "") + one, _LANDS.get(country or "", "") + many
    scale = scale or SCALES.get((letter or "").lower())
    if _describes(match):
        many = one
    whole, _, rest = first.partition(".")
    if last:
        return f"{cardinal(first)} to {cardinal(last)}{f' {scale}' if scale else ''} {many}"
    if scale:
        return f"{cardinal(first)} {scale} {many}"
    if silver:
        return f"{cardinal(first)} {one if first == '1' else many} {shillings(silver)}" + (
            f" {pence(copper)}" if copper else ""
        )
    if len(rest) != 2 or not small_one:
        return f"{cardinal(first)} {one if first == '1' else many}"
    cents = "" if rest == "00" else f"{cardinal(str(int(rest)))} {small_one if rest == '01' else small_many}"
    pounds = "" if int(whole.replace(",", "")) == 0 else f"{cardinal(whole)} {one if whole == '1' else many}"
    return " and ".join(part for part in (pounds, cents) if part) or f"zero {many}"


def _describes(match: Match) -> bool:
    """Whether the match stands between an article and a noun: a $5 bill, a 12 V battery."""
    if re.search(r"\bthe\s$", left(match), re.I):
        return bool(re.match(rf"[\s-](?!(?:{lists('en')['no_noun']})\b)[a-z]", right(match)))
    return bool(re.search(r"\b(?:an?|this|that|each|every|another)\s$", left(match), re.I)) and bool(
        re.match(r"[\s-](?!(?:of|per|an?|in|on|to|and|for|or|from|at)\b)[a-z]", right(match))
    )


def _measures() -> tuple[Rule, ...]:
    signs = units_pattern("en", gap=r"\.?\s")
    amount = rf"([-\u2212])?{START}({NUMBER})(?:{DASH}({NUMBER})|\s(\d+)/(\d+))?"
    return (
        rule(
            rf"{START}(\d+)\s?['\u2032]\s?(\d+)\s?(?:[\"\u2033]|'')",
            lambda m: (
                f"{cardinal(m[1])} {'foot' if m[1] == '1' else 'feet'} {cardinal(m[2])} {'inch' if m[2] == '1' else 'inches'}"
            ),
        ),
        rule(rf"{START}(\d+)['\u2032\u2019](\d+){END}", lambda m: f"{cardinal(m[1])} foot {cardinal(m[2])}"),
        rule(
            rf"{START}(\d+)°\s?(\d+)['\u2032\u2019](?:\s?(\d+)[\"\u2033])?\s?([NSEW])?\b",
            lambda m: (
                f"{cardinal(m[1])} degrees {cardinal(m[2])} minutes "
                f"{cardinal(m[3]) + ' seconds ' if m[3] else ''}{_WINDS.get(m[4] or '', '')}"
            ),
        ),
        rule(
            rf"{START}({NUMBER})%{DASH}({NUMBER})%", lambda m: f"{cardinal(m[1])} percent to {cardinal(m[2])} percent"
        ),
        rule(rf"{amount}\s?%(?:-|{END})", lambda m: f"{_amount(m)[0]} percent "),
        rule(rf"{amount}(\s?-?)({signs})(?![\w^'\u2019])(\.(?=\s[a-z]|[,;]))?", _measured),
        rule(rf"{amount}(?=\s(?:degrees|percent|meters|metres|feet|miles)\b)", lambda m: _amount(m)[0]),
    )


def _amount(match: Match) -> tuple[str, bool]:
    """The words of a number, a range or a number and a half, after minus; and whether it counts as one."""
    minus, first, last, over, under = match.groups()[:5]
    if last:
        said = f"{cardinal(first)} to {cardinal(last)}"
    elif over:
        said = f"{cardinal(first)} and {and_part(over, under)}"
    else:
        said = cardinal(first)
    return ("minus " if minus else "") + said, first == "1" and not last and not over


def _measured(match: Match) -> str | None:
    said, single = _amount(match)
    gap, sign = match[6], re.sub(r"\.?\s", " ", match[7])
    if sign in {"in", "A", "K", "st", "mo", "h", "g", "t", "l", "s", "J", "W", "L", "min"} and (
        (sign in {"in", "A", "K"} and " " in gap and not match[8]) or (sign in {"st", "s"} and gap != " ")
    ):
        return None
    if sign == "mi" and not gap:
        return None
    one, many = units("en")[sign]
    return f"{said} {one if single or '-' in gap or _describes(match) else many}"
