"""English numbers that the grammar does not read: Roman numerals of chapters."""

from __future__ import annotations

import re

_ROMAN = re.compile(
    r"\b((?:Chapter|Book|Part|Volume|Act|Scene|CHAPTER|BOOK|PART|VOLUME|ACT|SCENE)\s+)"
    r"(?!I(?!\s*(?:[.:,;!?\u2014]|$))(?![VXL]|I))(?=[IVXL])(L?X{0,3}|XL)(IX|IV|V?I{0,3})(?![\w'\u2019])",
    re.MULTILINE,
)
"""A lone I counts only before a mark or the line's end: "Part I." but not "the Book I read"."""

_TENS = {"": 0, "X": 10, "XX": 20, "XXX": 30, "XL": 40, "L": 50, "LX": 60, "LXX": 70, "LXXX": 80}
_ONES = {"": 0, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9}


def with_chapter_numbers(text: str) -> str:
    """Chapter IV -> Chapter 4, from 1 to 89; the digits are read by whatever reads the rest."""
    return _ROMAN.sub(lambda match: f"{match[1]}{_TENS[match[2]] + _ONES[match[3]]}", text)
