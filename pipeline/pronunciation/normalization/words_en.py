"""Figures as English words (num2words), without hyphens and commas."""

from __future__ import annotations

from functools import cache
from typing import Any

ONES = "zero one two three four five six seven eight nine".split()
DENOMINATORS = {2: ("half", "halves"), 4: ("quarter", "quarters")}
SCALES = {
    "k": "thousand",
    "m": "million",
    "mn": "million",
    "b": "billion",
    "bn": "billion",
    "tn": "trillion",
    "trn": "trillion",
    "t": "trillion",
}
LONGEST = 15
"""Digits in a number that is still read as a number."""


def cardinal(figures: str) -> str:
    """ "1,234.5" -> one thousand two hundred and thirty four point five; digit by digit when it begins with 0 or is long."""
    whole, _, rest = figures.replace(",", "").partition(".")
    if len(whole) > LONGEST or (len(whole) > 1 and whole[0] == "0"):
        said = digits(whole)
    else:
        said = _words(int(whole), "cardinal") if whole else ""
    return f"{said} point {digits(rest)}".strip() if rest else said


def ordinal(figures: str) -> str:
    """ "22" -> twenty second."""
    return _words(int(figures.replace(",", "")), "ordinal")


def year(figures: str) -> str:
    """ "1905" -> nineteen oh five; "2008" -> two thousand and eight; "476" -> four hundred and seventy six."""
    return _words(int(figures), "year") if len(figures) == 4 else cardinal(figures)


def decade(figures: str) -> str:
    """ "1990" or "90" -> nineteen nineties, nineties."""
    last = {"10": "tens", "00": "hundreds"}.get(figures[-2:]) or plural(cardinal(figures[-2:]))
    if len(figures) == 2:
        return last
    if figures[1:] == "000":
        return f"{cardinal(figures)}s"
    return f"{cardinal(figures[:2])} {last}"


def digits(figures: str, nought: str = "zero") -> str:
    """ "5550" -> five five five zero."""
    return " ".join(nought if one == "0" else ONES[int(one)] for one in figures)


def in_pairs(figures: str) -> str:
    """As flights, rooms and roads are called: 302 -> three oh two, 747 -> seven forty seven, 1042 -> ten forty two."""
    if figures == "0":
        return "zero"
    if figures[0] == "0" or len(figures) > 4:
        return digits(figures, "oh")
    if len(figures) < 3 or figures.endswith("00"):
        return cardinal(figures)
    head, tail = figures[:-2], figures[-2:]
    return f"{cardinal(head)} {f'oh {ONES[int(tail[1])]}' if tail[0] == '0' else cardinal(tail)}"


def fraction(over: str, under: str) -> str:
    """1, 2 -> one half; 3, 4 -> three quarters; 5, 100 -> five hundredths."""
    bottom = int(under)
    one, many = DENOMINATORS.get(bottom) or (_words(bottom, "ordinal"), f"{_words(bottom, 'ordinal')}s")
    return f"{cardinal(over)} {one if over == '1' else many}"


def and_part(over: str, under: str) -> str:
    """What follows "and" in a mixed number: a half, three quarters."""
    if int(under) < 2:
        return f"{cardinal(over)} over {cardinal(under)}"
    said = fraction(over, under)
    return f"a {said.removeprefix('one ')}" if over == "1" else said


def plural(word: str) -> str:
    """ninety -> nineties, fifteen -> fifteens."""
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


@cache
def _num2words() -> Any:
    from num2words import num2words  # 0.15 s

    return num2words


def _words(number: int, to: str) -> str:
    return str(_num2words()(number, to=to)).replace("-", " ").replace(",", "")
