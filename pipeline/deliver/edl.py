"""Edit decision lists in the manner of CMX 3600, one for each chapter: which take plays when.

The format knows time only in whole frames of video, up to 24 hours, in at most 999 events. So every chapter has lists of
its own that count from 00:00:00:00, further ones after each 999 lines, and a line begins at the nearest frame: at 25
frames a second up to 20 ms off. Time is counted non-drop at a whole rate, so that a timecode is clock time. A line of a timed
script begins behind its take's lead, and an M2 line tells the speed of one that plays faster or slower, in frames a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.deliver.book import FinishedBook
from pipeline.deliver.clock import introduced, on_one_line, timecode
from pipeline.deliver.subtitles import opened
from pipeline.nouns import Segment, Timeline

EVENTS = 999


def write(book: FinishedBook) -> list[Path]:
    """The lists, in a folder of their own. Raises BookFolderError for a full disk."""
    folder, fps = book.path(" edl"), int(book.setting("edl", "fps", "25"))
    files = []
    for master, timeline, _ in book.timelines():
        events = _events(timeline, fps)
        for part in range(0, len(events), EVENTS):
            number = part // EVENTS + 1
            path = folder / f"{master.stem}{f' ({number})' if number > 1 else ''}.edl"
            with opened(path) as file:
                file.write(f"TITLE: {on_one_line(f'{book.record.title} {master.title}')}\nFCM: NON-DROP FRAME\n")
                file.writelines(_listed(book, events[part : part + EVENTS], fps))
            files.append(path)
    return files


def _events(timeline: Timeline, fps: int) -> list[tuple[Segment, int, int]]:
    """(line, first video frame, last + 1), none overlapping and none empty."""
    found, free = [], 0
    for one in timeline.segments:
        start, end = (
            (2 * fps * frame + timeline.sample_rate) // (2 * timeline.sample_rate) for frame in (one.start, one.end)
        )
        start = max(start, free)
        free = max(end, start + 1)
        found.append((one, start, free))
    return found


def _listed(book: FinishedBook, events: Sequence[tuple[Segment, int, int]], fps: int) -> Iterator[str]:
    for number, (one, start, end) in enumerate(events, 1):
        lead, length = round(book.lead_s(one) * fps), max(1, round((end - start) * one.tempo))
        source = f"{timecode(lead, fps)} {timecode(lead + length, fps)}"
        yield f"\n{number:03d}  AX       A     C        {source} {timecode(start, fps)} {timecode(end, fps)}\n"
        if one.tempo != 1.0:
            yield f"M2   AX       {fps * one.tempo:05.1f}                {timecode(lead, fps)}\n"
        yield f"* FROM CLIP NAME: {one.take}.flac\n"
        yield f"* COMMENT: {introduced(one.speaker, on_one_line(one.text), book.record.language)}\n"
