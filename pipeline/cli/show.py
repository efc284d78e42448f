"""What people see: tables, errors, the progress of long work. English, or Chinese where the locale is Chinese."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from pipeline.errors import ShuoshuError
from pipeline.progress import INCIDENTS
from pipeline.progress import Progress as Step
from pipeline.wording import chinese_of

_hushed = False


@cache
def chinese() -> bool:
    """Whether to speak Chinese: SHUOSHU_LANG, else the locale."""
    chosen = next(
        (os.environ[name] for name in ("SHUOSHU_LANG", "LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), ""
    )
    return chosen.lower().startswith("zh")


def say(english: str, chinese_text: str) -> str:
    """One text in the user's language."""
    return chinese_text if chinese() else english


def told(text: str) -> str:
    """A room's text in the user's language; as it is where the room gave one only."""
    return chinese_of(text) if chinese() else text


@cache
def console() -> Console:
    """Where tables go. Output that is not a terminal is wide, so that nothing is cut in a log."""
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, soft_wrap=False)


def hush() -> None:
    """Say nothing more to people on standard error: it is a log for machines."""
    global _hushed
    _hushed = True
    messages.cache_clear()


def hushed() -> bool:
    """Whether nothing is said to people on standard error."""
    return _hushed


@cache
def messages() -> Console:
    """Where progress and remarks go: standard error."""
    if _hushed:
        return Console(quiet=True)
    return Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 160)


def show_error(error: ShuoshuError) -> None:
    """The error on one screen: what, where, what to do."""
    from rich.markup import escape

    out = messages()
    out.print(f"[bold red]{say('error', '错误')}:[/] {escape(told(error.what))}", soft_wrap=True)
    if error.where:
        out.print(f"  {say('where', '位置')}: {escape(told(error.where))}", soft_wrap=True)
    if error.fix:
        out.print(f"  {say('what to do', '怎么办')}: {escape(told(error.fix))}", soft_wrap=True)


def remark(text: str) -> None:
    """One remark on standard error."""
    from rich.markup import escape

    messages().print(f"[dim]·[/] {escape(told(text))}", soft_wrap=True)


def remarks(texts: Sequence[str], most: int = 12) -> None:
    """The first remarks, and how many more there are."""
    for text in texts[:most]:
        remark(text)
    if len(texts) > most:
        left = len(texts) - most
        remark(
            say(
                f"and {left} more: `shuoshu cast check`, `shuoshu status`, `shuoshu report`",
                f"另有 {left} 条：`shuoshu cast check`、`shuoshu status`、`shuoshu report`",
            )
        )


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table. Columns that begin with ">" are right-aligned."""
    from rich.text import Text

    shown = Table(header_style="bold")
    for column in columns:
        shown.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(str(cell)) for cell in row))
    console().print(Text(title, style="italic"), soft_wrap=True)  # a path in it stays whole
    console().print(shown)


def print_json(value: Any) -> None:
    """JSON on standard output, and nothing else there."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def clock(seconds: float) -> str:
    """1:02:03, 2:03 or 3.4 s."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    from pipeline.deliver.clock import short_clock

    return short_clock(seconds)


def size(count: int) -> str:
    """Bytes for people."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.2f} GB"


class Display:
    """Watches long work: on a terminal, a bar with lines done, audio made, times real time and time left; elsewhere, a
    plain line per stage and every ten seconds. Call it with each `Step`."""

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet or _hushed
        self.live = messages().is_terminal and not self.quiet
        self.seconds = 0.0
        self._began = self._said = time.monotonic()
        self._stages: dict[str, TaskID] = {}
        self._render_began: float | None = None
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(), TimeRemainingColumn(), console=messages(), transient=False,
        )  # fmt: skip

    def __enter__(self) -> Display:
        if self.live:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            self._bar.stop()

    def __call__(self, step: Step) -> None:
        if self.quiet or step.stage in INCIDENTS:
            return
        note = told(step.note)
        if step.stage == "render":
            self._render_began = self._render_began or time.monotonic()
            self.seconds += step.seconds
            spent = max(time.monotonic() - self._render_began, 1e-3)
            made, times = clock(self.seconds), self.seconds / spent
            note = say(f"{made} of audio, {times:.0f}× real time", f"音频 {made}，{times:.0f} 倍实时")
        if self.live:
            self._show(step, note)
        else:
            self._tell(step, note)

    def _show(self, step: Step, note: str) -> None:
        name = _stage(step.stage)
        if step.stage not in self._stages:
            self._stages[step.stage] = self._bar.add_task(name, total=step.total or None, note=note)
        total = step.total or (1 if step.done else None)
        self._bar.update(self._stages[step.stage], completed=step.done, total=total, note=note)

    def _tell(self, step: Step, note: str) -> None:
        now, fresh = time.monotonic(), step.stage not in self._stages
        if fresh or step.done == step.total or now - self._said >= 10:
            self._stages[step.stage] = TaskID(0)
            self._said = now
            count = f" {step.done}/{step.total}" if step.total else ""
            sys.stderr.write(f"{_stage(step.stage)}{count}{'  ' + note if note else ''}\n")
            sys.stderr.flush()


def _stage(stage: str) -> str:
    english, chinese_text = {
        "read": ("reading the manuscript", "读取书稿"),
        "ask": ("asking the language model", "询问语言模型"),
        "plan": ("planning", "规划"),
        "start": ("starting", "启动"),
        "render": ("rendering takes", "合成台词"),
        "master": ("mastering chapters", "制作章节母带"),
        "deliver": ("making the deliverables", "生成成品"),
        "listen": ("listening to the takes", "听写核对"),
    }[stage]
    return say(english, chinese_text)
