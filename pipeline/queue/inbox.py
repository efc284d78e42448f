"""The watched folder: a manuscript dropped there is queued once it has stopped growing."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.files import write_text
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
    """What lies in the inbox, by name."""
    return sorted(queue.inbox.iterdir()) if queue.inbox.is_dir() else []


def look(queue: Queue, settled_s: float = SETTLED_S) -> Drop:
    """What `take_in` would do; nothing is written."""
    seen, known = _seen(queue), {one.request.manuscript for one in queue.books}
    names = {one.name: f"{queue.path.name}, line {one.line}" for one in queue.books}
    ready, growing, refused = [], [], []
    for path in files(queue):
        path = path.resolve()
        if path.name.startswith(".") or not readable(path) or path in known or not path.is_file():
            continue
        stat = path.stat()
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
    near = queue.path.parent
    books = [{"manuscript": str(one.relative_to(near) if one.is_relative_to(near) else one)} for one in found.queued]
    queue = edit.edit(queue.path, lambda text: edit.add(text, books))
    stats = {one.name: one.stat() for one in found.queued}
    now = {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}
    write_text(queue.nights / _SEEN, json.dumps({**_seen(queue), **now}, ensure_ascii=False, indent=1))
    return queue, found


def _seen(queue: Queue) -> Mapping[str, list[int]]:
    """Files that were queued, by name: size and time of change then."""
    try:
        found = json.loads((queue.nights / _SEEN).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}
