"""Pinyin syllables as people write them: tone marks or digits, v or ü, upper or lower case."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_MARKS = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
_FINALS = (
    "a o e i u ü ai ei ui ao ou iu ie üe ue er an en in un ün ang eng ing ong ia iao ian iang iong ua uo uai uan uang"
    " üan ueng r n ng"
)
_SYLLABLE = re.compile(
    rf"(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:{'|'.join(sorted(_FINALS.split(), key=len, reverse=True))})"
)

WRITTEN = r"[A-Za-züÜāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿĀÁǍÀĒÉĚÈĪÍǏÌŌÓǑÒŪÚǓÙ]{1,7}[1-5]?"
"""A regular expression for anything that may be a written syllable; `canonical` decides."""


@cache
def canonical(written: str) -> str:
    """``chóng``, ``CHONG2``, ``lv4``, ``nǚ`` -> ``chong2``, ``lü4``, ``nü3``; "" when it is no Mandarin syllable.

    A syllable with neither mark nor digit is neutral (5) only when written with a digit elsewhere: without any tone it
    is taken for an ordinary word and gives "".
    """
    tone = written[-1] if written[-1:] in "12345" and written[-1:] else ""
    letters = []
    for sign in unicodedata.normalize("NFD", written.rstrip("12345").lower()):
        if sign in _MARKS:
            tone = tone or _MARKS[sign]
        else:
            letters.append(sign)
    body = unicodedata.normalize("NFC", "".join(letters)).replace("v", "ü").replace("u:", "ü")
    if not tone or not _SYLLABLE.fullmatch(body):
        return ""
    return _spelled(body) + tone


def _spelled(body: str) -> str:
    """ü is written u after j, q, x and y."""
    return body.replace("ü", "u") if body[0] in "jqxy" else body


def syllables(text: str) -> list[str]:
    """``chang2 an1`` -> its canonical syllables; [] unless every part is one."""
    parts = [canonical(part) for part in text.split()]
    return parts if parts and all(parts) else []
