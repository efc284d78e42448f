"""`shuoshu deliver`: deliverables of a book that is mastered, without rendering anything."""

from __future__ import annotations

import argparse
from dataclasses import replace

from pipeline import chapters, produce
from pipeline import folder as books
from pipeline.cli import show
from pipeline.cli.make import deliverables_table, summary
from pipeline.deliver import kinds
from pipeline.deliver.make import check
from pipeline.errors import BookFolderError
from pipeline.opening import reopen
from pipeline.progress import Progress


def deliver(options: argparse.Namespace) -> int:
    """Make what is asked for of the chapters as they are mastered, stale ones included, and say which are stale."""
    if options.list:
        return _list(options.json)
    if not options.book:
        raise BookFolderError("no book is named", fix="`shuoshu deliver BOOK [KINDS]`, or `shuoshu deliver --list`.")
    chosen = kinds.chosen(options.kinds)
    folder = books.find(options.book, options.output)
    with show.Display(quiet=options.json) as display, reopen(folder, observe=display) as production:
        wanted = chosen or production.deliver
        masters, stale = chapters.masters_there(production)
        for kind in wanted:
            check(masters, kind, production.settings.get(kind, {}))
        made = []
        for at, kind in enumerate(wanted):
            display(Progress("deliver", at, len(wanted), note=kind))
            made.append(produce.deliver(production, masters, kind))
        display(Progress("deliver", len(made), len(made)))
        result = replace(produce.result_of(production, [(one, False) for one in masters], made), remarks=())
    files = {path for one in made if one for path in one.files}
    result = replace(result, deliverables=tuple(one for one in result.deliverables if one.path in files))
    if options.json:
        show.print_json({**summary(result, 0.0), "stale_chapters": list(stale)})
        return 0
    if stale:
        numbers = ", ".join(map(str, stale))
        show.remark(
            show.say(
                f"chapters {numbers} are not what the script and cast now ask for: `shuoshu run` makes them anew",
                f"第 {numbers} 章与现在的脚本、配音表不一致：用 `shuoshu run` 重新制作",
            )
        )
    deliverables_table(result)
    show.console().print(
        show.say(
            f"{len(result.delivered)} of {len(wanted)} kinds made, the others were as they were."
            f" Everything is in {result.folder}",
            f"共 {len(wanted)} 种成品，本次制作 {len(result.delivered)} 种，其余未变。全部文件在 {result.folder}",
        ),
        soft_wrap=True,
    )
    return 0


def _list(as_json: bool) -> int:
    if as_json:
        show.print_json([
            {"name": one.name, "about": one.about[0], "settings": {name: list(rule) for name, rule in one.settings.items()}}
            for one in kinds.KINDS.values()
        ])  # fmt: skip
        return 0
    rows = [(one.name, show.say(*one.about), ", ".join(one.settings)) for one in kinds.KINDS.values()]
    show.table(
        show.say("Deliverables", "成品"),
        [show.say("name", "名称"), show.say("what it is", "说明"), show.say("settings", "设置")], rows,
    )  # fmt: skip
    return 0
