"""Dates, years and the time of day."""

from __future__ import annotations

import re

from pipeline.pronunciation.normalization import words_en as words
from pipeline.pronunciation.normalization.frame_en import DASH, END, START
from pipeline.pronunciation.normalization.rules import Rule, right, rule
from pipeline.pronunciation.normalization.tables import lists
from pipeline.pronunciation.normalization.tables import words as words_of
from pipeline.pronunciation.normalization.words_en import cardinal, digits, ordinal, year
from pipeline.wording import Wording

Match = re.Match[str]

_MONTH = lists("en")["months"]
_MONTHS = words_of("en")["months"]


def rules() -> tuple[Rule, ...]:
    return (*_dates(), *_times())


def _dates() -> tuple[Rule, ...]:
    day, full_year = r"(\d{1,2})(?:st|nd|rd|th)?", r"(\d{4}|\d{3}(?=\s*(?:AD|BC)))"
    return (
        rule(rf"\b({_MONTH})\s?[-\u2013]\s?({_MONTH})\b", r"\1 to \2"),
        rule(rf"{START}(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){END}", lambda m: _date(m[2], m[3], m[1])),
        rule(
            rf"{START}(\d{{1,2}})/(\d{{1,2}})/(\d{{4}}|\d{{2}}){END}",
            _slashed,
            Wording("month first, or day first", "月在前，还是日在前"),
        ),
        rule(
            rf"(\b(?:[Tt]he|THE)\s)?{START}{day}{DASH}{day}\s({_MONTH})\b(?:(,?)\s{full_year}{END})?",
            lambda m: (
                f"{m[1] or 'the '}{ordinal(m[2])} to the {ordinal(m[3])} of {m[4]}"
                + (f"{m[5]} {year(m[6])}" if m[6] else "")
            ),
        ),
        rule(
            rf"\b({_MONTH})\s{day}{DASH}{day}{END}(?:,?\s{full_year}{END})?",
            lambda m: f"{m[1]} {ordinal(m[2])} to {ordinal(m[3])}" + (f", {year(m[4])}" if m[4] else ""),
        ),
        rule(
            rf"\b({_MONTH})\s{day}{END}(?:(,?)\s{full_year}{END})?",
            lambda m: f"{m[1]} {ordinal(m[2])}" + (f"{m[3]} {year(m[4])}" if m[4] else ""),
        ),
        rule(
            rf"(\b(?:[Tt]he|THE)\s)?{START}{day}(?:\sof)?\s({_MONTH})\b(?:(,?)\s{full_year}{END})?",
            lambda m: f"{m[1] or 'the '}{ordinal(m[2])} of {m[3]}" + (f"{m[4]} {year(m[5])}" if m[5] else ""),
        ),
        rule(rf"\b({_MONTH})(,?)\s(\d{{4}}){END}", lambda m: f"{m[1]}{m[2]} {year(m[3])}"),
        rule(rf"{START}(\d{{4}})({DASH}|/)(\d{{4}}){END}", _years),
        rule(
            rf"{START}(1[0-9]|20)(\d\d)([-\u2013/])(\d\d){END}", lambda m: f"{year(m[1] + m[2])} {_till(m)}{_two(m[4])}"
        ),
        rule(
            rf"{START}['\u2018\u2019]?(\d{{3}}0|(?<=['\u2018\u2019])\d0)['\u2019]?s{END}", lambda m: words.decade(m[1])
        ),
        rule(rf"(?<!\d)([2-9]0)s{END}", lambda m: words.decade(m[1])),
        rule(r"['\u2018\u2019](\d\d)\b(?![\"'\u2019])(?!\s?(?:%|percent|in|ft)\b)", lambda m: _two(m[1])),
        rule(rf"\bA\.?D\.?\s(\d{{1,4}}){END}", lambda m: f"A D {year(m[1])}"),
        rule(
            rf"{START}(\d{{1,3}}(?:,?\d{{3}}){{0,3}}|\d{{1,6}})\s?(B\.?C\.?E?\.?|A\.?D\.?|C\.E\.|CE)(?![\w])",
            lambda m: f"{_era_year(m[1])} {' '.join(letter for letter in m[2] if letter.isalpha())}",
        ),
    )


def _till(match: Match) -> str:
    """The 2019-20 season is one."""
    return "" if re.match(r"\s(?:season|campaign|school|academic)\b", right(match)) else "to "


def _era_year(figures: str) -> str:
    return year(figures) if len(figures) == 4 and not figures.endswith("00") else cardinal(figures)


