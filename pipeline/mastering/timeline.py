"""A chapter laid out to the sample: where every line begins, how long it lasts, and how long the silence after it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pipeline.errors import MasteringError
from pipeline.mastering.profiles import Profile
from pipeline.nouns import Line, Segment, Take, Timeline

BLOCK = 9216
"""Chapters are whole frames long, so that joined chapters stay exact: of AAC, 1,024 samples (ISO/IEC 14496-3), and of MP3,
1,152 or, at 24 kHz and less, 576 (ISO/IEC 11172-3, 13818-3)."""

_SENTENCE_END = re.compile(r"[。．.！!？?…～~]+[”’\"'」』）)》\]]*\s*$")
_CLAUSE_END = re.compile(r"[，,、；;：:—–-]+[”’\"'」』）)》\]]*\s*$")


def build(chapter: int, title: str, lines: Sequence[Line], takes: Mapping[str, Take], profile: Profile) -> Timeline:
    """Lay out a chapter's `lines` (in order); `takes` by line id.

    A chapter with lines that have a `start` of their own is a timed script: its time 0 is frame 0, without head and tail.
    Raises MasteringError for a line, other than a pause, that has no take, and for lines that would overlap.
    """
    rate = profile.sample_rate
    timed = any(line.start is not None for line in lines)
    at = 0 if timed else round(profile.head * rate)
    segments: list[Segment] = []
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else None
        if line.start is not None:
            at = _timed(line, at, rate)
        if line.kind != "pause":
            take = takes.get(line.id)
            if take is None:
                raise MasteringError(f"line {line.id} has no take", fix="Run `shuoshu run` on the book: it renders it.")
            frames = frames_at(take, rate)
            voice = tuple(line.delivery.split())
            segments.append(
                Segment(line.id, line.speaker, line.text, take.key, at, frames, line.kind, line.paragraph, voice)
            )
            at += frames
        if (following is not None and following.start is None) or line.kind == "pause":
            at += round(pause_after(line, following, profile) * rate)
    at += 0 if timed else round(profile.tail * rate)
    return Timeline(chapter, title, rate, -(-at // BLOCK) * BLOCK, tuple(segments))


def _timed(line: Line, at: int, rate: int) -> int:
    """The frame at which a line with a start of its own begins; it may not begin before the one in front of it ends."""
    start = round((line.start or 0.0) * rate)
    if start < at:
        raise MasteringError(
            f"line {line.id} is to begin at {start / rate:.3f} s, but the line before it ends at {at / rate:.3f} s",
            fix="Give it a later start in the script table, or make the line before it shorter (its duration).",
        )
    return start


def frames_at(take: Take, rate: int) -> int:
    """A take's length at the master's sample rate: rounded up, so that nothing is cut."""
    return -(-take.frames * rate // take.sample_rate)


def pause_after(line: Line, following: Line | None, profile: Profile) -> float:
    """Seconds of silence between a line and the next: the line's own wish, else the longest that applies."""
    pauses = profile.pauses
    if line.kind == "pause":
        return line.pause_after if line.pause_after is not None else pauses.scene
    if line.pause_after is not None:
        return line.pause_after
    if following is None or following.kind == "pause":
        return 0.0
    wishes = [_by_ending(line.text, profile)]
    if "heading" in (line.kind, following.kind):
        wishes.append(pauses.heading)
    if following.paragraph != line.paragraph:
        wishes.append(pauses.paragraph)
    elif following.speaker != line.speaker and not _CLAUSE_END.search(line.text):
        wishes.append(pauses.speaker)  # 林晚道： and what she says belong together
    return max(wishes)


def _by_ending(text: str, profile: Profile) -> float:
    if _SENTENCE_END.search(text):
        return profile.pauses.sentence
    return profile.pauses.clause if _CLAUSE_END.search(text) else profile.pauses.clause / 2
