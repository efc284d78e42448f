"""Verbs on tables: script, lines, cast init, cast check."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pipeline import script as script_room
from pipeline.cli import show
from pipeline.ending import ending_of
from pipeline.folder import find, folder_for
from pipeline.manuscript.refusals import no_file
from pipeline.nouns import UNKNOWN, Book, Character, Line
from pipeline.opening import said, speakers
from pipeline.reading import write_script
from pipeline.request import Request
from pipeline.script.conversation import DOUBTFUL


def _request(options: argparse.Namespace) -> Request:
    return Request(
        options.manuscript, output=getattr(options, "output", Path("output")),
        chapter_pattern=options.chapter_pattern, encoding=options.encoding, language=options.language,
        include_matter=options.include_matter, attributor=options.attributor,
    )  # fmt: skip


def script(options: argparse.Namespace) -> int:
    """Parse a manuscript and write its script table."""
    request = _request(options)
    must_be_file(request.manuscript)
    folder = folder_for(request.manuscript, request.output)
    with folder.locked(), show.Display(quiet=options.json) as display:
        record, sync = write_script(folder, request, display)
        if options.take:
            taken = script_room.import_xlsx(folder.path, options.take)
            show.remark(show.say(f"{taken} edits taken from {options.take}", f"已取回 {taken} 处修改"))
            sync = script_room.resync(folder.path)
        if options.xlsx:
            script_room.export_xlsx(folder.path, options.xlsx)
    people = speakers(sync.lines, record)
    if options.json:
        show.print_json(
            {
                "script": str(folder.script), "title": record.title, "author": record.author,
                "language": record.language, "encoding": record.encoding,
                "chapters": [{"number": number, "title": title} for number, title in record.chapters],
                "skipped": [dict(zip(("title", "why", "characters"), row, strict=True)) for row in record.skipped],
                "lines": len(sync.lines), "edits": sync.edited,
                "speakers": {one.name: one.lines for one in people}, "unknown": _unknown(sync.lines),
            }
        )  # fmt: skip
        return 0
    rows = [(one.name, one.lines, one.gender, one.age, _cut(one.sample)) for one in people]
    columns = [
        show.say("speaker", "角色"),
        show.say(">lines", ">行数"),
        show.say("gender", "性别"),
        show.say("age", "年龄"),
    ]
    show.table(record.title, [*columns, show.say("sample", "例句")], rows)
    for title, why, count in record.skipped:
        show.remark(show.say(f"skipped: {title} ({why}, {count} characters)", f"跳过：{title}（{why}，{count} 字）"))
    for text in (*record.notes, *sync.remarks()):
        show.remark(text)
    show.console().print(
        show.say(
            f"{len(record.chapters)} chapters, {len(sync.lines)} lines, {_unknown(sync.lines)} of unknown speaker:"
            f" {folder.script}",
            f"{len(record.chapters)} 章，{len(sync.lines)} 行，{_unknown(sync.lines)} 行说话人未知：{folder.script}",
        ),
        soft_wrap=True,
    )
    return 0


def must_be_file(path: Path) -> None:
    """Raise ManuscriptError unless `path` is a file."""
    if not path.is_file():
        raise no_file(path)


def _unknown(lines: Sequence[Line]) -> int:
    return sum(line.speaker == UNKNOWN for line in lines)


def _cut(text: str, limit: int = 48) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def lines(options: argparse.Namespace) -> int:
    """Look lines up in a book's script table."""
    folder = find(options.book, options.output)
    whole = script_room.load(folder.path)
    fitting = [line for line in whole if _wanted(line, options)]
    found = fitting[: options.limit or None]
    heard = said(folder, found, whole) if options.said else [line.text for line in found]
    if options.json:
        extra = [{"said": one} if options.said else {} for one in heard]
        show.print_json([asdict(line) | more for line, more in zip(found, extra, strict=True)])
        return 0
    if not found:
        show.remark(show.say("no line is like that", "没有符合条件的行"))
        return 0
    columns = [
        "id",
        show.say("kind", "类别"),
        show.say("speaker", "角色"),
        show.say("sure", "置信"),
        show.say("said as", "读作") if options.said else show.say("text", "文字"),
    ]
    show.table(
        f"{folder.path.name}: {len(found)}" + (f" / {len(fitting)}" if len(found) < len(fitting) else ""),
        columns,
        [
            (line.id, line.kind, line.speaker, f"{line.confidence:.2f} {line.why}", text)
            for line, text in zip(found, heard, strict=True)
        ],
    )
    return 0


def _wanted(line: Line, options: argparse.Namespace) -> bool:
    return (
        (not options.speaker or line.speaker == options.speaker)
        and (options.chapter is None or line.chapter == options.chapter)
        and (not options.find or options.find in line.text or options.find == line.id)
        and (not options.low_confidence or (line.kind == "dialogue" and line.confidence < DOUBTFUL))
    )


def _people(manuscript: Path, options: argparse.Namespace) -> tuple[Book, list[Character]]:
    from pipeline import manuscript as manuscript_room

    must_be_file(manuscript)
    book = manuscript_room.read(
        manuscript, chapter_pattern=getattr(options, "chapter_pattern", None),
        encoding=getattr(options, "encoding", None), language=getattr(options, "language", None),
        include_matter=getattr(options, "include_matter", False),
    )  # fmt: skip
    return book, script_room.characters(script_room.analyse(book), book)


def cast_init(options: argparse.Namespace) -> int:
    """Write a commented starter cast file."""
    from pipeline import cast as cast_room

    target = options.to or Path("casts") / f"{options.manuscript.stem}.yaml"
    book, people = _people(options.manuscript, options)
    cast_room.starter(people, book, target)
    show.console().print(
        show.say(f"{len(people)} speakers: {target}", f"共 {len(people)} 个角色：{target}"), soft_wrap=True
    )
    return 0


def cast_check(options: argparse.Namespace) -> int:
    """Check a cast file, alone or against a manuscript. Remarks are no errors; a broken file is."""
    from pipeline import cast as cast_room

    cast = cast_room.load(options.cast)
    ending_of(cast)
    people = _people(options.manuscript, options)[1] if options.manuscript else None
    remarks = cast_room.check(cast, people) if people is not None else []
    remarks += cast_room.clip_remarks(cast)
    if options.json:
        show.print_json({"cast": str(options.cast), "ok": True, "remarks": remarks})
        return 0
    for text in remarks:
        show.remark(text)
    show.console().print(show.say(f"{options.cast} is in order", f"{options.cast} 没有问题"), soft_wrap=True)
    return 0
