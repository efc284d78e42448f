"""`shuoshu scene`: a scene from one sentence."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

from pipeline import cast as cast_room
from pipeline.cli import dub, make, show
from pipeline.errors import ScriptError
from pipeline.files import explained
from pipeline.folder import safe_name
from pipeline.scene import brief as briefs
from pipeline.scene import pages, voices, words
from pipeline.scene.brief import Brief
from pipeline.scene.words import Said
from pipeline.wording import Wording

MOST_BYTES = 1 << 20


def scene(options: argparse.Namespace) -> int:
    """Write the scene's manuscript and cast file, then make it; its verbs say how that went."""
    brief = briefs.parse(options.sentence)
    library = cast_room.load(options.library) if options.library else None
    lines = words.pasted(_given(options.lines), brief, str(options.lines)) if options.lines else _written(brief)
    who = voices.matched(brief.roles, library, brief.language)
    name = safe_name(options.name) if options.name else pages.name_of(brief)
    options.manuscript, options.cast = options.to / f"{name}.txt", options.to / f"{name}.yaml"
    pages.write({
        options.cast: pages.cast_file(brief, who, library, options.to),
        options.manuscript: pages.manuscript(brief, lines),
    })  # fmt: skip
    for remark in _remarks(brief, lines):
        show.remark(remark)
    show.remark(
        Wording(
            f"Written: {options.manuscript} and {options.cast}, yours to edit.",
            f"已写好：{options.manuscript} 和 {options.cast}，可以修改。",
        )
    )
    options.language = brief.language
    options.total = options.total or (f"{brief.seconds:g}s" if brief.seconds else "")
    return dub.dub(options) if options.total else make.run(options)


def _given(path: Path) -> str:
    """The lines of a file, or of standard input where it is "-"."""
    from pipeline.manuscript.encoding import decode

    try:
        with nullcontext(sys.stdin.buffer) if str(path) == "-" else path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise explained(error, path) from error
    if len(data) > MOST_BYTES:
        raise ScriptError(
            Wording("these are too many lines for a scene", "台词太多，不像一场戏"), where=str(path),
            fix=Wording("Make a manuscript of them.", "请把它做成书稿。"),
        )  # fmt: skip
    return decode(data, path).text


def _written(brief: Brief) -> tuple[Said, ...]:
    from pipeline.script import llm_config
    from pipeline.script.llm_client import Client

    try:
        settings = llm_config.load()
    except ScriptError as error:
        raise ScriptError(
            Wording("nobody writes the lines: no language model is named", "没有人写台词：没有指定语言模型"), where=error.where,
            fix=Wording(
                f"Give them with --lines FILE (Father: You are back.), or name a model ({llm_config.DOCS}).",
                f"请用 --lines 文件 给出台词（父亲：你回来了。），或指定模型（见 {llm_config.DOCS}）。",
            ),
        ) from error  # fmt: skip
    client = Client(settings)
    try:
        return words.written(brief, client)
    finally:
        client.close()


def _remarks(brief: Brief, lines: tuple[Said, ...]) -> list[Wording]:
    remarks = []
    if brief.said and brief.said != len(brief.roles):
        remarks.append(
            Wording(
                f"The sentence speaks of {brief.said} roles and names {len(brief.roles)}.",
                f"这句话说有 {brief.said} 个角色，写出来的有 {len(brief.roles)} 个。",
            )
        )
    silent = [role.name for role in brief.roles if role.name not in {one.speaker for one in lines}]
    if silent:
        remarks.append(Wording(f"No line for {', '.join(silent)}.", f"{'、'.join(silent)}没有台词。"))
    return remarks
