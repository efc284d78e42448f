"""`shuoshu dub`: lines at given times, or within a given total, and into a video."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from pipeline.cli import show
from pipeline.cli.make import deliverables_table, make, request_of, some, summary
from pipeline.dubbing import Dub, report
from pipeline.dubbing.report import Row
from pipeline.dubbing.wish import parsed_seconds
from pipeline.opening import open_book
from pipeline.produce import nothing_to_do
from pipeline.request import Request
from pipeline.wording import counted

MOST_ROWS = 40
SPOKEN = 0.7
"""A track whose lines end before this share of its total has too few."""


def dub(options: argparse.Namespace) -> int:
    """Make the track, say what became of the lines that did not fit by themselves; 1 where one of them is not heard at all."""
    request, began = _request(options), time.monotonic()
    with show.Display(quiet=options.json) as display, open_book(request, display) as production:
        result = nothing_to_do(production) or make(production, request, options.workers, display, plain=options.plain)
        rows = report.rows(production)
        path = report.write(production, rows)
    spent = time.monotonic() - began
    lost = [one.line for one in rows if one.lost]
    silence = _silence(rows, request.dub.total if request.dub else None)
    result = replace(result, remarks=(*result.remarks, *silence))
    if options.json:
        show.print_json({**summary(result, spent), "report": str(path), "lines_fitted": [asdict(one) for one in rows]})
        return int(bool(lost))
    show.remarks(result.remarks)
    _table([one for one in rows if one.changed], path)
    deliverables_table(result)
    if lost:
        show.remark(
            show.say(
                f"{counted(len(lost), 'line')} not heard at all, for want of time: {some(lost)}",
                f"{len(lost)} 行完全没有时间播出：{some(lost)}",
            )
        )
    show.console().print(_closing(rows, path, result.rendered, spent), soft_wrap=True)
    return int(bool(lost))


def _silence(rows: Sequence[Row], total: float | None) -> list[str]:
    """What is to be said of lines that leave most of their total silent."""
    ends = max((one.start + one.made * one.stretched for one in rows), default=0.0)
    if total is None or ends > SPOKEN * total:
        return []
    return [
        show.say(
            f"the lines end after {ends:.1f} of {total:g} s; the rest is silent. More of them, or a shorter total, fill it.",
            f"台词在第 {ends:.1f} 秒就结束了，总长 {total:g} 秒，后面没有声音。可以多写几句，或缩短总时长。",
        )
    ]


def _request(options: argparse.Namespace) -> Request:
    total = parsed_seconds(options.total) if options.total else None
    wish = Dub(total, options.fill, options.video, options.keep_audio)
    formats = options.formats
    if options.video and "m4a" not in formats:
        formats += ",m4a"
    return replace(request_of(options), dub=wish, formats=formats)


def _table(rows: Sequence[Row], path: Path) -> None:
    """The lines that were changed, those that run over first."""
    if not rows:
        return
    columns = [
        show.say("line", "行"), show.say(">start", ">起点"), show.say(">slot", ">时段"), show.say(">natural", ">自然"),
        show.say(">made", ">合成"), show.say(">ratio", ">比例"), show.say(">stretched", ">拉伸"), show.say(">over", ">超出"),
        show.say(">cut", ">切去"), show.say("text", "台词"),
    ]  # fmt: skip
    first = sorted(sorted(rows, key=lambda one: -one.over)[:MOST_ROWS], key=lambda one: one.start)
    cells = [
        (
            one.line, f"{one.start:.3f}", "" if one.slot is None else f"{one.slot:.3f}", f"{one.natural:.3f}",
            f"{one.made:.3f}", f"{one.ratio:.3f}", "" if one.stretched == 1 else f"{one.stretched:.3f}",
            f"{one.over:.3f}" if one.over else "", f"{one.cut:.3f}" if one.cut else "", one.text[:24],
        )
        for one in first
    ]  # fmt: skip
    show.table(show.say("Lines that were fitted (seconds)", "调整过的台词（秒）"), columns, cells)
    if len(rows) > len(first):
        left = len(rows) - len(first)
        show.remark(show.say(f"and {left} more in {path.name}", f"另有 {left} 行，见 {path.name}"))


def _closing(rows: Sequence[Row], path: Path, rendered: int, spent: float) -> str:
    over, cut = [one for one in rows if one.over], [one for one in rows if one.cut]
    asked = sum(abs(one.ratio - 1) > 0.001 for one in rows)
    stretched = sum(one.stretched != 1 for one in rows)
    return show.say(
        f"{counted(len(rows), 'line')}: {asked} made shorter or longer by their engine, {stretched} stretched, {len(over)} over"
        f" their slots, {len(cut)} of them cut. {rendered} takes rendered in {show.clock(spent)}. Report: {path}",
        f"共 {len(rows)} 行：引擎改时长 {asked} 行，拉伸 {stretched} 行，超出时段 {len(over)} 行，其中切去尾音 {len(cut)} 行。"
        f"合成 {rendered} 条，用时 {show.clock(spent)}。报告：{path}",
    )
