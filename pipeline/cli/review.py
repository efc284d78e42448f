"""Verbs that make the review of a script fast: review, report, assign, rename, merge, split."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from pipeline import script as script_room
from pipeline.cli import show
from pipeline.errors import ScriptError
from pipeline.files import write_text
from pipeline.folder import BookFolder, find
from pipeline.nouns import NARRATOR, UNKNOWN, Line
from pipeline.script import correct
from pipeline.script.correct import Change
from pipeline.script.review import Review
from pipeline.script.review import review as looked_over
from pipeline.script.table import speaker_named
from pipeline.takes import TakeStore
from pipeline.takes.store import Failure
from pipeline.wording import Wording

_FEW = 40


def _and_more(count: int) -> str:
    return show.say(f" (+{count} lines)", f"（另 {count} 行）") if count else ""


def review(options: argparse.Namespace) -> int:
    """Doubtful lines with their surroundings, who speaks how much, suspicious readings."""
    folder, found = _looked_over(options)
    failed = _failed(folder)
    if options.json:
        show.print_json(
            {
                "book": str(folder.path), "lines": found.lines,
                "failed": [{"id": one.line, "why": one.why, "tries": one.tries} for one in failed],
                "doubts": [
                    {
                        "id": one.line.id, "speaker": one.line.speaker, "confidence": one.line.confidence,
                        "why": one.line.why, "text": one.line.text, "before": one.before, "after": one.after, "more": one.more,
                    }
                    for one in found.doubts
                ],
                "characters": [
                    {"name": one.speaker, "lines": one.lines, "doubtful": one.doubtful, "samples": list(one.samples)}
                    for one in found.shares
                ],
                "readings": [
                    {"id": one.line.id, "text": one.line.text, "remarks": list(one.remarks)} for one in found.readings
                ],
            }
        )  # fmt: skip
        return 0
    say, most = show.say, len(found.doubts) if options.all else _FEW
    speaker, text = say("speaker", "说话人"), say("text", "文字")
    show.table(
        say(
            f"Speakers in doubt: {found.doubtful} of {found.lines} lines, in {len(found.doubts)} places",
            f"说话人存疑：{found.lines} 行中 {found.doubtful} 行，共 {len(found.doubts)} 处",
        ),
        ["id", say(">sure", ">把握"), speaker, say("why", "依据"), say("before / line / after", "上文／本行／下文")],
        [
            (one.line.id, f"{one.line.confidence:.2f}", one.line.speaker, one.line.why,
             f"  {_cut(one.before)}\n> {one.line.text}{_and_more(one.more)}\n  {_cut(one.after)}")
            for one in found.doubts[:most]
        ],
    )  # fmt: skip
    if len(found.doubts) > most:
        left = len(found.doubts) - most
        show.remark(say(f"and {left} more: --all, or `shuoshu report`", f"另有 {left} 行：--all，或 `shuoshu report`"))
    if failed:
        show.table(
            say("Lines that could not be rendered", "无法合成的台词"), ["id", say("why", "原因")],
            [(one.line, one.why) for one in failed[:most]],
        )  # fmt: skip
    show.table(
        say("Characters", "角色"), [speaker, say(">lines", ">行数"), say(">in doubt", ">存疑"), say("sample", "例句")],
        [(one.speaker, one.lines, one.doubtful, _cut(one.samples[0])) for one in found.shares],
    )  # fmt: skip
    if found.readings:
        show.table(
            say("Suspicious readings", "可疑读音"), ["id", say("remark", "说明"), text],
            [(one.line.id, "\n".join(map(show.told, one.remarks)), one.line.text) for one in found.readings[:most]],
        )  # fmt: skip
    return 0


def report(options: argparse.Namespace) -> int:
    """Write the review as one HTML page into the book's folder, and the quality report of its mastered chapters."""
    from pipeline.cli.quality import quality_report
    from pipeline.cli.report_page import page

    folder, found = _looked_over(options)
    record, path = folder.read(), folder.path / "script-report.html"
    write_text(path, page(found, record.title, record.language))
    if not options.json:
        show.console().print(str(path), soft_wrap=True, markup=False)
    quality, left = None, tuple[int, ...]()
    if any(folder.chapters.glob("*.timeline.csv")):
        quality, left = quality_report(folder, quiet=options.json)
    if options.json:
        show.print_json({
            "report": str(path), "doubts": len(found.doubts), "readings": len(found.readings),
            "quality": str(quality) if quality else None, "not_mastered": list(left),
        })  # fmt: skip
        return 0
    if quality:
        show.console().print(str(quality), soft_wrap=True, markup=False)
    if left:
        some = ", ".join(map(str, left[:_FEW])) + (" …" if len(left) > _FEW else "")
        show.remark(
            show.say(
                f"not in the quality report, not mastered: chapter {some}",
                f"质量报告不含尚未制作母带的章节：第 {some} 章",
            )
        )
    return 0


