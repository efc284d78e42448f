"""The take store: audio files by key, and one SQLite index of every take ever made and which one is chosen.

Layout::

    takes/ab/abcdef….flac    written beside and renamed, so a file under its name is whole; says what it is (`notes`)
    takes/journal/           what each worker rendered, by itself (`journal`): read by the next run where one was killed
    takes/choices.jsonl      what people chose, so that a lost index costs nobody's work
    takes/index.sqlite       WAL: any process of this machine may write; of several machines, one
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from pipeline.files import sha256_file
from pipeline.nouns import Take
from pipeline.takes import choices, journal
from pipeline.takes.index import Index
from pipeline.takes.journal import Rendered


@dataclass(frozen=True, slots=True)
class Choice:
    """The take a line uses. It holds as long as the line still asks for `subject`."""

    key: str
    subject: str
    by_hand: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A line that its engine could not speak when it was last asked, for `subject`: why, how often it was tried, the key of the
    take that stands in for it ("" = none), and when (ISO 8601). It ends when the line has a take."""

    line: str
    subject: str
    why: str
    tries: int
    stand_in: str
    at: str


class TakeStore:
    """Open (and make, where it is missing) the store in `folder`. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index = Index(folder)
        self._read_to: dict[Path, int] = {}
        self._answers: dict[str, Rendered] = {}
        self._nameless: list[Rendered] = []

    def close(self) -> None:
        self._index.close()

    def __enter__(self) -> TakeStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- files ---

    def path_of(self, key: str) -> Path:
        """Where the audio of a key lies (or will)."""
        return self.folder / key[:2] / f"{key}.flac"

    # --- writing ---

    def record(self, results: Iterable[Rendered], *, chosen_stays: bool = False) -> None:
        """Enter takes whose files are in place in one transaction. The lines that asked for a take use it, but for those that
        have a hand-made choice which still holds (with `chosen_stays`: any choice)."""
        with self._index.transaction():
            for one in results:
                take = one.take
                self._index.write(
                    "INSERT OR REPLACE INTO takes VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                    (
                        take.key, take.sha256, one.size, take.sample_rate, take.frames, take.engine, take.seed,
                        take.created, " ".join(take.flags), one.subject,
                        json.dumps(one.ingredients, ensure_ascii=False),
                    ),
                )  # fmt: skip
                for line in one.lines:
                    self._link(line, take.key, one.subject, chosen_stays)

    def link(self, links: Iterable[tuple[str, str, str]]) -> None:
        """Let lines use takes that exist already: (line, key, subject) each."""
        with self._index.transaction():
            for line, key, subject in links:
                self._link(line, key, subject)

    def _link(self, line: str, key: str, subject: str, chosen_stays: bool = False) -> None:
        self._index.write("INSERT OR IGNORE INTO line_takes VALUES (?,?)", (line, key))
        if chosen_stays:
            self._index.write("INSERT OR IGNORE INTO chosen VALUES (?,?,?,0)", (line, key, subject))
            return
        self._index.write(
            "INSERT INTO chosen VALUES (?,?,?,0) ON CONFLICT(line) DO UPDATE SET"
            " key=excluded.key, subject=excluded.subject, by_hand=0 WHERE by_hand=0 OR subject<>excluded.subject",
            (line, key, subject),
        )
        self._index.write("DELETE FROM failures WHERE line=?", (line,))

    def choose(self, line: str, key: str, subject: str) -> None:
        """Use take `key` for `line` by hand, as long as the line asks for `subject`."""
        with self._index.transaction():
            self._index.write("INSERT OR IGNORE INTO line_takes VALUES (?,?)", (line, key))
            self._index.write("INSERT OR REPLACE INTO chosen VALUES (?,?,?,1)", (line, key, subject))
            self._index.write("DELETE FROM failures WHERE line=?", (line,))
            choices.append(self.folder, line, key, subject)

    def forget(self, keys: Sequence[str]) -> None:
        """Take takes out of the index, before their files go; a hand-made choice of one goes along."""
        with self._index.transaction():
            self._index.write_in("DELETE FROM takes WHERE key IN ({})", keys)
            self._index.write_in("DELETE FROM line_takes WHERE key IN ({})", keys)
            self._index.write_in("DELETE FROM chosen WHERE by_hand=1 AND key IN ({})", keys)

    def fail(self, failures: Iterable[Failure]) -> None:
        """Enter lines that could not be spoken."""
        with self._index.transaction():
            for one in failures:
                self._index.write(
                    "INSERT OR REPLACE INTO failures VALUES (?,?,?,?,?,?)",
                    (one.line, one.subject, one.why, one.tries, one.stand_in, one.at),
                )

    # --- what workers said ---

    def absorb(self) -> list[Rendered]:
        """Enter what the workers' journals have that was not read yet; the takes that were new to the index. A row whose file
        is not there is no take yet, and is looked at again the next time. Entering a row twice changes nothing."""
        with self._index.lock:
            told = self._nameless
            for path in journal.there(self.folder):
                try:
                    rows, self._read_to[path], _ = journal.rows(path, self._read_to.get(path, 0), self.folder)
                except FileNotFoundError:  # another reader was done with it
                    continue
                told += rows
            self._nameless = [one for one in told if not one.take.path.is_file()]  # its worker is at it, or was killed
            known = self.takes(one.take.key for one in told)
            fresh = [one for one in told if self._is_news(one, known.get(one.take.key))]
            if fresh:
                self.record(fresh)
            return fresh

    def _is_news(self, one: Rendered, known: Take | None) -> bool:
        """Whether a journal's row says what the index does not know: a take without a row, or a file that was rendered anew."""
        if known and known.sha256 == one.take.sha256:
            return False
        try:
            return one.take.path.stat().st_size == one.size and (
                known is None or sha256_file(one.take.path) == one.take.sha256
            )
        except OSError:
            return False

    def answers(self, keys: Iterable[str]) -> dict[str, Rendered]:
        """The takes that answer what was asked for by `keys`, as far as their workers' journals say so since the store was
        opened or `absorb` was last called."""
        with self._index.lock:
            self._answers.update((one.asked, one) for one in self.absorb())
            return {key: self._answers.pop(key) for key in keys if key in self._answers}

    def drop_journals(self) -> None:
        """Remove journals that are in the index and that nobody writes any more. For the process that holds the book."""
        with self._index.lock:
            self.absorb()
            for path in journal.there(self.folder):
                if journal.finished(path):
                    path.unlink(missing_ok=True)
                    self._read_to.pop(path, None)
            self._answers.clear()

    # --- reading ---

    def take(self, key: str) -> Take | None:
        rows = self._index.rows("SELECT * FROM takes WHERE key=?", (key,))
        return self._take(rows[0]) if rows else None

    def whole(self) -> dict[str, int]:
        """Keys of all takes whose file is on disk at its recorded size -> frames. One pass over the folder."""
        on_disk: dict[str, int] = {}
        for folder in self.folder.iterdir():
            if folder.is_dir():
                on_disk.update((file.stem, file.stat().st_size) for file in folder.glob("*.flac"))
        rows = self._index.rows("SELECT key, size, frames FROM takes")
        return {key: frames for key, size, frames in rows if on_disk.get(key) == size}

    def takes(self, keys: Iterable[str]) -> dict[str, Take]:
        """The takes of `keys`, by key; missing ones are absent."""
        return {row[0]: self._take(row) for row in self._index.rows_in("SELECT * FROM takes WHERE key IN ({})", keys)}

    def newest(self, subjects: Iterable[str]) -> dict[str, Take]:
        """The take made last of each subject that has any."""
        sql = "SELECT * FROM takes WHERE subject IN ({}) ORDER BY created, key"
        return {row[9]: self._take(row) for row in self._index.rows_in(sql, subjects)}

    def takes_of(self, line: str) -> list[Take]:
        """Every take ever made for a line, oldest first."""
        rows = self._index.rows(
            "SELECT takes.* FROM line_takes JOIN takes USING (key) WHERE line=? ORDER BY line_takes.rowid", (line,)
        )
        return [self._take(row) for row in rows]

    def choices(self) -> dict[str, Choice]:
        """Line id -> its chosen take."""
        rows = self._index.rows("SELECT line, key, subject, by_hand FROM chosen")
        return {line: Choice(key, subject, bool(by_hand)) for line, key, subject, by_hand in rows}

    def failures(self) -> dict[str, Failure]:
        """Line id -> how it failed when it was last asked for."""
        return {row[0]: Failure(*row) for row in self._index.rows("SELECT * FROM failures ORDER BY line")}

    def ingredients(self, key: str) -> dict[str, Any]:
        """What a take was made from (see `key.ingredients`); empty for an unknown key."""
        rows = self._index.rows("SELECT ingredients FROM takes WHERE key=?", (key,))
        return dict(json.loads(rows[0][0])) if rows else {}

    def asked(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """What each of `keys` was made from, by key; missing ones are absent."""
        sql = "SELECT key, ingredients FROM takes WHERE key IN ({})"
        return {key: json.loads(text) for key, text in self._index.rows_in(sql, keys)}

    def count(self) -> int:
        """How many takes were ever made."""
        return int(self._index.rows("SELECT count(*) FROM takes")[0][0])

    def by_line(self) -> Iterator[tuple[str, list[str]]]:
        """Every line that ever had a take, and the keys of its takes, the newest first."""
        rows = self._index.rows(
            "SELECT line, key FROM line_takes JOIN takes USING (key) ORDER BY line, created DESC, line_takes.rowid DESC"
        )
        for line, theirs in groupby(rows, key=lambda row: row[0]):
            yield line, [key for _, key in theirs]

    def rendered(self) -> Iterator[Rendered]:
        """Every take with all that belongs to it, the oldest first."""
        lines: dict[str, list[str]] = {}
        for line, key in self._index.rows("SELECT line, key FROM line_takes ORDER BY rowid"):
            lines.setdefault(key, []).append(line)
        for row in self._index.rows("SELECT * FROM takes ORDER BY created, key"):
            take = self._take(row)
            yield Rendered(take, row[2], row[9], json.loads(row[10]), tuple(lines.get(take.key, ())))

    def created(self) -> dict[str, str]:
        """Key -> when it was made, of all takes."""
        return dict(self._index.rows("SELECT key, created FROM takes"))

    def sums(self) -> dict[str, tuple[str, int]]:
        """Key -> SHA-256 and size of its file, as it was rendered, of all takes."""
        return {key: (sha256, size) for key, sha256, size in self._index.rows("SELECT key, sha256, size FROM takes")}

    def flagged(self) -> dict[str, tuple[str, ...]]:
        """Keys of takes that an automatic check doubts -> its flags."""
        return {
            key: tuple(flags.split()) for key, flags in self._index.rows("SELECT key, flags FROM takes WHERE flags<>''")
        }

    def _take(self, row: tuple[Any, ...]) -> Take:
        key, sha256, _, sample_rate, frames, engine, seed, created, flags, *_ = row
        return Take(key, self.path_of(key), sha256, sample_rate, frames, engine, seed, created, tuple(flags.split()))
