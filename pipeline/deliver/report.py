"""``report.html`` and ``report.json``: what was measured, and what needs a listen. docs/quality-report.md has the schema."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.deliver.book import FinishedBook
from pipeline.deliver.quality import ChapterQuality, Quality, analyse, worst_first
from pipeline.deliver.report_page import page
from pipeline.files import write_text
from pipeline.folder import safe_name

FORMAT = 1


def write(book: FinishedBook) -> list[Path]:
    """Measure the book and write both files. A run of some chapters has files of its own, ``report (2-3).html``.

    Raises MasteringError for a chapter whose file or timeline cannot be read, BookFolderError for a full disk.
    """
    quality = analyse(book)
    some = book.name.removeprefix(safe_name(book.record.title) or book.folder.name)
    html, tree = (book.folder / f"report{some}.{suffix}" for suffix in ("html", "json"))
    write_text(html, page(quality, book.profile.loudness if book.profile.measure == "lufs" else None))
    write_text(tree, json.dumps(as_json(quality), ensure_ascii=False, indent=1, allow_nan=False))
    return [html, tree]


def as_json(quality: Quality) -> dict[str, Any]:
    """The report for scripts: every finding, no plots. Levels of silence and what cannot be measured are null."""
    return {
        "format": FORMAT, "title": quality.title, "language": quality.language, "profile": quality.profile,
        "passed": quality.passed, "seconds": round(quality.seconds, 3), "lines": quality.lines, "takes": quality.takes,
        "engines": dict(quality.engines),
        "findings_by_severity": {one: quality.count(one) for one in ("error", "warning", "note")},
        "characters": [
            {"name": one.speaker, "lines": one.lines, "seconds": round(one.seconds, 3)} for one in quality.shares
        ],
        "chapters": [_chapter(one) for one in quality.chapters],
        "findings": [
            {**asdict(one), "start": round(one.start, 3), "end": round(one.end, 3), "measured": _figure(one.measured)}
            for one in worst_first(quality.findings)
        ],
        "listening": None if quality.heard is None else {
            "asr": quality.heard.asr, "lines": quality.heard.lines, "rate": quality.heard.rate,
        },
    }  # fmt: skip


def _chapter(one: ChapterQuality) -> dict[str, Any]:
    return {
        "chapter": one.chapter, "title": one.title, "audio": one.audio, "seconds": round(one.seconds, 3),
        "passed": one.passed, "reduction_db": round(one.reduction_db, 3),
        "verdicts": [
            {
                "measure": each.measure, "measured": _figure(each.measured), "least": each.least, "most": each.most,
                "passed": each.passed,
            }
            for each in one.verdicts
        ],
    }  # fmt: skip


def _figure(value: float | None) -> float | None:
    return round(value, 3) if value is not None and math.isfinite(value) else None
