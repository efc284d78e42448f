"""What a dub asks for, beside what every run does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from pipeline.errors import MasteringError, ScriptError
from pipeline.files import print_of
from pipeline.mastering.timed import Timing, check_starts
from pipeline.nouns import Line

LONGEST_TOTAL_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Dub:
    """`total` seconds for all lines of a script without times (None = the lines have their times); `fill`: draw out lines that
    are shorter than their slots; `video` to lay the track into, its own sound kept as a second one with `keep_audio`."""

    total: float | None = None
    fill: bool = False
    video: Path | None = None
    keep_audio: bool = False

    def recorded(self) -> dict[str, Any]:
        """As the book's record has it."""
        return {
            "total": self.total, "fill": self.fill, "video": str(self.video.resolve()) if self.video else "",
            "keep_audio": self.keep_audio,
        }  # fmt: skip


def of_record(found: Mapping[str, Any]) -> Dub | None:
    """What the last dub of a book asked for; None for a book that was not dubbed last."""
    if not found:
        return None
    video = Path(found["video"]) if found.get("video") else None
    return Dub(found.get("total"), bool(found.get("fill")), video, bool(found.get("keep_audio")))


def timing_of(dub: Dub | None, lines: Sequence[Line]) -> Timing | None:
    """How `lines` are laid out; None for a script without times that is no dub. `lines` are all of one dub's.

    Raises ScriptError for a dub of lines without times and without a total, of several chapters, or with times and a total;
    MasteringError for a video that cannot be read, or starts that are out of order or behind the video's end.
    """
    timing = _timing_of(dub, lines)
    if timing is not None and timing.total is None:
        for _, chapter in groupby(lines, lambda line: line.chapter):
            check_starts(list(chapter), timing.length)
    return timing


def _timing_of(dub: Dub | None, lines: Sequence[Line]) -> Timing | None:
    timed = [line for line in lines if line.start is not None]
    slots = {line.id: line.duration for line in timed if line.duration is not None}
    if dub is None:
        return Timing(slots) if timed else None
    if len({line.chapter for line in lines}) > 1:
        raise ScriptError(
            "a dub is one track, and this manuscript has several chapters", fix="Save each as a file of its own."
        )
    if dub.total is not None:
        if timed:
            raise ScriptError(
                f"line {timed[0].id} has a time of its own, so --total cannot place it",
                fix="Leave --total out: subtitles have their times.",
            )
        return Timing(total=dub.total, length=dub.total)
    if not timed:
        raise ScriptError(
            "no line of this manuscript has a time", fix="Give subtitles (SRT, VTT, ASS), or --total 30s for all lines."
        )
    ends = [line.start + slots[line.id] for line in timed if line.start is not None and line.id in slots]
    return Timing(slots, length=_length(dub, max(ends, default=0.0) or None), fill=dub.fill)


def _length(dub: Dub, last: float | None) -> float | None:
    if dub.video is None:
        return last
    from pipeline.deliver.video import seconds

    return seconds(dub.video)


def with_video(
    dub: Dub, kinds: Sequence[str], settings: Mapping[str, Mapping[str, Any]]
) -> tuple[tuple[str, ...], Mapping[str, Mapping[str, Any]]]:
    """Deliverables and their settings with the copy of the video among them. Its content is one of the settings, so that
    another video under the same name is another deliverable."""
    if dub.video is None:
        return tuple(kinds), settings
    if not dub.video.is_file():
        raise MasteringError("the video is not there", where=str(dub.video), fix="Check the path after --video.")
    asked = {"file": str(dub.video), "keep_audio": dub.keep_audio, "content": print_of(dub.video)}
    return (*(one for one in kinds if one != "video"), "video"), {**settings, "video": asked}


def parsed_seconds(text: str) -> float:
    """``30s``, ``30``, ``1:30``, ``1:02:03.5``, ``1.5m``, ``90秒`` in seconds. Raises ScriptError."""
    plain = text.strip().lower()
    match = re.fullmatch(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)\s*(s|sec|秒|m|min|分钟|分)?", plain)
    value = 0.0
    if match:
        hours, minutes, rest = int(match[1] or 0), int(match[2] or 0), float(match[3])
        in_minutes = match[4] in ("m", "min", "分", "分钟") and ":" not in plain
        value = rest * 60 if in_minutes else hours * 3600 + minutes * 60 + rest
    if not 0.1 <= value <= LONGEST_TOTAL_S:
        raise ScriptError(f"--total {text!r} is no length of time", fix="Write it like 30s, 1:30 or 2.5m.")
    return value
