"""Where every line is, for editors: an Audacity label track, and a cue list for spreadsheets and sound programs."""

from __future__ import annotations

import csv
from pathlib import Path

from pipeline.deliver.book import FinishedBook
from pipeline.deliver.clock import clock, introduced, milliseconds, on_one_line
from pipeline.deliver.subtitles import opened

_COLUMNS = ("id", "chapter", "speaker", "in", "out", "in_samples", "out_samples", "text")


def write_labels(book: FinishedBook) -> list[Path]:
    """``labels.txt`` for the joined book: start and end in seconds, six decimals, and who says what, tabs between
    (Audacity manual, "Importing and Exporting Labels"). Raises BookFolderError for a full disk."""
    path = book.path(".labels.txt")
    with opened(path) as file:
        for _, timeline, start in book.timelines():
            for one in timeline.segments:
                first, last = ((start + frame) / timeline.sample_rate for frame in (one.start, one.end))
                text = introduced(one.speaker, on_one_line(one.text), book.record.language)
                file.write(f"{first:.6f}\t{last:.6f}\t{text}\n")
    return [path]


def write_cues(book: FinishedBook) -> list[Path]:
    """``cues.csv`` for the joined book: in and out as HH:MM:SS.mmm and in samples at the master's rate, UTF-8 with BOM for
    spreadsheets. Raises BookFolderError for a full disk."""
    path = book.path(".cues.csv")
    with opened(path) as file:
        file.write("\ufeff")
        rows = csv.writer(file)
        rows.writerow(_COLUMNS)
        for master, timeline, start in book.timelines():
            for one in timeline.segments:
                first, last = start + one.start, start + one.end
                times = [clock(milliseconds(frame, timeline.sample_rate)) for frame in (first, last)]
                rows.writerow([
                    one.line_id, master.chapter, on_one_line(one.speaker), *times, first, last, on_one_line(one.text),
                ])  # fmt: skip
    return [path]
