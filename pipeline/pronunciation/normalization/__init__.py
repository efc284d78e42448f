"""Figures, dates, units, shortened words and signs, written out in words.

num2words speaks English numbers; what a figure is (a date, a score, a room, a year) is decided here by rules in order.
Chinese numbers are twenty lines of our own: the one package for them installs modules named `build` and `src`.
"""

from __future__ import annotations

import re

from pipeline.nouns import Language
from pipeline.pronunciation.normalization import rules
from pipeline.wording import Wording

_VULGAR = dict(
    zip("¼½¾⅓⅔⅛⅜⅝⅞⅕⅖⅗⅘⅙⅚", "1/4 1/2 3/4 1/3 2/3 1/8 3/8 5/8 7/8 1/5 2/5 3/5 4/5 1/6 5/6".split(), strict=True)
)
_POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_THIN = re.compile(
    "(?<![\\w.,+)\u00a0\u2009\u202f-])[1-9]\\d{0,2}(?:[\u00a0\u2009\u202f]\\d{3})+(?![\\w\u00a0\u2009\u202f])"
)
_LISTED = re.compile(r"(?<=\d)，(?=\d)")
"""A full-width comma between figures parts them; only the narrow one groups thousands."""
_KEPT = str.maketrans({"\u2236": ":", "\u2116": "No.", "\u2010": "-", "\u2011": "-"})
_MIXED = re.compile(rf"(\d?)([{''.join(_VULGAR)}])")


def before_marks(text: str) -> str:
    """What Unicode's compatibility forms (NFKC) would take apart wrongly, written so that they keep it: 2½ -> 2 1/2,
    x² -> x^2, 301，302 -> 301、302, the signs for ratio and number, thousands set apart by a space that does not break."""
    text = _THIN.sub(lambda match: re.sub("[\u00a0\u2009\u202f]", ",", match[0]), text)
    text = _MIXED.sub(lambda match: f"{match[1]}{' ' * bool(match[1])}{_VULGAR[match[2]]}", text)
    text = _RAISED.sub(lambda match: f"^{match[0].translate(_POWERS)}", text)
    return _LISTED.sub("、", text).translate(_KEPT)


def written_out(text: str, language: Language) -> tuple[str, list[Wording]]:
    """`text` in words, and what a person should hear first: readings that the writing leaves open.

    Time linear in the length. Digits do not survive, whatever the text.
    """
    doubts: list[Wording] = []
    if language == "zh":
        from pipeline.pronunciation.normalization import chinese

        return rules.read(text, chinese.rules(), doubts), doubts
    from pipeline.pronunciation.normalization import english, short_en

    return rules.read(text, (*short_en.rules(), *english.rules()), doubts), doubts
