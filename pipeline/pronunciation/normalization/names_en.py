"""Roman numerals: kings, chapters, wars."""

from __future__ import annotations

import re

from pipeline.pronunciation.normalization.frame_en import END
from pipeline.pronunciation.normalization.roman import roman
from pipeline.pronunciation.normalization.rules import Rule, left, right, rule
from pipeline.pronunciation.normalization.tables import lists
from pipeline.pronunciation.normalization.words_en import cardinal, ordinal
from pipeline.wording import Wording

Match = re.Match[str]

_IS = lists("en")


def rules() -> tuple[Rule, ...]:
    numeral = r"([IVXLC]+)(?![\w.]*\w)(?!['\u2019](?!s\b)\w)"
    after_one = r"(?!I(?!\s*(?:[.:,;!?\u2014\)]|$|(?:is|was|begins|opens|ends|of)\b))(?![VXLI]))"
    return (
        rule(
            rf"(\b(?:pages?|volumes?|books?|parts?|chapters?|acts?|scenes?)\s)([ivxlc]+|[IVXLC]+)\s?[-\u2013]\s?([ivxlc]+|[IVXLC]+){END}",
            lambda m: f"{m[1]}{_numeral(m[2].upper())} to {_numeral(m[3].upper())}",
            flags=re.I,
        ),
        rule(
            rf"(\b(?:[Pp]age|[Vv]olume|[Pp]art|[Cc]hapter|[Aa]ct|[Ss]cene)\s)([ivxl]+){END}",
            lambda m: m[1] + (_numeral(m[2].upper()) or m[2]),
        ),
        rule(r"\b([IVXLC]+)(?:st|nd|rd|th)\b", lambda m: ordinal(str(roman(m[1]))) if roman(m[1]) else None),
        rule(r"\A\s*(?!I\b)([IVXLC]+)\.?\s*\Z", lambda m: _numeral(m[1])),  # a heading
        rule(
            rf"\b((?:{_IS['royal']})\s)([IVX]+)\sand\s([IVX]+){END}",
            lambda m: f"{_regnal(m)} and {ordinal(str(roman(m[3])))}" if roman(m[3]) else None,
        ),
        rule(rf"\b((?:{_IS['royal']})\s){numeral}", lambda m: None if _no_king(m) else _regnal(m)),
        rule(rf"\b((?:{_IS['titled']})\s(?:[A-Z][\w'\u2019]+\s){{1,3}}){numeral}", lambda m: _regnal(m)),
        rule(rf"\b((?:{_IS['numbered']})\s+){after_one}{numeral}", lambda m: _numbered(m), flags=re.I),
        rule(
            rf"\b((?:[A-Z][\w'\u2019]+\s)[A-Z][\w'\u2019]+\s)(?=[IVX]{{2}}){numeral}",
            lambda m: _regnal(m),
            Wording("a person's numeral", "人名后的序数"),
        ),
        rule(
            rf"\b([A-Z][\w'\u2019]+\s)(?=[IVX]{{2}}){numeral}",
            lambda m: _numbered(m),
            Wording("a numeral after a name", "名称后的数字"),
        ),
        rule(
            r"\b([IVX]{2,}|[VX])(?=\s(?:Corps|Army|century|Olympiad)\b)",
            lambda m: ordinal(str(roman(m[1]))) if roman(m[1]) else None,
        ),
    )


def _no_king(match: Match) -> bool:
    """Malcolm X; "It was to Mary I turned" and its like."""
    if match[2] != "I":
        return match[0] == "Malcolm X"
    said_of = re.match(rf"\s(?:{_IS['after_king']})\b|\s*(?:[^\w\s]|$)", right(match))
    return (
        bool(re.search(r"\b(?:to|for|with|from|by|at|on|about|like|than|and|or)\s$", left(match), re.I)) and not said_of
    )


def _regnal(match: Match) -> str | None:
    number = roman(match[2])
    return f"{match[1]}the {ordinal(str(number))}" if 0 < number < 40 else None


def _numeral(letters: str) -> str | None:
    return cardinal(str(roman(letters))) if roman(letters) else None


def _numbered(match: Match) -> str | None:
    said = _numeral(match[2])
    return match[1] + said if said else None
