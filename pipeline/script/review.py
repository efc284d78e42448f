"""What of a script a person should look at first: doubtful lines with their surroundings, who speaks how much, readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.nouns import UNKNOWN, Language, Line
from pipeline.script.conversation import SPEECH, doubtful
from pipeline.wording import Wording

_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Doubt:
    """A line whose speaker is in doubt, with the texts before and after it ("" at a chapter's edge). `more`: lines of the same
    doubtful speaker right behind it, a long quotation or letter, which one decision settles."""

    line: Line
    before: str
    after: str
    more: int = 0


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
    remarks: tuple[Wording, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """`doubts` least sure first, those without any speaker last, `shares` most lines first, `readings` in book order; `lines`
    counts the whole script."""

    doubts: tuple[Doubt, ...]
    shares: tuple[Share, ...]
    readings: tuple[Reading, ...]
    lines: int

    @property
    def doubtful(self) -> int:
        """Lines whose speaker is in doubt."""
        return sum(1 + one.more for one in self.doubts)


def review(lines: Sequence[Line], language: Language) -> Review:
    """Look over a script table, in one pass for each question."""
    return Review(_doubts(lines), _shares(lines), _readings(lines, language), len(lines))


def _doubts(lines: Sequence[Line]) -> tuple[Doubt, ...]:
    found, at = [], 0
    while at < len(lines):
        end = at + 1
        if doubtful(lines[at]):
            while end < len(lines) and doubtful(lines[end]) and _together(lines[end - 1], lines[end]):
                end += 1
            found.append(Doubt(lines[at], _near(lines, at, -1), _near(lines, end - 1, 1), end - at - 1))
        at = end
    return tuple(sorted(found, key=lambda one: (one.line.speaker == UNKNOWN, one.line.confidence)))


def _together(one: Line, two: Line) -> bool:
    """Two lines of one person that stand side by side: a quotation cut for its length, or going on in the next paragraph."""
    same = (one.chapter, one.speaker, one.kind) == (two.chapter, two.speaker, two.kind)
    return (
        same
        and (one.paragraph == two.paragraph or two.paragraph == one.paragraph + 1)
        and (one.paragraph == two.paragraph or one.text.rstrip()[-1:] not in '”’」』"')
    )


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
