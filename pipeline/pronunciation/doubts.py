"""What a person should hear before a book is made: readings the text leaves open."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.nouns import Language
from pipeline.pronunciation.syllable import canonical
from pipeline.pronunciation.text import NOTED, silent_signs, unsure


def doubts(text: str, language: Language) -> tuple[str, ...]:
    """The suspicious readings of one line as it is written, each a short remark that begins with the passage it is about:
    a reading in brackets that is no Mandarin syllable, figures that can be read in two ways, signs that are left unread.
    () for most lines. Never raises."""
    return tuple(dict.fromkeys([*_unknown_syllables(text), *unsure(text, language), *_silent(text, language)]))


def _unknown_syllables(text: str) -> list[str]:
    return [
        f"{match[0]}: {match[2] or match[3]} is no Mandarin syllable"
        for match in NOTED.finditer(text)
        if not canonical(match[2] or match[3])
    ]


CLOSE = 0.5
"""Logits between the best reading of a character and the next: of g2pL's dev set 2.5% of the marked
characters lie under this, and half of those its annotators read otherwise."""


def close_readings(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """For each Chinese text the characters whose reading the context hardly decides, as remarks. Many texts at once: they
    go through the model in batches."""
    from pipeline.pronunciation.pinyin import decided_closely

    return [
        tuple(
            f"{text[max(at - 2, 0) : at + 3]}: {text[at]} is read {syllable}, which the context hardly decides"
            for at, syllable in row
        )
        for text, row in zip(texts, decided_closely(texts, CLOSE), strict=True)
    ]


def _silent(text: str, language: Language) -> list[str]:
    return [f"{sign}: is not read" for sign in silent_signs(text, language)]
