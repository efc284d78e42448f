"""Neutral tones and 儿化: what is said lightly, and the 儿 that only colours the syllable before it.

Word lists, not the context model, decide; 儿 in a name or as a child (晚儿, 婴儿) stays a syllable of its own.
"""

from __future__ import annotations

import re
from functools import cache

from pipeline.shipped import rows_of

COLOURED = "er5"
"""A 儿 that colours the syllable before it, as an engine that speaks syllables is given it."""


def with_light(syllables: list[str], characters: str, fixed: frozenset[int]) -> list[str]:
    """`syllables` (one a character) with neutral tones where words have them; `fixed` positions stay as they are.

    Linear in the length. Runs before the sandhi: 姐姐 is jie3 jie5, and its first tone stays a third.
    """
    out = list(syllables)
    for match in _light_words().finditer(characters):
        at = match.end() - 1
        if at not in fixed and not _is_other(match, characters) and out[at]:
            out[at] = out[at][:-1] + "5"
    for match in _coloured_words().finditer(characters):
        for at in range(*match.span()):
            if characters[at] == "儿" and at > match.start() and at not in fixed:
                out[at] = COLOURED
    return out


def _is_other(match: re.Match[str], characters: str) -> bool:
    following = characters[match.end() : match.end() + 1]
    return bool(following) and following in _others()[match[0]]


@cache
def _others() -> dict[str, str]:
    """Word -> the characters that, when they follow, make it another word."""
    entries = (entry.partition(":") for entry in _words("light.txt"))
    return {word: others for word, _, others in entries}


@cache
def _light_words() -> re.Pattern[str]:
    return _any_of(list(_others()))


@cache
def _coloured_words() -> re.Pattern[str]:
    return _any_of(_words("erhua.txt"))


def _any_of(words: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, words), key=len, reverse=True)))


def _words(name: str) -> list[str]:
    return [word for row in rows_of(__package__, name) for word in row[0].split()]
