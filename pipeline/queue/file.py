"""queue.yaml → Queue. Every error names the file and the line."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pipeline import yaml_lines
from pipeline.checked import Checked
from pipeline.errors import ShuoshuError, did_you_mean
from pipeline.queue.entry import Entry, Queue
from pipeline.queue.window import window
from pipeline.request import Request
from pipeline.wording import Wording
from pipeline.yaml_lines import Node

DOCS = "docs/scheduling.md"
WINDOW = "22:00-07:00, weekends all day"
"""The window of a queue that names none."""
INBOX = "manuscripts/inbox"
_TOP = (
    "window", "timezone", "inbox", "output", "workers", "price_per_hour", "currency", "notify", "language", "paused", "dask",
    "books",
)  # fmt: skip
_RULES: dict[str, tuple[Any, ...]] = {
    "engine": ("str",), "profile": ("str",), "chapters": ("str",), "formats": ("str",), "deliver": ("str",),
    "chapter_pattern": ("str",), "encoding": ("str",), "language": ("choice", "zh", "en"), "include_matter": ("bool",),
    "attributor": ("choice", "offline", "llm"), "on_failure": ("choice", "stop", "silence", "placeholder"),
    "priority": ("int", -1000, 1000), "paused": ("bool",),
}  # fmt: skip
BOOK = ("manuscript", "cast", "deadline", *_RULES)
"""The keys of a book."""


def load(path: Path) -> Queue:
    """Read and check the file. Raises CastError naming the line of what is wrong, ShuoshuError where there is no file."""
    path = path.resolve()
    return _Reader(path, DOCS).queue(yaml_lines.read(path, Wording("queue file", "队列文件"), DOCS))


def casts_beside(path: Path) -> Path:
    """The folder of cast files that belongs to a queue file."""
    return path.parent / "casts"


@cache
def _zones() -> set[str]:
    return available_timezones()


def local_zone() -> str:
    """This machine's IANA time zone name."""
    from tzlocal import get_localzone_name

    return str(get_localzone_name())


