"""A chapter as captions: its lines in readable pieces, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.deliver.book import FinishedBook
from pipeline.deliver.clock import introduced, on_one_line
from pipeline.deliver.word_times import heard, starts
from pipeline.deliver.wrapping import Layout, columns, cut
from pipeline.nouns import Language, Segment, Timeline, Word

WIDTHS: dict[Language, int] = {"zh": 40, "en": 42}
"""Columns of a row: 20 Chinese characters, 42 letters (the Netflix Timed Text Style Guide has 16 and 42; a listener's
eyes are free)."""
ROWS = 2
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SHORTEST_S = 0.002
"""Captions are at least this long, so that they do not vanish in milliseconds."""


@dataclass(frozen=True, slots=True)
class Caption:
    """A piece of a line, `number` counts from 1: `rows` of text as shown, or the same in one as `text`. `start` and `end`
    count the chapter's frames. `words` are (place in `text`, frame) where each word or Chinese character begins; () where
    the engine did not tell."""

    line_id: str
    number: int
    speaker: str
    start: int
    end: int
    rows: tuple[str, ...]
    text: str
    words: tuple[tuple[int, int], ...] = ()


def layout_of(book: FinishedBook, kind: str, rows: int = ROWS) -> Layout:
    """How a kind's captions are laid out: by its settings `width` and `rows`, else by the book's language."""
    width = book.setting(kind, "width", WIDTHS[book.record.language])
    return Layout(width, book.setting(kind, "rows", rows))


def captions(book: FinishedBook, timeline: Timeline, layout: Layout, *, speakers: bool = False) -> Iterator[Caption]:
    """Every caption of a chapter, in order, none overlapping. A line's time is divided where its words are, or else by
    characters. With `speakers`, the rows of a line's first caption begin with who speaks. Raises MasteringError for a take
    that is gone."""
    for segment in timeline.segments:
        lead = introduced(segment.speaker, "", book.record.language) if speakers else ""
        yield from _of_line(segment, heard(book, segment), timeline.sample_rate, layout, lead)


def _of_line(segment: Segment, words: tuple[Word, ...], rate: int, layout: Layout, lead: str) -> Iterator[Caption]:
    text = on_one_line(segment.text)
    if not text:
        return
    pieces = [
        replace(one, start=max(0, one.start - len(lead)), end=max(0, one.end - len(lead)))
        for one in cut(lead + text, layout)
    ]
    times = starts(text, words, segment.frames / rate)
    frames = [segment.start + min(round(time * rate), segment.frames) for time in times]
    begins = [(place, frames[place]) for place in _begins(text)] if words else []
    shortest = max(1, round(_SHORTEST_S * rate))
    at = segment.start
    for number, piece in enumerate(pieces, 1):
        left = len(pieces) - number
        end = frames[piece.end] if left else segment.end
        end = max(at, min(max(end, at + shortest), segment.end - left * shortest))
        inside = [(place - piece.start, max(at, frame)) for place, frame in begins if piece.start <= place < piece.end]
        shown = text[piece.start : piece.end].rstrip()
        yield Caption(segment.line_id, number, segment.speaker, at, end, piece.rows, shown, tuple(inside))
        at = end


def _begins(text: str) -> Iterator[int]:
    """Where words begin: every wide character is one."""
    for word in _WORD.finditer(text):
        for at in range(*word.span()):
            if at == word.start() or 2 in (columns(text[at]), columns(text[at - 1])):
                yield at
