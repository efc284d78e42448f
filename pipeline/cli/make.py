"""`shuoshu run`: the whole flow on one book."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from pathlib import Path

from pipeline.cli import show
from pipeline.cli.watching import watched
from pipeline.dubbing import report as dub_report
from pipeline.errors import RenderError, ShuoshuError
from pipeline.folder import BookFolder, folder_for
from pipeline.opening import Production, as_last_time, open_book
from pipeline.produce import Result, finish, nothing_to_do
from pipeline.progress import Observer, Progress
from pipeline.queue import speeds
from pipeline.queue.measure import Stopwatch
from pipeline.request import Request
from pipeline.retake import Retake
from pipeline.watch.log import Log
from pipeline.wording import Wording, counted


def request_of(options: argparse.Namespace) -> Request:
    """The command line's options as a request; of a book's folder, what its last run asked for, and these on top."""
    book = BookFolder(options.manuscript)
    if not book.exists:
        return _asked(options)
    last = as_last_time(book)
    asked = _asked(argparse.Namespace(**{**vars(options), "manuscript": last.manuscript, "output": last.output}))
    given = {one.name: getattr(asked, one.name) for one in fields(Request) if getattr(asked, one.name) != one.default}
    if book.read().cast and not options.cast:  # the usual cast file is for a book that has none
        given.pop("cast", None)
    return replace(last, **given)


def _asked(options: argparse.Namespace) -> Request:
    return Request(
        manuscript=options.manuscript, cast=_cast(options), engine=options.engine, profile=options.profile,
        chapters=getattr(options, "chapters", ""), output=options.output, workers=options.workers,
        chapter_pattern=options.chapter_pattern, encoding=options.encoding, language=options.language,
        formats=getattr(options, "formats", ""), deliver=getattr(options, "deliver", ""),
        include_matter=options.include_matter, attributor=getattr(options, "attributor", None),
        on_failure=getattr(options, "on_failure", None),
        dask=_cluster(options),
    )  # fmt: skip


def _cast(options: argparse.Namespace) -> Path | None:
    if options.cast:
        return Path(options.cast)
    usual = Path("casts") / f"{options.manuscript.stem}.yaml"
    return usual if usual.is_file() else None


def _cluster(options: argparse.Namespace) -> str:
    """The address of the Dask cluster that is to do the work; "" for this machine's processes. Raises RenderError where one
    of --runner dask and --address stands without the other."""
    runner, address = getattr(options, "runner", "local"), getattr(options, "address", "")
    if (runner == "dask") != bool(address):
        raise RenderError(
            Wording("--runner dask and --address go together", "--runner dask 和 --address 要一起用"),
            fix=Wording("--runner dask --address tcp://HOST:8786", "请写 --runner dask --address tcp://主机:8786"),
        )
    return str(address)


def run(options: argparse.Namespace) -> int:
    """Make the book, show progress, end with the table of deliverables."""
    request, began = request_of(options), time.monotonic()
    name = folder_for(request.manuscript, request.output).path.name
    with (
        watched(options) as (watching, tell),
        _book(name, tell) as observe,
        open_book(request, watch := Stopwatch(observe)) as production,
    ):  # fmt: skip
        there = nothing_to_do(production)
        if not there:
            watch.opened(production, request)
        result = there or make(production, request, options.workers, watch, plain=options.plain, log=watching.log)
        work = watch.measured(production, result)
        if request.dub:
            dub_report.write(production, dub_report.rows(production))
    with suppress(ShuoshuError):  # figures for the next night's forecast; a book is finished without them
        speeds.learn(one for one in work if one.kind != "rest")  # which by hand holds the start of Prefect's server
    if options.json:
        show.print_json(summary(result, time.monotonic() - began))
    else:
        report(result, time.monotonic() - began)
    return 0


@contextmanager
def _book(name: str, observe: Observer) -> Iterator[Observer]:
    """Tell that a book begins, and what came of it."""
    observe(Progress("book", 0, 1, book=name))
    try:
        yield observe
    except BaseException as error:
        outcome = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
        observe(Progress("outcome", 1, 1, note=outcome, book=name))
        raise
    observe(Progress("outcome", 1, 1, note="done", book=name))


def make(
    production: Production, wish: Request | Retake, workers: int, display: Observer, *, plain: bool,
    log: Log | None = None,
) -> Result:  # fmt: skip
    """What a production still needs, through the Prefect flow or without Prefect. `log` gets Prefect's own log."""
    if plain:
        return finish(production, workers, display, wish.dask if isinstance(wish, Request) else "")
    from flows import server
    from flows.watching import watched_by

    def starting(note: str) -> None:
        display(Progress("start", note=note))

    with server.available(starting) as address:
        display(Progress("start", 1, 1, note=f"Prefect at {address}"))
        from flows.handover import run_opened

        with watched_by(display, log):
            return run_opened(production, wish, workers)