def _two(figures: str) -> str:
    return f"oh {words.ONES[int(figures[1])]}" if figures[0] == "0" else cardinal(figures)


def _date(month: str, day: str, years: str) -> str | None:
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    return f"{_MONTHS[int(month) - 1]} {ordinal(str(int(day)))}, {year(years) if len(years) == 4 else _two(years)}"


def _slashed(match: Match) -> str | None:
    return _date(match[1], match[2], match[3]) or _date(match[2], match[1], match[3])


def _years(match: Match) -> str | None:
    if not (1000 <= int(match[1]) < int(match[3]) <= 2100):
        return None
    return f"{year(match[1])} to {year(match[3])}"


def _times() -> tuple[Rule, ...]:
    half = r"\s?([ap])\.?\s?m(?:\.|\b)(?!\w)"
    return (
        rule(
            rf"{START}(\d{{1,2}})[:.](\d\d){half}",
            lambda m: f"{_clock(m[1], m[2], sharp='')} {m[3].lower()} m{_stop(m)}",
            flags=re.I,
        ),
        rule(
            rf"{START}(\d{{1,2}}){DASH}(\d{{1,2}}){half}",
            lambda m: f"{cardinal(m[1])} to {cardinal(m[2])} {m[3].lower()} m{_stop(m)}",
            flags=re.I,
        ),
        rule(
            rf"\b(noon|midnight){DASH}(\d{{1,2}}){half}",
            lambda m: f"{m[1]} to {cardinal(m[2])} {m[3].lower()} m{_stop(m)}",
            flags=re.I,
        ),
        rule(rf"{START}(\d{{1,2}}){half}", lambda m: f"{cardinal(m[1])} {m[2].lower()} m{_stop(m)}", flags=re.I),
        rule(rf"{START}([01]\d|2[0-3])([0-5]\d)\s(hours|hrs){END}", lambda m: f"{_military(m[1], m[2])} hours"),
        rule(
            rf"(\b(?:at|for|by|until|till|before|after|from|around)\s)(0\d)([0-5]\d){END}",
            lambda m: m[1] + _military(m[2], m[3]),
            flags=re.I,
        ),
        rule(rf"{START}(\d+):(\d\d)\.(\d+){END}", lambda m: f"{cardinal(m[1])} {_two(m[2])} point {digits(m[3])}"),
        rule(rf"{START}(\d+):(\d\d):(\d\d){END}", lambda m: f"{cardinal(m[1])} {_two(m[2])} {_two(m[3])}"),
        rule(
            rf"{START}(\d{{1,2}}):(\d\d)\s?{DASH}(\d{{1,2}}):(\d\d){END}",
            lambda m: f"{_clock(m[1], m[2])} to {_clock(m[3], m[4])}",
        ),
        rule(rf"{START}(\d+):(\d\d)(\so'clock)?{END}", lambda m: _clock(m[1], m[2])),
        rule(
            rf"(\b(?:at|by|until|till|before|after|past)\s)(\d{{1,2}})\.([0-5]\d){END}(?!\s?(?:%|percent))",
            lambda m: m[1] + _clock(m[2], m[3]),
        ),
        rule(
            rf"(\b(?:train\s|(?:[Tt]he|[Aa]n?)\s(?=\d+\.\d\d\s(?:train|bus|express|mail|boat|from|for|to)\b))){START}(\d{{1,2}})\.([0-5]\d){END}",
            lambda m: m[1] + _clock(m[2], m[3]),
        ),
        rule(rf"{START}(\d+):(\d+){END}", lambda m: f"{cardinal(m[1])} to {cardinal(m[2])}"),
        rule(r"\b([ap])\.\s?m\.", lambda m: f"{m[1]} m{_stop(m)}", flags=re.I),
    )


def _stop(match: Match) -> str:
    """The full stop of "p.m." also ends the sentence when nothing, or a capital, follows."""
    return "." if match[0].endswith(".") and re.match(r"\s*$|\s+[\"'\u201c\u2018]?[A-Z]", right(match)) else ""


def _clock(hour: str, minute: str, sharp: str = " o'clock") -> str:
    if minute == "00":
        return cardinal(str(int(hour))) + (sharp if 0 < int(hour) <= 12 else " hundred")
    return f"{cardinal(str(int(hour)))} {_two(minute)}"


def _military(hour: str, minute: str) -> str:
    said = digits(hour, "oh") if hour[0] == "0" else cardinal(hour)
    return f"{said} hundred" if minute == "00" else f"{said} {_two(minute)}"
