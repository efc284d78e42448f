"""Conversations of a finished script: which lines of speech answer each other, found from the lines alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.nouns import NARRATOR, UNKNOWN, Line

DOUBTFUL = 0.7
"""Below this confidence a machine's speaker is in doubt: where `shuoshu lines --low-confidence` draws its line too."""
SPEECH = ("dialogue", "thought", "letter")
_MARKS = {"“": "”", "「": "」", "『": "』"}


@dataclass(frozen=True, slots=True)
class Turn:
    """The lines of one person before another answers: the speech of a paragraph, and of the next ones where a quotation
    goes on into them. `lines` are in order."""

    lines: tuple[Line, ...]

    @property
    def speakers(self) -> set[str]:
        """Everyone the lines name; unknown counts for nobody."""
        return {line.speaker for line in self.lines} - {UNKNOWN, NARRATOR, ""}

    @property
    def sure(self) -> str:
        """The one speaker of whom the turn is sure, "" when it is not."""
        named = {line.speaker for line in self.lines if not doubtful(line)}
        return named.pop() if len(named) == 1 else ""


def doubtful(line: Line) -> bool:
    """Whether the machine was unsure of a line's speaker. What a person decided never is."""
    return line.kind in SPEECH and line.why not in ("hand", "markup") and line.confidence < DOUBTFUL


def conversations(lines: Sequence[Line]) -> list[list[Turn]]:
    """Runs of turns with at most one paragraph without speech between two of them, in one scene of one chapter."""
    runs: list[list[list[Line]]] = []
    last: Line | None = None
    opened = ""
    for line in lines:
        if line.kind in ("pause", "heading"):
            last, opened = None, ""
        elif line.kind in SPEECH:
            if last is None or line.chapter != last.chapter or not 0 <= line.paragraph - last.paragraph <= 2:
                runs.append([[line]])
                opened = ""
            elif line.paragraph == last.paragraph or opened:
                runs[-1][-1].append(line)
            else:
                runs[-1].append([line])
            opened = still_open(line.text, opened)
            last = line
    return [[Turn(tuple(turn)) for turn in run] for run in runs]


def still_open(text: str, opened: str = "") -> str:
    """The mark that would close the quotation `text` leaves open, "" when none is; `opened` comes from before."""
    for sign in text:
        if not opened:
            opened = _MARKS.get(sign, "")
        elif sign == opened:
            opened = ""
    return opened


def quotation(lines: Sequence[Line], at: int) -> Iterator[int]:
    """The places of all lines that one quotation was cut into for their length, `at` among them."""
    first = at
    while first and _same(lines[first - 1], lines[at]) and not _begins(lines[first].text):
        first -= 1
    yield first
    for place in range(first + 1, len(lines)):
        if not _same(lines[place], lines[at]) or _begins(lines[place].text):
            return
        yield place


def _same(one: Line, two: Line) -> bool:
    return (one.chapter, one.paragraph, one.kind) == (two.chapter, two.paragraph, two.kind) and one.kind in SPEECH


def _begins(text: str) -> bool:
    return text.lstrip()[:1] in ("“", "「", "『", "‘", '"', "'")
