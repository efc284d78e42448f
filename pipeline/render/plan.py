"""What must be rendered: the take that answers every line, and the takes that do not exist yet.

The plan of a long book stays small: a take to make is known by its key and its line, and what the line asks of its
voice is worked out again when its turn comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import ceil

from pipeline import engines, pronunciation
from pipeline.cast import Cast, direct
from pipeline.nouns import Direction, Line
from pipeline.takes import TakeStore, subject_of, take_key
from pipeline.takes.key import difference, ingredients
from pipeline.takes.store import Choice
from pipeline.wording import Wording

STRETCH = 8
"""Batches that are sorted together."""


@dataclass(frozen=True, slots=True)
class Due:
    """A take to make: by this engine, as `line` asks, with this `seed`; `others` are the ids of other lines that use it."""

    key: str
    engine: str
    line: Line
    others: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """A take to make, ready to be rendered, and the lines that wait for it."""

    key: str
    subject: str
    direction: Direction
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole of a book (or some chapters) against its store.

    lines    the lines to be heard, in order; a line with nothing to speak has become a pause
    wanted   line id -> key of the take it uses, once all are made
    due      takes to make, in order of the script
    stale    line id -> why its take must be made ("new", "voice", "spoken text, emotion", "file missing",
             "failed before")
    older    line id -> in what the take that a person chose differs from what the line asks for now
    """

    lines: tuple[Line, ...]
    wanted: dict[str, str]
    due: tuple[Due, ...]
    stale: Mapping[str, Wording] = field(default_factory=dict)
    older: Mapping[str, Wording] = field(default_factory=dict)


_NEW, _GONE, _CHANGED = Wording("new", "新增"), Wording("file missing", "文件不见了"), Wording("changed", "有改动")
FAILED = Wording("failed before", "上次合成失败")


def plan(lines: Sequence[Line], cast: Cast, store: TakeStore, *, engine: str | None = None) -> Plan:
    """Compare what the script and cast ask for with what the store has.

    Raises CastError or ScriptError for a line that asks for what cannot be done.
    """
    choices, whole, failures = store.choices(), store.whole(), store.failures()
    heard: list[Line] = []
    wanted: dict[str, str] = {}
    stale: dict[str, Wording] = {}
    older: dict[str, Wording] = {}
    due: dict[str, Due] = {}
    others: dict[str, list[str]] = {}
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
            other = difference(store.ingredients(choice.key), ingredients(direction)) if choice.by_hand else None
            if other:
                older[line.id] = other
            continue
        key = take_key(direction)
        wanted[line.id] = key
        if key in whole:  # made before, for another line or before an edit was taken back
            links.append((line.id, key, subject))
            continue
        failure = failures.get(line.id)
        failed = failure is not None and failure.subject == subject
        stale[line.id] = FAILED if failed else _why(choice, subject, direction, store)
        if key in due:
            others.setdefault(key, []).append(line.id)
        else:
            due[key] = Due(key, direction.voice.engine, line)
    if links:
        store.link(links)
    due |= {key: replace(due[key], others=tuple(theirs)) for key, theirs in others.items()}
    return Plan(tuple(heard), wanted, tuple(due.values()), stale, older)


def direction_of(line: Line, cast: Cast, engine: str | None = None) -> Direction | None:
    """What `line` asks of its voice; None for a pause or a line with nothing to speak (``……``)."""
    if line.kind == "pause":
        return None
    text = said(line, cast)
    return direct(line, cast, text, engine=engine) if text else None


def said(line: Line, cast: Cast) -> str:
    """What `line` will be spoken as: figures in words, lexicon and readings applied; "" when there is nothing to say. A heading
    that is a single I is the first of its kind."""
    text = line.spoken or line.text
    if line.kind == "heading" and cast.language == "en" and text.strip(" .") == "I":
        text = "1"
    return pronunciation.spoken(text, cast.language, cast.lexicon)


def _why(choice: Choice | None, subject: str, direction: Direction, store: TakeStore) -> Wording:
    if choice is None:
        return _NEW
    if choice.subject == subject:
        return _GONE
    return difference(store.ingredients(choice.key), ingredients(direction)) or _CHANGED


def batches(due: Iterable[Due], cast: Cast, engine: str | None = None, workers: int = 1) -> Iterator[tuple[Job, ...]]:
    """Takes to make as jobs, in batches of one engine each, at most its `batch_size` long, as many for one of `workers` as
    for another, so that all end together: 250 lines for two workers and a size of 48 are six batches of 41 or 42. Few lines are
    not spread over more workers than a quarter of a batch each: a voice's weights cost more to load than that.

    Within a stretch of eight batches, lines are sorted by voice and length, so that a padded batch wastes little and
    a voice is loaded once; stretches keep the order of the book, so that early chapters are done early.
    """
    by_engine: dict[str, list[Due]] = {}
    for one in due:
        by_engine.setdefault(one.engine, []).append(one)
    for name, theirs in by_engine.items():
        size, count = engines.engine_class(name).capabilities.batch_size, len(theirs)
        rounds = ceil(count / (size * workers))
        pieces = min(rounds * workers, max(ceil(count / size), 4 * count // size), count)
        bounds = [number * count // pieces for number in range(pieces + 1)]
        for first in range(0, pieces, STRETCH):
            stretch = bounds[first : first + STRETCH + 1]
            jobs = [job_of(one, cast, engine) for one in theirs[stretch[0] : stretch[-1]]]
            jobs.sort(key=lambda job: (job.direction.voice.name, len(job.direction.text)))
            yield from (tuple(jobs[start - stretch[0] : end - stretch[0]]) for start, end in pairwise(stretch))


def job_of(due: Due, cast: Cast, engine: str | None = None) -> Job:
    """A take to make with all that an engine needs to know."""
    direction = direction_of(due.line, cast, engine)
    if direction is None:
        raise ValueError(f"line {due.line.id} has nothing to speak, so no take of it can be due")
    return Job(due.key, subject_of(direction), replace(direction, seed=due.seed), (due.line.id, *due.others))
