"""Characters that have no place in running text, the language of a text, and white space."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from pipeline.nouns import Language

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN = re.compile(r"[A-Za-zÀ-ÿ]+")
_DROPPED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\u00ad]")
_SPACE = re.compile(r"[\s\u3000]+")
_BETWEEN_HAN = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])")


def clean(text: str) -> str:
    """`text` in composed form (NFC) on one line: control, zero-width and direction marks dropped, white space folded.

    A line break between two Chinese characters is no space.
    """
    text = unicodedata.normalize("NFC", _DROPPED.sub("", text))
    return _SPACE.sub(" ", _BETWEEN_HAN.sub("", text)).strip()


def signs(text: str) -> Iterator[tuple[int, str]]:
    """(place, sign) of all that can be told apart in a text before and after `clean`: decomposed (NFD), without combining
    marks, white space, and what `clean` drops."""
    for at, one in enumerate(text):
        if one.isascii() and one.isalnum():
            yield at, one
        elif not (_SPACE.match(one) or _DROPPED.match(one)):
            yield from ((at, part) for part in unicodedata.normalize("NFD", one) if not unicodedata.combining(part))


def language_of(texts: Iterable[str]) -> Language:
    """zh when a fifth of the words are Chinese characters, else en; looks at the first 200,000 characters."""
    han = latin = seen = 0
    for text in texts:
        han += len(HAN.findall(text))
        latin += len(_LATIN.findall(text))
        seen += len(text)
        if seen > 200_000:
            break
    return "zh" if han and han * 4 >= latin else "en"
