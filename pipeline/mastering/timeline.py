"""A chapter laid out to the sample: where every line begins, how long it lasts, and how long the silence after it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.errors import MasteringError
from pipeline.mastering import limits, sounding
from pipeline.mastering.profiles import Profile
from pipeline.nouns import Line, Segment, Take, Timeline

BLOCK = 9216
"""Chapters are whole frames long, so that joined chapters stay exact: of AAC, 1,024 samples (ISO/IEC 14496-3), and of MP3,
1,152 or, at 24 kHz and less, 576 (ISO/IEC 11172-3, 13818-3)."""

_SENTENCE_END = re.compile(r"[。．.！!？?…～~]+[”’\"'」』）)》\]]*\s*$")
_CLAUSE_END = re.compile(r"[，,、；;：:—–-]+[”’\"'」』）)》\]]*\s*$")


def build(chapter: int, title: str, lines: Sequence[Line], takes: Mapping[str, Take], profile: Profile) -> Timeline:
    """Lay out a chapter's `lines` (in order); `takes` by line id. A timed script is laid out by `timed`.

    Where a shop bounds the head (ACX), it lasts until something is heard: the silence that the first take begins with is a part
    of it, unless music stands between them.

    Raises MasteringError for a line, other than a pause, that has no take.
    """
    rate = profile.sample_rate
    at = round(max(profile.head - _silence_before(lines, takes, profile), 0.0) * rate)
    segments: list[Segment] = []
    music: list[tuple[int, str]] = []
    if profile.chapter_music:
        music.append((at, "chapter"))
        at += round(profile.chapter_music.lead * rate)
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else None
        if profile.scene_music and scene_break(line):
            music.append((at + round(profile.pauses.sentence * rate), "scene"))
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
        if following is not None or line.kind == "pause":
            at += round(pause_after(line, following, profile) * rate)
    at += round(profile.tail * rate)
    return in_whole_blocks(Timeline(chapter, title, rate, at, tuple(segments), tuple(music)))


def _silence_before(lines: Sequence[Line], takes: Mapping[str, Take], profile: Profile) -> float:
    """Seconds of silence that the chapter's first take begins with, where a shop bounds the head, which is both."""
    bounded = profile.name in limits.names() and "head" in limits.load(profile.name).mono
    if not bounded or profile.chapter_music or not lines or lines[0].id not in takes:
        return 0.0
    take = takes[lines[0].id]
    try:
        return sounding.heard(take)[0] / take.sample_rate
    except MasteringError:  # damaged: it is rendered again before the chapter is mastered, and laid out again then
        return 0.0


def in_whole_blocks(timeline: Timeline) -> Timeline:
    """A chapter as long as whole frames of AAC and of MP3."""
    return replace(timeline, frames=-(-timeline.frames // BLOCK) * BLOCK)


def scene_break(line: Line) -> bool:
    """Whether a line is a pause that lasts as long as the profile says, not one of a length of its own."""
    return line.kind == "pause" and line.pause_after is None


def frames_at(take: Take, rate: int) -> int:
    """A take's length at the master's sample rate: rounded up, so that nothing is cut."""
    return -(-take.frames * rate // take.sample_rate)


def pause_after(line: Line, following: Line | None, profile: Profile) -> float:
    """Seconds of silence between a line and the next: the line's own wish, else the longest that applies."""
    pauses = profile.pauses
    if scene_break(line):
        return max(pauses.scene, pauses.sentence + profile.scene_music.lead if profile.scene_music else 0.0)
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
