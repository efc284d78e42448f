"""What a dictionary of words says of each character: pypinyin's phrases and our own (phrases.tsv), the longest first.

pypinyin cuts a text the same way, but converts every word anew; here each word is converted once.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from pipeline.pronunciation.syllable import canonical, syllables
from pipeline.shipped import rows_of


def by_words(text: str) -> list[str]:
    """A syllable a character of `text`, "" for what is no Chinese character. Linear in the length of the text."""
    found: list[str] = []
    sizes, at = lengths(), 0
    while at < len(text):
        word = text[at]
        for length in sizes.get(text[at : at + 2], ()):
            longer = text[at : at + length]
            if longer in entries():
                word = longer
                break
        found += _converted(word)
        at += len(word)
    return found


def marked(text: str) -> set[int]:
    """The places in `text` where a phrase of our own stands."""
    return {at for match in _pattern().finditer(text) for at in range(*match.span())}


def is_word(text: str) -> bool:
    """Whether `text`, of two characters or more, is an entry."""
    return text in entries()


@cache
def readings_of(character: str) -> frozenset[str]:
    """Every syllable that pypinyin's dictionary has for a character."""
    told = _single().get(ord(character), "")
    return frozenset(canonical(one) or canonical(one + "5") for one in told.split(",") if one)


def is_syllable(canonical_syllable: str) -> bool:
    """Whether a character is read so, in some tone: chong2, but not co2."""
    return canonical_syllable[:-1] in _bases()


@cache
def _bases() -> frozenset[str]:
    """The syllables of Mandarin without tones."""
    told = {one for row in _single().values() for one in row.split(",")}
    return frozenset(filter(None, ((canonical(one) or canonical(one + "5"))[:-1] for one in told)))


def _single() -> dict[int, str]:
    from pypinyin.constants import PINYIN_DICT  # 0.15 s

    found: dict[int, str] = PINYIN_DICT
    return found


@cache
def _own() -> dict[str, tuple[str, ...]]:
    """phrases.tsv: phrase -> syllables."""
    return {phrase: tuple(syllables(reading)) for phrase, reading in rows_of(__package__, "phrases.tsv")}


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, _own()), key=len, reverse=True)))


@cache
def _pypinyin() -> Any:
    import pypinyin  # 0.15 s

    return pypinyin


@cache
def entries() -> frozenset[str]:
    from pypinyin.constants import PHRASES_DICT

    return frozenset(word for word in (*PHRASES_DICT, *_own()) if len(word) > 1)


@cache
def lengths() -> dict[str, tuple[int, ...]]:
    """The first two characters of words -> how long the words are, the longest first."""
    found: dict[str, set[int]] = {}
    for word in entries():
        found.setdefault(word[:2], set()).add(len(word))
    return {start: tuple(sorted(lengths, reverse=True)) for start, lengths in found.items()}


_PLAIN = {("一", "yi2"): "yi1", ("一", "yi4"): "yi1", ("不", "bu2"): "bu4"}
"""pypinyin's phrases have the sandhi of 一 and 不 here and there."""


@cache
def _converted(word: str) -> tuple[str, ...]:
    """A syllable a character of an entry or of one character; there are no more of them than entries and characters."""
    if word in _own():
        return _own()[word]
    room = _pypinyin()
    return tuple(
        _PLAIN.get((sign, str(one)), str(one))
        for sign, one in zip(word, room.lazy_pinyin(
            word, style=room.Style.TONE3, neutral_tone_with_five=True, v_to_u=True, errors=lambda other: ["" for _ in other],
        ), strict=True)
    )  # fmt: skip
