"""A cast file changed in place: one voice more, or another voice for somebody; everything else stays as it is, letter by
letter. What comes out is read back as a cast before it replaces the file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pipeline import cast as cast_room
from pipeline.cast import Cast
from pipeline.cast.starter_file import key
from pipeline.errors import CastError
from pipeline.files import write_text
from pipeline.nouns import NARRATOR, Voice
from pipeline.wording import Wording


def entry(name: str, voice: Voice, about: str = "") -> str:
    """A voice as one line; its clip by its full path."""
    told: dict[str, Any] = {"engine": voice.engine, **voice.parameters}
    told |= {"reference": str(voice.reference)} if voice.reference else {}
    told |= {"about": about} if about else {}
    return f"  {key(name)}: {json.dumps(told, ensure_ascii=False)}\n"


def with_voice(text: str, path: Path, name: str, line: str) -> str:
    """The file with one more voice at the top of its voices. Raises CastError for a name that is taken."""
    if name in cast_room.load(path).voices:
        raise CastError(
            Wording(f"there is a voice {name!r} already", f"已经有名叫 {name!r} 的声音"),
            where=str(path),
            fix=Wording("Choose another name.", "请换个名字。"),
        )
    rows = text.splitlines(keepends=True)
    at = next((number for number, row in enumerate(rows) if re.match(r"voices:\s*(#.*)?$", row)), None)
    if at is None:
        raise _by_hand(path)
    return "".join([*rows[: at + 1], _indent(rows, at) + line.lstrip(), *rows[at + 1 :]])


def with_part(text: str, cast: Cast, path: Path, who: str, voice: str) -> str:
    """The file with `voice` for a character or the narrator. Raises CastError where that cannot be done in one place."""
    rows = text.splitlines(keepends=True)
    if who == NARRATOR:
        at = next((number for number, row in enumerate(rows) if row.startswith("narrator:")), None)
        changed = None if at is None else _voiced(rows, at, voice)
    else:
        name = cast.parts[who].name if who in cast.parts else who
        head = next((number for number, row in enumerate(rows) if re.match(r"characters:", row)), None)
        if head is None:
            rows += ["" if text.endswith("\n") else "\n", "characters:\n"]
            head = len(rows) - 1
        elif re.match(r"characters:\s*\{\s*\}", rows[head]):
            rows[head] = re.sub(r"\{\s*\}", "", rows[head], count=1)
        end = next((at for at in range(head + 1, len(rows)) if re.match(r"[^\s#]", rows[at])), len(rows))
        own = re.compile(rf"\s+(?:{re.escape(name)}|\"{re.escape(name)}\"|'{re.escape(name)}')\s*:")
        at = next((number for number in range(head + 1, end) if own.match(rows[number])), None)
        if at is None:
            rows.insert(head + 1, f"{_indent(rows, head)}{key(name)}: {{voice: {key(voice)}}}\n")
            changed = rows
        else:
            changed = _voiced(rows, at, voice)
    if changed is None:
        raise _by_hand(path)
    made = "".join(changed)
    found = read_back(path, made)
    if found.part(who).voice != voice:
        raise _by_hand(path)
    return made


def _voiced(rows: list[str], at: int, voice: str) -> list[str] | None:
    """With another voice in the entry that begins in row `at`, in any of its forms; None where it is none of them."""
    head, _, rest = rows[at].partition(":")
    if re.match(r"\s*\{", rest):
        changed, count = re.subn(
            r"([\"']?\bvoice\b[\"']?\s*:\s*)(\"[^\"]*\"|'[^']*'|[^,}]*?)(\s*[,}])",
            rf"\g<1>{key(voice)}\g<3>",
            rest,
            count=1,
        )
        return [*rows[:at], f"{head}:{changed}", *rows[at + 1 :]] if count else None
    if rest.strip() and not rest.strip().startswith("#"):
        plain = re.fullmatch(r"(\s*)(\"[^\"]*\"|'[^']*'|[^#\n]*?)(\s*(?:#.*)?\n?)", rest)
        return [*rows[:at], f"{head}:{plain[1]}{key(voice)}{plain[3]}", *rows[at + 1 :]] if plain else None
    own = len(head) - len(head.lstrip())
    for number in range(at + 1, len(rows)):
        row = rows[number]
        if row.strip() and len(row) - len(row.lstrip()) <= own:
            return None
        found = re.fullmatch(r"(\s+voice\s*:\s*)(\"[^\"]*\"|'[^']*'|[^#\n]*?)(\s*(?:#.*)?\n?)", row)
        if found:
            return [*rows[:number], f"{found[1]}{key(voice)}{found[3]}", *rows[number + 1 :]]
    return None


def read_back(path: Path, text: str) -> Cast:
    """What the file will be, read as a cast file beside where it will lie."""
    beside = path.with_name(f".{path.name}.new")
    try:
        write_text(beside, text)
        return cast_room.load(beside)
    finally:
        beside.unlink(missing_ok=True)


def _indent(rows: list[str], at: int) -> str:
    """How far what stands under a key is indented."""
    following = next((row for row in rows[at + 1 :] if row.strip() and not row.lstrip().startswith("#")), "")
    return following[: len(following) - len(following.lstrip())] or "  "


def _by_hand(path: Path) -> CastError:
    return CastError(
        Wording("this cast file is written in a way that the page does not change", "这个角色表的写法，页面改不了"),
        where=str(path),
        fix=Wording("Change it by hand; the page shows it at once.", "请直接改文件，页面会马上显示。"),
    )
