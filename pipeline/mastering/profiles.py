"""Mastering profiles: how loud, how long the pauses, which files. The figures are data, in profiles.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

import yaml

from pipeline.errors import MasteringError, did_you_mean

DEFAULT = "podcast"


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
class Profile:
    """loudness      target, LUFS (integrated)
    true_peak     ceiling, dBTP; `codec_margin` dB more are kept free for the lossy files
    sample_rate   Hz of every master
    head, tail    seconds of room tone before and after a chapter; `room_tone_db` its RMS level, dBFS
    formats       chapter files to write: flac, mp3, m4a (the audiobook is joined from m4a)
    """

    name: str
    loudness: float
    true_peak: float
    codec_margin: float
    sample_rate: int
    head: float
    tail: float
    room_tone_db: float
    formats: tuple[str, ...]
    mp3_kbps: int
    aac_kbps: int
    pauses: Pauses
    source: str = field(default="", compare=False)


@cache
def _table() -> dict[str, dict[str, Any]]:
    raw: dict[str, dict[str, Any]] = yaml.safe_load(
        resources.files(__package__).joinpath("profiles.yaml").read_text(encoding="utf-8")
    )
    return {name: row for name, row in raw.items() if name != "common"}


def names() -> tuple[str, ...]:
    """Every profile's name."""
    return tuple(_table())


def load(name: str) -> Profile:
    """A profile by name. Raises MasteringError for one that is not there."""
    if name not in _table():
        hint = did_you_mean(name, names())
        raise MasteringError(f"no mastering profile is named {name!r}.{hint}", fix=f"Here: {', '.join(names())}.")
    row = dict(_table()[name])
    return Profile(name=name, pauses=Pauses(**row.pop("pauses")), formats=tuple(row.pop("formats")), **row)


def with_pauses(profile: Profile, pauses: Mapping[str, float]) -> Profile:
    """`profile` with some pauses (and `head`, `tail`) replaced."""
    between = {name: value for name, value in pauses.items() if name not in ("head", "tail")}
    head, tail = pauses.get("head", profile.head), pauses.get("tail", profile.tail)
    return replace(profile, head=head, tail=tail, pauses=replace(profile.pauses, **between))


FORMATS = ("flac", "mp3", "m4a")


def with_formats(profile: Profile, formats: str) -> Profile:
    """`profile` with other chapter files, such as ``m4a,mp3``; "" changes nothing. Raises MasteringError for one that is
    not made here."""
    wanted = tuple(dict.fromkeys(part.strip().lower() for part in formats.split(",") if part.strip()))
    for one in wanted:
        if one not in FORMATS:
            raise MasteringError(f"no format is named {one!r}.{did_you_mean(one, FORMATS)}", fix="Use flac, mp3, m4a.")
    return replace(profile, formats=tuple(one for one in FORMATS if one in wanted)) if wanted else profile
