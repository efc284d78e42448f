"""What a person should hear before a book is made: readings the text leaves open."""

from __future__ import annotations

from pipeline.nouns import Language
from pipeline.pronunciation.syllable import canonical
from pipeline.pronunciation.text import NOTED


def doubts(text: str, language: Language) -> tuple[str, ...]:
    """The suspicious readings of one line as it is written, each a short remark that begins with the passage it is about:
    a reading in brackets that is no Mandarin syllable, letters and figures mixed, signs that have no reading, polyphones
    that were decided with a small margin. () for most lines. Never raises; loads the polyphone model only for Chinese."""
    return tuple(dict.fromkeys(_unknown_syllables(text)))


def _unknown_syllables(text: str) -> list[str]:
    return [
        f"{match[0]}: {match[2] or match[3]} is no Mandarin syllable"
        for match in NOTED.finditer(text)
        if not canonical(match[2] or match[3])
    ]
