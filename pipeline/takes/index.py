"""The SQLite file behind the take store: its tables, transactions, and what is said when it cannot be used."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import BookFolderError
from pipeline.files import explained, unwritable
from pipeline.wording import Wording

NAME = "index.sqlite"
WAIT_S = 30.0
"""How long one process waits for another that writes."""
State = Literal["ok", "damaged", "lost"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS takes (
    key TEXT PRIMARY KEY, sha256 TEXT NOT NULL, size INTEGER NOT NULL, sample_rate INTEGER NOT NULL,
    frames INTEGER NOT NULL, engine TEXT NOT NULL, seed INTEGER NOT NULL, created TEXT NOT NULL, flags TEXT NOT NULL,
    subject TEXT NOT NULL, ingredients TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS line_takes (
    line TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (line, key));
CREATE TABLE IF NOT EXISTS chosen (
    line TEXT PRIMARY KEY, key TEXT NOT NULL, subject TEXT NOT NULL, by_hand INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failures (
    line TEXT PRIMARY KEY, subject TEXT NOT NULL, why TEXT NOT NULL, tries INTEGER NOT NULL, stand_in TEXT NOT NULL,
    at TEXT NOT NULL) WITHOUT ROWID;
"""


class Index:
    """The index in `folder`, made where it is missing. Safe to use from several threads; of several processes, those that
    write wait for each other. Raises BookFolderError for what SQLite cannot do."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.lock = threading.RLock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explained(error, folder) from error
        with self._explained():
            self._db = sqlite3.connect(self.path, timeout=WAIT_S, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)

    def close(self) -> None:
        with self.lock:
            self._db.close()

    def rows(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """What a query finds."""
        with self.lock, self._explained():
            return self._db.execute(sql, tuple(values)).fetchall()

    def rows_in(self, sql: str, values: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        """What a query finds whose ``{}`` stands for a list of values, without repeats, as many at a time as SQLite takes."""
        for part in _parts(values):
            yield from self.rows(sql.format(",".join("?" * len(part))), part)

    def write(self, sql: str, values: Iterable[Any]) -> None:
        """One statement of a transaction."""
        self._db.execute(sql, tuple(values))

    def write_in(self, sql: str, values: Iterable[str]) -> None:
        """As `rows_in`, for a statement of a transaction."""
        for part in _parts(values):
            self.write(sql.format(",".join("?" * len(part))), part)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written within, or nothing."""
        with self.lock, self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if _damaged(error):
                raise BookFolderError(
                    Wording(f"the take index is damaged ({error})", f"录音索引已损坏（{error}）"), where=str(self.path),
                    fix=Wording(
                        "`shuoshu repair BOOK` makes it again from the takes; nothing is rendered for it.",
                        "`shuoshu repair 书名` 会由录音文件重建索引，不需要重新合成。",
                    ),
                ) from error  # fmt: skip
            place = unwritable(self.path)
            if place:
                raise explained(place, self.path) from error
            raise BookFolderError(
                Wording(f"the take index cannot be used ({error})", f"录音索引无法使用（{error}）"), where=str(self.path),
                fix=Wording(
                    "Free disk space, mend the folder's permissions, or wait for another command on this book to end.",
                    "请腾出磁盘空间、改好文件夹权限，或等这本书的另一个命令结束。",
                ),
            ) from error  # fmt: skip


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    wanted = list(dict.fromkeys(values))
    yield from (wanted[start : start + 500] for start in range(0, len(wanted), 500))


def _damaged(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", None) or 0
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def state(folder: Path) -> State:
    """Whether the index in `folder` is there and whole. Every page is read."""
    path = folder / NAME
    if not path.is_file():
        return "lost"
    try:
        with closing(sqlite3.connect(path, timeout=WAIT_S)) as db:
            return "ok" if db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",) else "damaged"
    except sqlite3.DatabaseError as error:
        if _damaged(error):
            return "damaged"
        raise BookFolderError(
            Wording(f"the take index cannot be read ({error})", f"录音索引无法读取（{error}）"), where=str(path),
            fix=Wording("Try again.", "请再试一次。"),
        ) from error  # fmt: skip


def salvaged_choices(folder: Path) -> dict[str, tuple[str, str]]:
    """What people chose, as far as a damaged index can still be read: line -> (key, subject)."""
    found: dict[str, tuple[str, str]] = {}
    try:
        with closing(sqlite3.connect(folder / NAME, timeout=WAIT_S)) as db:
            for line, key, subject in db.execute("SELECT line, key, subject FROM chosen WHERE by_hand=1"):
                found[str(line)] = str(key), str(subject)
    except sqlite3.DatabaseError:
        pass
    return found
