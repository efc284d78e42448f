"""What became of every line of a dub: ``<name>.dub.csv``, and the rows that the command line prints."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.chapters import chapter_job
from pipeline.files import write_bytes
from pipeline.mastering import timed
from pipeline.mastering.timed import TOLERANCE_S
from pipeline.opening import Production
from pipeline.produce import finished

COLUMNS = ("line", "start", "slot", "natural", "made", "ratio", "stretched", "over", "cut", "speaker", "text")


@dataclass(frozen=True, slots=True)
class Row:
    """One line; times in seconds. `slot` is None where it has none (a total). `natural` is how long its speech lasted when it
    was rendered freely, `made` that of the take in use, `ratio` the second by the first; `stretched` is by what that length
    was multiplied afterwards; `over` is what it is longer than its slot, and `cut` what of that is not heard."""

    line: str
    start: float
    slot: float | None
    natural: float
    made: float
    ratio: float
    stretched: float
    over: float
    cut: float
    speaker: str
    text: str

    @property
    def lost(self) -> bool:
        """Whether nothing of the line is heard."""
        return self.cut > 0 and self.cut >= self.made * self.stretched - TOLERANCE_S

    @property
    def changed(self) -> bool:
        return abs(self.ratio - 1) > 0.001 or self.stretched != 1.0 or self.over > 0


def rows(production: Production) -> list[Row]:
    """Every line of a dub whose takes are all there, in order."""
    found: list[Row] = []
    timing = production.timing
    if timing is None:
        return found
    for number in production.chapters:
        job = chapter_job(production, number)
        laid_out, fits = timed.build(
            number, job.timeline.title, production.lines_of(number), job.takes, production.profile, timing
        )
        for segment, fit in zip(laid_out.segments, fits, strict=True):
            natural = production.naturals.get(fit.line_id)
            before = natural.seconds if natural else fit.made
            found.append(Row(
                fit.line_id, round(segment.start / laid_out.sample_rate, 6), fit.slot, round(before, 3), round(fit.made, 3),
                round(fit.made / before, 4), round(1 / fit.tempo, 4), round(fit.over, 3), round(fit.cut, 3), segment.speaker,
                segment.text,
            ))  # fmt: skip
    return found


def write(production: Production, found: Sequence[Row]) -> Path:
    """Write the rows as CSV, UTF-8 with BOM, into the book's folder."""
    path = finished(production, ()).path(".dub.csv")
    stream = io.StringIO()
    table = csv.writer(stream)
    table.writerow(COLUMNS)
    for one in found:
        cells = [getattr(one, name) for name in COLUMNS]
        table.writerow(["" if cell is None else cell for cell in cells])
    write_bytes(path, b"\xef\xbb\xbf" + stream.getvalue().encode())
    return path
