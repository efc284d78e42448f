"""A text cut into captions of a few short rows, at punctuation where it can be.

The cheapest of all ways, found by dynamic programming: a caption's end costs more than a row's, a place in the middle
of a phrase more than one behind a comma, and unequal rows more than equal ones.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from functools import cache

_CLOSING = frozenset(")]}）】〕」』”’》〉,，.。!！?？;；:：、…—–·~～%％")
_OPENING = frozenset("([{（【〔「『“‘《〈")
_QUOTES = "\"'“‘”’「」『』（）()《》〈〉【】[]"
_SENTENCE, _PART, _CLAUSE, _SPACE, _NOWHERE, _TORN = 0.0, 1.0, 2.0, 6.0, 9.0, 30.0
"""How bad a place is: behind a sentence, a semicolon, a comma, between words, between Chinese characters, in a word."""
_MARKS = dict.fromkeys(".!?。！？…", _SENTENCE) | dict.fromkeys(";；:：", _PART) | dict.fromkeys(",，、—–", _CLAUSE)
_CAPTION, _CAPTION_PLACE = 6.0, 3.0
_NEAR = 32
_SHORT = 3
"""Letters of a capitalized word up to which its full stop may be an abbreviation's: Mr., Dr., No."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The most that a caption holds: `rows` of `width` columns each, of which a Chinese character takes two."""

    width: int
    rows: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text, from `start` to before `end`, and its rows without the spaces they were cut at."""

    start: int
    end: int
    rows: tuple[str, ...]


def columns(text: str) -> int:
    """Columns that `text` takes: two for wide characters (Unicode's East Asian Width W and F), none for combining and
    invisible ones."""
    return sum(map(_columns, text))


@cache
def _columns(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def cut(text: str, layout: Layout) -> list[Piece]:
    """`text`, on one line and with single spaces, in pieces that hold all of it, in order. [] for "".

    Time and memory grow linearly with the length.
    """
    if columns(text) <= layout.width:
        return [Piece(0, len(text), (text,))] if text else []
    places = _places(text, layout.width)
    return _pieces(text, _cheapest(text, places, layout))


def _places(text: str, width: int) -> dict[int, float]:
    """Where a row may end, and how bad each place is. A word wider than a row may be torn anywhere."""
    found = {0: 0.0}
    since = 0
    for at in range(1, len(text)):
        bad = _badness(text, at)
        if bad is None:
            continue
        _tear(text, since, at, width, found)
        found[at] = bad
        since = at
    _tear(text, since, len(text), width, found)
    found[len(text)] = 0.0
    return found


def _tear(text: str, start: int, end: int, width: int, found: dict[int, float]) -> None:
    if columns(text[start:end].rstrip()) > width:
        found |= {at: _TORN for at in range(start + 1, end) if _columns(text[at]) and text[at] != " "}


def _badness(text: str, at: int) -> float | None:
    """How bad it is to cut before place `at`; None where it may not be."""
    before, after = text[at - 1], text[at]
    if after == " " or after in _CLOSING or before in _OPENING or not _columns(after):
        return None
    spaced = before == " "
    if not spaced:
        inside = not (_columns(before) == 2 or _columns(after) == 2 or before in "—–-")
        if inside or after in _QUOTES or (before == '"' and text.count('"', 0, at) % 2):
            return None
    near = text[max(0, at - _NEAR) : at].rstrip(" ")
    mark = near.rstrip(_QUOTES)[-1:]
    if mark == "." and near.endswith("."):
        word = near.rsplit(" ", 1)[-1].rstrip(".").lstrip(_QUOTES)
        if len(word) <= _SHORT and word[:1].isupper():
            return _SPACE
    return _MARKS.get(mark, _SPACE if spaced else _NOWHERE)


def _cheapest(text: str, places: dict[int, float], layout: Layout) -> list[tuple[int, int]]:
    """The rows of the cheapest way, from the first: (place where it ends, which row of its caption it is, from 1)."""
    wide = [0]
    for sign in text:
        wide.append(wide[-1] + _columns(sign))
    order = sorted(places)
    cost = [[math.inf] * (layout.rows + 1) for _ in order]  # cost[n][r]: up to place n, which ends row r of a caption
    came = [[(0, 0)] * (layout.rows + 1) for _ in order]
    cost[0][layout.rows] = -_CAPTION
    cheapest = [layout.rows] * len(order)
    for at, end in enumerate(order[1:], 1):
        until = wide[end] - (text[end - 1] == " ")
        here, ways = cost[at], came[at]
        for before in range(at - 1, -1, -1):
            width = until - wide[order[before]]
            if width > layout.width:
                break
            bad, known, last = places[order[before]], cost[before], cheapest[before]
            ragged = (1 - width / layout.width) ** 2
            price = known[last] + ragged + _CAPTION + _CAPTION_PLACE * bad
            if price < here[1]:
                here[1], ways[1] = price, (before, last)
            for row in range(1, layout.rows if before else 1):
                price = known[row] + ragged + bad
                if price < here[row + 1]:
                    here[row + 1], ways[row + 1] = price, (before, row)
        cheapest[at] = min(range(1, layout.rows + 1), key=here.__getitem__)
    at, row = len(order) - 1, cheapest[-1]
    rows = []
    while at:
        rows.append((order[at], row))
        at, row = came[at][row]
    return rows[::-1]


def _pieces(text: str, rows: list[tuple[int, int]]) -> list[Piece]:
    found: list[Piece] = []
    start = 0
    for end, row in rows:
        words = text[start:end].strip()
        if row == 1:
            found.append(Piece(start, end, (words,)))
        else:
            found[-1] = Piece(found[-1].start, end, (*found[-1].rows, words))
        start = end
    return found
