"""New takes of single lines: the wish goes into the script table, only those lines are rendered, only their chapters
are mastered again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pipeline import engines, script
from pipeline.errors import ScriptError, did_you_mean
from pipeline.folder import BookFolder
from pipeline.nouns import Line, Take
from pipeline.opening import Production, reopen
from pipeline.progress import Observer, unobserved
from pipeline.render.plan import Due, direction_of
from pipeline.takes import subject_of, take_key


@dataclass(frozen=True, slots=True)
class Retake:
    """What is asked for: line ids; `emotion`, `delivery`, `speed` and `text` are written into the script table (None = as
    it is); `seed` is the first new seed (None = the next unused); `takes` how many of each line."""

    lines: tuple[str, ...]
    emotion: str | None = None
    speed: float | None = None
    text: str | None = None
    seed: int | None = None
    takes: int = 1
    delivery: str | None = None


@contextmanager
def open_retake(folder: BookFolder, wish: Retake, observe: Observer = unobserved) -> Iterator[Production]:
    """Open the book with only the wished lines to render and only their chapters to master.

    Raises ScriptError for an unknown line or an edit that the table would refuse.
    """
    edits = {"emotion": wish.emotion, "delivery": wish.delivery, "speed": wish.speed, "spoken": wish.text}
    changed = {name: value for name, value in edits.items() if value is not None}
    with folder.locked():
        known = {line.id: line for line in script.load(folder.path)}
        for line in wish.lines:
            _known(line, known)
        if changed:
            script.edit(folder.path, wish.lines, changed)
    with reopen(folder, observe=observe) as production:
        yield _narrowed(production, wish)


def _known(line: str, known: dict[str, Line]) -> Line:
    if line not in known:
        raise ScriptError(
            f"no line has the id {line!r}.{did_you_mean(line, known)}", fix="`shuoshu lines BOOK` lists them."
        )
    if known[line].kind == "pause":
        raise ScriptError(
            f"line {line} is a pause: there is nothing to render", fix="Change its pause_after in the script."
        )
    return known[line]


def _narrowed(production: Production, wish: Retake) -> Production:
    wished = [line for line in production.plan.lines if line.id in set(wish.lines)]
    due = [one for line in wished for one in _due(production, line, wish)]
    production.by_hand = {one.line.id: one.key for one in reversed(due)}
    return _only(production, wished, due)


def _only(production: Production, wished: list[Line], due: list[Due]) -> Production:
    """Only `due` is made, only the chapters of `wished` mastered; every other line keeps what it has."""
    choices, whole = production.store.choices(), production.store.whole()
    for line, key in production.wanted.items():
        choice = choices.get(line)
        if key not in whole and choice and choice.key in whole:
            production.wanted[line] = choice.key
    chapters = []
    for number in sorted({line.chapter for line in wished}):
        others = [one.id for one in production.lines_of(number) if one.id in production.wanted and one not in wished]
        if all(production.wanted[one] in whole for one in others):
            chapters.append(number)
        else:
            production.remarks.append(f"chapter {number} has lines that were never rendered: `shuoshu run` masters it.")
    production.plan = replace(production.plan, due=tuple(due))
    production.chapters = tuple(chapters)
    production.retake = True
    return production


def _due(production: Production, line: Line, wish: Retake) -> list[Due]:
    direction = direction_of(line, production.cast, production.engine)
    if direction is None:
        raise ScriptError(f"line {line.id} has nothing to speak: {line.text!r}", fix="Give it words with --text.")
    count = wish.takes
    engine = engines.engine_class(direction.voice.engine)
    if not engine.capabilities.seeded:
        if count > 1 or wish.seed is not None:
            production.remarks.append(
                f"engine {engine.name} draws nothing by chance: one take of {line.id} is made, not more"
            )
        return [Due(take_key(direction), engine.name, line)]
    used = {take.seed for take in production.store.takes_of(line.id)}
    first = wish.seed if wish.seed is not None else max(used, default=-1) + 1
    seeds = range(first, first + count)
    return [Due(take_key(replace(direction, seed=one)), engine.name, line, seed=one) for one in seeds]


@contextmanager
def open_choice(folder: BookFolder, line_id: str, take: str, observe: Observer = unobserved) -> Iterator[Production]:
    """Open the book with another take of one line in use (`take` as in `pick`) and only its chapter to master.

    Raises ScriptError for a line or take that is not there.
    """
    with reopen(folder, observe=observe) as production:
        line = _known(line_id, {one.id: one for one in production.plan.lines})
        chosen = pick(production.store.takes_of(line_id), line_id, take)
        direction = direction_of(line, production.cast, production.engine)
        if direction is None:
            raise ScriptError(
                f"line {line_id} has nothing to speak", fix="Give it words in the script's spoken column."
            )
        production.store.choose(line_id, chosen.key, subject_of(direction))
        production.wanted[line_id] = chosen.key
        yield _only(production, [line], [])


def pick(made: list[Take], line_id: str, take: str) -> Take:
    """One of a line's takes, by its number from 1 or at least four digits of its key's beginning. Raises ScriptError."""
    if take.isdigit() and 1 <= int(take) <= len(made):
        return made[int(take) - 1]
    found = [one for one in made if len(take) >= 4 and one.key.startswith(take)]
    if len(found) != 1:
        raise ScriptError(
            f"line {line_id} has no take {take!r}" if not found else f"{take!r} is the beginning of several takes",
            fix=f"`shuoshu takes BOOK {line_id}` lists its {len(made)} takes.",
        )
    return found[0]
