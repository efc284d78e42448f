"""Mastering profiles: what a master must measure, how it is laid out and encoded. The figures are in profiles.yaml."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml

from pipeline.errors import MasteringError, did_you_mean
from pipeline.mastering.dynamics import SETTINGS, Dynamics
from pipeline.mastering.music import Music

DEFAULT = "podcast"
NO_DYNAMICS = Dynamics(high_pass=None, gate=None, de_esser=None, compressor=None)


@dataclass(frozen=True, slots=True)
class Pauses:
    """Silence after a line, in seconds, by what it ends with or what follows."""

    clause: float
    sentence: float
    paragraph: float
    speaker: float
    scene: float
    heading: float


@dataclass(frozen=True, slots=True)
class Levels:
    """How lines lie beside each other, in LU against a plain line: a `whisper` and a `shout` on purpose, characters as the
    cast file says; and the part (`keep`, 0..1, at most `most` LU) of a line's own difference from its character's other
    lines that it may keep, since people do not speak evenly."""

    whisper: float
    shout: float
    keep: float
    most: float
    characters: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """measure       what `loudness` is in: "lufs" (integrated) or "rms" (dBFS over everything)
    loudness      target, of the master with all its `channels` (1, or 2 with the same sound in both)
    true_peak     ceiling, dBTP; `codec_margin` dB more are kept free for the lossy files
    sample_rate   Hz of every master
    head, tail    seconds of room tone before and after a chapter; `room_tone_db` its RMS level, dBFS
    room_tone     the user's own recording of it; None = synthesized
    formats       chapter files to write, of `FORMATS`; `deliver` the deliverables made unless others are asked for
    dynamics      what lines go through before they are limited; nothing unless the cast file says so
    chapter_music, scene_music  the user's, at the beginning of every chapter and in scene breaks
    credits       whether opening and closing credits are spoken
    """

    name: str
    measure: Literal["lufs", "rms"]
    loudness: float
    true_peak: float
    codec_margin: float
    sample_rate: int
    channels: int
    head: float
    tail: float
    room_tone_db: float
    formats: tuple[str, ...]
    deliver: tuple[str, ...]
    mp3_kbps: int
    aac_kbps: int
    opus_kbps: int
    pauses: Pauses
    levels: Levels
    credits: bool
    room_tone: Path | None = None
    dynamics: Dynamics = NO_DYNAMICS
    chapter_music: Music | None = None
    scene_music: Music | None = None
    source: str = field(default="", compare=False)

    @property
    def channels_db(self) -> float:
        """How much louder the master measures than the one channel it is made from: in LUFS the power of channels adds up
        (BS.1770-5, annex 1); RMS is that of one channel."""
        return 10 * math.log10(self.channels) if self.measure == "lufs" else 0.0


@cache
def _table() -> dict[str, dict[str, Any]]:
    raw: dict[str, dict[str, Any]] = yaml.safe_load(
        resources.files(__package__).joinpath("profiles.yaml").read_text(encoding="utf-8")
    )
    return {name: row for name, row in raw.items() if "source" in row}


def names() -> tuple[str, ...]:
    """Every profile's name."""
    return tuple(_table())


def load(name: str) -> Profile:
    """A profile by name; of `custom`, loudness and true peak are nan until the cast file's are laid over them (`wishes`).
    Raises MasteringError for one that is not there."""
    if name not in _table():
        hint = did_you_mean(name, names())
        raise MasteringError(f"no mastering profile is named {name!r}.{hint}", fix=f"Here: {', '.join(names())}.")
    row: dict[str, Any] = {key: math.nan if value is None else value for key, value in _table()[name].items()}
    return Profile(
        name=name, pauses=Pauses(**row.pop("pauses")), levels=Levels(**row.pop("levels")),
        formats=tuple(row.pop("formats")), deliver=tuple(row.pop("deliver")),
        dynamics=replace(NO_DYNAMICS, **{one: SETTINGS[one](**given) for one, given in row.pop("dynamics", {}).items()}), **row,
    )  # fmt: skip


def with_pauses(profile: Profile, pauses: Mapping[str, float]) -> Profile:
    """`profile` with some pauses (and `head`, `tail`) replaced."""
    between = {name: value for name, value in pauses.items() if name not in ("head", "tail")}
    head, tail = pauses.get("head", profile.head), pauses.get("tail", profile.tail)
    return replace(profile, head=head, tail=tail, pauses=replace(profile.pauses, **between))


FORMATS = ("flac", "wav", "mp3", "opus", "m4a")


def with_formats(profile: Profile, formats: str) -> Profile:
    """`profile` with other chapter files, such as ``m4a,mp3``; "" changes nothing. Raises MasteringError for one that is
    not made here."""
    wanted = tuple(dict.fromkeys(part.strip().lower() for part in formats.split(",") if part.strip()))
    for one in wanted:
        if one not in FORMATS:
            raise MasteringError(
                f"no format is named {one!r}.{did_you_mean(one, FORMATS)}", fix=f"Use {', '.join(FORMATS)}."
            )
    return replace(profile, formats=tuple(one for one in FORMATS if one in wanted)) if wanted else profile
