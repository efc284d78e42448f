"""Opening a book: manuscript and cast are read, the script table is written or merged, and what must be made is known.

`open_book` starts from a manuscript, `reopen` from a book's folder. What then has to be done is `pipeline.produce`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipeline import __version__, script
from pipeline import manuscript as manuscript_room
from pipeline.cast import Cast
from pipeline.errors import BookFolderError, ManuscriptError
from pipeline.files import sha256_file
from pipeline.folder import BookFolder, Record, folder_for
from pipeline.manuscript.refusals import no_file
from pipeline.mastering.profiles import Profile
from pipeline.nouns import NARRATOR, UNKNOWN, Character, Language, Line
from pipeline.progress import Observer, Progress, unobserved
from pipeline.render.plan import Plan, plan
from pipeline.render.plan import said as plan_said
from pipeline.script import credits as credit_room
from pipeline.takes import TakeStore
from pipeline.wording import Wording

if TYPE_CHECKING:
    from pipeline.dubbing import Dub
    from pipeline.dubbing.fit import Natural
    from pipeline.mastering.timed import Timing
    from pipeline.script.credits import Credits
    from pipeline.script.llm import Outcome
    from pipeline.script.merge import Sync


Attributor = Literal["offline", "llm"]
_INCOMPLETE = "llm, incomplete"
"""What the record says after a run in which questions stayed open, so that the next run asks again."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a run asks for. Paths may be relative; `chapters` is like ``2-5,9`` ("" = all); `workers` 0 = one per core;
    `formats` like ``m4a,mp3`` ("" = the profile's); `deliver` like ``m4b,srt`` ("" = the cast's or the profile's); `dub` makes
    one track of a timed script. None = by the cast, the last run, or the default."""

    manuscript: Path
    cast: Path | None = None
    engine: str | None = None
    profile: str | None = None
    chapters: str = ""
    output: Path = Path("output")
    workers: int = 0
    chapter_pattern: str | None = None
    encoding: str | None = None
    language: Language | None = None
    include_matter: bool = False
    formats: str = ""
    attributor: Attributor | None = None
    deliver: str = ""
    dub: Dub | None = None


@dataclass(slots=True)
class Production:
    """A book being made: everything that is known before the first line is rendered, and the takes as they come.

    wanted   line id -> key of the take it uses, kept up to date while takes are made
    engine   what speaks everything, whatever the cast says; None = as the cast says
    by_hand  line id -> key of the new take to choose for it by hand, whatever the line used before
    retake   whether only some lines are made anew, for a book that is there already
    titles   every chapter's title by its number, credits included, in order
    deliver  kinds of deliverables to make; `settings` of each
    timing   how a timed script is laid out; None = by pauses. `naturals` are the lengths of its lines as they were rendered
             freely, as far as known
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
    timing: Timing | None = None
    naturals: Mapping[str, Natural | None] = field(default_factory=dict)

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
        return [line for line in self.plan.lines if line.chapter == chapter]


@contextmanager
def open_book(request: Request, observe: Observer = unobserved) -> Iterator[Production]:
    """Read the manuscript and cast, write or merge the script table, and plan what must be rendered.

    Holds the book's lock and store for as long as the context. Raises the rooms' errors for bad input.
    """
    manuscript = request.manuscript
    if not manuscript.is_file():
        raise no_file(manuscript)
    folder = folder_for(manuscript, request.output)
    with folder.locked():
        record, sync = write_script(folder, request, observe)
        record = replace(record, dub=request.dub.recorded() if request.dub else {})
        with _production(folder, record, request, sync.lines, sync, observe) as production:
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
        with _production(folder, record, request, script.load(folder.path), None, observe) as production:
            yield production


def write_script(folder: BookFolder, request: Request, observe: Observer = unobserved) -> tuple[Record, Sync]:
    """Read the manuscript into the script table, keeping hand edits, and record where it came from.

    Nothing is read again when manuscript, options and the reading code are those of the last time.
    """
    observe(Progress("read", note=request.manuscript.name))
    digest = sha256_file(request.manuscript)
    record = folder.read() if folder.exists else None
    last = str(record.options.get("attributor", "offline")) if record else "offline"
    attributor = request.attributor or ("llm" if last.startswith("llm") else "offline")
    options = {
        "chapter_pattern": request.chapter_pattern, "encoding": request.encoding, "language": request.language,
        "include_matter": request.include_matter, "attributor": attributor,
    }  # fmt: skip
    versions = {"shuoshu": __version__, "manuscript": manuscript_room.VERSION, "script": script.VERSION}
    if record:
        _same_book(folder, record, request.manuscript)
    unchanged = (
        record is not None
        and record.source_sha256 == digest
        and dict(record.options) == options
        and dict(record.versions) == versions
        and folder.script.is_file()
    )
    if unchanged and record is not None:
        sync = script.resync(folder.path)
    else:
        record, sync = _read(folder, request, digest, options, versions, record, observe)
    if record.source != str(request.manuscript.resolve()):
        record = replace(record, source=str(request.manuscript.resolve()))
    folder.write(record)
    return record, sync


def _read(
    folder: BookFolder, request: Request, digest: str, options: Mapping[str, object], versions: Mapping[str, str],
    before: Record | None, observe: Observer,
) -> tuple[Record, Sync]:  # fmt: skip
    book = manuscript_room.read(
        request.manuscript, chapter_pattern=request.chapter_pattern, include_matter=request.include_matter,
        encoding=request.encoding, language=request.language,
    )  # fmt: skip
    lines = script.analyse(book)
    found, notes, options = script.characters(lines, book), book.notes, dict(options)
    if options["attributor"] == "llm":
        outcome = _asked(lines, found, folder, observe)
        lines, notes = list(outcome.lines), (*notes, *outcome.remarks)
        options["attributor"] = "llm" if outcome.complete else _INCOMPLETE
    sync = script.sync(folder.path, lines)
    fresh = Record(
        title=book.title, author=book.author, language=book.language, source=str(request.manuscript.resolve()),
        source_sha256=digest, encoding=book.encoding, cover=folder.write_cover(book), cover_type=book.cover_type,
        options=options, versions=dict(versions),
        chapters=tuple((chapter.number, chapter.title) for chapter in book.chapters),
        skipped=tuple((part.title, part.why, part.characters) for part in book.skipped),
        characters=tuple((one.name, one.gender, one.age) for one in found),
        aliases={one.name: one.aliases for one in found if one.aliases}, notes=notes,
    )  # fmt: skip
    if before is None:
        return fresh, sync
    last = replace(
        fresh, cast=before.cast, profile=before.profile, engine=before.engine, formats=before.formats,
        deliver=before.deliver, dub=before.dub,
    )  # fmt: skip
    return last, sync


def _asked(lines: Sequence[Line], found: Sequence[Character], folder: BookFolder, observe: Observer) -> Outcome:
    """The lines after a language model was asked about the doubtful ones."""
    from pipeline.script import llm, llm_config

    def tell(done: int, total: int, note: str) -> None:
        observe(Progress("ask", done, total, note=note))

    return llm.improve(lines, found, folder.path, llm_config.load(), tell)


@contextmanager
def _production(
    folder: BookFolder, record: Record, request: Request, lines: Sequence[Line], sync: Sync | None, observe: Observer
) -> Iterator[Production]:

    with TakeStore(folder.takes) as store:
        yield _planned(folder, record, request, lines, sync, store, observe)


def _planned(
    folder: BookFolder, record: Record, request: Request, lines: Sequence[Line], sync: Sync | None, store: TakeStore,
    observe: Observer,
) -> Production:  # fmt: skip
    from pipeline import cast as cast_room
    from pipeline.dubbing import wish

    observe(Progress("plan", note=f"{len(lines)} lines"))
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
    folder.write(replace(
        record, cast=cast_path, profile=profile.name, engine=engine or "", formats=request.formats, deliver=request.deliver,
    ))  # fmt: skip
    remarks = [*record.notes, *(sync.remarks() if sync else ()), *cast_room.check(cast, characters)]
    there = {line.chapter for line in planned.lines}
    return Production(
        folder=folder, record=record, cast=cast, profile=profile, store=store, plan=planned, engine=engine,
        chapters=tuple(number for number in chapters if number in there), characters=tuple(characters),
        titles=titles, deliver=kinds, settings=settings, remarks=remarks, wanted=planned.wanted, timing=timing,
        naturals=naturals,
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


@dataclass(frozen=True, slots=True)
class Ending:
    """How a book is finished: its mastering profile, the credits to speak (None = none), and the kinds of deliverables to
    make with the settings of each."""

    profile: Profile
    credits: Credits | None
    deliver: tuple[str, ...]
    settings: Mapping[str, Mapping[str, Any]]


def ending_of(cast: Cast, profile: str = "", formats: str = "", deliver: str = "", *, dubbed: bool = False) -> Ending:
    """How a cast file has its book finished: by the profile asked for ("" = the cast's, or the default) with what the file
    lays over it; a `dubbed` one makes no deliverables but those asked for. Raises CastError naming the line of what cannot
    be, MasteringError for an unknown name."""
    from pipeline.deliver.wishes import wished
    from pipeline.mastering import profiles, wishes

    base = profiles.load(profile or cast.profile or profiles.DEFAULT)
    whole = profiles.with_formats(wishes.applied(base, cast), formats)
    kinds, settings = wished(cast, deliver, () if dubbed else whole.deliver, whole.formats)
    return Ending(whole, wishes.credits(whole, cast), kinds, settings)


def _titles(record: Record, opening: Sequence[Line], closing: Sequence[Line]) -> dict[int, str]:
    first, last = credit_room.TITLES[record.language]
    titles = {0: first} if opening else {}
    titles |= record.chapter_titles
    return titles | ({closing[0].chapter: last} if closing else {})


def _same_book(folder: BookFolder, record: Record, manuscript: Path) -> None:
    """Refuse to pour another manuscript into a book's folder: same name, other suffix or other place."""
    before, now = Path(record.source), manuscript.resolve()
    if before != now and (before.suffix != now.suffix or before.is_file()):
        raise BookFolderError(
            Wording(f"this folder holds another manuscript, {before}", f"这个文件夹是另一份书稿的：{before}"),
            where=str(folder.path),
            fix=Wording(
                "Give another --output, or rename one of the manuscripts.", "请用 --output 换一处，或给其中一份改名。"
            ),
        )


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


def chapters_in(text: str, there: Sequence[int]) -> tuple[int, ...]:
    """The chapters that ``2-5,9`` names; all of `there` for "". Raises ManuscriptError for what is not there."""
    if not text.strip():
        return tuple(there)
    wanted: set[int] = set()
    for part in re.split(r"[,，\s]+", text.strip()):
        match = re.fullmatch(r"(\d+)(?:[-–](\d+))?", part)
        if not match or int(match[1]) > int(match[2] or match[1]):
            raise ManuscriptError(
                Wording(f"--chapters {text!r} cannot be read", f"看不懂 --chapters {text}"),
                fix=Wording("Write it like 2-5,9.", "请写成 2-5,9 这样。"),
            )
        first, last = int(match[1]), int(match[2] or match[1])
        wanted.update(range(first, min(last, first + 100_000) + 1))
    missing = sorted(wanted - set(there))
    if missing:
        raise ManuscriptError(
            Wording(f"there is no chapter {missing[0]}", f"没有第 {missing[0]} 章"),
            fix=Wording(
                f"The book has chapters {min(there)} to {max(there)}.", f"这本书有第 {min(there)} 到 {max(there)} 章。"
            ),
        )
    return tuple(number for number in there if number in wanted)
