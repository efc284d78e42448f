"""The key of a take: SHA-256 over canonical JSON of everything that can change the sound.

Same key, same sound, so rendering is skipped. The line's id and its place in the book are not part of it: a sentence
that occurs twice with the same voice is one take. Without the seed the same hash names the *subject*: what the line
asks for, of which several takes may exist.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from pipeline import engines
from pipeline.nouns import Direction
from pipeline.wording import Wording


def ingredients(direction: Direction) -> dict[str, Any]:
    """Everything that can change the sound of a direction, as JSON-able values. A reference clip counts by its
    content's hash, not by its path."""
    voice, emotion = direction.voice, direction.emotion
    engine = engines.engine_class(voice.engine)
    reader = engines.reader(voice.engine) if emotion.words else ""
    return {
        "engine": voice.engine,
        "version": engine.version,
        "weights": _fingerprint(voice.engine),
        "text": direction.text,
        "language": direction.language,
        "voice": {"parameters": dict(voice.parameters), "reference": voice.reference_sha256},
        "emotion": {
            "weights": [] if reader else list(emotion.weights),  # where words are read, ours are not heard
            "words": emotion.words,
            "reference": emotion.reference_sha256,
            "strength": emotion.strength,
        }
        | ({"limit": emotion.limit, "reader": reader} if reader else {}),
        "speed": direction.speed,
        "duration": direction.duration,
        "seed": direction.seed,
    } | ({"delivery": list(direction.delivery)} if direction.delivery else {})  # takes made before it keep their keys


@cache
def _fingerprint(engine: str) -> str:
    return engines.load(engine).fingerprint()


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces, no ASCII escapes: equal values give equal strings."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def key_of(asked: Mapping[str, Any]) -> str:
    """The key of a take made from these ingredients, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(dict(asked)).encode()).hexdigest()


def take_key(direction: Direction) -> str:
    """The key of the take this direction asks for."""
    return key_of(ingredients(direction))


def subject_of(direction: Direction) -> str:
    """The same hash whatever the seed: two takes of one subject differ only by chance."""
    return take_key(replace(direction, seed=-1))


def subject_from(asked: Mapping[str, Any]) -> str:
    """The subject of a take made from these ingredients."""
    return key_of({**asked, "seed": -1})


_NAMES = {
    "engine": ("engine", "引擎"), "version": ("engine version", "引擎版本"), "weights": ("engine weights", "引擎权重"),
    "text": ("spoken text", "读的文字"), "language": ("language", "语言"), "voice": ("voice", "音色"),
    "emotion": ("emotion", "情感"), "speed": ("speed", "语速"), "duration": ("duration", "时长"),
    "delivery": ("delivery", "语气"),
}  # fmt: skip


def difference(before: dict[str, Any], after: dict[str, Any]) -> Wording:
    """Which ingredients differ, in words for people: "voice, emotion". The seed does not count."""
    return _named(tuple(name for name in _NAMES if before.get(name) != after.get(name)))


@cache
def _named(names: tuple[str, ...]) -> Wording:
    english, chinese = zip(*(_NAMES[name] for name in names), strict=True) if names else ((), ())
    return Wording(", ".join(english), "、".join(chinese))
