"""The retail sample: the best minutes of the book, as shops ask for them.

ACX ("ACX Audio Submission Requirements", help.acx.com): one to five minutes that begin with narration and hold no credits
or music. So a window is whole paragraphs of one chapter, its heading left out, and begins with a line of narration. Every
window is scored by what the timeline and the takes tell; the best few, none of which overlap, are then measured.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.deliver import audio, metadata
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.wishes import must_fit
from pipeline.errors import MasteringError
from pipeline.files import explained_errors, written_beside
from pipeline.mastering import levelling
from pipeline.mastering import tags as tag_room
from pipeline.mastering.chapter import LOWERED
from pipeline.mastering.encoders import encoder
from pipeline.mastering.true_peak import of_file
from pipeline.nouns import Master, Segment, Timeline, Waveform
from pipeline.takes import TakeStore

SHORTEST_S = 60.0
ROOMY_S = 90.0
"""The least that a window may last at most, whatever `minutes` says: whole paragraphs do not fill a minute exactly."""
LEAD_S, TAIL_S = 0.5, 1.0
"""Room tone before the first line and after the last, over which the sound fades; less where the pause is shorter."""
WEIGHTS: Mapping[str, float] = {"length": 2.0, "mix": 2.0, "place": 1.0, "limiter": 1.0, "even": 3.0}
FLAGGED = -10.0
"""A line whose take an automatic check doubts costs more than everything else together can win."""
DIALOGUE = 0.4
"""Share of dialogue that shows both the narrator and the cast."""
SPREAD_LU = 3.0
"""Standard deviation of the lines' loudness at which `even` has fallen to 1/e."""
_MEASURED = 8
"""Windows whose sound is read."""
_LINE_S = 1.0
"""A shorter line has no loudness to speak of."""
_SPARE_DB = 0.05


@dataclass(frozen=True, slots=True)
class Window:
    """Lines `first` up to `last` of a chapter's timeline (counted from 0, `last` not included), frames [start, end) of the
    chapter, and what they score: the weighted sum of parts from 0 to 1."""

    master: Master
    first: int
    last: int
    start: int
    end: int
    score: float


def write(book: FinishedBook) -> list[Path]:
    """``<name> sample.mp3``: at most `minutes` (3) long, but see `ROOMY_S`; of chapter `chapter` where the settings name one.
    It is encoded anew, and overshoots anew: where players would hear it over the profile's true peak, again and quieter.

    Raises MasteringError when the book has no minute of whole paragraphs, BookFolderError for a full disk.
    """
    import av

    window = best(book)
    path = book.path(" sample.mp3")
    with written_beside(path) as beside, explained_errors(path, av.FFmpegError):
        gain_db = 0.0
        for _ in range(1 + LOWERED):
            _encode(book, window, gain_db, beside)
            over = of_file(beside) - book.profile.true_peak
            if over <= 0:
                break
            gain_db -= over + _SPARE_DB
        tag_room.write(beside, metadata.sample(book), book.cover, book.cover_type)
    return [path]


def _encode(book: FinishedBook, window: Window, gain_db: float, path: Path) -> None:
    file, gain = encoder("mp3", path, book.profile), np.float32(10 ** (gain_db / 20))
    try:
        for block in _faded(window, book.timeline(window.master)):
            file.write(block * gain)
    finally:
        file.close()


def best(book: FinishedBook) -> Window:
    """The window with the highest score. Raises MasteringError when there is none of at least a minute."""
    with TakeStore(book.takes) as store:
        doubtful = store.flagged()
    found = [window for master in _chapters(book) for window in _windows(book, master, doubtful)]
    if not found:
        raise _too_short(book)
    apart: list[Window] = []
    for window in sorted(found, key=lambda one: -one.score):
        if not any(_overlap(window, other) for other in apart):
            apart.append(window)
        if len(apart) == _MEASURED:
            break
    return max(apart, key=lambda one: one.score + WEIGHTS["even"] * _even(one, book.timeline(one.master)))


def _chapters(book: FinishedBook) -> list[Master]:
    """The chapters to choose from: the one that is asked for, or all but the credits."""
    spoken, wanted = metadata.spoken_chapters(book, book.masters), book.setting("sample", "chapter", None)
    if wanted is None:
        return spoken
    must_fit(("sample",), book.settings, [one.chapter for one in spoken])
    return [one for one in spoken if one.chapter == wanted]


def _too_short(book: FinishedBook) -> MasteringError:
    seconds = sum(one.seconds for one in _chapters(book))
    where = "" if book.setting("sample", "chapter", None) is None else " of this chapter"
    return MasteringError(
        f"there is no sample in {seconds:.0f} s{where}: it takes a minute of whole paragraphs in one chapter that begin"
        " with narration and have no music under them",
        fix="Leave `sample` out of --deliver, or let it choose from another `chapter`.",
    )


