"""The queue while it is worked on: its file and its inbox are looked at before every book and read when something changed,
so that a long queue costs no more a book than a short one."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from pipeline.queue import inbox
from pipeline.queue.entry import Queue
from pipeline.queue.file import casts_beside, load

YOUNG_S = 2.0
"""A file that changed so lately may change again within the same tick of the file system's clock: it is read once more."""

Print = tuple[tuple[str | int, ...], ...] | None
"""What files were when they were read; None = too young to tell."""


class Watched:
    """The queue in the file at `path`, as `queue`. To be used by one thread at a time.

    Looked at are the file, the folders in which the casts of its books are found by themselves, and the inbox. Raises CastError
    for a file that cannot be read, ShuoshuError where there is none.
    """

    def __init__(self, path: Path) -> None:
        self._take(load(path))
        self._file: Print = None
        self._near: Print = None

    def look(self, settled_s: float = inbox.SETTLED_S) -> inbox.Drop:
        """Take in what lies in the inbox, and read the file again, where anything changed since the last look; what was
        taken in. Raises CastError or ShuoshuError for a file that is broken at the moment; `queue` is then as it was."""
        if self._file and self._near and (self._file, self._near) == (self._file_now(), self._near_now(settled_s)):
            return inbox.Drop()
        self._near = None
        queue, found = inbox.taken_in(load(self.queue.path), settled_s)
        self._take(queue)
        self._file, self._near = self._file_now(), self._near_now(settled_s)
        return found

    def reread(self) -> Queue:
        """The queue as its file is now, the inbox left alone. Raises as `look`, OSError for a file that is gone."""
        now = self._file_now()
        if now is None or now != self._file:
            self._take(load(self.queue.path))
            self._file, self._near = now, None
        return self.queue

    def _take(self, queue: Queue) -> None:
        self.queue = queue
        parents = {one.request.manuscript.parent for one in queue.books}
        self._folders = sorted(parents | {casts_beside(queue.path), queue.inbox})

    def _file_now(self) -> Print:
        return _print([self.queue.path], YOUNG_S)

    def _near_now(self, settled_s: float) -> Print:
        """Of all but the file: a folder changes as names come and go in it."""
        there = _print(self._folders, YOUNG_S)
        dropped = _print(inbox.files(self.queue), max(settled_s, YOUNG_S))
        return None if there is None or dropped is None else there + dropped


def _print(paths: Iterable[Path], young_s: float) -> Print:
    """Name, number, size and times of files and folders, of missing ones the name; None when one changed within the last
    `young_s` seconds."""
    found: list[tuple[str | int, ...]] = []
    now = time.time()
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            found.append((str(path),))
            continue
        if now - stat.st_ctime < young_s:
            return None
        found.append((str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    return tuple(found)
