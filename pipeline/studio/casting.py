"""Voices for the page: those of the workspace's cast files, those of the engines, and a clip as a voice; and a voice
written into a cast file without touching anything else there."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline import cast as cast_room
from pipeline import engines, script
from pipeline.cast import Cast
from pipeline.cast.clips import clip_hash
from pipeline.errors import CastError, ShuoshuError, StudioError
from pipeline.files import write_text
from pipeline.manuscript import reader
from pipeline.nouns import EMOTIONS, Language, Voice
from pipeline.opening import reopen, speakers
from pipeline.shipped import yaml_of
from pipeline.studio import cast_edit
from pipeline.studio.audition import RATIOS, Wish, emotion_of
from pipeline.studio.desk import Desk
from pipeline.studio.workspace import Workspace
from pipeline.wording import Wording

_writing = threading.Lock()
"""One cast file is written at a time."""


def voices(workspace: Workspace) -> list[dict[str, Any]]:
    """Every voice there is: `name`, `cast` (the file; "" = an engine's own), `engine`, `about`."""
    found = []
    for name in workspace.names("casts", (".yaml", ".yml")):
        try:
            cast = cast_room.load(workspace.path("casts", name))
        except ShuoshuError:  # one that is being edited; its own verb says what is wrong
            continue
        found += [
            {"name": one, "cast": name, "engine": voice.engine, "about": cast.about.get(one, "")}
            for one, voice in cast.voices.items()
        ]
    rows = yaml_of("pipeline.cast", "voices.yaml")
    usual = [
        f"{kind} {number}"
        for kind in ("female", "male", "child", "elder_female", "elder_male")
        for number in range(1, len(rows[kind]) + 1)
    ]
    return [*found, *({"name": one, "cast": "", "engine": "espeak", "about": ""} for one in ("narrator", *usual))]


def engines_told() -> dict[str, Any]:
    """What each engine can do, as far as the page asks."""
    told = {}
    for name in engines.names():
        can = engines.engine_class(name).capabilities
        told[name] = {
            "clones": can.clones,
            "duration": can.duration,
            "emotions": sorted(can.emotions),
            "seeded": can.seeded,
        }
    return told


def voice_of(workspace: Workspace, cast: str, name: str) -> Voice:
    """A voice by the name that `voices` gives it. Raises StudioError where there is none, CastError for a cast file that is
    wrong."""
    if cast:
        found = cast_room.load(workspace.path("casts", cast)).voices.get(name)
        if found is None:
            raise _no_voice(name)
        return found
    rows = yaml_of("pipeline.cast", "voices.yaml")
    if name == "narrator":
        return Voice(name, "espeak", dict(rows["narrator"]))
    kind, _, number = name.rpartition(" ")
    if kind not in rows or not number.isdigit() or not 1 <= int(number) <= len(rows[kind]):
        raise _no_voice(name)
    return Voice(name, "espeak", dict(rows[kind][int(number) - 1]))


def voice_in(desk: Desk, who: str) -> Voice:
    """The voice that somebody has in a book."""
    with reopen(desk.folder, lock=False) as production:
        return production.cast.voices[production.cast.part(who).voice]


def wish_of(workspace: Workspace, asked: Mapping[str, Any]) -> Wish:
    """What the page asks to hear. Raises the errors of whatever is wrong in it."""
    language: Language = "en" if asked.get("language") == "en" else "zh"
    clip = str(asked.get("clip") or "")
    if clip:
        path = workspace.path("clips", clip)
        voice = Voice(Path(clip).stem, _cloning(str(asked.get("engine") or "")), {}, path, clip_hash(path))
    elif asked.get("book"):
        voice = voice_in(Desk(workspace.book(str(asked["book"]))), str(asked.get("who") or ""))
    else:
        voice = voice_of(workspace, str(asked.get("cast") or ""), str(asked.get("voice") or "narrator"))
    second = str(asked.get("emotion_clip") or "")
    emotion = emotion_of(
        str(asked.get("way") or "same"), words=str(asked.get("words") or "")[:100],
        weights=[_number(one, 0, 1) for one in asked.get("weights") or ()][: len(EMOTIONS)],
        clip=workspace.path("clips", second) if second else None, strength=_number(asked.get("strength", 1.0), 0, 1),
    )  # fmt: skip
    ratio = asked.get("ratio")
    seconds = asked.get("seconds")
    return Wish(
        str(asked.get("text") or ""), language, voice, emotion, None if ratio is None else _number(ratio, *RATIOS),
        None if seconds is None else _number(seconds, 0.2, 60), int(_number(asked.get("seed", 0), 0, 1 << 31)),
    )  # fmt: skip


def save_voice(workspace: Workspace, asked: Mapping[str, Any]) -> str:
    """Write a voice into a cast file, made where it is missing; where it stands. A cloned voice brings its consent note.
    Raises CastError for a name that is taken and for a clone without a note; then nothing is written."""
    name, file = str(asked.get("name") or "").strip(), str(asked.get("into") or "voices.yaml")
    if not re.fullmatch(r"[\w·. -]{1,40}", name):
        raise StudioError(
            Wording("a voice needs a name", "声音要有名字"), fix=Wording("Letters and digits.", "请用文字和数字。")
        )
    path = workspace.path("casts", file if file.endswith((".yaml", ".yml")) else f"{file}.yaml")
    with _writing:
        return _saved(workspace, asked, name, path)


def _saved(workspace: Workspace, asked: Mapping[str, Any], name: str, path: Path) -> str:
    wish = wish_of(workspace, asked)
    settings: dict[str, Any] = {"engine": wish.voice.engine, **wish.voice.parameters}
    consent = str(asked.get("consent") or "").strip()
    if wish.voice.reference:
        settings["reference"] = str(wish.voice.reference)
        known = cast_room.load(path).consent if path.is_file() else ""
        if known and consent and consent not in known:
            raise CastError(
                Wording("this file has a consent note already", "这个文件已有授权说明"),
                where=str(path),
                fix=Wording(
                    "Add yours to it by hand, and leave the field empty.", "请在文件里补上您的说明，这里留空。"
                ),
            )
        if not consent and not known:
            raise CastError(
                Wording("a cloned voice needs a consent note", "克隆的声音需要授权说明"), where=str(path),
                fix=Wording("Say who recorded it and where the release is.", "请写明谁录的、授权书在哪里。"),
            )  # fmt: skip
    if asked.get("about"):
        settings["about"] = str(asked["about"])[:80]
    entry = cast_edit.entry(name, settings)
    old = path.read_text(encoding="utf-8") if path.is_file() else ""
    text = (
        cast_edit.with_voice(old, path, name, entry)
        if old
        else f"language: {wish.language}\nnarrator: {{voice: {cast_edit.key(name)}}}\nvoices:\n{entry}"
    )
    if consent and "\nconsent:" not in f"\n{text}":
        text = f"consent: {json.dumps(consent, ensure_ascii=False)}\n{text}"
    cast_edit.read_back(path, text)
    write_text(path, text)
    return path.name


def give_voice(workspace: Workspace, desk: Desk, who: str, cast: str, name: str) -> str:
    """Give a character of a book, or the narrator, another voice, in the book's cast file; where. A book without one gets
    ``casts/BOOK.yaml`` with everyone in it. A voice that the file does not have comes into it. Raises CastError where the
    file must be changed by hand, BookHeldError while a run works on the book."""
    voice = voice_of(workspace, cast, name)
    with _writing, desk.folder.locked():
        record = desk.folder.read()
        path = Path(record.cast) if record.cast else workspace.folder("casts") / f"{desk.folder.path.name}.yaml"
        if not path.resolve().is_relative_to(workspace.root.resolve()):
            raise StudioError(
                Wording("the book's cast file is not in the workspace", "这本书的角色表不在工作区里"),
                where=str(path),
                fix=Wording("Change it by hand.", "请直接改文件。"),
            )
        if not path.exists():
            cast_room.starter(speakers(script.load(desk.folder.path), record), reader.read(Path(record.source)), path)
        text, known = path.read_text(encoding="utf-8"), cast_room.load(path)
        called = _called(known, voice)
        if called not in known.voices:
            settings: dict[str, Any] = {"engine": voice.engine, **voice.parameters}
            if voice.reference:
                settings["reference"] = str(voice.reference)
            text = cast_edit.with_voice(text, path, called, cast_edit.entry(called, settings))
            known = cast_edit.read_back(path, text)
        write_text(path, cast_edit.with_part(text, known, path, who, called))
        if not record.cast:
            desk.folder.write(replace(record, cast=str(path.resolve())))
    return path.name


def _called(cast: Cast, voice: Voice) -> str:
    """A voice's name in a cast: its own where it is the same voice there, or else one that is free."""
    name, number = voice.name, 1
    while name in cast.voices and replace(cast.voices[name], name="") != replace(voice, name=""):
        number += 1
        name = f"{voice.name} {number}"
    return name


def characters(desk: Desk) -> list[dict[str, Any]]:
    """A book's characters with the voices they have."""
    with reopen(desk.folder, lock=False) as production:
        cast = production.cast
        told = desk.characters()
        for row in told:
            part = cast.part(row["name"])
            row["voice"] = part.voice.removeprefix("default:")
            row["engine"] = cast.voices[part.voice].engine
        return told


def _cloning(engine: str) -> str:
    """An engine that clones: the one asked for, or the first there is. Raises StudioError where there is none."""
    able = [name for name in engines.names() if engines.engine_class(name).capabilities.clones]
    if engine in able:
        return engine
    if not able:
        raise StudioError(
            Wording("no engine here clones a clip", "这里没有能克隆声音的引擎"),
            fix=Wording("`shuoshu doctor` says what is missing.", "`shuoshu doctor` 会说明缺什么。"),
        )
    return able[0]


def _number(value: Any, low: float, high: float) -> float:
    try:
        number = float(value)
        if number != number:
            raise ValueError("not a number")
        return min(max(number, low), high)
    except (TypeError, ValueError) as error:
        raise StudioError(
            Wording(f"{str(value)[:40]!r} is no number", f"{str(value)[:40]!r} 不是数字"),
            fix=Wording("Write one.", "请写数字。"),
        ) from error


def _no_voice(name: str) -> StudioError:
    return StudioError(
        Wording(f"there is no voice {name[:40]!r}", f"没有名叫 {name[:40]!r} 的声音"),
        fix=Wording("Choose one that is listed.", "请选列出的声音。"),
    )
