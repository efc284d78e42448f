"""The queue: its books, and how its nights are spent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.errors import ShuoshuError, did_you_mean
from pipeline.folder import BookFolder, folder_for
from pipeline.nouns import Language
from pipeline.queue.window import Window
from pipeline.request import Request
from pipeline.wording import Wording

STEM = "queue"
"""Of the usual queue file."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A book that waits. `priority`: higher first; `deadline`: an aware datetime; `line`: where it stands in the file."""

    request: Request
    priority: int = 0
    deadline: datetime | None = None
    paused: bool = False
    line: int = 0

    @property
    def folder(self) -> BookFolder:
        return folder_for(self.request.manuscript, self.request.output)

    @property
    def name(self) -> str:
        """The name of the book's folder, which no two books of a queue share."""
        return self.folder.path.name


@dataclass(frozen=True, slots=True)
class Queue:
    """What queue.yaml says. Paths are absolute.

    books           in the order of the file
    paused          nothing is made until it is resumed
    inbox           a book dropped there is queued
    price_per_hour  of this machine, its GPUs included, in `currency`; None = not known
    notify          Prefect notification blocks that are told in the morning, such as ``custom-webhook/morning``
    language        of the morning's page and messages
    """

    path: Path
    window: Window
    books: tuple[Entry, ...]
    paused: bool
    inbox: Path
    output: Path
    workers: int = 0
    price_per_hour: float | None = None
    currency: str = ""
    notify: tuple[str, ...] = ()
    language: Language = "en"

    @property
    def nights(self) -> Path:
        """Where the records of its nights lie."""
        return nights_of(self.path)

    def place(self, name: str) -> int:
        """Where in `books` the one of that name, or of that manuscript, stands. Raises ShuoshuError naming the nearest."""
        for at, one in enumerate(self.books):
            if name in (one.name, str(one.request.manuscript)) or Path(name).resolve() == one.request.manuscript:
                return at
        names = [one.name for one in self.books]
        hint, listed = did_you_mean(name, names), ", ".join(names) or "–"
        raise ShuoshuError(
            Wording(f"no book {name!r} is in the queue.{hint}", f"队列中没有“{name}”。{hint.chinese}"), where=str(self.path),
            fix=Wording(f"Queued: {listed}.", f"队列中有：{listed}。"),
        )  # fmt: skip

    def in_order(self) -> list[Entry]:
        """The books as they are made: by priority, then by deadline, then as they stand in the file."""
        latest = max((one.deadline for one in self.books if one.deadline), default=None)

        def rank(one: Entry) -> tuple[int, bool, datetime | None]:
            return -one.priority, one.deadline is None, one.deadline or latest

        return sorted(self.books, key=rank)


def nights_of(path: Path) -> Path:
    """Where the records of a queue file's nights lie: ``nights`` beside queue.yaml, ``nights-q1`` beside q1.yaml."""
    return path.parent / ("nights" if path.stem == STEM else f"nights-{path.stem}")
