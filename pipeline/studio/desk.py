"""A book on the desk: its lines as the page shows them, and what may be done to a line.

The table on disk is the truth. A change names the value that its author saw; where the table says something else by then
(another tab, a spreadsheet), it is refused and the new value shown, and nothing is overwritten.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from pipeline import script
from pipeline.cast import Cast
from pipeline.chapters import mastered_chapters
from pipeline.errors import ConflictError, ShuoshuError, StudioError
from pipeline.folder import BookFolder
from pipeline.nouns import NARRATOR, UNKNOWN, Line, Take
from pipeline.opening import reopen
from pipeline.produce import doubtful
from pipeline.script.table import row_of
from pipeline.takes import TakeStore
from pipeline.wording import Wording, chinese_of

COLUMNS = ("speaker", "emotion", "delivery", "spoken", "speed", "pause_after")
"""What the page changes; everything else is for the table itself."""
FILTERS = ("speaker", "doubt", "emotion", "flagged", "stale", "text", "chapter")
MOST_UNDO = 100
REST = 4.0
"""How many times as long as a reading took the next one waits."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One line on the page. `take` is the key of the take that is heard, "" = none yet; `stale` why it must be rendered
    anew, "" = it need not; `flags` what a check found in its take; `doubt` whether its speaker is unsure."""

    line: Line
    take: str
    stale: Wording
    flags: tuple[str, ...]
    doubt: bool


@dataclass(frozen=True, slots=True)
class View:
    """A book as it stood when `stamp` was taken. `lines` are spoken ones in order; `titles` chapters by number; `mastered`
    those whose master is of today's takes; `cast` who speaks with which voice."""

    stamp: tuple[Any, ...]
    title: str
    language: str
    lines: tuple[Shown, ...]
    titles: Mapping[int, str]
    mastered: frozenset[int]
    cast: Cast
    remarks: tuple[str, ...] = ()

    def matching(self, wanted: Mapping[str, Any]) -> list[int]:
        """Places of the lines that a filter lets through; of `FILTERS`, all that are given must hold."""
        tests = [(name, wanted[name]) for name in FILTERS if wanted.get(name)]
        return [at for at, one in enumerate(self.lines) if all(_holds(one, name, value) for name, value in tests)]


def _holds(one: Shown, name: str, value: Any) -> bool:
    if name == "text":
        return str(value).casefold() in one.line.text.casefold()
    if name == "chapter":
        return str(one.line.chapter) == str(value)
    if name == "speaker":
        return one.line.speaker == str(value)
    if name == "emotion":
        return bool(one.line.emotion or one.line.delivery)
    return bool({"doubt": one.doubt, "flagged": one.flags, "stale": one.stale}[name])


@dataclass(slots=True)
class Desk:
    """A book that is being worked on. Safe to use from several threads and tabs."""

    folder: BookFolder
    _view: View | None = None
    _again: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _undo: dict[str, list[dict[str, tuple[dict[str, str], dict[str, str]]]]] = field(default_factory=dict)

    def view(self) -> View:
        """The book as it stands; read again only when something of it changed on disk, and while a run changes it all the time,
        no more than a fifth of the time is spent on that."""
        with self._lock:
            stamp, began = _stamp(self.folder), time.monotonic()
            if self._view is None or (self._view.stamp != stamp and began >= self._again):
                self._view = _read(self.folder, stamp)
                now = time.monotonic()
                self._again = now + REST * (now - began)
            return self._view

    def refresh(self) -> None:
        """Have the next look read the book again at once, where it changed."""
        with self._lock:
            self._again = 0.0

    def change(self, ids: Sequence[str], column: str, value: str, seen: Mapping[str, str], who: str = "") -> None:
        """Write a cell of some lines into the table, each of which the author `who` saw as `seen` (by id). Raises StudioError
        for a column that is not the page's, ConflictError for a line that says something else by now, ScriptError for a value
        that the table refuses, BookHeldError while a run works on the book."""
        if column not in COLUMNS:
            raise StudioError(Wording(f"{column[:40]!r} is not changed here", f"这里不改 {column[:40]!r}"), fix=_TABLE)
        with self._lock, self.folder.locked():
            rows = {line.id: row_of(line) for line in script.load(self.folder.path)}
            for one in ids:
                _must_be(rows, one, column, seen.get(one, ""))
            before = {one: {column: rows[one][column]} for one in ids}
            script.edit(self.folder.path, ids, {column: value})
            rows = {line.id: row_of(line) for line in script.load(self.folder.path)}
            self._again = 0.0  # what was changed here is seen at once
            mine = self._undo.setdefault(who, [])
            mine.append({one: (before[one], {column: rows[one][column]}) for one in ids})
            del mine[:-MOST_UNDO]

    def undo(self, who: str = "") -> tuple[str, ...]:
        """Take back the last change that `who` made; the ids of its lines, () where there is none. Raises ConflictError when a
        line was changed again since: that change stays, and this one is no longer taken back."""
        with self._lock, self.folder.locked():
            mine = self._undo.get(who)
            if not mine:
                return ()
            last = mine[-1]
            rows = {line.id: row_of(line) for line in script.load(self.folder.path)}
            try:
                for one, (_, after) in last.items():
                    for column, value in after.items():
                        _must_be(rows, one, column, value)
            except ShuoshuError:
                mine.pop()
                raise
            script.edit_each(self.folder.path, {one: before for one, (before, _) in last.items()})
            mine.pop()
            self._again = 0.0
            return tuple(last)

    def takes(self, line: str) -> list[Take]:
        """Every take of a line, oldest first."""
        with TakeStore(self.folder.takes) as store:
            return store.takes_of(line)

    def take_file(self, key: str) -> Path:
        """The file of a take of this book. Raises StudioError for a key that is none."""
        with TakeStore(self.folder.takes) as store:
            take = store.take(key)
        if take is None or not take.path.is_file():
            raise StudioError(
                Wording("this take is not there", "没有这条录音"), fix=Wording("Render the line.", "请合成这一行。")
            )
        return take.path

    def characters(self) -> list[dict[str, Any]]:
        """Who speaks, most lines first: name, lines, how many are in doubt, a sample line."""
        found: dict[str, dict[str, Any]] = {}
        for one in self.view().lines:
            row = found.setdefault(
                one.line.speaker,
                {"name": one.line.speaker, "lines": 0, "doubt": 0, "sample": one.line.id, "text": one.line.text},
            )
            row["lines"] += 1
            row["doubt"] += one.doubt
        return sorted(found.values(), key=lambda row: -row["lines"])


