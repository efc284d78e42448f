"""Opening a book: its script table read or written (`reading`), its cast and `ending` known, and so what must be made.

`open_book` starts from a manuscript, `reopen` from a book's folder. What then has to be done is `pipeline.produce`'s.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import script
from pipeline.cast import Cast
from pipeline.ending import ending_of
from pipeline.errors import BookFolderError
from pipeline.folder import BookFolder, Record, folder_for
from pipeline.manuscript.refusals import no_file
from pipeline.mastering.profiles import Profile
from pipeline.nouns import NARRATOR, UNKNOWN, Character, Line, OnFailure
from pipeline.progress import Observer, Progress, unobserved
from pipeline.reading import write_script
from pipeline.render.crew import never, not_begun
from pipeline.render.patience import Patience
from pipeline.render.plan import Plan, plan
from pipeline.render.plan import said as plan_said
from pipeline.request import Request, chapters_in
from pipeline.script import credits as credit_room
from pipeline.takes import TakeStore
from pipeline.takes.store import Failure
from pipeline.wording import Wording

if TYPE_CHECKING:
    from pipeline.dubbing.fit import Natural
    from pipeline.mastering.timed import Timing
    from pipeline.script.merge import Sync


@dataclass(slots=True)
class Production:
    """A book being made: everything that is known before the first line is rendered, and the takes as they come.

    wanted   line id -> key of the take it uses, kept up to date while takes are made
    engine   what speaks everything, whatever the cast says; None = as the cast says
    by_hand  line id -> key of the new take to choose for it by hand, whatever the line used before
    retake   whether only some lines are made anew, for a book that is there already
    titles   every chapter's title by its number, credits included, in order
    deliver  kinds of deliverables to make; `settings` of each
    on_failure  what becomes of a line that cannot be rendered (see `quarantine`); `failed` are those of this run, by line
    patience how long a worker may say nothing
    timing   how a timed script is laid out; None = by pauses. `naturals` are the lengths of its lines as they were rendered
             freely, as far as known
    worked     whether work was given out
    observe    who is told what goes wrong meanwhile
    stems      names of the chapters' files by number, as they lay on disk when they were first looked for
    mending    held while damaged takes are rendered again, which several chapters may share
    stop_when  asked before a batch, a chapter or a deliverable is begun; True = begin nothing more
    """

    folder: BookFolder
    record: Record
    cast: Cast
    profile: Profile
    store: TakeStore
    plan: Plan
    chapters: tuple[int, ...]
    characters: tuple[Character, ...]
    titles: Mapping[int, str]
    deliver: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    engine: str | None = None
    remarks: list[str] = field(default_factory=list)
    wanted: dict[str, str] = field(default_factory=dict)
    by_hand: dict[str, str] = field(default_factory=dict)
    retake: bool = False
    rendered: int = 0
    on_failure: OnFailure = "stop"
    failed: dict[str, Failure] = field(default_factory=dict)
    refused_in_a_row: int = 0
    patience: Patience = field(default_factory=Patience)
    timing: Timing | None = None
    naturals: Mapping[str, Natural | None] = field(default_factory=dict)
    stop_when: Callable[[], bool] = never
    worked: bool = False
    observe: Observer = unobserved
    stems: Mapping[int, Sequence[str]] | None = None
    mending: threading.Lock = field(default_factory=threading.Lock)
    _by_chapter: tuple[tuple[Line, ...] | None, dict[int, list[Line]]] = (None, {})

    def may_go_on(self) -> None:
        """Raise Stopped when nothing more is to be begun."""
        if self.stop_when():
            raise not_begun()

    def cover(self) -> tuple[bytes | None, str]:
        """The book's cover and its media type; (None, "") without one."""
        if not self.record.cover:
            return None, ""
        path = self.folder.path / self.record.cover
        return (path.read_bytes(), self.record.cover_type) if path.is_file() else (None, "")

    @property
    def partial(self) -> bool:
        """Whether only some of the book's chapters are asked for."""
        return not self.retake and len(self.chapters) < len(self.titles)

    def lines_of(self, chapter: int) -> list[Line]:
        lines, by_chapter = self._by_chapter
        if lines is not self.plan.lines:
            by_chapter = {}
            for line in self.plan.lines:
                by_chapter.setdefault(line.chapter, []).append(line)
            self._by_chapter = self.plan.lines, by_chapter
        return by_chapter.get(chapter, [])


