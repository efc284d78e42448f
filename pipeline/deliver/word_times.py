"""When the words of a line sound: as its engine told when it made the take, and laid on the text as written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np

from pipeline.deliver.book import FinishedBook
from pipeline.nouns import Segment, Word
from pipeline.simplified import simplified
from pipeline.takes.notes import words_of


def heard(book: FinishedBook, segment: Segment) -> tuple[Word, ...]:
    """A line's words, in seconds from where the line begins; () where its engine tells none. In a timed script a take begins
    behind its `lead` and plays at its `tempo`, and so do its words; one in what is left out lies at 0.

    Raises MasteringError for a take that is gone or damaged.
    """
    try:
        words = words_of(book.take_file(segment.take))
    except (OSError, ValueError) as error:
        raise book.unreadable(segment, error) from error
    lead = book.lead_s(segment) if words else 0.0

    def at(second: float) -> float:
        return max(second - lead, 0.0) / segment.tempo

    return tuple(replace(word, start=at(word.start), end=at(word.end)) for word in words)


def starts(text: str, words: Sequence[Word], seconds: float) -> list[float]:
    """The second at which each character of `text` begins, and last `seconds`, where the line ends; never falling.

    What is written as it is said begins with its word, or its share of it by letters. What is said otherwise (1998) lies
    between its neighbours in equal parts, and so does everything where `words` is empty.
    """
    places, times = [0], [0.0]
    for place, time in _anchors(text, words):
        if place == 0:
            times = [time]
        elif times[-1] <= time <= seconds:
            places.append(place)
            times.append(time)
    return [float(one) for one in np.interp(range(len(text) + 1), [*places, len(text)], [*times, seconds])]


def _anchors(text: str, words: Sequence[Word]) -> list[tuple[int, float]]:
    """(place in `text`, second) of every character that is written and said alike, in order."""
    if not words:
        return []
    letters = [
        (letter, word.start + (word.end - word.start) * at / len(word.text))
        for word in words
        for at, letter in enumerate(word.text.casefold())
        if at < len(word.text)
    ]
    written = [sign.casefold()[:1] for sign in simplified(text)]
    matcher = SequenceMatcher(None, written, [letter for letter, _ in letters], autojunk=False)
    return [
        (block.a + at, letters[block.b + at][1])
        for block in matcher.get_matching_blocks()
        for at in range(block.size)
        if text[block.a + at].isalnum()
    ]
