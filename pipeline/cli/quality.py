"""The quality report of a book that is there."""

from __future__ import annotations

from pathlib import Path

from pipeline import chapters, produce
from pipeline.cli import show
from pipeline.folder import BookFolder
from pipeline.opening import reopen
from pipeline.progress import Progress


def quality_report(folder: BookFolder, *, quiet: bool) -> tuple[Path | None, tuple[int, ...]]:
    """Make the report of the chapters that are mastered, unless it is as it was: its page, None where no chapter is; and the
    chapters that are not. Only looks at the book, so another run may be working on it."""
    with show.Display(quiet=quiet) as display, reopen(folder, observe=display, lock=False) as production:
        asked = production.chapters
        production.chapters = tuple(one for one in asked if chapters.on_disk(production, one))
        left = tuple(one for one in asked if one not in production.chapters)
        if not production.chapters:
            return None, left
        masters, _ = chapters.masters_there(production)
        display(Progress("deliver", 0, 1, note="report"))
        made = produce.deliver(production, masters, "report")
        display(Progress("deliver", 1, 1))
    return made.files[0] if made else None, left
