"""What a cast file changes of a mastering profile: its `mastering`, `pauses` and `credits`, and its characters' levels."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from pipeline.cast import Cast
from pipeline.cast.checked import Checked
from pipeline.cast.yaml_lines import Node
from pipeline.errors import MasteringError
from pipeline.mastering.profiles import Profile, with_pauses
from pipeline.script.credits import Credits

_FIGURES: dict[str, tuple[Any, ...]] = {
    "measure": ("choice", "lufs", "rms"), "loudness": ("float", -40, -8), "true_peak": ("float", -20, 0),
    "sample_rate": ("int", 16000, 96000), "channels": ("int", 1, 2), "room_tone_db": ("float", -96, -55),
    "mp3_kbps": ("int", 32, 320), "aac_kbps": ("int", 32, 320), "opus_kbps": ("int", 16, 256),
}  # fmt: skip
_LEVELS: dict[str, tuple[Any, ...]] = {
    "whisper": ("float", -12, 0), "shout": ("float", 0, 12), "keep": ("float", 0, 1), "most": ("float", 0, 12),
}  # fmt: skip
_CREDITS: dict[str, tuple[Any, ...]] = {"opening": ("str",), "closing": ("str",), "narrator": ("str",)}


def applied(profile: Profile, cast: Cast) -> Profile:
    """`profile` with what the cast file says of mastering, pauses and levels laid over it.

    Raises CastError naming the line of what cannot be, MasteringError for the profile `custom` without its figures.
    """
    profile = with_pauses(profile, cast.pauses)
    levels = {name: part.level for name, part in (*cast.parts.items(), ("narrator", cast.narrator)) if part.level}
    profile = replace(profile, levels=replace(profile.levels, characters=levels))
    if "mastering" in cast.wishes and cast.path is not None:
        profile = _laid_over(profile, Checked(cast.path), cast.wishes["mastering"])
    if math.isnan(profile.loudness) or math.isnan(profile.true_peak):
        raise MasteringError(
            f"profile {profile.name} has no figures of its own", where=str(cast.path or ""),
            fix="Give them in the cast file:  mastering: {loudness: -18, true_peak: -1}",
        )  # fmt: skip
    return profile


def _laid_over(profile: Profile, check: Checked, node: Node) -> Profile:
    given = dict(check.mapping(node, "mastering", (*_FIGURES, "levels", "room_tone")))
    if "levels" in given:
        levels = check.values(check.mapping(given["levels"], "levels"), "levels", _LEVELS)
        profile = replace(profile, levels=replace(profile.levels, **levels))
    if "room_tone" in given:
        profile = replace(profile, room_tone=check.file(given["room_tone"], "room_tone"))
    figures = {name: one for name, one in given.items() if name in _FIGURES}
    return replace(profile, **check.values(figures, "mastering", _FIGURES))


def credits(profile: Profile, cast: Cast) -> Credits | None:
    """The credits to speak: as the cast file says (`true`, `false` or their words), else as the profile does; None = none.
    Raises CastError naming the line."""
    node = cast.wishes.get("credits")
    if node is None or cast.path is None:
        return Credits() if profile.credits else None
    if isinstance(node.value, bool):
        return Credits() if node.value else None
    check = Checked(cast.path)
    return Credits(**check.values(check.mapping(node, "credits"), "credits", _CREDITS))
