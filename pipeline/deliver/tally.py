"""What is counted line by line over a whole book: who speaks how long, which engines, and how fast everybody speaks."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.deliver.line_checks import OUTLIER, Heard, Usual, speech_rate, usual
from pipeline.nouns import Take


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the book somebody speaks."""

    speaker: str
    lines: int
    seconds: float


class Tally:
    """Add every chapter's lines in order; memory: eight bytes a line."""

    def __init__(self) -> None:
        self.engines: Counter[str] = Counter()
        self._lines: Counter[str] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._numbers: dict[str, int] = {}
        self._speakers, self._rates = array("i"), array("f")
        """Of every line in order: its speaker's number and its rate (nan: none)."""

    def add(
        self, lines: Sequence[Heard], takes: Mapping[str, Take], asked: Mapping[str, Mapping[str, object]],
        rate: int,
    ) -> None:  # fmt: skip
        for line in lines:
            one = line.segment
            self._lines[one.speaker] += 1
            self._seconds[one.speaker] += one.frames / rate
            self.engines[takes[one.take].engine if one.take in takes else "?"] += 1
            self._speakers.append(self._numbers.setdefault(one.speaker, len(self._numbers)))
            self._rates.append(speech_rate(line, asked.get(one.take, {})))

    def shares(self) -> tuple[Share, ...]:
        found = [Share(name, self._lines[name], seconds) for name, seconds in self._seconds.items()]
        return tuple(sorted(found, key=lambda one: -one.seconds))

    def odd(self) -> dict[int, tuple[float, Usual]]:
        """Lines whose rate is not their speaker's, by their place in the book: (rate, the usual one)."""
        speakers, rates = np.frombuffer(self._speakers, np.int32), np.frombuffer(self._rates, np.float32)
        found = {}
        for number in self._numbers.values():
            theirs = np.flatnonzero(speakers == number)
            own = usual(rates[theirs].tolist())
            if own is not None:
                scores = ((int(at), float(rates[at]), own.score(float(rates[at]))) for at in theirs)
                found.update({at: (rate, own) for at, rate, score in scores if abs(score) > OUTLIER})
        return found
