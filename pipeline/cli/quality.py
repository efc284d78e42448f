"""The quality report of a book that is there."""

from __future__ import annotations

from pathlib import Path

from pipeline import chapters, produce
from pipeline.cli import show
from pipeline.errors import BookFolderError
from pipeline.folder import BookFolder
from pipeline.opening import reopen
from pipeline.progress import Progress


def quality_report(folder: BookFolder, *, quiet: bool) -> Path | None:
    """Make the report, unless it is as it was; its page, or None (and a remark) when not every chapter is mastered. Only looks
    at the book, so another run may be working on it."""
    if not any(folder.chapters.glob("*.timeline.csv")):
        return None
    with show.Display(quiet=quiet) as display, reopen(folder, observe=display, lock=False) as production:
        try:
            masters, _ = chapters.masters_there(production)
        except BookFolderError as error:
            if not quiet:
                show.remark(show.say(f"no quality report: {error.what}", f"没有质量报告：{error.what}"))
            return None
        display(Progress("deliver", 0, 1, note="report"))
        made = produce.deliver(production, masters, "report")
        display(Progress("deliver", 1, 1))
    return made.files[0] if made else None
