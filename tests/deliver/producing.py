"""A real book: rendered by the embedded engine, mastered, ready for deliverables."""

from pathlib import Path
from typing import Any

from pipeline import chapters, produce
from pipeline.deliver.book import FinishedBook
from pipeline.opening import open_book
from pipeline.request import Request


def produced(manuscript: Path, output: Path, **more: Any) -> FinishedBook:
    """The manuscript's book under `output`; `more` as `Request` takes it."""
    with open_book(Request(manuscript, output=output, workers=2, **more)) as production:
        produce.finish(production, 2)
        masters = [chapters.master(production, number)[0] for number in production.chapters]
        return produce.finished(production, masters)