def assign(options: argparse.Namespace) -> int:
    """Give lines to a speaker; what follows from it in their conversation goes along."""
    folder = find(options.book, options.output)
    with folder.locked():
        lines, aliases = script_room.load(folder.path), folder.read().aliases
        speaker = speaker_named(_name(options.speaker))
        if not options.new:
            correct.known_speaker(speaker, _known(folder, lines), aliases, new=True)
        changes = correct.assigned(lines, options.lines, speaker, only=options.only, aliases=aliases)
        changed = {one.line.id for one in changes}
        same = [one for one in dict.fromkeys(options.lines) if one not in changed]
        return _write(folder, changes, options, new=speaker if options.new else "", same=same)


def rename(options: argparse.Namespace) -> int:
    """Give a character another name."""
    folder = find(options.book, options.output)
    with folder.locked():
        lines = script_room.load(folder.path)
        _free(
            options.new, lines,
            Wording("To make two characters one: `shuoshu merge`.", "要把两个角色合为一个：`shuoshu merge`。"),
        )  # fmt: skip
        changes = correct.renamed(lines, options.old, _name(options.new), folder.read().aliases)
        return _write(folder, changes, options, old=options.old, new=options.new)


def merge(options: argparse.Namespace) -> int:
    """Give every line of one character to another."""
    folder = find(options.book, options.output)
    with folder.locked():
        lines = script_room.load(folder.path)
        aliases = folder.read().aliases
        correct.known_speaker(options.into, _known(folder, lines), aliases)
        if options.name == options.into:
            raise ScriptError(
                Wording("these are one character already", "这本来就是一个角色"),
                fix=Wording("Give two names.", "请给出两个名字。"),
            )
        changes = correct.renamed(lines, options.name, options.into, aliases)
        return _write(folder, changes, options, old=options.name, new=options.into)


def split(options: argparse.Namespace) -> int:
    """Give some lines of a character to a new one."""
    folder = find(options.book, options.output)
    with folder.locked():
        lines = script_room.load(folder.path)
        correct.known_speaker(options.name, {line.speaker for line in lines} - {NARRATOR}, folder.read().aliases)
        _free(
            options.new, lines,
            Wording("To give lines to somebody there: `shuoshu assign`.", "要把行给已有的角色：`shuoshu assign`。"),
        )  # fmt: skip
        changes = correct.split(lines, options.name, options.lines, _name(options.new))
        return _write(folder, changes, options, new=options.new)


def _failed(folder: BookFolder) -> list[Failure]:
    """The lines that could not be rendered when they were last asked for."""
    if not folder.takes.is_dir():
        return []
    with TakeStore(folder.takes) as store:
        return list(store.failures().values())


def _looked_over(options: argparse.Namespace) -> tuple[BookFolder, Review]:
    folder = find(options.book, options.output)
    return folder, looked_over(script_room.load(folder.path), folder.read().language)


