"""The word lists of words-zh.yaml and words-en.yaml, as compiled patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipeline.shipped import yaml_of


@cache
def lists(language: str) -> dict[str, Any]:
    """The raw lists of a language."""
    return yaml_of(__package__, f"words-{language}.yaml")


@dataclass(frozen=True, slots=True)
class Speech:
    """Patterns of one language: `verb` finds a speech verb, `thought` a verb of thinking, `letter` what introduces a
    letter or note."""

    verb: re.Pattern[str]
    thought: re.Pattern[str]
    letter: re.Pattern[str]


@cache
def speech(language: str) -> Speech:
    data = lists(language)
    if language == "zh":
        strong = _any(set(data["speech"]) - set(data["weak"]))
        verb = (
            rf"(?:(?:{_any(data['speech'])})(?:了|着|起来|一声|一句)*(?:道|说)|(?:{strong})(?:了|着|起来|一声|一句)*)"
        )
        return Speech(re.compile(verb), re.compile(_any(data["thought"])), re.compile(_any(data["letter"])))
    verb = rf"\b(?:{_any(data['speech'])})\b"
    return Speech(
        re.compile(verb, re.IGNORECASE),
        re.compile(rf"\b(?:{_any(data['thought'])})\b", re.IGNORECASE),
        re.compile(rf"\b(?:{_any(data['letter'])})\b", re.IGNORECASE),
    )


def _any(words: Any) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
