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

_EN_DASH = r"\u2013(?=\d)(?:(?<=[^\d\s,;:]\s\u2013)|(?<=[(\u201c\u2018]\u2013))|\A\u2013(?=\d[\d.,]{0,20}\s?[°%])"
"""An en dash that stands for minus: behind a space and close to its figure."""
_WINDS = {"N": "north", "S": "south", "E": "east", "W": "west"}


def rules() -> tuple[Rule, ...]:
    return (*_money(), *_measures())


def _money() -> tuple[Rule, ...]:
    number = rf"({NUMBER}|\.\d{{1,2}})(?:{DASH}[$£€¥₹]?({NUMBER}))?"
    scale = r"(?:[\s-]?(thousand|million|billion|trillion)|(k|K|mn|m|M|bn|b|B|tn|trn|T))?"
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
    pounds = "" if int(whole.replace(",", "") or "0") == 0 else f"{cardinal(whole)} {one if whole == '1' else many}"
    return " and ".join(part for part in (pounds, cents) if part) or f"zero {many}"


def _describes(match: Match) -> bool:
    """Whether the match stands between an article and a noun: a $5 bill, a 12 V battery."""
    if re.match(rf"[\s-](?:{lists('en')['priced']})\b", right(match)):
        return True
    if re.search(r"\bthe\s$", left(match), re.I):
        return bool(re.match(rf"[\s-](?!(?:{lists('en')['no_noun']})\b)[a-z]", right(match)))
    return bool(re.search(r"\b(?:an?|this|that|each|every|another)\s$", left(match), re.I)) and bool(
        re.match(r"[\s-](?!(?:of|per|an?|in|on|to|and|for|or|from|at)\b)[a-z]", right(match))
    )


def _measures() -> tuple[Rule, ...]:
    inch = r"(?:\u2033|\u2032\u2032)"
    signs = units_pattern("en", gap=r"\.?\s")
    amount = rf"([-\u2212])?{START}({NUMBER})(?:{DASH}({NUMBER})|\s(\d+)/(\d+))?"
    return (
        rule(_EN_DASH, "\u2212"),
        rule(
            rf"{START}(\d+)°\s?(\d+)['\u2032\u2019](?:\s?(\d+)(?:\"|\u201d|{inch}))?(?:\s?([NSEW])\b)?",
            lambda m: (
                f"{cardinal(m[1])} degrees {cardinal(m[2])} minutes "
                f"{cardinal(m[3]) + ' seconds ' if m[3] else ''}{_WINDS.get(m[4] or '', '')}"
            ),
        ),
        rule(
            rf"{START}(\d+)\s?['\u2019\u2032]\s?(\d+(?:\s\d/\d)?)\s?(?:[\"\u201d]|''|\u2019\u2019|{inch})",
            _feet_and_inches,
        ),
        rule(rf"{START}(\d+)\s?(?:ft|feet|foot)\.?,?\s?(\d+(?:\s\d/\d)?)\s?in\b\.?", _feet_and_inches),
        rule(rf"{START}(\d+)['\u2032\u2019](\d+){END}", lambda m: f"{cardinal(m[1])} foot {cardinal(m[2])}"),
        rule(rf"{START}({NUMBER})\s?{inch}", lambda m: _length(m, "inch", "inches")),
        rule(rf"{START}({NUMBER})\s?\u2032", lambda m: _length(m, "foot", "feet")),
        rule(
            rf"{START}({NUMBER})%{DASH}({NUMBER})%", lambda m: f"{cardinal(m[1])} percent to {cardinal(m[2])} percent"
        ),
        rule(rf"{amount}\s?%(?:-|{END})", lambda m: f"{_amount(m)[0]} percent "),
        rule(rf"{amount}(\s?-?)({signs})(?![\w^'\u2019])(\.(?=\s(?:[a-z]|\d+\s?(?:{signs})(?!\w))|[,;]))?", _measured),
        rule(rf"{amount}(?=\s(?:degrees|percent|meters|metres|feet|miles)\b)", lambda m: _amount(m)[0]),
    )


def _feet_and_inches(match: Match) -> str:
    feet, (inches, _, part) = match[1], match[2].partition(" ")
    one = _describes(match)
    said = cardinal(inches) + (f" and {and_part(*part.split('/'))}" if part else "")
    stop = "." if match[0].endswith(".") and re.match(r"\s*$|\s+[\"\u201c]?[A-Z]", right(match)) else ""
    foot, inch = "foot" if one or feet == "1" else "feet", "inch" if one or match[2] == "1" else "inches"
    return f"{cardinal(feet)} {foot} {said} {inch}{stop}"


def _length(match: Match, one: str, many: str) -> str:
    return f"{cardinal(match[1])} {one if match[1] == '1' or _describes(match) else many}"


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
    if (sign == "mi" and not gap) or (sign == "K" and not match[1] and "." not in match[2]):
        return None
    one, many = units("en")[sign]
    return f"{said} {one if single or '-' in gap or _describes(match) else many}"