@dataclass(frozen=True, slots=True)
class _Reader(Checked):
    def queue(self, root: Node) -> Queue:
        top = self.mapping(root, Wording("the queue", "队列"), _TOP)
        zone = self.zone(top.get("timezone"))
        output = self.within(top["output"], "output") if "output" in top else self.path.parent / "output"
        workers = int(self.number(top["workers"], "workers", 0, 512, whole=True)) if "workers" in top else 0
        dask = self.text(top["dask"], "dask") if "dask" in top else ""
        shared = Request(Path(), output=output, workers=workers, dask=dask)
        books: dict[str, Entry] = {}
        for node in self.items(top.get("books")):
            one = self.book(node, shared, zone)
            if one.name in books:
                raise self.error(
                    Wording(
                        f"the books on lines {books[one.name].line} and {one.line} would share the folder {one.folder.path}",
                        f"第 {books[one.name].line} 行和第 {one.line} 行的书会共用文件夹 {one.folder.path}",
                    ),
                    one.line,
                    Wording("Rename one of the manuscripts, or remove one of the two.", "请给一个稿件改名，或去掉一本。"),
                )  # fmt: skip
            books[one.name] = one
        shown = top["window"] if "window" in top else Node(WINDOW, 1)
        try:
            times = window(self.text(shown, "window"), zone)
        except ShuoshuError as error:
            raise self.error(error.what, shown.line, error.fix) from error
        notify = top.get("notify")
        given = notify.value if notify and isinstance(notify.value, list) else [notify] if notify else []
        language = self.value(top["language"], "language", ("choice", "zh", "en")) if "language" in top else "en"
        return Queue(
            path=self.path, window=times, books=tuple(books.values()), output=output, workers=workers,
            paused=self.switch(top["paused"], "paused") if "paused" in top else False,
            inbox=self.within(top["inbox"], "inbox") if "inbox" in top else self.path.parent / INBOX,
            price_per_hour=self.number(top["price_per_hour"], "price_per_hour", 0, 1e6) if "price_per_hour" in top else None,
            currency=self.text(top["currency"], "currency") if "currency" in top else "",
            notify=tuple(self.text(one, "notify") for one in given), language="zh" if language == "zh" else "en",
        )  # fmt: skip

    def items(self, node: Node | None) -> list[Node]:
        if node is None or node.value is None:
            return []
        if not isinstance(node.value, list):
            raise self.error(
                Wording(
                    "books must be a list: one `- manuscript: FILE` a book",
                    "books 必须是列表：每本书一条 `- manuscript: 文件`",
                ),
                node.line,
            )
        return list(node.value)

    def book(self, node: Node, shared: Request, zone: ZoneInfo) -> Entry:
        if isinstance(node.value, str):  # - novel.epub
            node = Node({"manuscript": Node(node.value, node.line)}, node.line)
        given = self.mapping(node, Wording("a book", "书"), BOOK)
        if "manuscript" not in given:
            raise self.error(
                Wording("this book has no manuscript", "这本书没有 manuscript"), node.line,
                Wording("Add `manuscript: FILE`.", "请加上 `manuscript: 文件`。"),
            )  # fmt: skip
        manuscript = self.within(given["manuscript"], "manuscript")
        rest: Mapping[str, Any] = self.values({key: given[key] for key in given if key in _RULES}, "a book", _RULES)
        asked = {key: value for key, value in rest.items() if key not in ("priority", "paused")}
        return Entry(
            replace(
                shared, manuscript=manuscript, **asked,
                cast=self.within(given["cast"], "cast") if "cast" in given else self.usual_cast(manuscript),
            ),
            priority=int(rest.get("priority", 0)), paused=bool(rest.get("paused", False)), line=node.line,
            deadline=self.moment(given["deadline"], zone) if "deadline" in given else None,
        )  # fmt: skip

    def usual_cast(self, manuscript: Path) -> Path | None:
        """The cast file of a book that names none: casts/NAME.yaml beside the queue, or NAME.yaml beside the manuscript."""
        usual = (casts_beside(self.path) / f"{manuscript.stem}.yaml", manuscript.with_suffix(".yaml"))
        return next((path for path in usual if path.is_file()), None)

    def within(self, node: Node, what: str) -> Path:
        """A path; a relative one begins at the queue's folder."""
        return (self.path.parent / Path(self.text(node, what)).expanduser()).resolve()

    def zone(self, node: Node | None) -> ZoneInfo:
        name = self.text(node, "timezone") if node else local_zone()
        if name not in _zones():
            near = did_you_mean(name, _zones())
            line = node.line if node else 1
            raise self.error(
                Wording(f"no time zone is named {name!r}.{near}", f"没有叫 {name!r} 的时区。{near.chinese}"), line,
                Wording("Write one such as Asia/Shanghai.", "请写成 Asia/Shanghai 这样。"),
            )  # fmt: skip
        return ZoneInfo(name)

    def moment(self, node: Node, zone: ZoneInfo) -> datetime:
        """A deadline: a day, which is over at its midnight, or a day and a time."""
        found = node.value
        if isinstance(found, str):
            with suppress(ValueError):
                found = datetime.fromisoformat(found)
        if isinstance(found, datetime):
            return found if found.tzinfo else found.replace(tzinfo=zone)
        if isinstance(found, date):
            return datetime.combine(found + timedelta(days=1), time(), tzinfo=zone)
        raise self.error(
            Wording(
                f"deadline must be a day, or a day and a time, not {node.value!r}",
                f"deadline 必须是日期，或日期加时间，不能是 {node.value!r}",
            ),
            node.line,
            Wording("Write 2026-12-01 or 2026-12-01 07:00.", "请写成 2026-12-01 或 2026-12-01 07:00。"),
        )