def _known(folder: BookFolder, lines: Sequence[Line]) -> list[str]:
    """Every name a line may be given to: who speaks, who was found in the manuscript, narrator and unknown."""
    names = [line.speaker for line in lines if line.speaker] + [name for name, _, _ in folder.read().characters]
    return list(dict.fromkeys([*names, NARRATOR, UNKNOWN]))


def _free(name: str, lines: Sequence[Line], fix: Wording) -> None:
    if name in {line.speaker for line in lines} | {NARRATOR, UNKNOWN}:
        raise ScriptError(Wording(f"{name!r} is in this book already", f"书中已经有“{name}”"), fix=fix)


def _name(name: str) -> str:
    if not name.strip() or not name.isprintable():
        raise ScriptError(
            Wording("a name needs letters, and no line breaks", "名字要有字，且不能换行"),
            fix=Wording("Give a name such as 林晚.", "请给出名字，例如：林晚。"),
        )
    return name.strip()


def _write(
    folder: BookFolder, changes: Sequence[Change], options: argparse.Namespace, *, old: str = "", new: str = "",
    same: Sequence[str] = (),
) -> int:  # fmt: skip
    """Write the changes and say what they are; `same`: lines the user named that need none."""
    if changes and not options.dry_run:
        cells = {one.line.id: {"speaker": one.speaker, "kind": one.kind} for one in changes}
        script_room.edit_each(folder.path, cells)
    hint = _cast_hint(folder, old, new) if new else ""
    if options.json:
        show.print_json(
            {
                "written": bool(changes) and not options.dry_run, "cast": hint,
                "changes": [
                    {"id": one.line.id, "from": one.line.speaker, "to": one.speaker, "follows": one.follows}
                    for one in changes
                ],
                "unchanged": list(same),
            }
        )  # fmt: skip
        return 0
    say, follow = show.say, sum(one.follows for one in changes)
    for one in changes if len(changes) <= _FEW else [one for one in changes if one.follows]:
        why = say(" (follows)", "（随之）") if one.follows else ""
        text = f"{one.line.id}  {one.line.speaker} → {one.speaker}{why}  {_cut(one.line.text)}"
        show.console().print(text, soft_wrap=True, markup=False)
    show.console().print(
        _summed_up(len(changes) - follow, follow, len(same))
        + (say("; nothing written (--dry-run)", "；未写入（--dry-run）") if options.dry_run else ""),
        soft_wrap=True,
    )
    if hint:
        show.remark(hint)
    return 0


def _summed_up(named: int, follow: int, same: int) -> str:
    say = show.say
    if not named and not follow:
        return say(
            "nothing needed changing: the line has that speaker already" if same == 1
            else f"nothing needed changing: all {same} lines have that speaker already",
            f"无需改动：这 {same} 行的说话人本来就是",
        )  # fmt: skip
    already = say(f", {same} that had that speaker already", f"，另有 {same} 行本来就是") if same else ""
    return say(f"{named} lines as told, {follow} more that follow", f"指定 {named} 行，随之更改 {follow} 行") + already


def _cast_hint(folder: BookFolder, old: str, new: str) -> str:
    """What to change in the cast file, which is the user's and is never written."""
    from pipeline.yaml_lines import read

    path = folder.read().cast
    if not path or not Path(path).is_file():
        return ""
    known = read(Path(path)).value.get("characters")
    named = known.value if known is not None and isinstance(known.value, dict) else {}
    if new in named:
        return ""
    if old in named:
        row, text = named[old].line, Path(path).read_text(encoding="utf-8-sig").splitlines()
        return show.say(
            f"{path}, line {row}: write {new} in place of {old} in `{text[row - 1].strip()}`",
            f"{path} 第 {row} 行：把 `{text[row - 1].strip()}` 中的 {old} 改为 {new}",
        )
    return show.say(
        f"{path}: add under characters: `{new}: {{voice: …}}`", f"{path}：在 characters 下加入 `{new}: {{voice: …}}`"
    )


def _cut(text: str, limit: int = 48) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
