"""What workers have rendered, told by themselves: an append-only file for each of them, one JSON row a take.

A worker writes a take's row before the take gets its name, so a take that is there has a row, whoever is killed when.
Nobody needs a lock, so the folder may be shared by many machines. The one process that runs the book reads the rows into
the index (`TakeStore.absorb`).

Layout: ``takes/journal/<host>-<process>-<six letters>.jsonl``
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.files import explained, process_lives
from pipeline.nouns import Take

FOLDER = "journal"
KEY = re.compile(r"[0-9a-f]{64}")
FORGOTTEN_S = 24 * 3600
"""A journal of another machine that did not grow for so long belongs to a worker that is gone."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A take and what belongs to it.

    size         bytes of its file
    subject      what was asked for, see `takes.key`
    ingredients  everything that it was made from, the same
    lines        ids of the lines that asked for it
    asked        the key that was asked for; another than the take's own where a new seed was drawn
    retries      why it was tried again before, once for each time: see "retry" in `progress`
    """

    take: Take
    size: int
    subject: str
    ingredients: dict[str, Any]
    lines: tuple[str, ...] = ()
    asked: str = ""
    retries: tuple[str, ...] = ()


class Journal:
    """This process's journal in a take store, open for a batch. To be used by one thread at a time. Raises BookFolderError
    for a full disk, or one that fails."""

    def __init__(self, takes: Path) -> None:
        self.path = takes / FOLDER / f"{socket.gethostname()}-{os.getpid()}-{_token(os.getpid())}.jsonl"

    def __enter__(self) -> Journal:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            raise explained(error, self.path) from error
        return self

    def add(self, one: Rendered) -> None:
        """Append a row, whole or not at all."""
        data = row_of(one)
        try:
            before = os.fstat(self._file).st_size
            if os.write(self._file, data) != len(data):
                os.ftruncate(self._file, before)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise explained(error, self.path) from error

    def __exit__(self, *_: object) -> None:
        """Have the rows on the disk before anyone is told that the batch is done."""
        try:
            os.fsync(self._file)
        except OSError as error:
            raise explained(error, self.path) from error
        finally:
            os.close(self._file)


@cache
def _token(_process: int) -> str:
    """Tells processes apart that got the same number one after the other. A fork has one of its own."""
    return secrets.token_hex(3)


def rows(path: Path, offset: int, takes: Path) -> tuple[list[Rendered], int, int]:
    """The rows of a journal from a byte on; how far it was read; how many rows could not be understood. A last row that is
    not whole is left for the next time."""
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read()
    whole = data.rfind(b"\n") + 1
    found, odd = [], 0
    for line in data[:whole].splitlines():
        try:
            found.append(_row(json.loads(line), takes))
        except (ValueError, KeyError, TypeError):
            odd += 1
    return found, offset + whole, odd


def row_of(one: Rendered) -> bytes:
    """A take as a line of a journal."""
    row = asdict(one) | {"take": {name: value for name, value in asdict(one.take).items() if name != "path"}}
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _row(row: dict[str, Any], takes: Path) -> Rendered:
    take = row["take"]
    if not KEY.fullmatch(take["key"]):
        raise ValueError("this is no key")
    path = takes / take["key"][:2] / f"{take['key']}.flac"
    one = Take(**take | {"path": path, "flags": tuple(take["flags"])})
    return Rendered(
        one,
        int(row["size"]),
        row["subject"],
        row["ingredients"],
        tuple(row["lines"]),
        row["asked"],
        tuple(row.get("retries", ())),
    )


def there(takes: Path) -> Iterator[Path]:
    """Every journal of a store."""
    yield from sorted((takes / FOLDER).glob("*.jsonl"))


def finished(path: Path) -> bool:
    """Whether nobody will write this journal any more: its process is this one or is gone, as far as can be told."""
    host, process, _ = path.stem.rsplit("-", 2) if path.stem.count("-") >= 2 else ("", "0", "")
    if host != socket.gethostname():
        return time.time() - path.stat().st_mtime > FORGOTTEN_S
    return int(process) == os.getpid() or not process_lives(int(process))
