"""How English figures, signs and shortened words are read.

The order is from the particular to the general: a date before a fraction, money before a number. Where the writing leaves
the reading open, the rule carries a doubt, which the review shows.
"""

from __future__ import annotations

import re
from functools import cache

from pipeline.pronunciation.normalization import (
    addresses_en,
    dates_en,
    names_en,
    old_money_en,
    quantities_en,
    scripture_en,
    short_en,
    signs_en,
)
from pipeline.pronunciation.normalization import words_en as words
from pipeline.pronunciation.normalization.frame import NUMBER
from pipeline.pronunciation.normalization.frame_en import DASH, END, START
from pipeline.pronunciation.normalization.rules import Rule, rule
from pipeline.pronunciation.normalization.tables import lists
from pipeline.pronunciation.normalization.words_en import cardinal, digits, in_pairs, ordinal, year
from pipeline.wording import Wording

Match = re.Match[str]

_IS = lists("en")
_COUNTED = rf"(?:\s(?!{_IS['not_counted']})(?:[a-z]+s|{_IS['counted']})\b)"
"""Behind a figure that counts something, and is no year."""


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order they run. Made on first use."""
    rooms = (scripture_en, short_en, addresses_en, old_money_en, dates_en, quantities_en, names_en)
    return (*(one for room in rooms for one in room.rules()), *_numbers())


def _numbers() -> tuple[Rule, ...]:
    return (
        rule(
            rf"(\b(?:{_IS['scored']}|serving|served|game|set)\b[^.!?\d]{{0,30}}){START}(0|15|30|40)-(0|15|30|40){END}",
            _tennis,
        ),
        rule(
            rf"(\brecord\b[^.!?\d]{{0,20}}){START}(\d+)[-\u2013](\d+){END}",
            lambda m: f"{m[1]}{cardinal(m[2])} and {cardinal(m[3])}",
        ),
        rule(
            rf"(\b(?:{_IS['scored']})\b[^.!?\d]{{0,30}}){START}(\d+)[-\u2013](\d+){END}",
            lambda m: f"{m[1]}{cardinal(m[2])} to {cardinal(m[3])}",
        ),
        rule(rf"(\b(?:{_IS['called']})\s(?:[Nn]o\.?\s)?)(\d{{3,5}}){END}", lambda m: m[1] + in_pairs(m[2])),
        rule(rf"{START}(\d+(?:,\d{{3}}){{0,5}})(st|nd|rd|th|d){END}", lambda m: ordinal(m[1])),
        rule(rf"{START}(\d+)\s(\d+)/(\d+){END}", lambda m: f"{cardinal(m[1])} and {words.and_part(m[2], m[3])}"),
        rule(rf"{START}(\d{{1,2}})[-/](\d{{1,2}}){END}", _shares),
        rule(rf"{START}(\d+)\s?/\s?(\d+)(?=\stime\b)", lambda m: f"{cardinal(m[1])} {cardinal(m[2])}"),
        rule(rf"{START}(\d+)\s?/\s?(\d+)(?:ths?|rds?|nds?)?{END}", _fraction),
        rule(rf"{START}(\d+)/([a-z]){END}", lambda m: f"{cardinal(m[1])} over {m[2]}"),
        rule(rf"{START}(\d+)-(\d+)-(\d+){END}", lambda m: " ".join(cardinal(one) for one in m.groups())),
        rule(r"\b([A-Z][A-Za-z]*)-(\d{1,3})s\b", lambda m: f"{m[1]} {words.plural(in_pairs(m[2]))}"),
        rule(r"\b401\(k\)", "four oh one k"),
        rule(r"(?<!\w)\.30-06\b", "thirty ought six"),
        rule(
            rf"{START}(?<!\ba\s)(?![48]K)({NUMBER})([KkM]|bn){END}(?!\s(?:{_IS['in_k']})\b)",
            lambda m: f"{cardinal(m[1])} {words.SCALES[m[2].lower()]}",
        ),
        rule(rf"\b[Vv]\.?(\d+(?:\.\d+)+){END}", lambda m: f"version {_dotted(m[1])}"),
        rule(rf"\b([A-Za-z]{{1,20}})-?(\d+(?:\.\d+)+){END}", _release),
        rule(rf"\b([A-Z]+)-?(\d+)([A-Z]?){END}", _model),
        rule(rf"{START}(\d+)-?([A-Z]{{1,3}})(s?){END}", lambda m: f"{in_pairs(m[1])} {' '.join(m[2])}{m[3]}"),
        rule(rf"(?<![\w.)])[-\u2212]({NUMBER})", lambda m: f"minus {cardinal(m[1])}"),
        rule(rf"{START}([A-Za-z]{{1,3}}|\d)\^2{END}", r"\1 squared"),
        rule(rf"{START}([A-Za-z]{{1,3}}|\d)\^3{END}", r"\1 cubed"),
        rule(r"(?<=\d)\s?\u2212\s?(?=\d)|(?<=\d)\s-\s(?=[\d.,]+\s?=)", " minus "),
        rule(rf"{START}(\d+)\^(\d+){END}", lambda m: f"{cardinal(m[1])} to the power of {cardinal(m[2])}"),
        rule(r"(?<=[A-Za-z])\^(\d+)", lambda m: f" to the power of {cardinal(m[1])}"),
        rule(rf"{START}({NUMBER}){DASH}({NUMBER}){END}", lambda m: f"{cardinal(m[1])} to {cardinal(m[2])}"),
        rule(
            rf"((?:\b(?:a|an|his|her|my|the|your|this|that)\s))\.(\d\d\d?){END}",
            lambda m: m[1] + in_pairs(m[2]),
            Wording("a calibre", "枪的口径"),
        ),
        rule(rf"(?<![\w.])\.(\d+){END}", lambda m: f"point {digits(m[1])}"),
        rule(rf"{START}(\d+)((?:\.\d+){{2,}}){END}", lambda m: _dotted(m[0])),
        *signs_en.rules(),
        rule(
            rf"\b((?:{_IS['year_before']})\.?\s)(1\d\d\d|20\d\d){END}(?!{_COUNTED})(?![,.]\d)",
            lambda m: m[1] + year(m[2]),
            flags=re.I,
        ),
        rule(
            rf"{START}(1[1-9]\d\d|20\d\d){END}(?!{_COUNTED})(?![,.]\d)",
            lambda m: year(m[1]),
            Wording("read as a year", "按年份读"),
        ),
        rule(rf"{START}({NUMBER}){END}", lambda m: cardinal(m[1])),
        rule(r"\d+", lambda m: f" {digits(m[0])} ", Wording("read digit by digit", "逐位读")),
    )


def _tennis(match: Match) -> str | None:
    if match[2] == match[3] == "0":
        return None
    return match[1] + " ".join("love" if points == "0" else cardinal(points) for points in match.groups()[1:])


def _shares(match: Match) -> str | None:
    """50-50, 60-40."""
    more, less = int(match[1]), int(match[2])
    return f"{cardinal(match[1])} {cardinal(match[2])}" if more >= less and more + less == 100 else None


def _fraction(match: Match) -> str:
    over, under = match[1], match[2]
    if under == "1":
        return f"{cardinal(over)} to one"
    if over == under:
        return f"{cardinal(over)} {cardinal(under)}"
    if int(under) < 2 or int(over) > int(under) or len(under) > 4:
        return f"{cardinal(over)} over {cardinal(under)}"
    return words.fraction(over, under)


def _dotted(figures: str) -> str:
    """ "2.1.3" -> two point one point three."""
    return " point ".join(cardinal(one) for one in figures.split("."))


def _release(match: Match) -> str:
    """PM2.5, Web2.0."""
    letters = " ".join(match[1]) if match[1].isupper() and len(match[1]) < 4 else match[1]
    return f"{letters} {_dotted(match[2])}"


def _model(match: Match) -> str:
    letters = " ".join(match[1]) if len(match[1]) < 4 else match[1]
    return f"{letters} {in_pairs(match[2])} {match[3]}".strip()
