"""What must be rendered: every line's direction, the take that answers it, and the jobs for takes that do not exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeline import engines, pronunciation
from pipeline.cast import Cast, direct
from pipeline.nouns import Direction, Line
from pipeline.takes import TakeStore, subject_of, take_key
from pipeline.takes.key import difference, ingredients
from pipeline.takes.store import Choice


@dataclass(frozen=True, slots=True)
class Job:
    """A take to make, and the lines that wait for it."""

    key: str
    subject: str
    direction: Direction
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole of a book (or some chapters) against its store.

    lines    the lines to be heard, in order; a line with nothing to speak has become a pause
    wanted   line id -> key of the take it uses, once `jobs` are done
    jobs     takes to make, in order of the script
    stale    line id -> why its take must be made ("new", "voice", "spoken text, emotion", "file missing")
    """

    lines: tuple[Line, ...]
    wanted: Mapping[str, str]
    jobs: tuple[Job, ...]
    stale: Mapping[str, str] = field(default_factory=dict)


def plan(lines: Sequence[Line], cast: Cast, store: TakeStore, *, engine: str | None = None) -> Plan:
    """Compare what the script and cast ask for with what the store has.

    Raises CastError or ScriptError for a line that asks for what cannot be done.
    """
    choices, whole = store.choices(), store.whole()
    heard: list[Line] = []
    wanted: dict[str, str] = {}
    stale: dict[str, str] = {}
    jobs: dict[str, Job] = {}
    links: list[tuple[str, str, str]] = []
    for line in lines:
        direction = direction_of(line, cast, engine)
        if direction is None:
            heard.append(line if line.kind == "pause" else replace(line, kind="pause", text=""))
            continue
        heard.append(line)
        subject = subject_of(direction)
        choice = choices.get(line.id)
        if choice and choice.subject == subject and choice.key in whole:
            wanted[line.id] = choice.key
            continue
        key = take_key(direction)
        wanted[line.id] = key
        if key in whole:  # made before, for another line or before an edit was taken back
            links.append((line.id, key, subject))
            continue
        stale[line.id] = _why(choice, subject, direction, store)
        waiting = jobs[key].lines if key in jobs else ()
        jobs[key] = Job(key, subject, direction, (*waiting, line.id))
    if links:
        store.link(links)
    return Plan(tuple(heard), wanted, tuple(jobs.values()), stale)


def direction_of(line: Line, cast: Cast, engine: str | None = None) -> Direction | None:
    """What `line` asks of its voice; None for a pause or a line with nothing to speak (``……``)."""
    if line.kind == "pause":
        return None
    spoken = line.spoken or line.text
    text = pronunciation.spoken(spoken, cast.language, cast.lexicon)
    return direct(line, cast, text, engine=engine) if text else None


def _why(choice: Choice | None, subject: str, direction: Direction, store: TakeStore) -> str:
    if choice is None:
        return "new"
    if choice.subject == subject:
        return "file missing"
    return difference(store.ingredients(choice.key), ingredients(direction)) or "changed"


def batches(jobs: Iterable[Job]) -> list[tuple[Job, ...]]:
    """Cut jobs into batches of one engine each, its `batch_size` long.

    Within a stretch of eight batches, lines are sorted by voice and length, so that a padded batch wastes little and
    a voice is loaded once; stretches keep the order of the book, so that early chapters are done early.
    """
    by_engine: dict[str, list[Job]] = {}
    for job in jobs:
        by_engine.setdefault(job.direction.voice.engine, []).append(job)
    cut: list[tuple[Job, ...]] = []
    for engine, theirs in by_engine.items():
        size = engines.engine_class(engine).capabilities.batch_size
        for start in range(0, len(theirs), size * 8):
            stretch = sorted(
                theirs[start : start + size * 8], key=lambda job: (job.direction.voice.name, len(job.direction.text))
            )
            cut.extend(tuple(stretch[at : at + size]) for at in range(0, len(stretch), size))
    return cut
