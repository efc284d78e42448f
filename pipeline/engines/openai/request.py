"""A direction -> what is sent for it, in the server's own words."""

from __future__ import annotations

import base64
import json
import mimetypes
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.engines.openai.settings import Settings
from pipeline.errors import EngineError
from pipeline.nouns import EMOTIONS, Direction
from pipeline.pronunciation.text import READING, STAND_IN

_FINAL_U = re.compile(r"^([JQX])[UÜ]")


def content(direction: Direction, settings: Settings) -> dict[str, Any]:
    """What httpx is to post: {"json": …}, or {"data": …, "files": …}, a form, where clips are uploaded. Values that the
    direction does not have are left out; of two texts for one field, both are sent. Raises EngineError for a clip that cannot
    be read."""
    body: dict[str, Any] = json.loads(json.dumps(settings.extra))
    files: dict[str, tuple[str, bytes, str]] = {}
    for name, value in _values(direction, settings):
        if name not in settings.fields or value in ("", None):
            continue
        path = settings.fields[name]
        if isinstance(value, Path):
            if settings.reference_as == "upload":
                files[path] = (f"{name}{value.suffix}", _bytes(value), _kind(value))
                continue
            value = _clip(value, settings.reference_as)
        _put(body, path.split("."), value)
    if settings.reference_as != "upload":
        return {"json": body}
    return {"data": {name: _form(value) for name, value in body.items()}, "files": files}


def said(text: str, readings: str) -> str:
    """A spoken text with its readings as the server takes them: "plain" leaves them out (a syllable alone, 晕XUAN4, stays as
    letters), "pinyin" puts the syllable, in capitals and ü as V, in its character's place, as IndexTTS reads it."""

    def one(match: re.Match[str]) -> str:
        if readings == "pinyin":
            return _FINAL_U.sub(r"\1V", match[2].upper()).replace("Ü", "V")
        return match[2][:-1] if match[1] == STAND_IN else match[1]

    return READING.sub(one, text)


def _values(direction: Direction, settings: Settings) -> Iterator[tuple[str, Any]]:
    voice, emotion = direction.voice, direction.emotion
    asked: Mapping[str, Any] = voice.parameters
    yield "text", said(direction.text, settings.readings)
    yield "model", settings.model
    yield "voice", asked.get("voice", "" if voice.reference else settings.voice)
    yield "format", settings.format
    yield "speed", direction.speed if direction.speed != 1.0 else None
    yield "instructions", asked.get("instructions")
    yield "reference_text", asked.get("reference_text")
    yield "language", settings.languages.get(direction.language, direction.language)
    yield "seed", direction.seed
    yield "reference", voice.reference
    yield "delivery", ", ".join(direction.delivery)
    if emotion.reference:
        yield "emotion_reference", emotion.reference
        yield "emotion_strength", emotion.strength
    elif emotion.words and "emotion_words" in settings.fields:
        yield "emotion_words", emotion.words
        yield "emotion_by_words", True
        yield "emotion_strength", emotion.strength if emotion.strength != 1.0 else None
    elif emotion.weights:
        yield "emotion", list(emotion.weights) if settings.emotion_as == "numbers" else _in_words(emotion.weights)


def _in_words(weights: tuple[float, ...]) -> str:
    """ "angry (0.7), surprised (0.2)", the strongest first."""
    felt = sorted(((weight, name) for name, weight in zip(EMOTIONS, weights, strict=False) if weight), reverse=True)
    return ", ".join(f"{name} ({weight:g})" for weight, name in felt)


def _put(body: dict[str, Any], path: list[str], value: Any) -> None:
    """Set a value inside `body`, one mapping inside the other; a text joins the text that is there."""
    *above, last = path
    for name in above:
        inner = body.setdefault(name, {})
        if not isinstance(inner, dict):
            inner = body[name] = {}
        body = inner
    there = body.get(last)
    both = isinstance(there, str) and there and isinstance(value, str)
    body[last] = f"{there}; {value}" if both else value


def _clip(path: Path, way: str) -> str:
    if way == "path":
        return str(path)
    if way == "file-url":
        return path.as_uri()
    return _encoded(path, path.stat().st_mtime_ns if path.exists() else 0, way)


@lru_cache(maxsize=32)
def _encoded(path: Path, _changed: int, way: str) -> str:
    text = base64.b64encode(_bytes(path)).decode("ascii")
    return f"data:{_kind(path)};base64,{text}" if way == "data-url" else text


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EngineError(
            f"the reference clip cannot be read ({error.strerror})", where=str(path), fix="Check the file."
        ) from error


def _kind(path: Path) -> str:
    known = {".wav": "audio/wav", ".flac": "audio/flac", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".m4a": "audio/mp4"}
    return known.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _form(value: Any) -> str:
    """A value as a form's text: JSON for what is no text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
