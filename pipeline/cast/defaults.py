"""Voices for whoever the cast file does not name: distinct, and stable from run to run."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from pipeline import engines
from pipeline.cast.model import Cast, Part
from pipeline.nouns import Character, Language, Voice
from pipeline.pronunciation import surnames
from pipeline.shipped import yaml_of
from pipeline.simplified import simplified

EMBEDDED = "espeak"
LEADING = 5
"""Lines from which on a character chooses its voice before those who say less."""


@cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = yaml_of(__package__, "voices.yaml")
    return found


def default_cast(language: Language) -> Cast:
    """The cast of a book without a cast file: the embedded engine narrates, `complete` adds the rest."""
    narrator = Voice("narrator", EMBEDDED, dict(_table()["narrator"]))
    return Cast(language=language, narrator=Part("narrator", "narrator"), voices={"narrator": narrator})


def complete(cast: Cast, characters: Iterable[Character]) -> Cast:
    """`cast` with a voice for every character it does not name, unless it has an ``*``; and with readings for surnames
    among all of them (单雄信: 单 is shan4), under the cast's own lexicon.

    Each takes the voice its name's hash points at in the table of its gender and age; of two who would share one, the
    one whose name sorts later moves on to the next free place: of the table, then of the further voices, then of all of
    them higher, lower, faster or slower. No two share variant, pitch and rate while a place is free. Whoever has
    `LEADING` lines chooses first; beyond that nothing depends on how much anybody says.
    """
    everyone = tuple(characters)
    names = (one for character in everyone for one in (character.name, *character.aliases))
    lexicon = surnames.of_names(simplified(one) for one in (*cast.parts, *names)) | dict(cast.lexicon)
    cast = replace(cast, lexicon=lexicon, parts=_in_either_script(cast.parts, everyone))
    if cast.anyone:
        return cast
    unnamed = {simplified(one.name): one for one in reversed(everyone) if one.name not in cast.parts}.values()
    voices, parts = dict(cast.voices), dict(cast.parts)
    taken = {_sound(_table()["narrator"])}
    for one in sorted(unnamed, key=lambda one: (one.lines < LEADING, one.name)):
        row = _free_row(one.name, _kind(one), taken)
        taken.add(_sound(row))
        name = f"default:{one.name}"
        voices[name] = Voice(name, EMBEDDED, dict(row))
        parts[one.name] = Part(one.name, name)
    return replace(cast, voices=voices, parts=_in_either_script(parts, everyone))


def _in_either_script(parts: Mapping[str, Part], everyone: Sequence[Character]) -> dict[str, Part]:
    """`parts`, and whoever has a part's name in the other script (陳木南, 陈木南) with that part."""
    plain = {simplified(name): part for name, part in reversed(list(parts.items()))}
    both = {one.name: plain[simplified(one.name)] for one in everyone if simplified(one.name) in plain}
    return both | dict(parts)


def _kind(one: Character) -> str:
    if one.age == "child":
        return "child"
    if one.age == "elder" and one.gender:
        return f"elder_{one.gender}"
    return one.gender or "any"


def _free_row(name: str, kind: str, taken: Collection[tuple[object, ...]]) -> Mapping[str, Any]:
    """The first row of a kind that nobody has, from where the name's hash points in each table; that one when all are taken."""
    for rows in _tables(kind):
        first = _hashed(name, len(rows))
        for row in (*rows[first:], *rows[:first]):
            if _sound(row) not in taken:
                return row
    rows = _tables(kind)[0]
    return rows[_hashed(name, len(rows))]


@cache
def _tables(kind: str) -> tuple[Sequence[Mapping[str, Any]], ...]:
    """The rows of a kind, the further ones, and both in every shift, each a table to look through in turn."""
    own, more = _table()[kind], _table()["more"][kind]
    return (own, more, *([_shifted(row, shift) for row in (*own, *more)] for shift in _table()["shifts"]))


def _shifted(row: Mapping[str, Any], shift: Mapping[str, float]) -> dict[str, Any]:
    rate = round(row.get("rate", 1.0) * shift["rate"], 2)
    pitch = min(max(row["pitch"] + int(shift["pitch"]), 0), 99)
    return {**row, "pitch": pitch} | ({"rate": rate} if rate != 1.0 else {})


def _sound(row: Mapping[str, Any]) -> tuple[object, ...]:
    """What tells two voices apart by ear."""
    return row["variant"], row["pitch"], row.get("rate", 1.0)


def _hashed(name: str, count: int) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % count


def stand_in(name: str, engine: str) -> Voice:
    """A voice of `engine` for a voice written for another one: of the embedded engine, one of its table by hash."""
    engines.engine_class(engine)  # an unknown engine is an error here, not later
    if engine != EMBEDDED:
        return Voice(f"{engine}:{name}", engine)
    rows = [row for kind in ("female", "male", "any") for row in _table()[kind]]
    return Voice(f"{engine}:{name}", engine, dict(rows[_hashed(name, len(rows))]))
