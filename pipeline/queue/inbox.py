"""The watched folder: a manuscript dropped there is queued once it has stopped growing."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.files import explained, write_text
from pipeline.folder import folder_for
from pipeline.manuscript.reader import readable
from pipeline.queue import edit
from pipeline.queue.entry import Queue
from pipeline.queue.file import load
from pipeline.wording import Wording

SETTLED_S = 30.0
"""A file is whole when nothing of it has changed for so long: neither its content nor its name, size or times, which the
system notes (st_ctime) and no copying program can set."""
_SEEN = "inbox.json"


@dataclass(frozen=True, slots=True)
class Drop:
    """What lies in the inbox: `queued` now, still `growing`, and why some files cannot be queued."""

    queued: tuple[Path, ...] = ()
    growing: tuple[Path, ...] = ()
    refused: tuple[Wording, ...] = ()


def files(queue: Queue) -> list[Path]:
    """What lies in the inbox, by name. Raises BookFolderError for an inbox that cannot be read."""
    try:
        return sorted(queue.inbox.iterdir()) if queue.inbox.is_dir() else []
    except OSError as error:
        raise explained(error, queue.inbox) from error


def look(queue: Queue, settled_s: float = SETTLED_S) -> Drop:
    """What `take_in` would do; nothing is written. Raises BookFolderError for an inbox that cannot be read."""
    seen, known = _seen(queue), {one.request.manuscript for one in queue.books}
    names = {one.name: f"{queue.path.name}, line {one.line}" for one in queue.books}
    ready, growing, refused = [], [], []
    for path in map(Path.resolve, files(queue)):
        if path.name.startswith(".") or not readable(path) or path in known or not path.is_file():
            continue
        try:
            stat = path.stat()
        except FileNotFoundError:  # taken away just now
            continue
        if seen.get(path.name) == [stat.st_size, stat.st_mtime_ns]:
            continue
        name = folder_for(path, queue.output).path.name
        if name in names:
            refused.append(
                Wording(
                    f"{path.name} is not queued: another book has its name ({names[name]}); rename one of them",
                    f"{path.name} 没有排队：另一本书与它同名（{names[name]}），请给其中一份改名",
                )
            )
        elif not stat.st_size or time.time() - stat.st_ctime < settled_s:
            growing.append(path)
        else:
            ready.append(path)
            names[name] = path.name
    return Drop(tuple(ready), tuple(growing), tuple(refused))


def take_in(path: Path, settled_s: float = SETTLED_S) -> Drop:
    """Queue every whole manuscript that lies in the inbox and was not queued before; one that was removed from the queue is
    queued again only when its file changes. Raises CastError or ShuoshuError for a queue that cannot be read or changed."""
    return taken_in(load(path), settled_s)[1]


def taken_in(queue: Queue, settled_s: float = SETTLED_S) -> tuple[Queue, Drop]:
    """`take_in` for a queue that was read just now; the queue as it is then."""
    found = look(queue, settled_s)
    if not found.queued:
        return queue, found

    def change(text: str, now: Queue) -> str:
        nonlocal found
        found = look(now, settled_s)  # once more: whoever edited it just now may have taken them in
        return edit.add(text, [{"manuscript": edit.beside(one, queue.path)} for one in found.queued])

    queue = edit.edit(queue.path, change)
    if found.queued:
        stats = {one.name: one.stat() for one in found.queued if one.exists()}
        seen = {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}
        write_text(queue.nights / _SEEN, json.dumps({**_seen(queue), **seen}, ensure_ascii=False, indent=1))
    return queue, found


def _seen(queue: Queue) -> Mapping[str, list[int]]:
    """Files that were queued, by name: size and time of change then."""
    try:
        found = json.loads((queue.nights / _SEEN).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}
