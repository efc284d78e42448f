"""How far what was heard is from what was to be spoken: a character error rate that forgives what the ear cannot tell.

A character is a Chinese one or a letter. Chinese characters are compared by their pinyin without tones, so that homophones,
and simplified and traditional forms, are equal; letters without case and accents; figures are written out on both sides;
punctuation and spaces do not count.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pipeline import pronunciation
from pipeline.nouns import Language
from pipeline.pronunciation import pinyin


@dataclass(frozen=True, slots=True)
class Unit:
    """One character: the sign, and the syllables it may be, without tones (none for a letter)."""

    sign: str
    readings: frozenset[str] = frozenset()

    def sounds_like(self, other: Unit) -> bool:
        return self.sign == other.sign or bool(self.readings & other.readings)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`errors`: characters left out, put in or replaced; `length`: characters that were to be spoken."""

    errors: int
    length: int

    @property
    def rate(self) -> float:
        """Character error rate: 0 = as it was to be spoken; above 1 where more was heard than spoken."""
        return self.errors / max(1, self.length)


def compare(
    spoken: Sequence[str], heard: Sequence[str], language: Language, lexicon: Mapping[str, str] = {}
) -> list[Comparison]:
    """Compare texts pair by pair; many at once go faster.

    spoken: as `pronunciation.spoken` gives them, with readings such as 重(chong2), which count; heard: as a recognizer wrote
    them. lexicon: the cast's, for words that are spelled otherwise than they are said.
    """
    told = [pronunciation.spoken(text, language, lexicon) for text in heard]
    pairs = zip(pinyin.syllables_of(spoken), pinyin.syllables_of(told), strict=True)
    return [_compared(_units(one, any_reading=False), _units(two, any_reading=True)) for one, two in pairs]


def _compared(one: Sequence[Unit], two: Sequence[Unit]) -> Comparison:
    return Comparison(distance(one, two), len(one))


def _units(text: Sequence[tuple[str, str]], *, any_reading: bool) -> list[Unit]:
    """any_reading: a Chinese character may be read in every way it can, since who wrote it down did not say which."""
    found = []
    for sign, syllable in text:
        if syllable:
            own = frozenset((_toneless(syllable),))
            found.append(Unit(sign, own | _every_reading(sign) if any_reading else own))
        else:
            plain = unicodedata.normalize("NFKD", sign.casefold())
            found.extend(Unit(one) for one in plain if one.isalnum())
    return found


def _toneless(syllable: str) -> str:
    return syllable.rstrip("12345")


@cache
def _every_reading(sign: str) -> frozenset[str]:
    from pypinyin import Style, pinyin

    [readings] = pinyin(sign, style=Style.NORMAL, heteronym=True, v_to_u=True)
    return frozenset(readings)


def distance(one: Sequence[Unit], two: Sequence[Unit]) -> int:
    """Fewest insertions, deletions and replacements that make one of the other (Levenshtein 1966)."""
    start, end = 0, 0
    while start < min(len(one), len(two)) and one[start].sounds_like(two[start]):
        start += 1
    while end < min(len(one), len(two)) - start and one[-1 - end].sounds_like(two[-1 - end]):
        end += 1
    one, two = one[start : len(one) - end], two[start : len(two) - end]
    row = list(range(len(two) + 1))
    for at, unit in enumerate(one, 1):
        corner, row[0] = row[0], at
        for column, other in enumerate(two, 1):
            same = corner if unit.sounds_like(other) else corner + 1
            corner, row[column] = row[column], min(same, row[column] + 1, row[column - 1] + 1)
    return row[-1]
