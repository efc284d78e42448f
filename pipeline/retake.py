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
from pipeline.script.credits import is_credit
from pipeline.takes import subject_of, take_key
from pipeline.takes.key import difference, ingredients
from pipeline.wording import Wording


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

    Raises ScriptError for an unknown line, an edit that the table would refuse, or one of the spoken credits, which are in no
    table: they can be said anew, not otherwise.
    """
    edits = {"emotion": wish.emotion, "delivery": wish.delivery, "speed": wish.speed, "spoken": wish.text}
    changed = {name: value for name, value in edits.items() if value is not None}
    with folder.locked():
        known = {line.id: line for line in script.load(folder.path)}
        for line in wish.lines:
            if not is_credit(line):
                _known(line, known)
            elif changed:
                raise ScriptError(
                    Wording(f"{line} is one of the spoken credits", f"{line} 是片头片尾里的话"),
                    fix=Wording("Change `credits:` in the cast file.", "请改角色文件里的 credits。"),
                )
        if changed:
            script.edit(folder.path, wish.lines, changed)
    with reopen(folder, observe=observe) as production:
        yield _narrowed(production, wish)


def _known(line: str, known: dict[str, Line]) -> Line:
    if line not in known:
        hint = did_you_mean(line, known)
        raise ScriptError(
            Wording(f"no line has the id {line!r}.{hint}", f"没有编号为 {line} 的行。{hint.chinese}"),
            fix=Wording("`shuoshu lines BOOK` lists them.", "`shuoshu lines 书名` 会列出各行。"),
        )
    if known[line].kind == "pause":
        raise ScriptError(
            Wording(f"line {line} is a pause: there is nothing to render", f"{line} 是停顿，没有可合成的"),
            fix=Wording("Change its pause_after in the script.", "请改脚本里的 pause_after。"),
        )
    return known[line]


def _narrowed(production: Production, wish: Retake) -> Production:
    known = {line.id: line for line in production.plan.lines}
    for line in wish.lines:
        _known(line, known)
    wished = [line for line in production.plan.lines if line.id in set(wish.lines)]
    due = [one for line in wished for one in _due(production, line, wish)]
    production.by_hand = {one.line.id: one.key for one in reversed(due)}
    return _only(production, wished, due)


def _only(production: Production, wished: list[Line], due: list[Due]) -> Production:
    """Only `due` is made, only the chapters of `wished` mastered; every other line keeps what it has."""
    choices, whole, failures = production.store.choices(), production.store.whole(), production.store.failures()
    for line, key in production.wanted.items():
        stand_in = failures[line].stand_in if line in failures else ""
        choice = choices.get(line)
        if key not in whole and stand_in in whole:
            production.wanted[line] = stand_in
        elif key not in whole and choice and choice.key in whole:
            production.wanted[line] = choice.key
    chapters = []
    for number in sorted({line.chapter for line in wished}):
        others = [one.id for one in production.lines_of(number) if one.id in production.wanted and one not in wished]
        if all(production.wanted[one] in whole for one in others):
            chapters.append(number)
        else:
            production.remarks.append(
                Wording(
                    f"chapter {number} has lines that were never rendered: `shuoshu run` masters it.",
                    f"第 {number} 章还有没合成过的行：`shuoshu run` 会制作这一章。",
                )
            )
    production.plan = replace(production.plan, due=tuple(due))
    production.chapters = tuple(chapters)
    production.retake, production.on_failure = True, "stop"  # somebody waits, and the lines have takes already
    return production


def _due(production: Production, line: Line, wish: Retake) -> list[Due]:
    direction = direction_of(line, production.cast, production.engine)
    if direction is None:
        raise ScriptError(
            Wording(f"line {line.id} has nothing to speak: {line.text!r}", f"{line.id} 没有可读的字：{line.text}"),
            fix=Wording("Give it words with --text.", "请用 --text 给出文字。"),
        )
    count = wish.takes
    engine = engines.engine_class(direction.voice.engine)
    if not engine.capabilities.seeded:
        if count > 1 or wish.seed is not None:
            production.remarks.append(
                Wording(
                    f"engine {engine.name} draws nothing by chance: one take of {line.id} is made, not more",
                    f"引擎 {engine.name} 没有随机性：{line.id} 只录一次",
                )
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
                Wording(f"line {line_id} has nothing to speak", f"{line_id} 没有可读的字"),
                fix=Wording("Give it words in the script's spoken column.", "请在脚本的 spoken 列给出文字。"),
            )
        other = difference(production.store.ingredients(chosen.key), ingredients(direction))
        if other:
            production.remarks.append(older_take(line_id, other))
        production.store.choose(line_id, chosen.key, subject_of(direction))
        production.wanted[line_id] = chosen.key
        yield _only(production, [line], [])


def older_take(line: str, other: Wording) -> Wording:
    """That a line's chosen take differs from its wishes, in `other` (see `takes.key.difference`)."""
    return Wording(
        f"{line}: the take you chose was made before this changed: {other}; `shuoshu rerender` makes a new one",
        f"{line}：选用的录音是在改动之前录的，改过：{other.chinese}；`shuoshu rerender` 会重录",
    )


def pick(made: list[Take], line_id: str, take: str) -> Take:
    """One of a line's takes, by its number from 1 or at least four digits of its key's beginning. Raises ScriptError."""
    if take.isdigit() and 1 <= int(take) <= len(made):
        return made[int(take) - 1]
    found = [one for one in made if len(take) >= 4 and one.key.startswith(take)]
    if len(found) != 1:
        none = Wording(f"line {line_id} has no take {take!r}", f"{line_id} 没有编号为 {take} 的录音")
        several = Wording(f"{take!r} is the beginning of several takes", f"不止一个录音以 {take} 开头")
        raise ScriptError(
            several if found else none,
            fix=Wording(
                f"`shuoshu takes BOOK {line_id}` lists its {len(made)} takes.",
                f"`shuoshu takes 书名 {line_id}` 会列出它的 {len(made)} 个录音。",
            ),
        )
    return found[0]
