"""Roman numerals: kings, chapters, wars. Whether a single I is one: first_en.py."""

from __future__ import annotations

import re

from pipeline.pronunciation.normalization.first_en import is_part, is_sovereign
from pipeline.pronunciation.normalization.frame_en import END
from pipeline.pronunciation.normalization.roman import roman
from pipeline.pronunciation.normalization.rules import Rule, rule
from pipeline.pronunciation.normalization.tables import lists
from pipeline.pronunciation.normalization.words_en import cardinal, ordinal
from pipeline.wording import Wording

Match = re.Match[str]

_IS = lists("en")


def rules() -> tuple[Rule, ...]:
    numeral = r"([IVXLC]+)(?![\w.]*\w)(?!['\u2019](?!s\b)\w)"
    name = r"[A-Z][\w'\u2019]{1,40}\s"
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
        rule(rf"\b((?:{_IS['royal']})\s){numeral}", lambda m: _king(m, titled=False)),
        rule(rf"\b((?:{_IS['titled']})\s(?:{name}){{1,3}}){numeral}", lambda m: _king(m, titled=True)),
        rule(rf"\b((?:{_IS['numbered']})\s+){numeral}", lambda m: None if _a_letter(m) else _numbered(m), flags=re.I),
        rule(
            rf"\b((?:{name}){{2}})(?=[IVX]{{2}}){numeral}",
            lambda m: _regnal(m),
            Wording("a person's numeral", "人名后的序数"),
        ),
        rule(
            rf"\b({name})(?=[IVX]{{2}}){numeral}",
            lambda m: _numbered(m),
            Wording("a numeral after a name", "名称后的数字"),
        ),
        rule(
            r"\b([IVX]{2,}|[VX])(?=\s(?:Corps|Army|century|Olympiad)\b)",
            lambda m: ordinal(str(roman(m[1]))) if roman(m[1]) else None,
        ),
    )


def _king(match: Match, titled: bool) -> str | None:
    if match[0] == "Malcolm X" or (match[2] == "I" and not is_sovereign(match, titled)):
        return None
    return _regnal(match)


def _a_letter(match: Match) -> bool:
    """Appendix C, the letter X, "the book I read"."""
    word, numeral = match[1].strip(), match[2]
    if numeral in ("C", "L"):
        return word.capitalize() not in _IS["hundreds"].split("|")
    return (word == "letter" and len(numeral) == 1) or (numeral == "I" and not is_part(match))


def _regnal(match: Match) -> str | None:
    number = roman(match[2])
    return f"{match[1]}the {ordinal(str(number))}" if 0 < number < 40 else None


def _numeral(letters: str) -> str | None:
    return cardinal(str(roman(letters))) if roman(letters) else None


def _numbered(match: Match) -> str | None:
    said = _numeral(match[2])
    return match[1] + said if said else None
