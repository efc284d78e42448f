"""What was heard in every take, so that no take is listened to twice: ``takes/heard.sqlite`` beside the takes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import BookFolderError

NAME = "heard.sqlite"


class HeardCache:
    """Texts by take and listener (its `name`, which says the model). Safe to use from several threads."""

    def __init__(self, takes: Path) -> None:
        self._path, self._lock = takes / NAME, threading.Lock()
        with self._explained():
            self._db = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS heard (take TEXT, asr TEXT, text TEXT NOT NULL, PRIMARY KEY (take, asr))"
                " WITHOUT ROWID"
            )

    def close(self) -> None:
        self._db.close()

    def put(self, take: str, asr: str, text: str) -> None:
        with self._lock, self._explained():
            self._db.execute("INSERT OR REPLACE INTO heard VALUES (?,?,?)", (take, asr, text))

    def all(self, asr: str) -> dict[str, str]:
        """Take -> what this listener heard in it."""
        with self._lock, self._explained():
            return dict(self._db.execute("SELECT take, text FROM heard WHERE asr=?", (asr,)).fetchall())

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise BookFolderError(
                f"what was heard cannot be kept ({error})", where=str(self._path),
                fix="Free disk space or mend the folder's permissions. A damaged file can be deleted: it is heard again.",
            ) from error  # fmt: skip
