"""Mandarin tone sandhi: third tones in a row, 不, and 一 where it counts nothing (Chao, "A Grammar of Spoken Chinese", 1968,
§1.3.4)."""

from __future__ import annotations

import re

_DIGITS = "零〇一二三四五六七八九十"
_LARGE = "百千万亿"
_ORDINAL = re.compile("(?:[第初周月独]|星期|礼拜)$")
_COUNTED = "个张下次种位条件只把间家份起些点"
_WORD = re.compile(
    f"(?:[唯惟统逐之]|[单专合归](?=一[^{_COUNTED}])|[不如](?=一[的地而])|[高大](?=一[的时那学新班上下])|其(?=一[^生举切])|说(?=一不二))"
)
"""Before 一 in words that it ends (唯一的, 单一, 表里不一的, 其一是) or that keep it."""


def with_sandhi(syllables: list[str], characters: str, fixed: frozenset[int]) -> list[str]:
    """Of third tones in a row all but the last become second, in pairs from the right; 不 before a fourth tone becomes second.
    一 is second before a fourth tone and fourth before the others, neutral between a verb and the same verb (看一看), but first
    when it counts, or ends a word. `fixed` positions keep the author's tone. Linear in the length."""
    out = list(syllables)
    for at in range(len(out) - 2, -1, -1):
        if at in fixed:
            continue
        if characters[at] == "一" and out[at] == "yi1":
            out[at] = _one(characters, at, out[at + 1])
        elif characters[at] == "不" and out[at] == "bu4" and out[at + 1].endswith("4"):
            out[at] = "bu2"
        elif out[at].endswith("3") and out[at + 1].endswith("3"):
            out[at] = out[at][:-1] + "2"
    return out


def _one(characters: str, at: int, following: str) -> str:
    """How 一 at `at` is said before the syllable `following`."""
    before, after = characters[max(0, at - 2) : at], characters[at + 1]
    last = before[-1:]
    if last == after and before[:1] != "一" and last not in _DIGITS + _LARGE:
        return "yi5"
    if _stays(before, last, after) or (at and _WORD.match(characters, at - 1)):
        return "yi1"
    return "yi2" if following[-1] in "45" else "yi4"


def _stays(before: str, last: str, after: str) -> bool:
    """Whether it is a figure: 二十一, 一月, 第一, 三百一; but 三千一百 has one like 一百."""
    if not last or last not in _DIGITS + _LARGE:
        return after in _DIGITS + "月号楼" or _ORDINAL.search(before) is not None
    return after not in _LARGE or last in _DIGITS.replace("零", "")
