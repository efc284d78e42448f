"""What may be wrong with single lines of a mastered chapter: rates, silences, levels, and what the takes' checks doubted."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from pipeline.deliver.chapter_sound import ChapterSound
from pipeline.deliver.clock import shown_name
from pipeline.deliver.finding import Finding, Severity, of_line
from pipeline.engines.plausible import syllables
from pipeline.mastering.levelling import on_purpose
from pipeline.mastering.profiles import Profile
from pipeline.nouns import Segment, Take, Timeline

PAUSE_S = 0.25
"""Silence from which on it is a pause and not part of a word (Goldman-Eisler, "Psycholinguistics", 1968). Speech rates are
articulation rates: syllables a second without the pauses."""
FEWEST_SYLLABLES, FEWEST_LINES = 6, 8
"""Shorter lines have no steady rate; a character with fewer lines has no usual one."""
OUTLIER = 3.5
"""Modified z-score beyond which a value is an outlier (Iglewicz & Hoaglin, "How to Detect and Handle Outliers", 1993)."""
LEAST_SPREAD = 0.08
"""Standard deviation of the natural logarithm of a rate that is allowed to any voice: within 32 % nothing is an outlier."""
LONG_SILENCE_S = 1.5
"""Longer inside a take than any pause a sentence asks for."""
LONG_EDGE_S = 1.0
"""Silence before or after the speech of a take that makes the pause beside it longer than it was laid out."""
LONG_GAP_S = 5.0
JUMP_LU = 6.0
LEAST_SPEECH_S = 0.3
"""Speech from which on a line has a loudness to compare."""

_FLAGS: dict[str, tuple[Severity, str, str]] = {
    "stand_in": (
        "error", "The engine could not speak this line: what is heard stands in for it.",
        "引擎无法合成这一行，听到的是替代。",
    ),
    "silent": ("error", "The take is silent.", "这一条录音没有声音。"),
    "clipped": ("warning", "The take clips: samples in a row at full scale.", "这一条录音削波：连续多个样本达到满刻度。"),
    "truncated": (
        "warning", "The take is too short for its words: its end may be missing.", "录音相对台词太短：结尾可能缺失。"
    ),
    "runaway": (
        "warning", "The take is too long for its words: it may repeat or ramble.",
        "录音相对台词太长：可能有重复或多余的声音。",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heard:
    """A line as it sounds in its chapter: loudness in LUFS (-inf for silence), seconds of speech without pauses, silence
    before and after the speech, and the longest silence inside it as (from, to)."""

    segment: Segment
    loudness: float
    speech: float
    before: float
    after: float
    longest: tuple[float, float]


def heard(segment: Segment, sound: ChapterSound, rate: int) -> Heard:
    """Measure one line. rate: of the timeline, Hz."""
    start, end = segment.start / rate, segment.end / rate
    before = after = 0.0
    longest = (start, start)
    silences = sound.silences(start, end, PAUSE_S)
    for one, two in silences:
        if one - start < PAUSE_S / 2:
            before = two - one
        elif end - two < PAUSE_S / 2:
            after = two - one
        elif two - one > longest[1] - longest[0]:
            longest = (one, two)
    speech = end - start - sum(two - one for one, two in silences)
    return Heard(segment, sound.loudness_of(start, end), speech, before, after, longest)


def speech_rate(line: Heard, asked: Mapping[str, Any]) -> float:
    """Syllables a second at the voice's own speed; nan for a line that is too short, whose pace was asked for, or that is a
    heading, which is read in a way of its own.

    asked: what the take was made from (`takes.key.ingredients`).
    """
    count = syllables(str(asked.get("text", line.segment.text)))
    paced = asked.get("duration") or {"fast", "slow"} & set(line.segment.delivery)
    if count < FEWEST_SYLLABLES or paced or line.segment.kind == "heading" or line.speech < LEAST_SPEECH_S:
        return math.nan
    return count / line.speech / float(asked.get("speed") or 1.0)


@dataclass(frozen=True, slots=True)
class Usual:
    """How fast a character speaks: median syllables a second, and the spread of its logarithm."""

    rate: float
    spread: float

    def score(self, rate: float) -> float:
        """Modified z-score of the logarithm of `rate`; 0 for nan."""
        return 0.0 if math.isnan(rate) else math.log(rate / self.rate) / self.spread


def usual(rates: Sequence[float] | array[float]) -> Usual | None:
    """A character's rates -> its usual one; None for too few. The spread is 1.4826 times the median absolute deviation, which
    is the standard deviation of normally distributed values."""
    logs = [math.log(one) for one in rates if not math.isnan(one)]
    if len(logs) < FEWEST_LINES:
        return None
    middle = median(logs)
    return Usual(math.exp(middle), max(LEAST_SPREAD, 1.4826 * median(abs(one - middle) for one in logs)))


def rate_finding(segment: Segment, chapter: int, sample_rate: int, rate: float, own: Usual) -> Finding:
    """What is to be said of a line whose rate is an outlier among its character's own."""
    kind, word, wort = ("fast", "faster", "快") if rate > own.rate else ("slow", "slower", "慢")
    who = shown_name(segment.speaker, "zh") or "说话人"
    return of_line(
        kind, "warning",
        f"Spoken much {word} than usual: {rate:.1f} syllables a second, {segment.speaker} has {own.rate:.1f}.",
        f"语速明显偏{wort}：每秒 {rate:.1f} 个音节，{who}平常 {own.rate:.1f} 个。",
        segment, chapter, sample_rate, rate,
    )  # fmt: skip