@contextmanager
def open_book(request: Request, observe: Observer = unobserved) -> Iterator[Production]:
    """Read the manuscript and cast, write or merge the script table, and plan what must be rendered.

    Holds the book's lock and store for as long as the context. Raises the rooms' errors for bad input.
    """
    from pipeline.deliver.wishes import must_fit

    manuscript = request.manuscript
    if not manuscript.is_file():
        raise no_file(manuscript)
    folder = folder_for(manuscript, request.output)
    with folder.locked():
        record, sync = write_script(folder, request, observe)
        record = replace(record, dub=request.dub.recorded() if request.dub else {})
        with _production(folder, record, request, sync.lines, sync, observe) as production:
            own = production.record.chapter_titles
            must_fit(production.deliver, production.settings, [one for one in production.chapters if one in own])
            yield production


@contextmanager
def reopen(
    folder: BookFolder, *, chapters: str = "", observe: Observer = unobserved, lock: bool = True
) -> Iterator[Production]:
    """Open a book by its folder alone, as its last run left it: the script table as it stands, no manuscript needed.

    lock: False only to look, also while another run is working on the book.
    """
    with folder.locked() if lock else nullcontext():
        record = folder.read()
        request = Request(
            Path(record.source), profile=record.profile or None, chapters=chapters, output=folder.path.parent,
            formats=record.formats, deliver=record.deliver,
        )  # fmt: skip
        with _production(folder, record, request, script.load(folder.path), None, observe, lock) as production:
            yield production


def as_last_time(folder: BookFolder) -> Request:
    """What a book's last run asked for, to bring it up to date with its manuscript, table and cast. Raises BookFolderError
    where there is no book, or one whose folder no longer has its manuscript's name."""
    from pipeline.dubbing import wish

    record = folder.read()
    source, options = Path(record.source), record.options
    if folder_for(source, folder.path.parent).path.name != folder.path.name:
        raise BookFolderError(
            Wording(
                f"this folder does not have its manuscript's name ({source.name})",
                f"这个文件夹和它的书稿不同名（{source.name}）",
            ),
            where=str(folder.path),
            fix=Wording("Rename one of them, or run the manuscript.", "请给其中一个改名，或直接运行书稿。"),
        )
    return Request(
        source, output=folder.path.parent, chapter_pattern=options.get("chapter_pattern"), encoding=options.get("encoding"),
        language=options.get("language"), include_matter=bool(options.get("include_matter")), formats=record.formats,
        deliver=record.deliver, dub=wish.of_record(record.dub),
    )  # fmt: skip


@contextmanager
def _production(
    folder: BookFolder, record: Record, request: Request, lines: Sequence[Line], sync: Sync | None, observe: Observer,
    mine: bool = True,
) -> Iterator[Production]:  # fmt: skip
    with TakeStore(folder.takes) as store:
        if mine:  # what a killed run's workers did
            store.drop_journals()
        production = _planned(folder, record, request, lines, sync, store, observe, mine)
        try:
            yield production
        finally:
            if production.worked:  # its workers are gone, and so is whoever would finish what they were writing
                folder.sweep()


