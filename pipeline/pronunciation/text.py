"""Text as written -> text as spoken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from pipeline.nouns import Language
from pipeline.pronunciation.normalization import before_marks, written_out
from pipeline.pronunciation.normalization.tables import words
from pipeline.pronunciation.syllable import WRITTEN, canonical, syllables
from pipeline.pronunciation.words import is_syllable, readings_of
from pipeline.simplified import simplified
from pipeline.wording import Wording

VERSION = "8"
"""Changes when the same text would be spoken otherwise."""

HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
READING = re.compile(rf"([{HAN}])\(([a-zü]+[1-5])\)")
"""A canonical reading: 重(chong2)."""

NOTED = re.compile(rf"([{HAN}])[(（]\s*({WRITTEN})\s*[)）]")
"""A reading as people write it: 重(chóng)."""
STAND_IN = "囗"
"""Carries the reading of a syllable that stands in a character's place: 囗(xuan4). A character nobody writes."""
_CAPITALS, _SMALL = "[A-ZÜ]{2,6}[1-5]", "[a-zü]{2,6}[1-5]"
BARE = re.compile(
    rf"([{HAN}]?)(?<![A-Za-zÀ-ɏ0-9_./@#&=-])((?:{_CAPITALS})+|(?:{_SMALL})+)(?![A-Za-zÀ-ɏ0-9_@]|[.-][A-Za-z0-9])"
)
"""What may be syllables without brackets, with the character before them: 重CHONG2, 晕XUAN4, chong2."""
_LETTERS = re.compile(r"[A-Za-z]")
_ENGLISH = re.compile(r"[A-Za-z][a-z]|[A-Z]{4}|[AP]\.?M\b|^[^\d]*$")
"""Words, and not the letters of LV3 or HP: 100/100."""
_IS_HAN = re.compile(f"[{HAN}]")
_PUNCTUATION = str.maketrans(
    {"，": ",", "、": ",", "；": ";", "：": ":", "。": ".", "！": "!", "？": "?", "．": ".", "｡": ".", "､": ","}
    | dict.fromkeys('“”"「」『』《》〈〉【】〔〕[]{}()（）*_~～`^|\\<>#=+/·•%％℃℉$¥€£°²³½¼¾', " ")
    | {"—": ",", "–": ",", "…": ".", "’": "'", "‘": "'", "ʼ": "'"}
)
_SPACES = re.compile(r"\s+")
_BEFORE_MARK = re.compile(r"\s+([,.;:!?])")
_MARKS = re.compile(r"([,.;:!?])[,.;:\s]*(?=[,.;:!?])")
_TYPED_DASH = re.compile(r"(?<!-)---?(?!-)")
"""-- or ---, as dashes are typed; longer rows are rules."""
_GLUED = re.compile(r"\.(?=[A-Za-z])|(?<=[A-Za-z]),(?=[A-Za-z])")
"""A stop that was … or 。 before a letter, a comma that was — between letters: without a space the one would be the dot of an
address, and the other would make one word of two."""
_HAN_GAP = re.compile(rf"(?<=[{HAN})]) (?=[{HAN}])")
_APOSTROPHE = re.compile(r"(?<![^\W\d_])'|'(?![^\W\d_])")
_HYPHEN = re.compile(r"-+(?![^\W_])|(?<![^\W_])-+")


def spoken(text: str, language: Language, lexicon: Mapping[str, str] = {}) -> str:
    """The words of `text` as they are said: numbers, dates and units written out, lexicon and readings applied, signs
    without a sound dropped, punctuation reduced to ``, ; : . ! ?``. "" when there is nothing to say. Never raises.

    lexicon: term -> reading (``chang2 an1``, one syllable a character) or replacement (``sequel``). Longest first;
    a Latin term matches whole words, whatever the case. Traditional characters leave as simplified ones, and a term of
    either matches both.
    """
    text = _composed(text)
    lexicon = {_term(term): value for term, value in lexicon.items()}
    text = _with_readings(text, language, lexicon)
    text = _with_lexicon(text, lexicon)
    parts = READING.split(text)
    out = []
    for at in range(0, len(parts), 3):
        out.append(_plain(parts[at], language))
        if at + 2 < len(parts):
            out.append(f"{parts[at + 1]}({parts[at + 2]})")
    said = _HAN_GAP.sub("", _tidy("".join(out)))
    return said if any(sign.isalnum() for sign in said) else ""


