"""A timed script laid out to the sample: lines at their own times (dubbing), or all of them in a given total.

What can still be done to a take here is to play it a little faster or slower, and to let it run into the silence before the
next line. What does not fit then is cut with a fade, so that every line begins when it should; `Fit` says how much that was.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.errors import MasteringError
from pipeline.mastering import sounding
from pipeline.mastering.profiles import Profile
from pipeline.mastering.timeline import pause_after, scene_break
from pipeline.nouns import Line, Segment, Take, Timeline

STRETCH = 0.08
"""How much faster or slower a take may be played: what WSOLA does without being heard in speech."""
GUARD_S = 0.04
"""Silence left before the next line by one that runs over its slot: a frame of film."""
TOLERANCE_S = 0.010
"""A line that is longer than its slot by less than this fits."""
PAUSES = (0.5, 2.0)
"""How far pauses are shortened and lengthened for a total, before anything is done to speech."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What a timed script asks for, in seconds.

    slots   line id -> the longest it should last; a line with a start and no slot has what is left until the next one
    total   what all lines together must last, whose own times are none; None = lines have their starts
    length  of the whole chapter; None = until the last slot and the last line end
    fill    whether a line shorter than its slot is drawn out to fill it
    """

    slots: Mapping[str, float] = field(default_factory=dict)
    total: float | None = None
    length: float | None = None
    fill: bool = False


@dataclass(frozen=True, slots=True)
class Fit:
    """How a line came out, in seconds: its `slot` (None = it has none), how long its take is heard (`made`), the `tempo` that
    plays at, by how much it is `over` its slot then, and how much of that is `cut`."""

    line_id: str
    slot: float | None
    made: float
    tempo: float
    over: float
    cut: float


def build(
    chapter: int, title: str, lines: Sequence[Line], takes: Mapping[str, Take], profile: Profile, timing: Timing
) -> tuple[Timeline, list[Fit]]:
    """Lay out `lines` (in order) without head and tail, time 0 = frame 0, exactly as long as asked; `takes` by line id.

    Raises MasteringError for a line that has no take, begins before the one in front of it, or behind the end.
    """
    for line in lines:
        if line.kind != "pause" and line.id not in takes:
            raise MasteringError(f"line {line.id} has no take", fix="Run the same command again: it renders it.")
    rate = profile.sample_rate
    if timing.total is not None:
        frames = round(timing.total * rate)
        placed = list(_in_total(lines, takes, profile, frames))
    else:
        check_starts(lines, timing.length)
        placed = list(_in_slots(lines, takes, profile, timing))
        frames = _end(lines, [one for one, _ in placed], timing, rate)
    segments = tuple(one for one, _ in placed)
    music = tuple(one for one in _music(lines, segments, profile) if one[0] < frames)
    return Timeline(chapter, title, rate, frames, segments, music), [one for _, one in placed]


def _music(lines: Sequence[Line], segments: Sequence[Segment], profile: Profile) -> Iterator[tuple[int, str]]:
    """Where music begins, as `timeline.build` has it, but that no line waits for it: the chapter's with the chapter."""
    if profile.chapter_music:
        yield 0, "chapter"
    ends, end = {one.line_id: one.end for one in segments}, 0
    for line in lines:
        end = ends.get(line.id, end)
        if profile.scene_music and scene_break(line):
            yield end + round(profile.pauses.sentence * profile.sample_rate), "scene"


def check_starts(lines: Sequence[Line], length: float | None) -> None:
    """Raise MasteringError for a line of a chapter that is not to begin behind the one in front of it, and before its end after
    `length` seconds (None: it ends with its lines)."""
    last = -1.0
    for line in lines:
        if line.start is None:
            continue
        if line.start <= last:
            raise MasteringError(
                f"line {line.id} is to begin at {line.start:.3f} s, not behind the line in front of it",
                fix="Lines of a timed script stand in order of time: give it a later start in the script table.",
            )
        if length is not None and line.start >= length:
            raise MasteringError(
                f"line {line.id} is to begin at {line.start:.3f} s, but the whole is {length:.3f} s long",
                fix="Is it the right video? Otherwise change the line's start, or delete its row in the script table.",
            )
        last = line.start


# --- lines at their own times ---------------------------------------------------------------------------------------


