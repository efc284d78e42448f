"""Voices for whoever the cast file does not name: distinct, and stable from run to run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from pipeline import engines
from pipeline.cast.model import Cast, Part
from pipeline.nouns import Character, Language, Voice
from pipeline.pronunciation import surnames
from pipeline.shipped import yaml_of

EMBEDDED = "espeak"


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
    one whose name sorts later moves on to the next free place, so nothing depends on how much either says.
    """
    everyone = tuple(characters)
    names = (one for character in everyone for one in (character.name, *character.aliases))
    cast = replace(cast, lexicon=surnames.of_names((*cast.parts, *names)) | dict(cast.lexicon))
    if cast.anyone:
        return cast
    unnamed = sorted((one for one in everyone if one.name not in cast.parts), key=lambda one: one.name)
    voices, parts = dict(cast.voices), dict(cast.parts)
    taken: set[tuple[str, int]] = set()
    for one in unnamed:
        kind = _kind(one)
        choice = _place(one.name, kind, taken)
        taken.add((kind, choice))
        name = f"default:{one.name}"
        voices[name] = Voice(name, EMBEDDED, dict(_table()[kind][choice]))
        parts[one.name] = Part(one.name, name)
    return replace(cast, voices=voices, parts=parts)


def _kind(one: Character) -> str:
    if one.age == "child":
        return "child"
    if one.age == "elder" and one.gender:
        return f"elder_{one.gender}"
    return one.gender or "any"


def _place(name: str, kind: str, taken: set[tuple[str, int]]) -> int:
    rows: Sequence[Any] = _table()[kind]
    first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % len(rows)
    free = ((first + step) % len(rows) for step in range(len(rows)))
    return next((at for at in free if (kind, at) not in taken), first)


def stand_in(name: str, engine: str) -> Voice:
    """A voice of `engine` for a voice written for another one: of the embedded engine, one of its table by hash."""
    engines.engine_class(engine)  # an unknown engine is an error here, not later
    if engine != EMBEDDED:
        return Voice(f"{engine}:{name}", engine)
    rows = [row for kind in ("female", "male", "any") for row in _table()[kind]]
    place = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % len(rows)
    return Voice(f"{engine}:{name}", engine, dict(rows[place]))