def findings(
    lines: Sequence[Heard], takes: Mapping[str, Take], timeline: Timeline, profile: Profile
) -> Iterator[Finding]:
    """Everything about a chapter's lines but their rates. takes: by key."""
    chapter, rate = timeline.chapter, timeline.sample_rate
    for line in lines:
        take = takes.get(line.segment.take)
        for flag in take.flags if take else ():
            severity, english, chinese = _FLAGS.get(
                flag, ("warning", f"A check of the take says: {flag}.", f"录音检查：{flag}。")
            )
            yield of_line(flag, severity, english, chinese, line.segment, chapter, rate)
        yield from _silences(line, chapter, rate)
    yield from _gaps(timeline, profile)
    yield from _jumps(lines, timeline, profile)


def _silences(line: Heard, chapter: int, rate: int) -> Iterator[Finding]:
    length = line.longest[1] - line.longest[0]
    if length >= LONG_SILENCE_S:
        yield of_line(
            "silence", "warning", f"A silence of {length:.1f} s inside the line.", f"一句话中间有 {length:.1f} 秒静音。",
            line.segment, chapter, rate, length,
        )  # fmt: skip
    for length, english, chinese in ((line.before, "before", "前"), (line.after, "after", "后")):
        if length >= LONG_EDGE_S and math.isfinite(line.loudness):
            yield of_line(
                "silence", "warning",
                f"The take is silent for {length:.1f} s {english} its words, which makes the pause longer.",
                f"录音在台词{chinese}有 {length:.1f} 秒静音，停顿因此变长。", line.segment, chapter, rate, length,
            )  # fmt: skip


def _gaps(timeline: Timeline, profile: Profile) -> Iterator[Finding]:
    """Long pauses as they are laid out. A timed script, whose first line is not where a head ends, has them on purpose, and so
    have books with music."""
    rate = timeline.sample_rate
    if not timeline.segments or profile.scene_music or timeline.segments[0].start != round(profile.head * rate):
        return
    for one, two in zip(timeline.segments, timeline.segments[1:], strict=False):
        gap = (two.start - one.end) / rate
        if gap >= LONG_GAP_S:
            yield of_line(
                "gap", "note", f"A pause of {gap:.1f} s before this line.", f"这一行之前停顿 {gap:.1f} 秒。",
                two, timeline.chapter, rate, gap,
            )  # fmt: skip


def _jumps(lines: Sequence[Heard], timeline: Timeline, profile: Profile) -> Iterator[Finding]:
    """Lines much louder or quieter than the one before, beyond what is meant. The way back from such a line is not said."""
    levels = profile.levels
    known = [one for one in lines if one.speech >= LEAST_SPEECH_S and math.isfinite(one.loudness)]
    before, jumped = None, 0.0
    for line in known:
        meant = on_purpose(line.segment, levels) + levels.characters.get(line.segment.speaker, 0.0)
        level = line.loudness - meant
        step = level - before if before is not None else 0.0
        before = level
        if abs(step) <= JUMP_LU or step * jumped < 0:
            jumped = 0.0
            continue
        jumped = step
        word, wort = ("louder", "高") if step > 0 else ("quieter", "低")
        yield of_line(
            "jump", "warning", f"{abs(step):.1f} LU {word} than the line before, and not on purpose.",
            f"比前一行响度{wort} {abs(step):.1f} LU，并非有意。", line.segment, timeline.chapter, timeline.sample_rate, step,
        )  # fmt: skip
