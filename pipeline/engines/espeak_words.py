"""Where the words of a run are: eSpeak's word events, laid on the run's words.

eSpeak says two short words in one ("of a") with one event for both, and now and then reports a word at a place in the
one before it. So an event counts for the word it points into, or for the next one when that word has its event already and
the place is no beginning of one; words without an event share their stretch with the one before by their letters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.nouns import Waveform

if TYPE_CHECKING:
    from pipeline.engines.espeak_library import Mark
    from pipeline.pronunciation.pinyin import Run

_WORD = re.compile(r"[^\s,;:.!?]+")


def timed(run: Run, marks: Sequence[Mark], wave: Waveform, audible: float) -> list[tuple[str, int, int]]:
    """(text, first frame, last frame + 1) of every word of `run` in its sound `wave`, in order and without overlap.

    marks: as eSpeak gave them, frames counted from the first of `wave`; they come up to 50 ms before a stop is heard, and
    a pause counts for the word before it. So a word reaches from its first to its last sample above `audible`. Empty when
    the run's pieces are not its words, so that nothing is told that is not so.
    """
    places = [(word.start(), word.end()) for word in _WORD.finditer(run.text)]
    if len(places) != len(run.pieces):
        return []
    starts = _shared(places, _heard(run.text, places, marks), wave.size)
    loud = np.flatnonzero(np.abs(wave) > audible)
    found = []
    for piece, start, following in zip(run.pieces, starts, [*starts[1:], wave.size], strict=True):
        first, end = np.searchsorted(loud, (start, following))
        heard = loud[first:end]
        found.append((piece, int(heard[0]), int(heard[-1]) + 1) if heard.size else (piece, start, following))
    return found


def _heard(text: str, places: Sequence[tuple[int, int]], marks: Sequence[Mark]) -> dict[int, int]:
    """Word by its number -> the frame of its event."""
    starts = np.array([start for start, _ in places])
    heard: dict[int, int] = {}
    last = -1
    for place, frame in marks:
        at = max(int(np.searchsorted(starts, place, "right")) - 1, 0)
        if at <= last:
            begins = not text[place - 1 : place].isalnum()
            if begins or last + 1 == len(places):
                continue  # the second part of a word such as well-known
            at = last + 1
        heard[at] = frame
        last = at
    return heard


def _shared(places: Sequence[tuple[int, int]], heard: dict[int, int], frames: int) -> list[int]:
    """The first frame of every word: its event's, or its share by letters of the stretch between two events."""
    known = sorted({0: 0, **heard}.items())
    starts: list[int] = []
    for (at, frame), (following, until) in zip(known, [*known[1:], (len(places), frames)], strict=True):
        letters = np.cumsum([0] + [end - start for start, end in places[at:following]])
        share = (until - frame) * letters[:-1] / max(1, letters[-1])
        starts += [min(max(round(frame + float(one)), 0), frames) for one in share]
    return [int(one) for one in np.maximum.accumulate(np.array(starts, int))]
