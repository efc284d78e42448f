"""What a cast file changes of a mastering profile: `mastering`, `music`, `pauses`, `credits`, and its characters' levels."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from pipeline.cast import Cast
from pipeline.checked import Checked
from pipeline.errors import MasteringError, did_you_mean
from pipeline.mastering.dynamics import SETTINGS, Dynamics, chain
from pipeline.mastering.encodable import refusal
from pipeline.mastering.music import Music, MusicBed, Placement
from pipeline.mastering.profiles import FORMATS, Profile, with_pauses
from pipeline.mastering.ranged import Ranged
from pipeline.mastering.room import RoomTone
from pipeline.script.credits import PLACEHOLDERS, Credits, unfilled
from pipeline.wording import Wording, chinese_of
from pipeline.yaml_lines import Node

_FIGURES: dict[str, tuple[Any, ...]] = {
    "measure": ("choice", "lufs", "rms"), "loudness": ("float", -40, -8), "true_peak": ("float", -20, 0),
    "sample_rate": ("int", 16000, 96000), "channels": ("int", 1, 2), "room_tone_db": ("float", -96, -55),
    "mp3_kbps": ("int", 32, 320), "aac_kbps": ("int", 32, 320), "opus_kbps": ("int", 16, 256),
}  # fmt: skip
_LEVELS: dict[str, tuple[Any, ...]] = {
    "whisper": ("float", -12, 0), "shout": ("float", 0, 12), "keep": ("float", 0, 1), "most": ("float", 0, 12),
}  # fmt: skip
_MUSIC = ("chapter", "scene")
_CREDITS: dict[str, tuple[Any, ...]] = {"opening": ("str",), "closing": ("str",), "narrator": ("str",)}


def applied(profile: Profile, cast: Cast) -> Profile:
    """`profile` with what the cast file says of mastering, pauses and levels laid over it.

    Raises CastError naming the line of what cannot be, and MasteringError for the profile `custom` without its figures.
    """
    profile = with_pauses(profile, cast.pauses)
    levels = {name: part.level for name, part in (*cast.parts.items(), ("narrator", cast.narrator)) if part.level}
    profile = replace(profile, levels=replace(profile.levels, characters=levels))
    if "mastering" in cast.wishes and cast.path is not None:
        profile = _laid_over(profile, Checked(cast.path), cast.wishes["mastering"])
    if "music" in cast.wishes and cast.path is not None:
        profile = _with_music(profile, Checked(cast.path), cast.wishes["music"])
    if math.isnan(profile.loudness) or math.isnan(profile.true_peak):
        raise MasteringError(
            f"profile {profile.name} has no figures of its own", where=str(cast.path or ""),
            fix="Give them in the cast file:  mastering: {loudness: -18, true_peak: -1}",
        )  # fmt: skip
    _listen(profile, cast)
    return profile


def _listen(profile: Profile, cast: Cast) -> None:
    """Raise CastError now, not at the end of a night, for the user's files that are no music or no room tone, and for
    dynamics that the sample rate cannot hold."""
    with _at(cast, "mastering", "de_esser"):
        chain(profile.dynamics, profile.sample_rate)
    if profile.room_tone:
        with _at(cast, "mastering", "room_tone"):
            RoomTone(profile.sample_rate, profile.room_tone_db, profile.room_tone)
    for name, music in (("chapter", profile.chapter_music), ("scene", profile.scene_music)):
        if music:
            with _at(cast, "music", name):
                MusicBed([Placement(0, music)], [], 1, profile.sample_rate, profile.loudness)


def must_encode(profile: Profile, cast: Cast, formats: Collection[str]) -> None:
    """Raise, where a sample rate or bit rate is none that one of `formats` has, CastError naming the line that asks for it,
    or else MasteringError. A bit rate of the cast file's must be one of its format's whether or not that is made."""
    given = _given(cast, "mastering")
    for kind in FORMATS:
        refused = refusal(kind, profile)
        if refused is None or (
            kind not in formats and (refused.setting == "sample_rate" or refused.setting not in given)
        ):
            continue
        with _at(
            cast, "mastering", next((one for one in (refused.setting, "sample_rate") if one in given), "channels")
        ):
            raise MasteringError(refused.what, fix=refused.fix)


def _given(cast: Cast, name: str) -> Mapping[str, Node]:
    """What the cast file has under one of its wishes."""
    node = cast.wishes.get(name)
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _at(cast: Cast, name: str, key: str) -> AbstractContextManager[None]:
    """Where the cast file says it, MasteringErrors become CastErrors that name the line."""
    node = _given(cast, name).get(key) or cast.wishes.get(name)
    return Checked(cast.path).at(node.line, f"{name}: {key}") if node is not None and cast.path else nullcontext()


def _laid_over(profile: Profile, check: Checked, node: Node) -> Profile:
    given = dict(check.mapping(node, "mastering", (*_FIGURES, *SETTINGS, "levels", "room_tone")))
    if "levels" in given:
        levels = check.values(check.mapping(given["levels"], "levels"), "levels", _LEVELS)
        profile = replace(profile, levels=replace(profile.levels, **levels))
    profile = replace(profile, dynamics=_dynamics(profile.dynamics, check, given))
    if "room_tone" in given:
        profile = replace(profile, room_tone=check.file(given["room_tone"], "room_tone"))
    figures = {name: one for name, one in given.items() if name in _FIGURES}
    return replace(profile, **check.values(figures, "mastering", _FIGURES))


def _dynamics(dynamics: Dynamics, check: Checked, given: Mapping[str, Node]) -> Dynamics:
    """``gate: true``, ``gate: false`` or ``gate: {threshold_db: -50}``, and so of the others."""
    wished: dict[str, Any] = {}
    for name, kind in SETTINGS.items():
        node = given.get(name)
        if node is None:
            continue
        if isinstance(node.value, bool):
            wished[name] = kind() if node.value else None
        else:
            wished[name] = kind(**check.values(check.mapping(node, name), name, _rules(kind)))
    return replace(dynamics, **wished)


def _rules(kind: type[Ranged]) -> dict[str, tuple[Any, ...]]:
    return {name: ("float", low, high) for name, (low, high) in kind.ranges.items()}


def _with_music(profile: Profile, check: Checked, node: Node) -> Profile:
    """``music: {chapter: sting.mp3, scene: {file: bell.wav, level: -10}}``."""
    found: dict[str, Any] = {}
    for name, one in check.mapping(node, "music", _MUSIC).items():
        given = dict(one.value) if isinstance(one.value, dict) else {"file": one}
        if "file" not in given:
            raise check.error(
                Wording(f"music: {name} has no file", f"music：{name} 没有 file"), one.line,
                Wording("Add `file: NAME`.", "请加上 `file: 文件名`。"),
            )  # fmt: skip
        file = check.file(given.pop("file"), f"music: {name}")
        found[f"{name}_music"] = Music(file, **check.values(given, f"music: {name}", _rules(Music)))
    return replace(profile, **found)


def credits(profile: Profile, cast: Cast) -> Credits | None:
    """The credits to speak: as the cast file says (`true`, `false` or their words), else as the profile does; None = none.
    Raises CastError naming the line."""
    node = cast.wishes.get("credits")
    if node is None or cast.path is None:
        return Credits() if profile.credits else None
    if isinstance(node.value, bool):
        return Credits() if node.value else None
    check = Checked(cast.path)
    given = check.mapping(node, "credits")
    wish = Credits(**check.values(given, "credits", _CREDITS))
    for name, known in (("opening", PLACEHOLDERS), ("closing", PLACEHOLDERS), ("narrator", ())):
        wrong = unfilled(getattr(wish, name), known)
        if wrong:
            hint = did_you_mean(wrong, known)
            raise check.error(
                Wording(
                    f"credits: {name}: nothing is filled in for {wrong}.{hint}",
                    f"credits: {name}：{wrong} 没有可填的内容。{chinese_of(hint)}",
                ),
                given[name].line,
                Wording(f"Known: {', '.join(known)}.", f"可用：{'、'.join(known)}。")
                if known
                else Wording("Write the name itself.", "请直接写名字。"),
            )
    return wish
