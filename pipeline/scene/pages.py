"""A scene on paper: a manuscript with mark-up and a cast file, both the user's from then on."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from pipeline.cast import Cast
from pipeline.errors import CastError
from pipeline.files import write_text
from pipeline.folder import safe_name
from pipeline.nouns import NARRATOR, Voice
from pipeline.scene.brief import Brief
from pipeline.scene.words import Said, spoken_manner
from pipeline.wording import Wording


def name_of(brief: Brief) -> str:
    """A name for the scene: who is in it."""
    people = "".join(role.name for role in brief.roles if role.name != NARRATOR)
    return safe_name(f"场景-{people}" if brief.language == "zh" else f"scene-{people}")[:60]


def manuscript(brief: Brief, lines: Sequence[Said]) -> str:
    """The scene as plain text: ``[父亲|沉稳] 回来了。``, one paragraph a line; the narrator has no name in it."""
    rows = (
        f"[{'' if one.speaker == NARRATOR else one.speaker}|{spoken_manner(one, brief)}] {one.text}" for one in lines
    )
    return "\n\n".join(rows) + "\n"


def cast_file(brief: Brief, voices: Mapping[str, Voice], library: Cast | None, folder: Path) -> str:
    """The cast in YAML, for a file in `folder`; the library's consent note goes with its cloned voices."""
    names: dict[str, Voice] = {}
    for voice in {id(one): one for one in voices.values()}.values():
        name, number = voice.name.removeprefix("default:"), 1
        while name in names:  # a voice of the library may have a role's name
            number += 1
            name = f"{voice.name.removeprefix('default:')} {number}"
        names[name] = voice
    by_voice = {id(voice): name for name, voice in names.items()}
    narrator = voices.get(NARRATOR) or next(iter(voices.values()))
    told: dict[str, Any] = {"language": brief.language}
    if library and library.consent and any(voice.reference for voice in voices.values()):
        told["consent"] = library.consent
    told["narrator"] = {"voice": by_voice[id(narrator)]}
    told["voices"] = {name: _voice(voice, folder) for name, voice in names.items()}
    told["characters"] = {name: {"voice": by_voice[id(voice)]} for name, voice in voices.items() if name != NARRATOR}
    if library and library.lexicon:
        told["lexicon"] = dict(library.lexicon)
    head = f"# {' '.join(brief.text.split())}\n"
    return head + yaml.safe_dump(told, allow_unicode=True, sort_keys=False, default_flow_style=None, width=120)


def _voice(voice: Voice, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"engine": voice.engine, **voice.parameters}
    if voice.reference:
        inside = voice.reference.is_relative_to(folder.resolve())
        found["reference"] = os.path.relpath(voice.reference, folder) if inside else str(voice.reference)
    return found


def write(pages: Mapping[Path, str]) -> None:
    """Write both pages, or none; one that is there word for word stays. Raises CastError when one is there and is another: it
    may hold somebody's edits."""
    for path, text in pages.items():
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise CastError(
                Wording(
                    "this file exists and is another scene's, or was edited", "这个文件已经存在：是另一场戏，或改动过"
                ),
                where=str(path),
                fix=Wording(
                    "Choose another --name; or make what is written there with `shuoshu dub`.",
                    "请换一个 --name；或用 `shuoshu dub` 制作已写好的这一份。",
                ),
            )
    for path, text in pages.items():
        if not path.exists():
            write_text(path, text)