def summary(result: Result, spent: float) -> dict[str, object]:
    """A result for scripts."""
    return {
        "folder": str(result.folder),
        "lines": result.lines,
        "takes": result.takes,
        "rendered": result.rendered,
        "chapters_mastered": list(result.mastered),
        "delivered": list(result.delivered),
        "flagged": list(result.flagged),
        "failed": list(result.failed),
        "remarks": list(result.remarks),
        "wall_seconds": round(spent, 2),
        "deliverables": [
            {
                "path": str(one.path), "title": one.title, "bytes": one.size,
                "seconds": None if one.seconds is None else round(one.seconds, 3),
                "lufs": one.integrated, "dbtp": one.true_peak,
            }
            for one in result.deliverables
        ],
    }  # fmt: skip


def report(result: Result, spent: float) -> None:
    """A result for people: remarks, the table, one closing line."""
    show.remarks(result.remarks)
    if result.deliverables:
        deliverables_table(result)
    if result.failed:
        show.remark(
            show.say(
                f"{len(result.failed)} lines could not be rendered, others stand in: {some(result.failed)}"
                f" (`shuoshu status {result.folder.name}`; the next run tries them again)",
                f"{len(result.failed)} 行无法合成，已用替代：{some(result.failed)}"
                f"（`shuoshu status {result.folder.name}`；下次运行会再试）",
            )
        )
    flagged = result.flagged
    if flagged:
        need = "needs" if len(flagged) == 1 else "need"
        show.remark(
            show.say(
                f"{counted(len(flagged), 'line')} {need} a listen: {some(flagged)}"
                f" (`shuoshu status {result.folder.name}`)",
                f"{len(flagged)} 行需要试听：{some(flagged)}（`shuoshu status {result.folder.name}`）",
            )
        )
    show.console().print(
        show.say(
            f"{counted(result.lines, 'spoken line')} in {counted(result.takes, 'take')}: {result.rendered} rendered now,"
            f" {counted(len(result.mastered), 'chapter')} mastered in {show.clock(spent)}. Everything is in {result.folder}",
            f"共 {result.lines} 行台词、{result.takes} 条录音：本次合成 {result.rendered} 条，制作 {len(result.mastered)} 章，"
            f"用时 {show.clock(spent)}。全部文件在 {result.folder}",
        ),
        soft_wrap=True,
    )


def some(names: Sequence[str]) -> str:
    """The first few of many."""
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")


def deliverables_table(result: Result) -> None:
    """Every file; levels only where any were measured."""
    columns = [
        show.say("file", "文件"),
        show.say("title", "标题"),
        show.say(">length", ">时长"),
        show.say(">size", ">大小"),
    ]
    measured = any(one.integrated is not None for one in result.deliverables)
    rows = []
    for one in result.deliverables:
        length = "" if one.seconds is None else show.clock(one.seconds)
        row = [one.path.relative_to(result.folder), one.title, length, show.size(one.size)]
        levels = ["" if level is None else f"{level:.1f}" for level in (one.integrated, one.true_peak)]
        rows.append(row + levels if measured else row)
    show.table(show.say("Deliverables", "成品"), [*columns, ">LUFS", ">dBTP"] if measured else columns, rows)
