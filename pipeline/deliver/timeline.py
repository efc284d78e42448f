"""``timeline.csv`` and ``timeline.json``: where every line of the book begins and ends, to the sample."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from pipeline.deliver.book import FinishedBook
from pipeline.files import written_beside
from pipeline.mastering.tags import AI_NOTE

_COLUMNS = (
    "id", "chapter", "kind", "speaker", "start", "end", "start_frame", "end_frame", "chapter_start", "chapter_end", "text",
    "take",
)  # fmt: skip


def write(book: FinishedBook) -> list[Path]:
    """Both files, written side by side as the chapters pass. Seconds have six decimals, `start` and `end` count from the
    beginning of the joined book, `chapter_start` and `chapter_end` from the chapter's; frames are at the master's rate."""
    csv_path, json_path = book.path(".timeline.csv"), book.path(".timeline.json")
    rate = book.masters[0].sample_rate
    with (
        written_beside(csv_path) as csv_beside, written_beside(json_path) as json_beside,
        csv_beside.open("w", encoding="utf-8-sig", newline="") as table, json_beside.open("w", encoding="utf-8") as tree,
    ):  # fmt: skip
        rows = csv.writer(table)
        rows.writerow(_COLUMNS)
        head = {"title": book.record.title, "note": AI_NOTE, "sample_rate": rate, "frames": book.frames}
        tree.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "chapters": [')
        for number, (master, timeline, start) in enumerate(book.timelines()):
            lines = []
            for one in timeline.segments:
                first, last = start + one.start, start + one.end
                rows.writerow([
                    one.line_id, master.chapter, one.kind, one.speaker, f"{first / rate:.6f}", f"{last / rate:.6f}", first,
                    last, f"{one.start / rate:.6f}", f"{one.end / rate:.6f}", one.text, one.take,
                ])  # fmt: skip
                lines.append({
                    "id": one.line_id, "kind": one.kind, "speaker": one.speaker, "start": first, "end": last,
                    "text": one.text, "take": one.take,
                })  # fmt: skip
            chapter = {
                "chapter": master.chapter, "title": master.title, "start": start, "frames": master.frames, "lines": lines,
            }  # fmt: skip
            tree.write((",\n" if number else "\n") + json.dumps(chapter, ensure_ascii=False))
        tree.write("\n]}\n")
    return [csv_path, json_path]
