"""`shuoshu schedule list` and `shuoshu morning`: the night before and the morning after."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime

from pipeline import disk
from pipeline.cli import show
from pipeline.deliver.clock import short_clock
from pipeline.errors import ShuoshuError
from pipeline.queue import forecast, inbox, record, speeds
from pipeline.queue import morning as report
from pipeline.queue.entry import Queue
from pipeline.queue.file import DOCS, load
from pipeline.queue.forecast import Forecast
from pipeline.queue.night import now
from pipeline.wording import Wording

# --- the night before ------------------------------------------------------------------------------------------------


def show_list(options: argparse.Namespace) -> int:
    """How long each book will take, and when it will be done."""
    queue, at = load(options.queue), now()
    found = list(forecast.forecast(queue, at, speeds.load()))
    opens, closes = forecast.tonight(queue, at)
    drop = inbox.look(queue)
    if options.json:
        show.print_json(_forecast_json(queue, found, opens, closes))
        return 0
    columns = [
        "", show.say("book", "书"), show.say(">priority", ">优先级"), show.say("deadline", "期限"), show.say(">work", ">工时"),
        show.say(">audio", ">音频"), show.say("done", "完成时间"),
    ]  # fmt: skip
    rows = [
        (
            number, one.entry.name, one.entry.priority or "", _when(one.entry.deadline, queue),
            short_clock(one.estimate.seconds) if one.estimate else "",
            short_clock(one.estimate.audio) if one.estimate else "", _done(one, queue, closes),
        )
        for number, one in enumerate(found, 1)
    ]  # fmt: skip
    show.table(str(options.queue), columns, rows)
    for one in found:
        if one.problem:
            show.remark(_said(one.entry.name, one.problem.what, one.problem.where, one.problem.fix))
    _closing(queue, found, opens, closes)
    show.remarks([*drop.refused])
    for path in drop.growing:
        show.remark(show.say(f"{path.name} is still growing in the inbox", f"收件夹中的 {path.name} 还在变大"))
    return 0


def _done(one: Forecast, queue: Queue, closes: datetime) -> str:
    if one.ends is None:
        return {
            "unchanged": show.say("nothing is stale", "无需重做"), "paused": show.say("paused", "已暂停"),
            "wrong": show.say("will fail: see below", "会失败：见下"),
        }.get(one.state, "")  # fmt: skip
    late = show.say(", LATE", "，超过期限") if one.late else ""
    by = "" if one.ends <= closes else show.say(", a later night", "，以后的夜里")
    return _when(one.ends, queue) + by + late


def _when(moment: datetime | None, queue: Queue) -> str:
    return moment.astimezone(queue.window.zone).strftime("%Y-%m-%d %H:%M") if moment else ""


def _closing(queue: Queue, found: Sequence[Forecast], opens: datetime, closes: datetime) -> None:
    due = [one for one in found if one.ends]
    ready = sum(one.ends <= closes for one in due if one.ends)
    work = short_clock(sum(one.estimate.seconds for one in due if one.estimate))
    until = show.say("it never closes", "不关闭") if closes.year == 9999 else _when(closes, queue)
    show.console().print(
        show.say(
            f"{ready} of {len(due)} books will be done by morning: {work} of work, window {_when(opens, queue)} – {until}"
            f" ({queue.window.zone})",
            f"{len(due)} 本中有 {ready} 本到早上会完成：共需 {work}，时间窗 {_when(opens, queue)} – {until}"
            f"（{queue.window.zone}）",
        ),
        soft_wrap=True,
    )
    wanted, free = _room(queue, due)
    if wanted > free:
        show.remark(
            show.say(
                f"the disk has room for {disk.size(free)}, and these books need about {disk.size(wanted)}: free some"
                " (`shuoshu gc BOOK`), or books will stop when it is full",
                f"磁盘还能放 {disk.size(free)}，这些书大约需要 {disk.size(wanted)}：请先腾出空间（`shuoshu gc 书名`），"
                "否则写满时会停下",
            )
        )
    if any(one.estimate and not one.estimate.measured for one in due):
        show.remark(
            show.say(
                f"nothing like this was measured on this machine yet: some times are the defaults of {DOCS}",
                f"本机还没有这类工作的实测速度：部分时间取自 {DOCS} 的默认值",
            )
        )


def _room(queue: Queue, due: Sequence[Forecast]) -> tuple[float, float]:
    """Bytes that the books still need, and that there is room for."""
    return sum(one.estimate.size for one in due if one.estimate), disk.room(queue.output)


def _forecast_json(queue: Queue, found: Sequence[Forecast], opens: datetime, closes: datetime) -> dict[str, object]:
    zone, (wanted, free) = queue.window.zone, _room(queue, found)
    return {
        "window": {"opens": record.shown(opens, zone), "closes": record.shown(closes, zone) or None, "timezone": str(zone)},
        "paused": queue.paused,
        "work_seconds": round(sum(one.estimate.seconds for one in found if one.estimate), 1),
        "disk_needed_bytes": round(wanted), "disk_room_bytes": None if free == float("inf") else round(free),
        "done_by_morning": sum(bool(one.ends and one.ends <= closes) for one in found),
        "books": [
            {
                "book": one.entry.name, "manuscript": str(one.entry.request.manuscript), "priority": one.entry.priority,
                "deadline": one.entry.deadline and record.shown(one.entry.deadline, zone), "state": one.state,
                "seconds": one.estimate and round(one.estimate.seconds, 1),
                "audio_seconds": one.estimate and round(one.estimate.audio, 1),
                "bytes": one.estimate and round(one.estimate.size),
                "measured": one.estimate and one.estimate.measured,
                "done": one.ends and record.shown(one.ends, zone),
                "late": one.late, "problem": str(one.problem) if one.problem else None,
            }
            for one in found
        ],
    }  # fmt: skip


# --- the morning after -----------------------------------------------------------------------------------------------


def morning(options: argparse.Namespace) -> int:
    """What the night made; exit 1 when a book failed."""
    queue = load(options.queue)
    names = record.names(queue.nights)
    found = record.load(queue.nights, options.night or next(iter(names), ""))
    if found is None:
        raise ShuoshuError(
            Wording(f"there is no record of {options.night or 'any night'}", f"没有{options.night or '任何夜间'}的记录"),
            where=str(queue.nights),
            fix=Wording(f"Nights here: {', '.join(names) or 'none yet'}.", f"有记录的夜：{'、'.join(names) or '还没有'}。"),
        )  # fmt: skip
    remarks = [
        one for one in (report.cut_off(found), *found.remarks, *report.changed_since(found, queue.output)) if one
    ]
    failed = any(one.outcome == "failed" for one in found.books)
    if options.json:
        show.print_json(report.as_json(found) | {"remarks": [str(one) for one in remarks]})
        return int(failed)
    page = report.write_page(found, queue.nights, "zh" if show.chinese() else "en")
    say = 1 if show.chinese() else 0
    columns = [
        show.say("book", "书"), show.say("outcome", "结果"), show.say(">audio", ">音频"),
        show.say(">lines rendered", ">合成行数"),
        show.say(">took", ">用时"), show.say(">expected", ">预计"), show.say(">to listen to", ">需要试听"),
    ]  # fmt: skip
    rows = [
        (
            one.title or one.book, report.OUTCOMES[one.outcome][say], short_clock(one.audio_s), one.rendered,
            short_clock(one.work_s), "" if one.estimate_s is None else short_clock(one.estimate_s), len(one.listen) or "",
        )
        for one in found.books
    ]  # fmt: skip
    show.table(show.say(f"Night of {found.name}", f"{found.name} 夜间"), columns, rows)
    for one in found.books:
        if one.what and one.outcome not in ("paused", "waiting"):
            show.remark(_said(one.book, one.what, one.where, one.fix))
        if one.listen:
            ids = ", ".join(one.listen[: report.SHOWN]) + (" …" if len(one.listen) > report.SHOWN else "")
            show.remark(show.say(f"listen to {one.book}: {ids}", f"试听 {one.book}：{ids}"))
    show.table(
        "", ["", ""], [(name[say], show.told(value)) for name, value in report.figures(found, report.sums(found))]
    )
    show.remarks(remarks)
    show.remark(show.say(f"as a page: {page}", f"网页：{page}"))
    return int(failed)


def _said(book: str, what: str, where: str, fix: str) -> str:
    """What is the matter with a book, on one line."""
    return " · ".join(part for part in (f"{book}: {show.told(what)}", where, show.told(fix)) if part)
