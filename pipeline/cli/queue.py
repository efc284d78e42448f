"""`shuoshu schedule`: the queue and its books."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

from pipeline.cli import show
from pipeline.cli.watching import queue_books, watchers
from pipeline.errors import ShuoshuError
from pipeline.queue import edit, forecast
from pipeline.queue.entry import Entry, Queue
from pipeline.queue.file import BOOK, DOCS, INBOX, WINDOW, load, local_zone
from pipeline.watch.log import Log
from pipeline.wording import Wording

_STARTER = {
    "en": """# The books that are made by night: {docs} explains every line. Edit freely: commands keep comments.
window: "{window}"
timezone: {zone}
# inbox: {inbox}      # a book dropped there is queued
# workers: 0                    # 0 = one per core
# price_per_hour: 1.50          # of this machine; for the morning's cost of a finished hour
# currency: EUR
# notify: custom-webhook/morning   # a Prefect block that is told in the morning
books:
""",
    "zh": """# 夜间制作的书：{docs} 逐项说明。可以随意手改，命令会保留注释。
window: "{window}"
timezone: {zone}
# inbox: {inbox}      # 放进这个文件夹的书会自动排队
# workers: 0                    # 0 = 每核一个
# price_per_hour: 1.50          # 本机每小时的费用，用来算每小时成品的费用
# currency: CNY
# notify: custom-webhook/morning   # 早上要通知的 Prefect block
language: zh
books:
""",
}


FIGURES = "metrics.prom"
"""Of the nights' folder: where a night writes its figures for whoever serves them."""


def add(options: argparse.Namespace) -> int:
    """Queue books; what would stop them at night is said now."""
    path: Path = options.queue
    new = not path.exists()
    if new:
        text = _STARTER["zh" if show.chinese() else "en"]
        edit.write_new(path, text.format(docs=DOCS, window=WINDOW, zone=local_zone(), inbox=INBOX))
    try:
        added = _added(options, path)
    except ShuoshuError:
        if new:
            path.unlink()
        raise
    if new:
        show.remark(show.say(f"{path} is new: its window is {WINDOW}", f"新建 {path}：时间窗为 {WINDOW}"))
    for one in added:
        show.remark(
            show.say(f"{one.name} is queued ({path}, line {one.line})", f"{one.name} 已排队（{path} 第 {one.line} 行）")
        )
    return 0


def _added(options: argparse.Namespace, path: Path) -> list[Entry]:
    """The books that the command line names, queued."""
    known = {one.request.manuscript: one.line for one in load(path).books}
    asked = {one.resolve() for one in options.manuscripts}
    for one in options.manuscripts:
        if one.resolve() in known:
            raise ShuoshuError(
                Wording(f"{one} is in the queue already", f"{one} 已在队列中"), where=f"{path}, line {known[one.resolve()]}",
                fix=Wording("Edit its entry there, or remove it first.", "请改那一项，或先移除它。"),
            )  # fmt: skip

    def mine(queue: Queue) -> list[Entry]:
        return [one for one in queue.books if one.request.manuscript in asked]

    def check(changed: Queue) -> None:
        for one in mine(changed):
            forecast.check(one.request)

    books = [{"manuscript": edit.beside(one, path), **_wishes(options, path)} for one in options.manuscripts]
    return mine(edit.edit(path, edit.with_books(books), check))


def _wishes(options: argparse.Namespace, path: Path) -> dict[str, edit.Value]:
    """What the command line asks for, as the file has it."""
    wishes = {name: getattr(options, name, None) for name in BOOK}
    given: dict[str, edit.Value] = {name: value for name, value in wishes.items() if value not in (None, "", False)}
    if options.cast:
        given["cast"] = edit.beside(options.cast, path)
    with suppress(TypeError, ValueError):
        given["deadline"] = date.fromisoformat(options.deadline)
    return given


def remove(options: argparse.Namespace) -> int:
    """Take books out of the queue; their folders stay as they are."""
    for name in options.books:
        entry = _entry(options.queue, name)
        edit.edit(options.queue, edit.without(entry.name))
        stays = entry.folder.path
        show.remark(
            show.say(f"{entry.name} is out of the queue; {stays} stays", f"{entry.name} 已移出队列；{stays} 不动")
        )
    return 0


def pause(options: argparse.Namespace) -> int:
    """Leave books, or the whole queue, where they are."""
    return _paused(options, True)


def resume(options: argparse.Namespace) -> int:
    """Go on with them."""
    return _paused(options, False)


def _paused(options: argparse.Namespace, value: bool) -> int:
    done = ("is paused", "已暂停") if value else ("goes on", "继续")
    books = [_entry(options.queue, name).name for name in options.books]
    for book in books or [""]:
        edit.edit(options.queue, edit.paused(value, book))
        name = book or show.say("the queue", "整个队列")
        show.remark(show.say(f"{name} {done[0]}", f"{name} {done[1]}"))
    return 0


def _entry(path: Path, name: str) -> Entry:
    queue = load(path)
    return queue.books[queue.place(name)]


def serve(options: argparse.Namespace) -> int:
    """Wait for the window each night until stopped. Needs a Prefect server that stays."""
    queue = load(options.queue)  # what is wrong there is said before Prefect is imported, which takes seconds
    with watchers(options, queue.output, queue.nights / FIGURES) as watching:
        from flows.overnight import serve as serve_queue

        count = queue_books(watching.registry) if watching.registry else None
        serve_queue(options.queue.resolve(), _say(watching.log), count, watching.log)
    return 0


def _say(log: Log | None) -> Callable[[str], None]:
    """How a served queue speaks: to people, and into the log."""

    def say(text: str) -> None:
        show.remark(text)
        if log:
            log.event("serve", message=text)

    return say
