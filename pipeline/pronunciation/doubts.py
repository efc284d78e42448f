"""What a person should hear before a book is made: readings the text leaves open."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.nouns import Language
from pipeline.pronunciation.syllable import WRITTEN, canonical
from pipeline.pronunciation.text import BARE, HAN, NOTED, silent_signs, unsure
from pipeline.pronunciation.words import is_syllable
from pipeline.wording import Wording

_UNCLOSED = re.compile(rf"[{HAN}][(（]\s*({WRITTEN})(?=\s*(?:[{HAN}，。！？；：、…”’」』,.!?;:]|$))")


def doubts(text: str, language: Language) -> tuple[Wording, ...]:
    """The suspicious readings of one line as it is written, each a short remark that begins with the passage it is about:
    a reading that is no Mandarin syllable or whose bracket is not closed, figures that can be read in two ways, signs that
    are left unread. () for most lines. Never raises."""
    found = [*_unknown_syllables(text), *_unclosed(text), *unsure(text, language), *_silent(text, language)]
    return tuple(dict.fromkeys(found))


def _unknown_syllables(text: str) -> list[Wording]:
    noted = [(match[0], match[2]) for match in NOTED.finditer(text) if not canonical(match[2])]
    bare = [(match[0], match[2]) for match in BARE.finditer(text) if match[1] and match[2].isupper()]
    return [
        Wording(f"{passage}: {written} is no Mandarin syllable", f"{passage}：{written} 不是普通话音节")
        for passage, written in [*noted, *(one for one in bare if not is_syllable(canonical(one[1])))]
    ]


def _unclosed(text: str) -> list[Wording]:
    """他重(chóng新: a syllable behind an opening bracket, and then the text goes on."""
    return [
        Wording(f"{match[0]}: the bracket of this reading is not closed", f"{match[0]}：注音的括号没有合上")
        for match in _UNCLOSED.finditer(text)
        if canonical(match[1])
    ]


CLOSE = 0.5
"""Logits between the best reading of a character and the next: of g2pL's dev set 2.5% of the marked
characters lie under this, and half of those its annotators read otherwise."""


def close_readings(texts: Sequence[str]) -> list[tuple[Wording, ...]]:
    """For each Chinese text the characters whose reading the context hardly decides, as remarks. Many texts at once: they
    go through the model in batches."""
    from pipeline.pronunciation.pinyin import decided_closely

    return [
        tuple(
            Wording(
                f"{text[max(at - 2, 0) : at + 3]}: {text[at]} is read {syllable}, which the context hardly decides",
                f"{text[max(at - 2, 0) : at + 3]}：{text[at]} 读作 {syllable}，上下文不足以断定",
            )
            for at, syllable in row
        )
        for text, row in zip(texts, decided_closely(texts, CLOSE), strict=True)
    ]


def _silent(text: str, language: Language) -> list[Wording]:
    return [Wording(f"{sign}: is not read", f"{sign}：不会读出") for sign in silent_signs(text, language)]
