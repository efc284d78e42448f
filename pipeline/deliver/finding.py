"""What the quality report has to say: one finding a fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.nouns import Segment

Severity = Literal["error", "warning", "note"]
"""error: a listener hears a fault, or a shop refuses the chapter; warning: give it a listen; note: good to know."""
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The worst first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at.

    kind      "level", "limiter" (of a chapter); "clipped", "silent", "truncated", "runaway", "fast", "slow", "silence",
              "gap", "jump", "misheard" (of a line)
    english, chinese   what is wrong, one sentence
    chapter   its number
    start, end  where to listen, in seconds of the chapter; 0, 0 = all of it
    measured  the figure behind it, in the unit the sentence names; None where there is none
    line, speaker, text  of the line; "" for a chapter's
    command   what makes the line anew; "" for a chapter's
    """

    kind: str
    severity: Severity
    english: str
    chinese: str
    chapter: int
    start: float = 0.0
    end: float = 0.0
    measured: float | None = None
    line: str = ""
    speaker: str = ""
    text: str = ""
    command: str = ""


def of_line(
    kind: str, severity: Severity, english: str, chinese: str, segment: Segment, chapter: int, rate: int,
    measured: float | None = None,
) -> Finding:  # fmt: skip
    """A finding about a line, to be heard from where it begins to where it ends."""
    return Finding(
        kind, severity, english, chinese, chapter, segment.start / rate, segment.end / rate, measured, segment.line_id,
        segment.speaker, segment.text,
    )  # fmt: skip
