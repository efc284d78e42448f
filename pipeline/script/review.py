"""What of a script a person should look at first: doubtful lines with their surroundings, who speaks how much, readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.nouns import Language, Line
from pipeline.script.conversation import SPEECH, doubtful

_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Doubt:
    """A line whose speaker is in doubt, with the texts before and after it ("" at a chapter's edge)."""

    line: Line
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Share:
    """How much somebody speaks: `lines` in all, `doubtful` ones among them, the first `samples` that say something."""

    speaker: str
    lines: int
    doubtful: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A line with readings that are suspicious, each a short remark."""

    line: Line
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """`doubts` least sure first, `shares` most lines first, `readings` in book order; `lines` counts the whole script."""

    doubts: tuple[Doubt, ...]
    shares: tuple[Share, ...]
    readings: tuple[Reading, ...]
    lines: int


def review(lines: Sequence[Line], language: Language) -> Review:
    """Look over a script table, in one pass for each question."""
    return Review(_doubts(lines), _shares(lines), _readings(lines, language), len(lines))


def _doubts(lines: Sequence[Line]) -> tuple[Doubt, ...]:
    found = [Doubt(line, _near(lines, at, -1), _near(lines, at, 1)) for at, line in enumerate(lines) if doubtful(line)]
    return tuple(sorted(found, key=lambda one: one.line.confidence))


def _near(lines: Sequence[Line], at: int, step: int) -> str:
    there = at + step
    return lines[there].text if 0 <= there < len(lines) and lines[there].chapter == lines[at].chapter else ""


def _shares(lines: Sequence[Line]) -> tuple[Share, ...]:
    spoken: dict[str, list[Line]] = {}
    for line in lines:
        if line.kind in SPEECH:
            spoken.setdefault(line.speaker, []).append(line)
    found = []
    for speaker, theirs in spoken.items():
        telling = [line.text for line in theirs if len(line.text) > 8] or [line.text for line in theirs]
        found.append(Share(speaker, len(theirs), sum(map(doubtful, theirs)), tuple(telling[:_SAMPLES])))
    return tuple(sorted(found, key=lambda one: (-one.lines, one.speaker)))


def _readings(lines: Sequence[Line], language: Language) -> tuple[Reading, ...]:
    from pipeline.pronunciation.doubts import close_readings, doubts

    told = [line for line in lines if line.kind != "pause"]
    texts = [line.spoken or line.text for line in told]
    close = close_readings(texts) if language == "zh" else [() for _ in texts]
    found = [(line, (*doubts(text, language), *more)) for line, text, more in zip(told, texts, close, strict=True)]
    return tuple(Reading(line, remarks) for line, remarks in found if remarks)
