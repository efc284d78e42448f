"""Text as written -> text as spoken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

from pipeline.nouns import Language
from pipeline.pronunciation.numbers_en import with_chapter_numbers
from pipeline.pronunciation.syllable import WRITTEN, canonical, syllables

VERSION = "3"
"""Changes when the same text would be spoken otherwise."""

HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
READING = re.compile(rf"([{HAN}])\(([a-zü]+[1-5])\)")
"""A canonical reading: 重(chong2)."""

NOTED = re.compile(rf"([{HAN}])(?:[(（]\s*({WRITTEN})\s*[)）]|([A-ZÜ]{{1,6}}[1-5])(?![A-Za-z0-9]))")
_NEEDS_NORMALIZING = re.compile(r"[0-9０-９%％℃℉$¥€£°²³½¼¾]|\b(?:Mr|Mrs|Ms|Dr|St|Prof|No)\.")
_LETTERS = re.compile(r"[A-Za-z]")
_IS_HAN = re.compile(f"[{HAN}]")
_DECADE = re.compile(r"\b(\d{3}0)s\b")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_PUNCTUATION = str.maketrans(
    {"，": ",", "、": ",", "；": ";", "：": ":", "。": ".", "！": "!", "？": "?", "．": ".", "｡": ".", "､": ","}
    | dict.fromkeys('“”"「」『』《》〈〉【】〔〕[]{}()（）*_~～`^|\\<>#=+/·•%％℃℉$¥€£°²³½¼¾', " ")
    | {"—": ",", "–": ",", "…": ".", "’": "'", "‘": "'", "ʼ": "'"}
)
_DIGITS_ZH = str.maketrans(dict(zip("0123456789", "零一二三四五六七八九", strict=True)))
_NAMES = " zero | one | two | three | four | five | six | seven | eight | nine ".split("|")
_DIGITS_EN = str.maketrans(dict(zip("0123456789", _NAMES, strict=True)))
"""For digits that a grammar leaves (inside a product's name, say): one by one."""
_SPACES = re.compile(r"\s+")
_BEFORE_MARK = re.compile(r"\s+([,.;:!?])")
_MARKS = re.compile(r"([,.;:!?])[,.;:\s]*(?=[,.;:!?])")
_HAN_GAP = re.compile(rf"(?<=[{HAN})]) (?=[{HAN}])")
_APOSTROPHE = re.compile(r"(?<![^\W\d_])'|'(?![^\W\d_])")
_HYPHEN = re.compile(r"-+(?![^\W_])|(?<![^\W_])-+")


def spoken(text: str, language: Language, lexicon: Mapping[str, str] = {}) -> str:
    """The words of `text` as they are said: numbers, dates and units written out, lexicon and readings applied, signs
    without a sound dropped, punctuation reduced to ``, ; : . ! ?``. "" when there is nothing to say. Never raises.

    lexicon: term -> reading (``chang2 an1``, one syllable a character) or replacement (``sequel``). Longest first;
    a Latin term matches whole words, whatever the case.
    """
    text = unicodedata.normalize("NFKC", text) if not text.isascii() else text
    text = NOTED.sub(_noted, text)
    text = _with_lexicon(text, lexicon)
    parts = READING.split(text)
    out = []
    for at in range(0, len(parts), 3):
        out.append(_plain(parts[at], language))
        if at + 2 < len(parts):
            out.append(f"{parts[at + 1]}({parts[at + 2]})")
    said = _HAN_GAP.sub("", _tidy("".join(out)))
    return said if any(sign.isalnum() for sign in said) else ""


def _noted(match: re.Match[str]) -> str:
    syllable = canonical(match[2] or match[3])
    return f"{match[1]}({syllable})" if syllable else match[0]


def _with_lexicon(text: str, lexicon: Mapping[str, str]) -> str:
    there = [term for term in lexicon if term and term.casefold() in text.casefold()]
    if not there:
        return text
    there.sort(key=len, reverse=True)
    by_fold = {term.casefold(): lexicon[term] for term in there}
    pattern = "|".join(_whole_word(term) for term in there)
    return re.sub(pattern, lambda match: _entry(match[0], by_fold[match[0].casefold()]), text, flags=re.IGNORECASE)


def _whole_word(term: str) -> str:
    start = r"(?<![A-Za-z0-9])" if term[0].isascii() and term[0].isalnum() else ""
    end = r"(?![A-Za-z0-9])" if term[-1].isascii() and term[-1].isalnum() else ""
    return f"{start}{re.escape(term)}{end}"


def _entry(term: str, value: str) -> str:
    reading = syllables(value)
    if len(reading) == len(term) and all(_IS_HAN.match(sign) for sign in term):
        return "".join(f"{sign}({syllable})" for sign, syllable in zip(term, reading, strict=True))
    return value


def _plain(text: str, language: Language) -> str:
    """A stretch without readings: numbers out, signs without sound away."""
    if not _IS_HAN.search(text):
        text = with_chapter_numbers(text)
    if _NEEDS_NORMALIZING.search(text):
        text = _normalized(text, language)
    text = text.translate(_PUNCTUATION)
    return "".join(sign if _audible(sign) else " " for sign in text)


def _audible(sign: str) -> bool:
    return sign.isascii() or unicodedata.category(sign)[0] in "LMN" or sign.isspace()


def _normalized(text: str, language: Language) -> str:
    """Numbers in the language of their surroundings: Chinese unless the text has letters only, or the book is English
    and the text has no Chinese."""
    chinese = bool(_IS_HAN.search(text)) or (language == "zh" and not _LETTERS.search(text))
    if chinese:
        return _written_out(text, "zh").translate(_DIGITS_ZH)
    return _written_out(_DECADE.sub(_decade, _THOUSANDS.sub("", text)), "en").translate(_DIGITS_EN)


def _written_out(text: str, language: str) -> str:
    """The grammar's reading; the text itself where the grammar gives up (it asserts), whose digits are then read singly."""
    try:
        return str(_normalizer(language).normalize(text))
    except (AssertionError, IndexError, KeyError, ValueError, RuntimeError):
        return text


@cache
def _normalizer(language: str) -> Any:
    from wetext import Normalizer  # 0.4 s and 45 MB of grammars, so only when a number comes

    return Normalizer(lang=language, operator="tn", remove_erhua=False)


def _decade(match: re.Match[str]) -> str:
    """1990s -> nineteen nineties: the grammar reads the s as seconds."""
    year = int(match[1])
    tens = (
        "hundreds",
        "tens",
        "twenties",
        "thirties",
        "forties",
        "fifties",
        "sixties",
        "seventies",
        "eighties",
        "nineties",
    )
    century = _normalizer("en").normalize(str(year // 100))
    return f"{century} {tens[year // 10 % 10]}"


def _tidy(text: str) -> str:
    text = _APOSTROPHE.sub(" ", text)
    text = _HYPHEN.sub(" ", text)
    text = _SPACES.sub(" ", text)
    text = _BEFORE_MARK.sub(r"\1", text)
    return _MARKS.sub("", text).strip(" ,;:")
