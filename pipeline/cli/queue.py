"""`shuoshu schedule`: the queue and its books."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path

from pipeline.cli import show
from pipeline.cli.watching import queue_books, watchers
from pipeline.errors import ShuoshuError, did_you_mean
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
    if not path.exists():
        text = _STARTER["zh" if show.chinese() else "en"]
        edit.write_new(path, text.format(docs=DOCS, window=WINDOW, zone=local_zone(), inbox=INBOX))
        show.remark(show.say(f"{path} is new: its window is {WINDOW}", f"新建 {path}：时间窗为 {WINDOW}"))
    before = load(path)
    known = {one.request.manuscript: one.line for one in before.books}
    for one in options.manuscripts:
        if one.resolve() in known:
            raise ShuoshuError(
                Wording(f"{one} is in the queue already", f"{one} 已在队列中"), where=f"{path}, line {known[one.resolve()]}",
                fix=Wording("Edit its entry there, or remove it first.", "请改那一项，或先移除它。"),
            )  # fmt: skip
    books = [{"manuscript": _beside(one, path), **_wishes(options, path)} for one in options.manuscripts]

    def check(changed: Queue) -> None:
        for one in changed.books[len(before.books) :]:
            forecast.check(one.request)

    queue = edit.edit(path, lambda text: edit.add(text, books), check)
    for one in queue.books[len(before.books) :]:
        show.remark(
            show.say(f"{one.name} is queued ({path}, line {one.line})", f"{one.name} 已排队（{path} 第 {one.line} 行）")
        )
    return 0


def _wishes(options: argparse.Namespace, path: Path) -> dict[str, edit.Value]:
    """What the command line asks for, as the file has it."""
    wishes = {name: getattr(options, name, None) for name in BOOK}
    given: dict[str, edit.Value] = {name: value for name, value in wishes.items() if value not in (None, "", False)}
    if options.cast:
        given["cast"] = _beside(options.cast, path)
    with suppress(TypeError, ValueError):
        given["deadline"] = date.fromisoformat(options.deadline)
    return given


def remove(options: argparse.Namespace) -> int:
    """Take books out of the queue; their folders stay as they are."""
    for name in options.books:
        entry = _find(load(options.queue), name)
        edit.edit(options.queue, partial(edit.remove, number=_place(options.queue, entry)))
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
    entries: list[Entry | None] = [_find(load(options.queue), name) for name in options.books]
    for entry in entries or [None]:
        place = _place(options.queue, entry) if entry else None
        edit.edit(options.queue, partial(edit.put, number=place, key="paused", value=value))
        name = entry.name if entry else show.say("the queue", "整个队列")
        done = ("is paused", "已暂停") if value else ("goes on", "继续")
        show.remark(show.say(f"{name} {done[0]}", f"{name} {done[1]}"))
    return 0


def _beside(path: Path, queue: Path) -> str:
    """A path as the queue file has it: from its own folder where it lies under it."""
    near, whole = queue.resolve().parent, path.resolve()
    return str(whole.relative_to(near) if whole.is_relative_to(near) else whole)


def _find(queue: Queue, name: str) -> Entry:
    for one in queue.books:
        if name in (one.name, str(one.request.manuscript)) or Path(name).resolve() == one.request.manuscript:
            return one
    names = [one.name for one in queue.books]
    hint = did_you_mean(name, names)
    listed = ", ".join(names) or "–"
    raise ShuoshuError(
        Wording(f"no book {name!r} is in the queue.{hint}", f"队列中没有“{name}”。{hint.chinese}"), where=str(queue.path),
        fix=Wording(f"Queued: {listed}.", f"队列中有：{listed}。"),
    )  # fmt: skip


def _place(path: Path, entry: Entry) -> int:
    return [one.name for one in load(path).books].index(entry.name)


def serve(options: argparse.Namespace) -> int:
    """Wait for the window each night until stopped. Needs a Prefect server that stays."""
    queue = load(options.queue)
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
