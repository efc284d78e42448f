"""Where a paragraph speaks: its outermost quotations, told apart from quoted words that are no speech."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PAIRS = {"“": "”", "「": "」", "『": "』", "‘": "’", "＂": "＂", '"': '"'}
_WORD = re.compile(r"[^\W_]")
_SENTENCE_MARK = re.compile(r"[。！？!?…，,；;～~—]|\.(?:\W|$)")
_SINGLE = re.compile(r"(?:(?<=\s)|^)'(?=\S)(?:[^']|(?<=\w)'(?=\w))*?[,.!?…—-]'(?=\W|$)")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a paragraph, text[start:end]. `speech` spans include their marks; `open` ones were not closed."""

    start: int
    end: int
    speech: bool
    open: bool = False


def spans(text: str, speech_before: re.Pattern[str]) -> list[Span]:
    """Cut a paragraph into narration and speech, together covering all of it.

    speech_before: finds a verb of speech; a quotation right behind one is speech, however short. Linear time.
    """
    quotes = [one for one in _quotations(text) if _is_speech(text, one, speech_before)]
    found: list[Span] = []
    at = 0
    for quote in quotes:
        if quote.start > at:
            found.append(Span(at, quote.start, False))
        found.append(quote)
        at = quote.end
    if at < len(text):
        found.append(Span(at, len(text), False))
    return found


def _quotations(text: str) -> list[Span]:
    found: list[Span] = []
    closing: list[str] = []
    first: dict[str, int] = {}  # where a mark stands in `closing` first; searching a deep nest would be quadratic
    start = 0
    for at, sign in enumerate(text):
        if closing and sign == closing[-1] and not _apostrophe(text, at, sign):
            closing.pop()
            if not closing:
                found.append(Span(start, at + 1, True))
        elif sign == '"' and closing == ["”"]:  # “…" is a common slip of the keyboard
            closing.pop()
            found.append(Span(start, at + 1, True))
        elif sign in _PAIRS and (sign != '"' or not closing) and not _apostrophe(text, at, sign):
            if closing and _PAIRS[sign] == closing[-1]:
                continue  # the same mark again inside itself: a new paragraph's reminder, or a slip
            if not closing:
                start = at
            if not _stands(_PAIRS[sign], first, closing):
                first[_PAIRS[sign]] = len(closing)
            closing.append(_PAIRS[sign])
        elif _stands(sign, first, closing) and not _apostrophe(text, at, sign):
            del closing[first[sign] :]  # an inner quotation was never closed
            if not closing:
                found.append(Span(start, at + 1, True))
    if closing:
        found.append(Span(start, len(text), True, open=True))
    if not found and "'" in text:
        found = [Span(match.start(), match.end(), True) for match in _SINGLE.finditer(text)]
    return found


def _stands(sign: str, first: dict[str, int], closing: list[str]) -> bool:
    """Whether `sign` is in `closing`; what `first` says of it may be out of date."""
    at = first.get(sign, len(closing))
    return at < len(closing) and closing[at] == sign


def _apostrophe(text: str, at: int, sign: str) -> bool:
    """Whether a single mark is the apostrophe of don’t, ’tis or dogs’."""
    if sign not in "‘’":
        return False
    before = at > 0 and _WORD.match(text[at - 1]) is not None and text[at - 1].isascii()
    after = at + 1 < len(text) and _WORD.match(text[at + 1]) is not None and text[at + 1].isascii()
    if sign == "‘":
        return before and after
    return after or (before and at + 1 < len(text) and text[at + 1] == " " and text[at - 1] in "sS")


def _is_speech(text: str, quote: Span, speech_before: re.Pattern[str]) -> bool:
    inner = text[quote.start + 1 : quote.end - (0 if quote.open else 1)].strip()
    if not inner:
        return False
    # windows, not the whole paragraph, or a long one would take quadratic time
    before, after = text[max(quote.start - 40, 0) : quote.start].rstrip(), text[quote.end : quote.end + 40].lstrip()
    if not before and not after:
        return True
    if _SENTENCE_MARK.search(inner) or quote.open:
        return True
    if before.endswith((":", "：")) or speech_before.search(before[-6:]):
        return True
    if not before or before[-1] in "。！？!?…":
        return bool(speech_before.search(after[:14])) or len(inner) > 12 or not after
    return bool(after) and after[0] in "，,。." and bool(speech_before.search(after[1:10])) and before[-1] in "，,"
