"""Before the night: how long each book of the queue will take, and when it will be done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipeline import cast as cast_room
from pipeline import disk, manuscript
from pipeline.cast import Cast
from pipeline.ending import ending_of
from pipeline.errors import ShuoshuError
from pipeline.files import sha256_file
from pipeline.manuscript.refusals import no_file
from pipeline.opening import reopen
from pipeline.queue.entry import Entry, Queue
from pipeline.queue.estimate import Estimate, Left, estimated, hands, left_of
from pipeline.queue.speeds import Speeds
from pipeline.queue.unchanged import unchanged
from pipeline.request import Request, chapters_in


@dataclass(frozen=True, slots=True)
class Forecast:
    """A book before the night. `ends` is when it will be done, None where it is unchanged, paused or `problem` says what is
    wrong with it. `late`: after its deadline."""

    entry: Entry
    state: Literal["due", "unchanged", "paused", "wrong"]
    estimate: Estimate | None = None
    ends: datetime | None = None
    problem: ShuoshuError | None = None

    @property
    def late(self) -> bool:
        return bool(self.ends and self.entry.deadline and self.ends > self.entry.deadline)


def forecast(queue: Queue, at: datetime, speeds: Speeds) -> Iterator[Forecast]:
    """The queue's books in the order they will be made, seen from `at`. A book that was opened before is looked at as it
    stands now; of one that never was, the manuscript is read. Nothing is written."""
    for entry in queue.in_order():
        if entry.paused or queue.paused:
            yield Forecast(entry, "paused")
            continue
        try:
            if unchanged(entry.request):
                yield Forecast(entry, "unchanged")
                continue
            found = estimated(_left(entry), speeds)
        except ShuoshuError as error:
            yield Forecast(entry, "wrong", problem=error)
            continue
        at = queue.window.finish(at, found.seconds)
        yield Forecast(entry, "due", found, at)


def tonight(queue: Queue, at: datetime) -> tuple[datetime, datetime]:
    """When the window that is open at `at`, or opens next, begins and closes."""
    opens = queue.window.opens(at)
    return opens, queue.window.closes(opens) or opens


def _left(entry: Entry) -> Left:
    request = entry.request
    if not request.manuscript.is_file():
        raise no_file(request.manuscript)
    if entry.folder.exists and _same(entry):
        with reopen(entry.folder, chapters=request.chapters, lock=False) as production:
            return left_of(production, request)
    return _unread(request)


def _same(entry: Entry) -> bool:
    """Whether the book's folder holds this manuscript, to be made as it was."""
    request, record = entry.request, entry.folder.read()
    asked = (request.engine or record.engine, request.profile or record.profile, request.formats, request.deliver)
    as_before = asked == (record.engine, record.profile, record.formats, record.deliver)
    cast = str(request.cast or record.cast)
    return as_before and cast == record.cast and sha256_file(request.manuscript) == record.source_sha256


def _unread(request: Request) -> Left:
    """What a book needs that was never opened, by its manuscript and cast alone."""
    book = manuscript.read(
        request.manuscript, chapter_pattern=request.chapter_pattern, include_matter=request.include_matter,
        encoding=request.encoding, language=request.language,
    )  # fmt: skip
    cast = cast_room.load(request.cast) if request.cast else cast_room.default_cast(book.language)
    ending = ending_of(cast, request.profile or "", request.formats, request.deliver)
    asked = set(chapters_in(request.chapters, [one.number for one in book.chapters]))
    amounts = [sum(len(part.text) for part in one.paragraphs) for one in book.chapters if one.number in asked]
    workers, crew = hands(request)
    spoken = request.engine or _engines(cast)
    return Left(
        engines=spoken, language=book.language, due=sum(amounts), chapters=tuple(amounts), whole=sum(amounts),
        formats=",".join(ending.profile.formats), deliver=ending.deliver,
        rates=disk.rates(ending.profile, spoken.split("+"), ending.deliver), workers=workers, crew=crew,
    )  # fmt: skip


def _engines(cast: Cast) -> str:
    parts = (cast.narrator, cast.anyone, cast.unknown, *cast.parts.values())
    return "+".join(sorted({cast.voices[part.voice].engine for part in parts if part}))


def check(request: Request) -> None:
    """Raise, in the evening, what would stop a book at night: no manuscript, or a cast, engine or profile that cannot be."""
    if not request.manuscript.is_file():
        raise no_file(request.manuscript)
    if request.engine:
        from pipeline.engines import engine_class

        engine_class(request.engine)
    cast = cast_room.load(request.cast) if request.cast else cast_room.default_cast(request.language or "zh")
    ending_of(cast, request.profile or "", request.formats, request.deliver)