def _with_readings(text: str, language: Language, lexicon: Mapping[str, str]) -> str:
    """`text` with all readings written 重(chong2). A bare syllable, in a Chinese book or behind a Chinese character, is the
    reading of the character before it where the dictionary has it so (重CHONG2新), else it stands in a character's place
    (晕XUAN4, as IndexTTS writes it). A term of the lexicon is no syllable, nor is a name with a number (LV3)."""

    def bare(match: re.Match[str]) -> str:
        said = [canonical(one) for one in re.findall(r"\D+\d", match[2])]
        term = any(match[2].casefold() == one.casefold() for one in lexicon)
        if term or not all(map(is_syllable, said)) or not (language == "zh" or match[1]):
            return match[0]
        own = match[1] and said[0] in readings_of(match[1])
        if not own and match[2][:-1].upper() in words("zh")["designations"]:
            return match[0]
        return ("" if own else match[1]) + "".join(
            f"{match[1] if own and not at else STAND_IN}({one})" for at, one in enumerate(said)
        )

    text, out, at = NOTED.sub(_noted, text), [], 0
    for reading in READING.finditer(text):
        out += [BARE.sub(bare, text[at : reading.start()]), reading[0]]
        at = reading.end()
    return "".join([*out, BARE.sub(bare, text[at:])])


def _noted(match: re.Match[str]) -> str:
    syllable = canonical(match[2])
    return f"{match[1]}({syllable})" if syllable else match[0]


def _with_lexicon(text: str, lexicon: Mapping[str, str]) -> str:
    there = [term for term in lexicon if term and term.casefold() in text.casefold()]
    if not there:
        return text
    there.sort(key=len, reverse=True)
    by_fold = {term.casefold(): lexicon[term] for term in there}
    pattern = "|".join(_whole_word(term) for term in there)

    def entry(match: re.Match[str]) -> str:
        value = by_fold.get(match[0].casefold())  # ı is matched by i, but is a letter of its own
        return match[0] if value is None else _entry(match[0], value)

    return re.sub(pattern, entry, text, flags=re.IGNORECASE)


def _whole_word(term: str) -> str:
    start = r"(?<![A-Za-z0-9])" if term[0].isascii() and term[0].isalnum() else ""
    end = r"(?![A-Za-z0-9])" if term[-1].isascii() and term[-1].isalnum() else ""
    return f"{start}{re.escape(term)}{end}"


def _entry(term: str, value: str) -> str:
    reading = syllables(value)
    if len(reading) == len(term) and all(_IS_HAN.match(sign) for sign in term):
        return "".join(f"{sign}({syllable})" for sign, syllable in zip(term, reading, strict=True))
    return value


def unsure(text: str, language: Language) -> list[Wording]:
    """What the figures and shortened words of `text` leave open, each as "passage: why: how it is read"."""
    text = READING.sub(r"\1", _with_readings(_composed(text), language, {}))
    return written_out(text, _surroundings(text, language))[1]


def silent_signs(text: str, language: Language) -> list[str]:
    """Signs of `text` that have a meaning but no sound here, emoji say; punctuation is not among them, nor the £ of £5."""
    text = _composed(text)
    if text.isascii():
        return []
    left = written_out(text, _surroundings(text, language))[0]
    return [sign for sign in left if not sign.isascii() and unicodedata.category(sign) in ("So", "Sm", "Sc")]


_term = lru_cache(maxsize=4096)(simplified)


def _composed(text: str) -> str:
    text = _TYPED_DASH.sub("—", text)
    return text if text.isascii() else simplified(unicodedata.normalize("NFKC", before_marks(text)))


def _plain(text: str, language: Language) -> str:
    """A stretch without readings: figures in words, signs without sound away."""
    text = written_out(text, _surroundings(text, language))[0].translate(_PUNCTUATION)
    return "".join(sign if _audible(sign) else " " for sign in text)


def _surroundings(text: str, language: Language) -> Language:
    """The language figures are read in: a Chinese book's unless the text is in English words, an English book's unless most
    of it is Chinese."""
    han, letters = len(_IS_HAN.findall(text)), len(_LETTERS.findall(text))
    if language == "zh":
        return "zh" if han or not letters or not _ENGLISH.search(text) else "en"
    return "zh" if han > letters else "en"


def _audible(sign: str) -> bool:
    return sign.isascii() or unicodedata.category(sign)[0] in "LMN" or sign.isspace()


def _tidy(text: str) -> str:
    text = _APOSTROPHE.sub(" ", text)
    text = _HYPHEN.sub(" ", text)
    text = _SPACES.sub(" ", text)
    text = _BEFORE_MARK.sub(r"\1", text)
    text = _GLUED.sub(r"\g<0> ", _MARKS.sub("", text))
    return text.strip(" ,;:")
