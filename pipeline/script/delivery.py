"""Deliveries as people write them in a script table or in mark-up -> those of `DELIVERIES`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.errors import ScriptError, did_you_mean
from pipeline.nouns import DELIVERIES
from pipeline.script.emotion_words import EXCLUSIVE
from pipeline.simplified import simplified
from pipeline.wording import Wording

ALIASES = {
    "whisper": ("低声", "耳语", "悄声", "小声", "轻声", "whispered", "whispering"),
    "shout": ("喊", "大喊", "高声", "大声", "吼", "shouted", "shouting"),
    "fast": ("快", "快速", "急促", "quick", "quickly"),
    "slow": ("慢", "缓慢", "缓缓", "slowly"),
    "trembling": ("颤抖", "发抖", "颤声", "哽咽", "tremble", "shaky"),
}
_KNOWN = {alias: name for name in DELIVERIES for alias in (name, *ALIASES[name])}
_SEPARATOR = re.compile(r"[\s,，、;；]+")


def parse(text: str, *, where: str = "") -> tuple[str, ...]:
    """Read a cell such as ``whisper slow`` or ``低声、慢``; the order of `DELIVERIES`. `where` is named in errors.

    Raises ScriptError for an unknown word, or two that exclude each other.
    """
    if not text.strip():
        return ()
    found = set()
    for word in _SEPARATOR.split(simplified(text.strip())):
        if word.lower() not in _KNOWN:
            hint = did_you_mean(word.lower(), _KNOWN)
            raise ScriptError(
                Wording(f"unknown delivery {word!r}.{hint}", f"没有“{word}”这种语气。{hint.chinese}"),
                where=where,
                fix=Wording(f"Use {', '.join(DELIVERIES)}, or nothing.", f"可用 {'、'.join(DELIVERIES)}，或留空。"),
            )
        found.add(_KNOWN[word.lower()])
    for one, two in EXCLUSIVE:
        if {one, two} <= found:
            raise ScriptError(
                Wording(f"a line cannot be both {one} and {two}", f"一行不能既是 {one} 又是 {two}"),
                where=where,
                fix=Wording("Keep one.", "请保留一个。"),
            )
    return tuple(name for name in DELIVERIES if name in found)


def split(text: str, *, where: str = "") -> tuple[str, str]:
    """Words of mark-up (``愤怒,低声``) parted into the emotion's and the delivery's. Raises ScriptError as `parse` does."""
    feeling: list[str] = []
    voice: list[str] = []
    for word in _SEPARATOR.split(text.strip()):
        (voice if simplified(word.lower()) in _KNOWN else feeling).append(word)
    return (" ".join(feeling), shown(parse(" ".join(voice), where=where))) if voice else (text.strip(), "")


def shown(deliveries: Iterable[str]) -> str:
    """As the table's cell."""
    return " ".join(deliveries)
