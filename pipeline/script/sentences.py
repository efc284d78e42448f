"""Sentences, and lines of a comfortable length made of them. Nothing is lost: the parts join to the whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st sr jr vs etc no vol fig rev hon gen col capt lt sgt maj gov sen rep inc ltd co corp i.e e.g"
    " viz cf al ed eds p pp ch sec approx dept est messrs mme mlle".split()
)
_END = re.compile(r"(?:[。！？!?]+|…+|\.{2,}|\.(?=\s|[”’\"')\]」』]|$)|；(?=.{20}))[”’\"'）)」』】\]]*\s*")
_SOFT = re.compile(r"[，、；：,;:—–]+[”’\"'）)」』]*\s*")
_LONGEST_ABBREVIATION = 24
_LAST_WORD = re.compile(r"([A-Za-z][A-Za-z.]*)\.$")


def sentences(text: str) -> list[str]:
    """Sentences with the white space that follows them. Not after an abbreviation, an initial, inside a number, or
    where an ellipsis goes on in lower case."""
    found, start = [], 0
    for match in _END.finditer(text):
        if match[0].startswith(".") and not match[0].startswith(".."):
            # a window, not the whole sentence: many abbreviations in one would take quadratic time
            word = _LAST_WORD.search(text[max(start, match.start() - _LONGEST_ABBREVIATION) : match.start() + 1])
            if word and (word[1].lower() in _ABBREVIATIONS or re.fullmatch(r"(?:[A-Za-z]\.)*[A-Z]", word[1])):
                continue
        following = text[match.end() : match.end() + 1]
        if following.islower() and match[0][0] in ".…":
            continue
        found.append(text[start : match.end()])
        start = match.end()
    if start < len(text):
        found.append(text[start:])
    return found


def pieces(text: str, comfortable: int, longest: int) -> list[str]:
    """`text` as lines: sentences joined up to `comfortable` characters, none longer than `longest`; a part without a
    letter or digit stays with its neighbour."""
    lines: list[str] = []
    for sentence in sentences(text):
        for part in _cut(sentence, longest):
            alone = not lines or (
                _speakable(part) and _speakable(lines[-1]) and len(lines[-1]) + len(part) > comfortable
            )
            if alone or len(lines[-1]) + len(part) > longest:
                lines.append(part)
            else:
                lines[-1] += part
    return lines


def _speakable(text: str) -> bool:
    return any(sign.isalnum() for sign in text)


def _cut(sentence: str, longest: int) -> Iterator[str]:
    """Cut at commas, then at spaces, then anywhere, into parts no longer than `longest`."""
    at = 0
    while len(sentence) - at > longest:
        window = sentence[at : at + longest]
        cut = _last_end(_SOFT, window, longest // 3) or _last_end(_space(), window, longest // 3) or longest
        yield sentence[at : at + cut]
        at += cut
    if at < len(sentence):
        yield sentence[at:]


@cache
def _space() -> re.Pattern[str]:
    return re.compile(r"\s+")


def _last_end(pattern: re.Pattern[str], window: str, least: int) -> int:
    end = 0
    for match in pattern.finditer(window):
        inside_number = (
            window[match.start() - 1 : match.start()].isdigit() and window[match.end() : match.end() + 1].isdigit()
        )
        if match.end() >= least and not inside_number:
            end = match.end()
    return end
