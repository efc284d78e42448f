"""The morning after: what a night's record adds up to, in words and as a page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from pipeline.deliver.clock import short_clock
from pipeline.files import write_text
from pipeline.folder import BookFolder
from pipeline.page import Cell, Text, both, code, table
from pipeline.page import page as whole_page
from pipeline.queue.record import BookNight, Night
from pipeline.queue.unchanged import on_disk
from pipeline.wording import Wording, chinese_of

OUTCOMES: dict[str, Text] = {
    "done": ("done", "完成"), "unchanged": ("nothing was stale", "无需重做"), "stopped": ("goes on next night", "下一夜继续"),
    "failed": ("failed", "失败"), "held": ("held by another process", "被另一进程占用"), "waiting": ("not begun", "未开始"),
    "paused": ("paused", "已暂停"),
}  # fmt: skip
SHOWN = 8
"""Ids of lines to listen to that a table names."""


@dataclass(frozen=True, slots=True)
class Sums:
    """A night added up. Hours are of wall-clock time unless they say audio or speech.

    counts       books by outcome
    audio_h      of the books done this night
    speech_h     rendered this night, `render_h` the time it took; `realtime` = speech / time, None where nothing was rendered
    machine_h    worked; `gpu_h` of GPUs while lines were rendered
    cost         of the hours worked; None without a price
    per_hour     cost of an hour of finished audio: of the books done this night, with what earlier nights spent on them
    expected_h   by the estimates, of the books done this night, and `took_h` what they took this night
    listen       lines that need a listen
    """

    counts: dict[str, int]
    audio_h: float
    speech_h: float
    render_h: float
    realtime: float | None
    machine_h: float
    gpu_h: float
    cost: float | None
    per_hour: float | None
    expected_h: float
    took_h: float
    listen: int


def sums(night: Night) -> Sums:
    """Add a night up."""
    done = [one for one in night.books if one.outcome == "done"]
    audio = sum(one.audio_s for one in done) / 3600
    speech, render = (sum(getattr(one, name) for one in night.books) / 3600 for name in ("speech_s", "render_s"))
    worked, price = sum(one.work_s for one in night.books) / 3600, night.price_per_hour
    spent = sum(one.work_s + one.before_s for one in done) / 3600
    return Sums(
        counts={name: sum(one.outcome == name for one in night.books) for name in OUTCOMES},
        audio_h=audio, speech_h=speech, render_h=render, realtime=speech / render if render else None, machine_h=worked,
        gpu_h=sum(one.gpu_s for one in night.books) / 3600, cost=None if price is None else price * worked,
        per_hour=None if price is None or not audio else price * spent / audio,
        expected_h=sum(one.estimate_s or 0.0 for one in done) / 3600, took_h=sum(one.work_s for one in done) / 3600,
        listen=sum(len(one.listen) for one in night.books),
    )  # fmt: skip


def changed_since(night: Night, output: Path) -> list[Wording]:
    """What of the record is no longer so on disk: books whose chapters have other lengths now, or are gone."""
    found = []
    for one in night.books:
        if one.outcome in ("done", "unchanged"):
            there = sum(on_disk(BookFolder(output / one.book)))
            if abs(there - one.audio_s) > 0.01:
                found.append(
                    Wording(
                        f"{one.book}: {short_clock(one.audio_s)} of audio in the record, {short_clock(there)} on disk now",
                        f"{one.book}：记录中音频 {short_clock(one.audio_s)}，现在盘上 {short_clock(there)}",
                    )
                )
    return found


def summary(night: Night) -> Wording:
    """The night in a few lines, for a message."""
    found = sums(night)
    english = [f"Night of {night.name}: " + _counted(found, 0), _figures(night, found)]
    chinese = [f"{night.name} 夜间：" + _counted(found, 1), chinese_of(_figures(night, found))]
    for one in night.books:
        if one.outcome in ("failed", "held", "stopped", "waiting"):
            name, where = one.title or one.book, f" ({one.where})" if one.where else ""
            outcome, words = OUTCOMES[one.outcome], (one.what, one.fix)
            english.append(f"{name}: {outcome[0]}. {words[0]}{where} {words[1]}".rstrip())
            chinese.append(f"{name}：{outcome[1]}。{chinese_of(words[0])}{where} {chinese_of(words[1])}".rstrip())
    return Wording("\n".join(english), "\n".join(chinese))


def _counted(found: Sums, language: int) -> str:
    named = [(OUTCOMES[name][language], count) for name, count in found.counts.items() if count]
    if not named:
        return ("the queue is empty", "队列为空")[language]
    return (
        ", ".join(f"{count} {name}" for name, count in named)
        if language == 0
        else "，".join(f"{name} {count} 本" for name, count in named)
    )


def _figures(night: Night, found: Sums) -> Wording:
    rows = figures(night, found)
    return Wording(
        "; ".join(f"{name[0]}: {value}" for name, value in rows),
        "；".join(f"{name[1]}：{chinese_of(value)}" for name, value in rows),
    )


def figures(night: Night, found: Sums) -> list[tuple[Text, str]]:
    """The sums as they are shown: what each is called, and its value."""
    none = Wording("no price_per_hour in queue.yaml", "queue.yaml 中没有 price_per_hour")
    unit = f" {night.currency}".rstrip()
    return [
        (("audio finished", "完成音频"), f"{found.audio_h:.2f} h"),
        (("speech rendered", "合成语音"), f"{found.speech_h:.2f} h"),
        (("times real time", "实时倍数"), "–" if found.realtime is None else f"{found.realtime:.1f}"),
        (("machine hours", "机器工时"), f"{found.machine_h:.2f}"),
        (("GPU hours", "GPU 工时"), f"{found.gpu_h:.2f}"),
        (("cost", "费用"), none if found.cost is None else f"{found.cost:.2f}{unit}"),
        (
            ("cost of a finished hour", "每小时成品费用"),
            none if found.cost is None else "–" if found.per_hour is None else f"{found.per_hour:.2f}{unit}",
        ),
        (("expected / took", "预计 / 实际"), f"{short_clock(found.expected_h * 3600)} / {short_clock(found.took_h * 3600)}"),
        (("lines to listen to", "需要试听的行"), str(found.listen)),
    ]  # fmt: skip


def as_json(night: Night) -> dict[str, Any]:
    """The night for scripts: its sums, its books, its remarks."""
    return {
        "night": night.name, "began": night.began, "ends": night.ends, "ended": night.ended or None,
        "machine": night.machine, "price_per_hour": night.price_per_hour, "currency": night.currency,
        "sums": asdict(sums(night)), "books": [asdict(one) for one in night.books], "remarks": list(night.remarks),
    }  # fmt: skip


def cut_off(night: Night) -> Wording | None:
    """A remark on a night without an end."""
    if night.ended:
        return None
    return Wording(
        "the night has no end in its record: it is still at work, or its process was killed; what it made is kept",
        "记录里没有这一夜的结束：它还在工作，或进程被杀掉了；做完的都保留",
    )


def write_page(night: Night, nights: Path, language: str) -> Path:
    """Write ``nights/NAME.html``; its path."""
    path = nights / f"{night.name}.html"
    write_text(path, page(night, language))
    return path


def page(night: Night, language: str) -> str:
    """The night as one HTML page."""
    rows = [
        (
            Cell("", escape(one.title or one.book) + f"<br>{code(one.book)}"), Cell("", both(*OUTCOMES[one.outcome])),
            Cell("", _why(one)), Cell("n", short_clock(one.audio_s), one.audio_s), Cell("n", str(one.mastered)),
            Cell("n", str(one.rendered)), Cell("n", short_clock(one.work_s), one.work_s),
            Cell("n", "" if one.estimate_s is None else short_clock(one.estimate_s), one.estimate_s or 0.0),
            Cell("", _listen(one), len(one.listen)),
        )
        for one in night.books
    ]  # fmt: skip
    heads = (
        ("book", "书"), ("outcome", "结果"), ("why", "原因"), ("audio", "音频"), ("chapters made", "制作章数"),
        ("lines rendered", "合成行数"), ("took", "用时"), ("expected", "预计"), ("to listen to", "需要试听"),
    )  # fmt: skip
    found = figures(night, sums(night))
    facts = "".join(f"<dt>{both(*name)}</dt><dd>{both(value, chinese_of(value))}</dd>" for name, value in found)
    cut = cut_off(night)
    remarks = [*([cut] if cut else []), *night.remarks]
    told = "".join(f"<p>{both(one, chinese_of(one))}</p>" for one in remarks)
    style = "dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem} dd{margin:0}"
    span = f"<p>{escape(night.began)} – {escape(night.ended or '…')} · {escape(night.machine)}</p>"
    title = f"{'夜间制作' if language == 'zh' else 'Night of'} {night.name}"
    return whole_page(
        title, language, f"{span}<dl>{facts}</dl>{told}" + table(("Books", "书"), heads, rows), style=style
    )


def _why(one: BookNight) -> str:
    where = f"<br>{code(one.where)}" if one.where else ""
    fix = f"<br>{both(one.fix, chinese_of(one.fix))}" if one.fix else ""
    return both(one.what, chinese_of(one.what)) + where + fix


def _listen(one: BookNight) -> str:
    ids = " ".join(code(line) for line in one.listen[:SHOWN])
    more = len(one.listen) - SHOWN
    return ids + (f" +{more}" if more > 0 else "") + (f"<br>{code(f'shuoshu status {one.book}')}" if one.listen else "")
