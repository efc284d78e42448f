"""Voices for the page: those of the workspace's cast files, those of the engines, and a clip as a voice; and a voice
written into a cast file without touching anything else there."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline import cast as cast_room
from pipeline import engines, script
from pipeline.cast import Cast
from pipeline.cast.clips import clip_hash
from pipeline.cast.starter_file import key
from pipeline.errors import CastError, ShuoshuError, StudioError
from pipeline.files import write_text
from pipeline.manuscript import reader
from pipeline.nouns import Voice
from pipeline.opening import speakers
from pipeline.shipped import yaml_of
from pipeline.studio import asked as asked_for
from pipeline.studio import cast_edit
from pipeline.studio.asked import Audition
from pipeline.studio.audition import Wish, emotion_of
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
            {
                "name": one,
                "cast": name,
                "engine": voice.engine,
                "about": cast.about.get(one, ""),
                "cloned": voice.reference is not None,
            }
            for one, voice in cast.voices.items()
        ]
    rows = yaml_of("pipeline.cast", "voices.yaml")
    usual = [
        f"{kind} {number}"
        for kind in ("female", "male", "child", "elder_female", "elder_male")
        for number in range(1, len(rows[kind]) + 1)
    ]
    own = {"cast": "", "engine": "espeak", "about": "", "cloned": False}
    return [*found, *({"name": one, **own} for one in ("narrator", *usual))]


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
    cast = desk.view().cast
    return cast.voices[cast.part(who).voice]


def wish_of(workspace: Workspace, asked: Audition, desk: Desk | None = None) -> Wish:
    """What the page asks to hear; `desk`: the book's, where it asks for a character's voice. Raises the errors of whatever is
    wrong in it."""
    if asked.clip:
        path = workspace.path("clips", asked.clip)
        voice = Voice(path.stem, _cloning(asked.engine), {}, path, clip_hash(path))
    elif asked.book:
        voice = voice_in(desk or Desk(workspace.book(asked.book)), asked.who)
    else:
        voice = voice_of(workspace, asked.cast, asked.voice)
    second = workspace.path("clips", asked.emotion_clip) if asked.emotion_clip else None
    emotion = emotion_of(asked.way, words=asked.words, weights=asked.weights, clip=second, strength=asked.strength)
    return Wish(asked.text, asked.language, voice, emotion, asked.ratio, asked.seconds, asked.seed)


def save_voice(workspace: Workspace, asked: asked_for.Voice) -> str:
    """Write a voice into a cast file, made where it is missing; where it stands. A cloned voice brings its consent note.
    Raises CastError for a name that is taken and for a clone without a note; then nothing is written."""
    name = asked.name.strip()
    if not re.fullmatch(r"[\w·. -]{1,40}", name):
        raise StudioError(
            Wording("a voice needs a name", "声音要有名字"), fix=Wording("Letters and digits.", "请用文字和数字。")
        )
    path = workspace.path("casts", asked.into if asked.into.endswith((".yaml", ".yml")) else f"{asked.into}.yaml")
    voice = wish_of(workspace, asked).voice
    with _writing:
        old = path.read_text(encoding="utf-8") if path.is_file() else ""
        note = _note(asked.consent.strip(), path) if voice.reference else ""
        entry = cast_edit.entry(name, voice, asked.about)
        new = f"language: {asked.language}\nnarrator: {{voice: {key(name)}}}\nvoices:\n{entry}"
        text = note + (cast_edit.with_voice(old, path, name, entry) if old else new)
        cast_edit.read_back(path, text)
        write_text(path, text)
    return path.name


def _note(consent: str, path: Path) -> str:
    """The consent note's row that a cast file needs for a cloned voice; "" where it has one. Raises CastError where there
    is none, and where the file's own says something else."""
    known = cast_room.load(path).consent if path.is_file() else ""
    if not consent and not known:
        raise CastError(
            Wording("a cloned voice needs a consent note", "克隆的声音需要授权说明"), where=str(path),
            fix=Wording("Say who recorded it and where the release is.", "请写明谁录的、授权书在哪里。"),
        )  # fmt: skip
    if known and consent not in known:
        raise CastError(
            Wording("this file has a consent note already", "这个文件已有授权说明"), where=str(path),
            fix=Wording("Add yours to it by hand, and leave the field empty.", "请在文件里补上您的说明，这里留空。"),
        )  # fmt: skip
    return "" if known else f"consent: {json.dumps(consent, ensure_ascii=False)}\n"


def give_voice(workspace: Workspace, desk: Desk, asked: asked_for.Give) -> str:
    """Give a character of a book, or the narrator, another voice, in the book's cast file; where. A book without one gets
    ``casts/BOOK.yaml`` with everyone in it. A voice that the file does not have comes into it, a cloned one with the consent
    note of the file it comes from. Raises CastError where the file must be changed by hand, BookHeldError while a run works on
    the book."""
    voice = voice_of(workspace, asked.cast, asked.voice)
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
            entry, note = cast_edit.entry(called, voice), ""
            if voice.reference:
                consent = cast_room.load(workspace.path("casts", asked.cast)).consent
                note = "" if known.consent else _note(consent, path)
                if known.consent and consent not in known.consent:
                    entry = f"{entry.rstrip()}  # consent ({asked.cast}): {' '.join(consent.split())}\n"
            text = note + cast_edit.with_voice(text, path, called, entry)
            known = cast_edit.read_back(path, text)
        write_text(path, cast_edit.with_part(text, known, path, asked.who, called))
        if not record.cast:
            desk.folder.write(replace(record, cast=str(path.resolve())))
    desk.refresh()
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
    cast, told = desk.view().cast, desk.characters()
    for row in told:
        part = cast.part(row["name"])
        row["voice"] = part.voice.removeprefix("default:")
        row["engine"] = cast.voices[part.voice].engine
    return told


def cloning() -> list[str]:
    """Engines that clone a clip."""
    return [name for name in engines.names() if engines.engine_class(name).capabilities.clones]


def _cloning(engine: str) -> str:
    """An engine that clones: the one asked for, or the first there is. Raises StudioError where there is none."""
    able = cloning()
    if engine in able:
        return engine
    if not able:
        raise StudioError(
            Wording("no engine here clones a clip", "这里没有能克隆声音的引擎"),
            fix=Wording("`shuoshu doctor` says what is missing.", "`shuoshu doctor` 会说明缺什么。"),
        )
    return able[0]


def _no_voice(name: str) -> StudioError:
    return StudioError(
        Wording(f"there is no voice {name[:40]!r}", f"没有名叫 {name[:40]!r} 的声音"),
        fix=Wording("Choose one that is listed.", "请选列出的声音。"),
    )