# --- windows ---------------------------------------------------------------------------------------------------------


def _windows(book: FinishedBook, master: Master, doubtful: Container[str]) -> Iterator[Window]:
    """From every paragraph that begins with narration, as many whole paragraphs as fit. `doubtful` holds keys of takes."""
    timeline = book.timeline(master)
    lines, rate = timeline.segments, timeline.sample_rate
    most = round(max(book.setting("sample", "minutes", 3.0) * 60, ROOMY_S) * rate)
    began = book.starts()[book.masters.index(master)]
    numbered = groupby(enumerate(lines, 1), lambda one: one[1].paragraph)
    music = book.music(master)
    bounds = [0, *(max(number for number, _ in paragraph) for _, paragraph in numbered)]
    for index, first in enumerate(bounds[:-1]):
        if lines[first].kind != "narration":
            continue
        start, chosen = _before(timeline, first, music), first
        for last in bounds[index + 1 :]:
            end = _after(timeline, last, music)
            if lines[last - 1].kind == "heading" or end - start > most or _under(music, start, end):
                break
            chosen = last
        end = _after(timeline, chosen, music) if chosen > first else start
        if end - start >= SHORTEST_S * rate:
            parts = _parts(lines[first:chosen], (end - start) / most, (began + start) / book.frames, master)
            score = sum(WEIGHTS[name] * value for name, value in parts.items())
            score += FLAGGED * sum(one.take in doubtful for one in lines[first:chosen])
            yield Window(master, first, chosen, start, end, score)


def _parts(lines: tuple[Segment, ...], length: float, place: float, master: Master) -> dict[str, float]:
    """What is known without listening, each from 0 to 1; `length` of the wished one, `place` in the book."""
    spoken = sum(one.frames for one in lines)
    dialogue = sum(one.frames for one in lines if one.kind != "narration") / max(1, spoken)
    return {
        "length": min(1.0, length),
        "mix": 1 - abs(dialogue - DIALOGUE) / max(DIALOGUE, 1 - DIALOGUE),
        "place": 1.0 if place < 1 / 3 else 1.5 * (1 - place),
        "limiter": 1 / (1 + master.reduction_db / 6),
    }


def _before(timeline: Timeline, first: int, music: Sequence[tuple[int, int, str]]) -> int:
    line = timeline.segments[first]
    ended = [end for _, end, _ in music if end <= line.start]
    floor = max([timeline.segments[first - 1].end if first else 0, *ended])
    return max(floor, line.start - round(LEAD_S * timeline.sample_rate))


def _after(timeline: Timeline, last: int, music: Sequence[tuple[int, int, str]]) -> int:
    line = timeline.segments[last - 1]
    begins = [begin for begin, _, _ in music if begin >= line.end]
    ceiling = min([timeline.segments[last].start if last < len(timeline.segments) else timeline.frames, *begins])
    return min(ceiling, line.end + round(TAIL_S * timeline.sample_rate))


def _under(music: Sequence[tuple[int, int, str]], start: int, end: int) -> bool:
    return any(begin < end and start < ends for begin, ends, _ in music)


def _overlap(one: Window, other: Window) -> bool:
    return one.master.chapter == other.master.chapter and one.start < other.end and other.start < one.end


def _even(window: Window, timeline: Timeline) -> float:
    """How alike the lines' loudness is, from 0 to 1; the levelling's own measure of a line."""
    wave, found = audio.read(window.master, window.start, window.end - window.start), list[float]()
    for one in timeline.segments[window.first : window.last]:
        if one.frames >= _LINE_S * timeline.sample_rate:
            line = wave[one.start - window.start : one.end - window.start]
            found.append(levelling.loudness(levelling.energy(line, timeline.sample_rate).weighted))
    heard = [one for one in found if math.isfinite(one)]
    return math.exp(-float(np.std(heard)) / SPREAD_LU) if heard else 0.0


def _faded(window: Window, timeline: Timeline) -> Iterator[Waveform]:
    """The window's sound, faded in and out with half a raised cosine each over the room tone at its ends."""
    lead = timeline.segments[window.first].start - window.start
    tail = window.end - timeline.segments[window.last - 1].end
    at, frames = 0, window.end - window.start
    for block in audio.blocks(window.master, window.start, frames):
        frame = np.arange(at, at + block.size)
        faded = block * _eased(frame / max(1, lead)) * _eased((frames - 1 - frame) / max(1, tail))
        yield faded.astype(np.float32)
        at += block.size


def _eased(ramp: NDArray[np.float64]) -> NDArray[np.float64]:
    eased: NDArray[np.float64] = 0.5 - 0.5 * np.cos(np.pi * np.clip(ramp, 0, 1))
    return eased
