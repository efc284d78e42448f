"""Which Chinese words may name a person, by their shape: one rule for learning names and for reading a single tag."""

from __future__ import annotations

import re
from functools import cache

from pipeline.script.words import lists

HAN = "[\u4e00-\u9fff]"
LATIN = r"[A-Z][A-Za-z'’-]+(?:[ ·][A-Z][A-Za-z'’-]+){0,2}"
"""Sarah, Mary Ann: a name that a Chinese book leaves as it is."""
NICKNAME = f"[老小阿]{HAN}"
"""老周, 小满, 阿贵: such a word is a name whatever stands behind its first character, but for the listed ones (老实)."""
_LATIN, _NICKNAME = re.compile(LATIN), re.compile(NICKNAME)
_NO_NAME_ENDS = tuple("地着了便又也就都忙的是在禀挺报喝叫听想称奏")


def may_be_name(word: str) -> bool:
    """Whether a word at the head of a tag may be somebody. No for what is listed as none, ends like an adverb, or tells
    how it is said."""
    if word in lists("zh")["people"]:
        return True
    if _LATIN.fullmatch(word):
        return word not in _stops()  # OK, TV
    return not (word.startswith(_stops()) or word.endswith(_NO_NAME_ENDS) or says_how(word))


def is_noun(word: str) -> bool:
    """和尚, 管家, 那客人: a word for what somebody is, which many may be."""
    return word in lists("zh")["people"] or word in lists("zh")["offices"]


def says_how(word: str) -> bool:
    """悄声, 强笑, 平静地, 严肃: words of manner, which stand before a speech verb as names do."""
    if word.startswith(_manner()) or word.endswith("地"):
        return True
    family = word[:1] in lists("zh")["surnames"]
    return (word.endswith("声") and (len(word) == 2 or not family)) or (word.endswith("笑") and not family)


def without_manner(word: str) -> str:
    """赵国栋连忙, 林晚轻声: a family's name of two or three characters without the adverb behind it; "" for others."""
    if word[:1] not in lists("zh")["surnames"]:
        return ""
    behind = ((size, word[size:]) for size in (3, 2) if len(word) > size + 1)
    found = (
        size for size, rest in behind if rest.startswith((*_stops(), *_manner())) or (len(rest), rest[-1]) == (2, "声")
    )
    return word[: next(found, 0)]


def is_nickname(word: str) -> bool:
    """老周, 小满, 阿贵; also 老实, which `may_be_name` keeps out."""
    return bool(_NICKNAME.fullmatch(word))


def is_latin(word: str) -> bool:
    """Sarah, Mary Ann."""
    return bool(_LATIN.fullmatch(word))


@cache
def _stops() -> tuple[str, ...]:
    # 方 is a surname as well as a word for "just then": a single character stops a word only if it names no family
    data = lists("zh")
    words = (word for word in data["no_name"] if len(word) > 1 or word not in data["surnames"])
    return (*words, *data["no_nickname"])


@cache
def _manner() -> tuple[str, ...]:
    return tuple(lists("zh")["manner"])