def _in_slots(
    lines: Sequence[Line], takes: Mapping[str, Take], profile: Profile, timing: Timing
) -> Iterator[tuple[Segment, Fit]]:
    rate, at = profile.sample_rate, 0
    end = sys.maxsize if timing.length is None else round(timing.length * rate)
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else None
        if line.start is not None:
            at = round(line.start * rate)
        if line.kind == "pause":
            at += round(pause_after(line, following, profile) * rate)
            continue
        next_start = next((one.start for one in lines[index + 1 :] if one.start is not None), None)
        limit = end if next_start is None else min(round(next_start * rate), end)
        slot = timing.slots.get(line.id)
        room = limit - at if slot is None else round(slot * rate)
        made = _frames(takes[line.id], rate)
        tempo = _tempo(made, room, timing.fill and slot is not None, rate) if line.start is not None else 1.0
        length = round(made / tempo)
        if length > room and next_start is not None:  # it runs over: a little silence stays before the next line
            limit = max(min(at + room, limit), limit - round(GUARD_S * rate))
        kept = max(min(length, limit - at), 0)
        over = length - room if line.start is not None and length > room + TOLERANCE_S * rate else 0
        cut = length - kept if length - kept > TOLERANCE_S * rate else 0
        yield (
            _segment(line, takes[line.id], at, kept, tempo),
            Fit(line.id, slot, made / rate, tempo, max(over, cut) / rate, cut / rate),
        )
        at += kept
        if following is not None and following.start is None:
            at += round(pause_after(line, following, profile) * rate)


def _end(lines: Sequence[Line], segments: Sequence[Segment], timing: Timing, rate: int) -> int:
    """Frames of the chapter: as asked, or until the last slot and the last line end."""
    if timing.length is not None:
        return round(timing.length * rate)
    slots = [line.start + timing.slots[line.id] for line in lines if line.start is not None and line.id in timing.slots]
    return max(round(max(slots, default=0.0) * rate), max((one.end for one in segments), default=0))


def _tempo(made: int, room: int, fill: bool, rate: int) -> float:
    """How much faster a take is played to fit its room (slower, to fill it), in frames, as far as that is allowed."""
    slack = TOLERANCE_S * rate
    if made > room + slack:
        return min(made / max(room, 1), 1 + STRETCH)
    if fill and made < room - slack:
        return max(made / room, 1 - STRETCH)
    return 1.0


def _frames(take: Take, rate: int) -> int:
    """How long a take is heard, in frames of the master's rate, rounded up."""
    first, last = sounding.heard(take)
    return -(-(last - first) * rate // take.sample_rate)


def _segment(line: Line, take: Take, at: int, frames: int, tempo: float) -> Segment:
    return Segment(
        line.id, line.speaker, line.text, take.key, at, frames, line.kind, line.paragraph, tuple(line.delivery.split()),
        lead=sounding.heard(take)[0], tempo=round(tempo, 6),
    )  # fmt: skip


# --- lines in a total ------------------------------------------------------------------------------------------------


def pauses(lines: Sequence[Line], profile: Profile) -> list[float]:
    """Seconds of silence behind each line, before they are changed for a total; none behind the last."""
    following = [*lines[1:], None]
    found = [pause_after(line, next_, profile) for line, next_ in zip(lines, following, strict=True)]
    return [*found[:-1], found[-1] if lines[-1].kind == "pause" else 0.0] if lines else []


def shares(speech: float, silence: float, total: float) -> tuple[float, float]:
    """By what pauses are multiplied for a total, and how long all speech must last then; all in the same unit."""
    factor = min(max((total - speech) / silence, PAUSES[0]), PAUSES[1]) if silence > 0 else 1.0
    return factor, max(total - factor * silence, 0.0)


def _in_total(
    lines: Sequence[Line], takes: Mapping[str, Take], profile: Profile, frames: int
) -> Iterator[tuple[Segment, Fit]]:
    rate = profile.sample_rate
    silences = [one * rate for one in pauses(lines, profile)]
    made = [0 if line.kind == "pause" else _frames(takes[line.id], rate) for line in lines]
    speech = sum(made)
    factor, room = shares(speech, sum(silences), frames)
    tempo = min(max(speech / max(room, 1.0), 1 - STRETCH), 1 + STRETCH)
    at = 0.0
    for line, length, silence in zip(lines, made, silences, strict=True):
        end = at + length / tempo
        if line.kind != "pause":
            first, last = min(round(at), frames), min(round(end), frames)
            lost = max(end - frames, 0.0) - max(at - frames, 0.0)
            lost = lost if lost > TOLERANCE_S * rate else 0.0
            yield (
                _segment(line, takes[line.id], first, last - first, tempo),
                Fit(line.id, None, length / rate, tempo, lost / rate, lost / rate),
            )
        at = end + factor * silence