_TABLE = Wording("Edit script.csv in the book's folder.", "请改书文件夹里的 script.csv。")


def _must_be(rows: Mapping[str, Mapping[str, str]], line: str, column: str, seen: str) -> None:
    now = rows.get(line, {}).get(column)
    if now is None:
        raise StudioError(
            Wording(f"line {line[:40]!r} is no longer there", f"{line[:40]!r} 这一行已经不在了"),
            fix=Wording("Load the page again.", "请刷新页面。"),
        )
    if now != seen:
        raise ConflictError(
            Wording(
                f"{column} of {line} was changed meanwhile, to {now or 'nothing'!r}",
                f"{line} 的 {column} 已被改成 {now or '空'!r}",
            ),
            fix=Wording("It was not overwritten. Look at it, and change it again.", "没有覆盖它。请看过之后再改。"),
        )


def _stamp(folder: BookFolder) -> tuple[Any, ...]:
    """What tells that a book changed on disk: its table, record, cast file with its lexicon, index of takes and masters."""
    record = folder.path / "book.yaml"
    cast = Path(folder.read().cast) if record.is_file() and folder.read().cast else record
    index = folder.takes / "index.sqlite"
    masters = sorted(folder.chapters.glob("*.json")) if folder.chapters.is_dir() else []
    files = [folder.path / "script.csv", record, cast, index, index.with_name("index.sqlite-wal"), *masters]
    if cast.is_file() and (lexicon := _lexicon(cast, cast.stat().st_mtime_ns)):
        files.append(lexicon)
    return tuple((str(one), stat.st_mtime_ns, stat.st_size) for one in files if one.is_file() for stat in [one.stat()])


@lru_cache(64)
def _lexicon(cast: Path, _changed_ns: int) -> Path | None:
    """The lexicon file that a cast file names; None where it names none, or cannot be read (opening the book says why)."""
    try:
        given = yaml.safe_load(cast.read_text(encoding="utf-8")).get("lexicon_file")
        return (cast.parent / Path(given).expanduser()).resolve() if given else None
    except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError):
        return None


def _read(folder: BookFolder, stamp: tuple[Any, ...]) -> View:
    with reopen(folder, lock=False) as production:
        flagged, unsure = doubtful(production)
        doubts, plan = set(unsure), production.plan
        shown = tuple(
            Shown(
                line,
                production.wanted.get(line.id, ""),
                plan.stale.get(line.id, Wording("")),
                flagged.get(line.id, ()),
                line.id in doubts,
            )
            for line in plan.lines
            if line.kind != "pause"
        )
        return View(
            stamp, production.record.title, production.record.language, shown, dict(production.titles),
            frozenset(mastered_chapters(production)), production.cast, tuple(map(str, production.remarks)),
        )  # fmt: skip


def as_row(one: Shown, chinese: bool) -> dict[str, Any]:
    """A line for the page."""
    line = one.line
    cells = {name: row_of(line)[name] for name in COLUMNS}
    return {
        "id": line.id,
        "chapter": line.chapter,
        "kind": line.kind,
        "text": line.text,
        "take": one.take if not one.stale else "",
        "old": one.take if one.stale else "",
        "stale": chinese_of(one.stale) if chinese else str(one.stale),
        "flags": list(one.flags),
        "doubt": one.doubt,
        "why": line.why,
        **cells,
    }


def speakers_of(rows: Iterable[Shown]) -> list[str]:
    """Names for a list to choose from: narrator first, unknown last."""
    names = dict.fromkeys(one.line.speaker for one in rows)
    plain = [name for name in names if name not in (NARRATOR, UNKNOWN)]
    return [NARRATOR, *plain, UNKNOWN]
