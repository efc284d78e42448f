"""What a person should hear before a book is made: readings the text leaves open."""

from __future__ import annotations

from pipeline.nouns import Language
from pipeline.pronunciation.syllable import canonical
from pipeline.pronunciation.text import NOTED, silent_signs, unsure


def doubts(text: str, language: Language) -> tuple[str, ...]:
    """The suspicious readings of one line as it is written, each a short remark that begins with the passage it is about:
    a reading in brackets that is no Mandarin syllable, figures that can be read in two ways, signs that are left unread.
    () for most lines. Never raises."""
    return tuple(dict.fromkeys([*_unknown_syllables(text), *unsure(text, language), *_silent(text)]))


def _unknown_syllables(text: str) -> list[str]:
    return [
        f"{match[0]}: {match[2] or match[3]} is no Mandarin syllable"
        for match in NOTED.finditer(text)
        if not canonical(match[2] or match[3])
    ]


def _silent(text: str) -> list[str]:
    return [f"{sign}: is not read" for sign in silent_signs(text)]
