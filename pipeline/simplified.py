"""Traditional Chinese as simplified Chinese, place for place: word lists, readings and vocabularies are simplified."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_PARTICLE = re.compile(
    "(?<=[看拿捧抱翻读夹笑])著"
    "|(?<![名原巨专遗合编译撰拙新旧土显卓昭彰较所])(?<!微知)(?<!(?<![谈议讨争辩评])论)著(?![名作者述录称书有于文《])"
)
"""著 as Traditional books write the particle (看著, 睡著了): the table that simplifies leaves it, because of 著名 and 原著."""


def simplified(text: str) -> str:
    """`text` with simplified characters in the places of traditional ones, as long as `text`. Text without traditional
    characters comes back as it is, and the table (OpenCC's) is not loaded for it."""
    if text.isascii() or _traditional().isdisjoint(text):
        return text
    found: str = _table().convert(text)
    if len(found) != len(text):  # no phrase of the table has another length today
        found = "".join(_table().convert(sign)[:1] or sign for sign in text)
    found = _PARTICLE.sub("着", found)
    return text if found == text else found


@cache
def _traditional() -> frozenset[str]:
    """Characters that GB 2312, the national set of simplified ones, lacks, as it does nearly every traditional one; and those
    that it has and that no modern simplified text writes."""
    plain = {bytes((row, cell)).decode("gb2312", "ignore") for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF)}
    return frozenset(map(chr, range(0x4E00, 0xA000))) - plain | set("著後麽")


@cache
def _table() -> Any:
    import opencc

    return opencc.OpenCC("t2s")
