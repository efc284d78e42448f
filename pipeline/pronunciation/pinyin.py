"""Spoken text -> runs of one language: Mandarin as pinyin syllables with tone digits, everything else as words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.nouns import Language
from pipeline.pronunciation.text import HAN, READING
from pipeline.pronunciation.words import by_words, marked

_PIECE = re.compile(rf"(?P<zh>(?:[{HAN}](?:\([a-zü]+[1-5]\))?)+)|(?P<mark>[,;:.!?\s]+)|(?P<en>[^{HAN},;:.!?\s]+)")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch in one language. `text`: pinyin with tone digits for zh ("chong2 xin1, kai1 shi3."), words for en;
    punctuation stays, as an engine's cue for pauses and melody."""

    language: Language
    text: str


def runs(spoken: str, language: Language) -> list[Run]:
    """Cut spoken text (as `pronunciation.spoken` gives it) into runs, in order.

    Punctuation belongs to the run before it; a text that begins with it gives it to the first run.
    """
    found: list[tuple[Language, list[str]]] = []
    for kind, piece in _pieces(spoken):
        if kind == "mark":
            if found:
                found[-1][1].append(piece)
            continue
        one: Language = "zh" if kind == "zh" else "en"
        if not found or found[-1][0] != one:
            found.append((one, []))
        elif one == "zh":
            found[-1][1].append(" ")
        found[-1][1].append(" ".join(pinyin(piece)) if one == "zh" else piece)
    return [Run(one, "".join(parts).strip()) for one, parts in found]


def _pieces(spoken: str) -> Iterator[tuple[str, str]]:
    for match in _PIECE.finditer(spoken):
        yield str(match.lastgroup), match[0]


def pinyin(text: str) -> list[str]:
    """The syllables of a stretch of Chinese characters, readings such as 重(chong2) obeyed.

    Phrases decide what one character cannot (pypinyin), then the context (`polyphones`); tones
    change with their neighbours (`with_sandhi`), which eSpeak
    does not do by itself.
    """
    explicit: dict[int, str] = {}
    characters: list[str] = []
    at = 0
    while at < len(text):
        reading = READING.match(text, at)
        if reading:
            explicit[len(characters)] = reading[2]
        characters.append(text[at])
        at = reading.end() if reading else at + 1
    syllables = readings(["".join(characters)])[0]
    for index, syllable in explicit.items():
        syllables[index] = syllable
    said = with_sandhi(syllables, "".join(characters), frozenset(explicit))
    return ["er5" if one == "r5" else one for one in said if one]


_CONTEXT = 3
"""Characters from which on there is a context: a word alone is read as the phrases say."""


def readings(texts: Sequence[str]) -> list[list[str]]:
    """For each text a syllable a character ("" where there is none), before sandhi. Many texts at once go faster.

    Our own phrases (phrases.tsv) win over the context model, the model over pypinyin's phrases."""
    from pipeline.pronunciation.polyphones import model

    found = []
    for text, decided in zip(texts, model().read(texts), strict=True):
        row = by_words(text)
        kept = marked(text)
        for at, reading in decided.items():
            if at not in kept and len(text) >= _CONTEXT:
                row[at] = reading.syllable
        found.append(row)
    return found


_FIGURES = frozenset("第初十百千万亿零〇一二三四五六七八九月号楼")


def _changes(characters: str, at: int) -> bool:
    """Whether 一 is "a" (and changes its tone) and not a figure in a number, a date or an ordinal."""
    return characters[at + 1] not in _FIGURES and (at == 0 or characters[at - 1] not in _FIGURES)


def with_sandhi(syllables: list[str], characters: str, fixed: frozenset[int]) -> list[str]:
    """Mandarin tone sandhi (Chao, "A Grammar of Spoken Chinese", 1968, §1.3.4): of third tones in a row all but the last
    become second, in pairs from the right; 不 before a fourth tone becomes second. `fixed` positions keep the author's
    tone. 一 is second before a fourth tone and fourth before the others, but first when it counts or ends."""
    out = list(syllables)
    for at in range(len(out) - 2, -1, -1):
        if at in fixed:
            continue
        if characters[at] == "一" and out[at] == "yi1" and _changes(characters, at):
            out[at] = "yi2" if out[at + 1][-1] in "45" else "yi4"
        elif characters[at] == "不" and out[at] == "bu4" and out[at + 1].endswith("4"):
            out[at] = "bu2"
        elif out[at].endswith("3") and out[at + 1].endswith("3"):
            out[at] = out[at][:-1] + "2"
    return out
