"""Verbs about books as things on disk: repair, gc, export, import."""

from __future__ import annotations

import argparse

from pipeline.cli import show
from pipeline.exchange import Exchanged
from pipeline.folder import find
from pipeline.garbage import KEEP, Garbage, collect
from pipeline.repair import Repaired
from pipeline.repair import repair as mended

_FEW = 20


def repair(options: argparse.Namespace) -> int:
    """Check every take by its hash, mend the index from the files, and say what will be made again."""
    folder = find(options.book, options.output)
    found = mended(folder, dry_run=options.dry_run)
    takes = found.takes
    if options.json:
        show.print_json(
            {
                "book": str(folder.path), "dry_run": options.dry_run, "index": takes.index, "takes": takes.takes,
                "bytes": takes.size, "damaged": {str(path): why for path, why in takes.damaged.items()},
                "missing": takes.missing, "entered": takes.entered, "old": sorted(takes.old),
                "strange": {str(path): why for path, why in takes.strange.items()}, "odd_rows": takes.odd_rows,
                "lines": takes.lines, "hand_choices_lost": takes.by_hand, "hand_choices_kept": takes.choices,
                "chapters": list(found.chapters), "deliverables": list(found.deliverables),
                "half_written": [str(path) for path in found.half_written],
                "rendered_again": None if found.again is None else list(found.again), "why_not": found.why_not,
            }
        )  # fmt: skip
        return 0
    say = show.say
    state = {
        "ok": say("in order", "完好"), "lost": say("lost, made again", "丢失，已重建"),
        "damaged": say("damaged, made again", "损坏，已重建"),
    }  # fmt: skip
    rows: list[tuple[str, object]] = [
        (say("index", "索引"), state[takes.index]),
        (say("takes that are whole", "完好的录音"), f"{takes.takes} ({show.size(takes.size)})"),
        (say("damaged takes, moved to takes/damaged", "损坏的录音，移到 takes/damaged"), len(takes.damaged)),
        (say("takes whose file is gone", "文件不见的录音"), len(takes.missing)),
        (say("takes entered into the index", "补入索引的录音"), len(takes.entered)),
        (say("old takes that nothing asks for now", "现在没有用到的旧录音"), len(takes.old)),
        (say("files left alone", "未动的文件"), len(takes.strange)),
        (say("half-written files removed", "删去的半成品"), len(found.half_written)),
        (say("chapters to be made again", "需重做的章节"), len(found.chapters)),
        (say("deliverables to be made again", "需重做的成品"), len(found.deliverables)),
    ]
    if found.again is not None:
        rows.append((say("lines that the next run renders", "下次运行要合成的行"), len(found.again)))
    title = folder.path.name + (say(" (--dry-run: nothing was changed)", "（--dry-run：未作改动）") * options.dry_run)
    show.table(title, [say("what", "项目"), say(">found", ">数量")], rows)
    _remarks(found)
    return 0


def _remarks(found: Repaired) -> None:
    say, takes = show.say, found.takes
    for line in takes.by_hand[:_FEW]:
        show.remark(
            say(
                f"{line}: the take you chose is lost; `shuoshu takes BOOK {line}` lists the others",
                f"{line}：你选的录音已损坏；`shuoshu takes 书名 {line}` 会列出其他的",
            )
        )
    if takes.choices:
        show.remark(say(f"{takes.choices} choices made by hand are kept", f"保留了 {takes.choices} 个手工选择"))
    for path, why in [*takes.damaged.items(), *takes.strange.items()][:_FEW]:
        show.remark(f"{path}: {show.told(why)}")
    if takes.odd_rows:
        show.remark(
            say(f"{takes.odd_rows} rows of journals could not be read", f"日志中有 {takes.odd_rows} 行无法读取")
        )
    if found.why_not:
        show.remark(found.why_not)


def gc(options: argparse.Namespace) -> int:
    """Remove takes that no line uses, after saying which and how large they are."""
    folders = [find(book, options.output) for book in options.books]
    keep = KEEP if options.keep is None else options.keep
    tell = (lambda _: None) if options.json else lambda found: _garbage(found, options.dry_run)
    found = [
        collect(folder, tell, keep=keep, older_than=options.older_than, dry_run=options.dry_run) for folder in folders
    ]
    if options.json:
        show.print_json(
            [
                {
                    "book": str(one.folder), "dry_run": options.dry_run, "bytes": one.size, "kept": one.kept,
                    "takes": [
                        {"key": take.key, "bytes": take.size, "created": take.created, "lines": list(take.lines)}
                        for take in one.takes
                    ],
                    "leftovers": [str(path) for path in one.leftovers],
                }
                for one in found
            ]
        )  # fmt: skip
    return 0


def _garbage(found: Garbage, dry_run: bool) -> None:
    say, name = show.say, found.folder.name
    rows = [
        (take.key[:12], show.size(take.size), take.created, " ".join(take.lines[:3])) for take in found.takes[:_FEW]
    ]
    if rows:
        columns = ["key", say(">size", ">大小"), say("made", "录制时间"), say("lines", "行")]
        show.table(say(f"{name}: takes that no line uses", f"{name}：没有用到的录音"), columns, rows)
    if len(found.takes) > _FEW:
        left = len(found.takes) - _FEW
        show.remark(say(f"and {left} more (--json lists all)", f"另有 {left} 条（--json 全部列出）"))
    for path in found.leftovers[:_FEW]:
        show.remark(say(f"left over: {path}", f"遗留：{path}"))
    done = say("would be removed (--dry-run)", "将删除（--dry-run）") if dry_run else say("are removed", "现在删除")
    show.console().print(
        say(
            f"{name}: {len(found.takes)} takes and {len(found.leftovers)} leftovers, {show.size(found.size)} in all, {done};"
            f" {found.kept} takes stay",
            f"{name}：{len(found.takes)} 条录音、{len(found.leftovers)} 处遗留，共 {show.size(found.size)}，{done}；"
            f"保留 {found.kept} 条",
        ),
        soft_wrap=True,
    )


def export(options: argparse.Namespace) -> int:
    """Write a book into one archive: takes, script, cast with its clips, manuscript, masters."""
    from pipeline.exchange import export_book

    done = export_book(find(options.book, options.output), options.archive, masters=not options.no_masters)
    return _exchanged(
        done,
        options.json,
        show.say(f"{done.folder.name} is in {done.archive}", f"{done.folder.name} 已导出到 {done.archive}"),
    )


def import_(options: argparse.Namespace) -> int:
    """Make the book that an archive holds."""
    from pipeline.exchange import import_book

    done = import_book(options.archive, options.output)
    return _exchanged(done, options.json, show.say(f"the book is in {done.folder}", f"书在 {done.folder}"))


def _exchanged(done: Exchanged, as_json: bool, said: str) -> int:
    if as_json:
        show.print_json(
            {
                "archive": str(done.archive), "book": str(done.folder), "files": done.files, "takes": done.takes,
                "bytes": done.size, "remarks": list(done.remarks),
            }
        )  # fmt: skip
        return 0
    show.remarks(done.remarks)
    count = show.say(
        f"{done.files} files, {done.takes} of them takes", f"{done.files} 个文件，其中录音 {done.takes} 条"
    )
    show.console().print(f"{said}: {count}, {show.size(done.size)}", soft_wrap=True)
    return 0