def _planned(
    folder: BookFolder, record: Record, request: Request, lines: Sequence[Line], sync: Sync | None, store: TakeStore,
    observe: Observer, mine: bool,
) -> Production:  # fmt: skip
    from pipeline import cast as cast_room
    from pipeline.dubbing import wish

    observe(Progress("plan", note=Wording(f"{len(lines)} lines, pauses included", f"{len(lines)} 行（含停顿）")))
    characters = speakers(lines, record)
    cast, cast_path = _cast(request, record)
    dub = wish.of_record(record.dub)
    ending = ending_of(
        cast, request.profile or cast.profile or record.profile, request.formats, request.deliver, dubbed=bool(dub)
    )
    profile, credits, kinds, settings = ending.profile, ending.credits, ending.deliver, ending.settings
    if dub and dub.video:
        kinds, settings = wish.with_video(dub, kinds, settings)
    last = max((number for number, _ in record.chapters), default=0)
    opening, closing = (
        credit_room.lines(credits, record.title, record.author, record.language, last)
        if credits and not dub
        else ([], [])
    )
    titles = _titles(record, opening, closing)
    chapters = chapters_in(request.chapters, list(titles))
    engine = request.engine or record.engine or None
    cast = cast_room.complete(cast, characters)
    heard = [line for line in (*opening, *lines, *closing) if line.chapter in set(chapters)]
    timing = wish.timing_of(dub, heard)
    planned, naturals = planned_in(timing, heard, cast, store, profile, engine)
    if mine:  # whoever only looks may have read the record before a run changed it
        folder.write(replace(
            record, cast=cast_path, profile=profile.name, engine=engine or "", formats=request.formats, deliver=request.deliver,
        ))  # fmt: skip
    remarks = [*record.notes, *(sync.remarks() if sync else ()), *cast_room.check(cast, characters)]
    there = {line.chapter for line in planned.lines}
    return Production(
        folder=folder, record=record, cast=cast, profile=profile, store=store, plan=planned, engine=engine,
        chapters=tuple(number for number in chapters if number in there), characters=tuple(characters),
        titles=titles, deliver=kinds, settings=settings, remarks=remarks, wanted=planned.wanted, timing=timing,
        naturals=naturals, on_failure=request.on_failure or cast.on_failure or "stop", observe=observe,
    )  # fmt: skip


def planned_in(
    timing: Timing | None, lines: Sequence[Line], cast: Cast, store: TakeStore, profile: Profile, engine: str | None
) -> tuple[Plan, Mapping[str, Natural | None]]:
    """The plan of `lines`, and the natural lengths of a timed script's: of those that are known to be too long, it asks for
    shorter takes."""
    if timing is None:
        return plan(lines, cast, store, engine=engine), {}
    from pipeline.dubbing import fit

    own = [line for line in lines if timing.total is not None or line.start is not None]
    naturals = fit.naturals(own, cast, store, engine)
    return plan(fit.asked(lines, timing, naturals, profile), cast, store, engine=engine), naturals


def _titles(record: Record, opening: Sequence[Line], closing: Sequence[Line]) -> dict[int, str]:
    first, last = credit_room.TITLES[record.language]
    titles = {0: first} if opening else {}
    titles |= record.chapter_titles
    return titles | ({closing[0].chapter: last} if closing else {})


def _cast(request: Request, record: Record) -> tuple[Cast, str]:
    """The cast that counts, and its path as recorded: the one given, else the last run's, else default voices."""
    from pipeline import cast as cast_room

    given = request.cast or (Path(record.cast) if record.cast else None)
    if given is None:
        return cast_room.default_cast(record.language), ""
    return cast_room.load(given), str(given.resolve())


def said(folder: BookFolder, lines: Sequence[Line], whole: Sequence[Line]) -> list[str]:
    """What each of `lines` will be spoken as, by the cast of the book's last run: figures in words, lexicon and readings
    applied; "" for a pause. `whole`: all the book's lines. Raises CastError for a cast that is broken or gone."""
    from pipeline import cast as cast_room

    record = folder.read()
    cast, _ = _cast(Request(Path(record.source)), record)
    cast = cast_room.complete(cast, speakers(whole, record))
    return ["" if line.kind == "pause" else plan_said(line, cast) for line in lines]


def speakers(lines: Sequence[Line], record: Record) -> list[Character]:
    """Who speaks in the table as it stands now, most lines first, with the hints found in the manuscript."""
    hints = {name: (gender, age) for name, gender, age in record.characters}
    counts: dict[str, list[Line]] = {}
    for line in lines:
        if line.kind in ("dialogue", "thought", "letter") and line.speaker not in (NARRATOR, UNKNOWN, ""):
            counts.setdefault(line.speaker, []).append(line)
    found = []
    for name, theirs in sorted(counts.items(), key=lambda item: -len(item[1])):
        gender, age = hints.get(name, ("", ""))
        found.append(Character(name, len(theirs), theirs[0].text, gender=gender, age=age))
    return found
