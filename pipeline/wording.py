"""Texts for people in both of the product's languages: a room says both, whoever shows them picks one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Wording(str):
    """A text in English that knows its `chinese`. To logs, JSON and comparisons it is the English string."""

    chinese: str

    def __new__(cls, english: str, chinese: str = "") -> Wording:
        text = super().__new__(cls, english)
        text.chinese = chinese
        return text


def chinese_of(text: str) -> str:
    """A text's Chinese; the text itself where it has none."""
    return getattr(text, "chinese", "") or text


def counted(count: int, noun: str) -> str:
    """``1 chapter``, ``2 chapters``: for nouns whose plural is in -s."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def plain(value: Any) -> Any:
    """A value for JSON or YAML, a Wording in it as a mapping with both its texts, which `Wording(**it)` takes back."""
    if isinstance(value, Wording):
        return {"english": str(value), "chinese": value.chinese}
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value
