"""Words of pypinyin's dictionary that our own list (polyphones.txt) does not gainsay: where such a word surely stands and the
context model is not sure of another reading, the dictionary is right more often (了解, 勉强, 中毒)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

from pipeline.pronunciation.polyphones import own_words, pypinyin_reading
from pipeline.pronunciation.words import entries, lengths

_LONGEST = 5
_PARTICLES = "得地的了着过"
"""Behind a word these are no part of the next: 着急|得, not 着|急得."""
_SIZES = range(_LONGEST, 1, -1)


def agreed(text: str) -> dict[int, str]:
    """place -> syllable, of the characters in words that stand there surely: no other word of the dictionary begins or ends
    within one and reaches beyond it, as 为了 and 解决 do around the 了解 of 为了解决, or the text falls into the same words
    whether they are taken from its start or from its end (有人|中毒). Linear in the length."""
    found: dict[int, str] = {}
    cut: set[tuple[int, int]] | None = None
    for start, end in _words(text):
        if _crossed(text, start, end):
            cut = _cut_alike(text) if cut is None else cut
            if (start, end) not in cut:
                continue
        found.update((start + at, syllable) for at, syllable in _readings(text[start:end]))
    return found


def _cut_alike(text: str) -> set[tuple[int, int]]:
    """(start, end) of what both ways of taking always the longest word find."""
    known, at, end = entries(), 0, len(text)
    from_start, from_end = set(), set()
    while at < len(text):
        size = next((size for size in _SIZES if at + size <= len(text) and text[at : at + size] in known), 1)
        from_start.add((at, at + size))
        at += size
    while end:
        size = next((size for size in _SIZES if size <= end and text[end - size : end] in known), 1)
        from_end.add((end - size, end))
        end -= size
    return from_start & from_end


def _words(text: str) -> Iterator[tuple[int, int]]:
    for start in range(len(text) - 1):
        for size in lengths().get(text[start : start + 2], ()):
            if size <= _LONGEST and text[start : start + size] in entries():
                yield start, start + size


def _crossed(text: str, start: int, end: int) -> bool:
    known = entries()
    for first in range(max(0, start - _LONGEST + 1), end):
        # words that begin before the start end behind it; those that begin within end behind the end
        low = max(first + 2, start + 1 if first < start else end + 1)
        for last in range(low, min(len(text), first + _LONGEST) + 1):
            if text[first:last] in known and text[last - 1] not in _PARTICLES:
                return True
    return False


@lru_cache(maxsize=1 << 12)
def _readings(word: str) -> tuple[tuple[int, str], ...]:
    """(place in the word, syllable) where pypinyin knows the word and our list says nothing else."""
    return tuple(
        (at, syllable)
        for at, syllable in enumerate(pypinyin_reading(word))
        if _ours().get((word, at), syllable) == syllable
    )


@cache
def _ours() -> dict[tuple[str, int], str]:
    return {(word, at): syllable for word, at, syllable in own_words()}
