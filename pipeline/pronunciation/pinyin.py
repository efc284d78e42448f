"""Spoken text -> runs of one language: Mandarin as pinyin syllables with tone digits, everything else as words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.nouns import Language
from pipeline.pronunciation.agreed import agreed
from pipeline.pronunciation.light import with_light
from pipeline.pronunciation.particles import particles
from pipeline.pronunciation.sandhi import with_sandhi
from pipeline.pronunciation.surnames import surnames
from pipeline.pronunciation.text import HAN, READING
from pipeline.pronunciation.words import by_words, marked
from pipeline.simplified import simplified

_PIECE = re.compile(rf"(?P<zh>[{HAN}]+)|(?P<mark>[,;:.!?\s]+)|(?P<en>[^{HAN},;:.!?\s]+)")
_CHINESE = str.maketrans(",;:.!?", "，；：。！？")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch in one language. `text`: pinyin with tone digits for zh ("chong2 xin1, kai1 shi3."), words for en;
    punctuation stays, as an engine's cue for pauses and melody. `pieces`: what each word between spaces and punctuation
    is in the spoken text, the character of a syllable (with those behind it that are not said) or the word itself."""

    language: Language
    text: str
    pieces: tuple[str, ...] = field(default=(), compare=False)


def runs(spoken: str) -> list[Run]:
    """Cut spoken text (as `pronunciation.spoken` gives it) into runs, in order.

    Punctuation belongs to the run before it; a text that begins with it gives it to the first run.
    """
    return runs_of([spoken])[0]


def runs_of(spoken: Sequence[str]) -> list[list[Run]]:
    """`runs` of many texts: a batch is read several times faster than its texts one by one."""
    plain = [_noted(text) for text in spoken]
    read = readings([characters.translate(_CHINESE) for characters, _ in plain])
    return [_runs(characters, row, noted) for (characters, noted), row in zip(plain, read, strict=True)]


def syllables_of(spoken: Sequence[str]) -> list[list[tuple[str, str]]]:
    """For each spoken text its characters, each with its syllable and tone digit before sandhi ("" for what is not Chinese);
    a reading such as 重(chong2) wins. A batch is read several times faster than its texts one by one."""
    plain = [_noted(text) for text in spoken]
    return [
        [(sign, noted.get(at, row[at])) for at, sign in enumerate(characters)]
        for (characters, noted), row in zip(plain, readings([one for one, _ in plain]), strict=True)
    ]


def _noted(text: str) -> tuple[str, dict[int, str]]:
    """`text` without its readings such as 重(chong2), and these by their places."""
    noted: dict[int, str] = {}
    characters: list[str] = []
    at = 0
    while at < len(text):
        reading = READING.match(text, at)
        if reading:
            noted[len(characters)] = reading[2]
        characters.append(text[at])
        at = reading.end() if reading else at + 1
    return "".join(characters), noted


def _runs(characters: str, syllables: list[str], noted: dict[int, str]) -> list[Run]:
    found: list[tuple[Language, list[str], list[str]]] = []
    for piece in _PIECE.finditer(characters):
        if piece.lastgroup == "mark":
            if found:
                found[-1][1].append(piece[0])
            continue
        one: Language = "zh" if piece.lastgroup == "zh" else "en"
        if not found or found[-1][0] != one:
            found.append((one, [], []))
        elif one == "zh":
            found[-1][1].append(" ")
        _, parts, pieces = found[-1]
        if one == "en":
            parts.append(piece[0])
            pieces.append(piece[0])
            continue
        said = _stretch(piece[0], piece.start(), syllables, noted)
        parts.append(" ".join(syllable for syllable in said if syllable))
        pieces += _heard(piece[0], said)
    return [Run(one, "".join(parts).strip(), tuple(pieces)) for one, parts, pieces in found]


def _heard(characters: str, said: list[str]) -> list[str]:
    """The character of every syllable; one that is not said goes with the one before it."""
    heard: list[str] = []
    for character, syllable in zip(characters, said, strict=True):
        if syllable:
            heard.append(character)
        elif heard:
            heard[-1] += character
    return heard


def _stretch(characters: str, start: int, syllables: list[str], noted: dict[int, str]) -> list[str]:
    """What is said without a pause: tones change with their neighbours, which eSpeak does not do by itself."""
    places = range(start, start + len(characters))
    own = [noted.get(at, syllables[at]) for at in places]
    fixed = frozenset(at - start for at in places if at in noted)
    said = with_sandhi(with_light(own, characters, fixed), characters, fixed)
    return ["er5" if one == "r5" else one for one in said]


_CONTEXT = 3
"""Characters from which on there is a context: a word alone is read as the phrases say."""


_SURE = 2.5
"""Logits by which the context model outdoes a word of the dictionary: with 2 to 3 the 9,893 sentences of CPP dev
(cross-validated) and the 11,400 of g2pL's test part, which the model was not trained on, are read best together."""


def readings(texts: Sequence[str]) -> list[list[str]]:
    """For each text a syllable a character ("" where there is none), before sandhi. Many texts at once go faster.

    Surnames win over our own phrases (phrases.tsv), these over 地 and 得 where they are sure (`particles`), these over the
    context model where it is sure, this over words that surely stand there (`agreed`), these over the model elsewhere."""
    from pipeline.pronunciation.polyphones import model

    found = []
    for text, decided in zip(texts, model().read(texts), strict=True):
        row = by_words(text)
        if len(text) >= _CONTEXT:
            kept = marked(text)
            words = agreed(text)
            said = {
                at: words.get(at, one.syllable) if one.margin < _SURE else one.syllable for at, one in decided.items()
            }
            for at, syllable in (said | particles(text)).items():
                if at not in kept:
                    row[at] = syllable
        for at, syllable in surnames(text).items():
            row[at] = syllable
        found.append(row)
    return found


def decided_closely(texts: Sequence[str], margin: float) -> list[list[tuple[int, str]]]:
    """For each text (place, syllable) of the characters that the context model alone decides, by less than `margin`."""
    from pipeline.pronunciation.polyphones import model

    found = []
    texts = [simplified(text) for text in texts]
    for text, decided in zip(texts, model().read(texts), strict=True):
        close = [(at, one.syllable) for at, one in decided.items() if one.margin < margin]
        settled = _settled(text) if close and len(text) >= _CONTEXT else frozenset(range(len(text)))
        found.append([one for one in close if one[0] not in settled])
    return found


def _settled(text: str) -> frozenset[int]:
    return frozenset((*marked(text), *surnames(text), *agreed(text), *particles(text)))
