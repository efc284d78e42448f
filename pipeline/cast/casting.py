"""A line and a cast -> a direction: which voice, which emotion, how fast, how long."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from pipeline import engines
from pipeline.cast.model import Cast, Part
from pipeline.errors import CastError, at_line
from pipeline.nouns import EMOTIONS, NARRATOR, Direction, Emotion, Line, Voice
from pipeline.script import delivery as deliveries
from pipeline.script import emotion as emotions
from pipeline.wording import Wording


def direct(line: Line, cast: Cast, spoken: str, *, engine: str | None = None) -> Direction:
    """What `line` asks of its voice. `engine` replaces the engine of every voice (see `voice_for`).

    Raises CastError, naming line and cast entry, for a person's wish (in the cast, by mark-up, by an edit of the table)
    that the voice's engine cannot do, unless the cast says ``best_effort: true``: then the wish is dropped. What the
    machine read out of the text is dropped without a word.
    """
    part = cast.part(NARRATOR if line.kind in ("narration", "heading") and not line.speaker else line.speaker)
    voice = voice_for(part.voice, cast, engine)
    return Direction(
        line_id=line.id, text=spoken, language=cast.language, voice=voice,
        emotion=_possible(_emotion(line, part), voice, line, part, cast), delivery=_delivery(line, voice, part, cast),
        speed=round((line.speed or 1.0) * part.speed, 4), duration=_duration(line, voice, part, cast),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Emotion:
    return emotions.parse(text)


def _emotion(line: Line, part: Part) -> Emotion:
    profile = part.emotions
    asked = _parsed(line.emotion) if line.emotion else profile.default
    scale = profile.expressiveness if line.emotion else 1.0
    weights = tuple(round(min(weight * scale, profile.limit), 4) for weight in asked.weights)
    if any(weights):
        strongest = max(range(len(EMOTIONS)), key=lambda at: weights[at])
        clip = profile.references.get(EMOTIONS[strongest])
        if clip:
            return replace(clip, strength=round(clip.strength * weights[strongest], 4))
    heard = Emotion(weights=weights if any(weights) else ())
    if not (asked.words and scale and profile.limit):
        return heard
    return replace(heard, words=asked.words, strength=scale, limit=profile.limit if profile.limit < 1.0 else None)


def _possible(asked: Emotion, voice: Voice, line: Line, part: Part, cast: Cast) -> Emotion:
    can = engines.engine_class(voice.engine).capabilities.emotions
    if asked.words and not engines.reader(voice.engine):  # not asked for words, so that they cannot make a take stale
        asked = Emotion(weights=asked.weights)
    way = "reference" if asked.reference else "words" if asked.words else "weights" if asked.weights else ""
    if not way or way in can:
        return asked
    by_machine = line.emotion and "emotion" not in line.by_hand and not asked.reference
    if cast.best_effort or by_machine:
        return Emotion()
    wish = Wording(f"an emotion by {way}", f"用 {way} 给出的情绪")
    raise _impossible(wish, voice, line, part, cast)


def _delivery(line: Line, voice: Voice, part: Part, cast: Cast) -> tuple[str, ...]:
    """The line's own deliveries, or else those that its emotion's words imply (疲惫地低语)."""
    can = engines.engine_class(voice.engine).capabilities.deliveries
    asked = deliveries.parse(line.delivery) if line.delivery else _implied(line.emotion)
    missing = [one for one in asked if one not in can]
    if missing and line.delivery and "delivery" in line.by_hand and not cast.best_effort:
        wish = Wording(f"the delivery {missing[0]!r}", f"念法 {missing[0]!r}")
        raise _impossible(wish, voice, line, part, cast)
    return tuple(one for one in asked if one in can)


@lru_cache(maxsize=4096)
def _implied(text: str) -> tuple[str, ...]:
    return emotions.deliveries(text) if text else ()


def _duration(line: Line, voice: Voice, part: Part, cast: Cast) -> float | None:
    if line.duration is None or engines.engine_class(voice.engine).capabilities.duration:
        return line.duration
    if cast.best_effort:
        return None
    raise _impossible(Wording("an exact duration", "准确的时长"), voice, line, part, cast)


def _impossible(what: Wording, voice: Voice, line: Line, part: Part, cast: Cast) -> CastError:
    where = at_line(cast.path, part.line) if cast.path and part.line else str(cast.path or "default cast")
    return CastError(
        Wording(
            f"line {line.id} asks {part.name} (voice {voice.name}) for {what}, which engine {voice.engine} cannot do",
            f"台词 {line.id} 要 {part.name}（voice {voice.name}）{what.chinese}，而引擎 {voice.engine} 做不到",
        ),
        where=where,
        fix=Wording(
            "Change the line or the voice, or set best_effort: true to drop such wishes.",
            "请改台词或声音，或设 best_effort: true 忽略这类要求。",
        ),
    )


def voice_for(name: str, cast: Cast, engine: str | None = None) -> Voice:
    """The voice of that name. With another `engine` asked for: the voice's fallback of that engine, or else a voice of
    that engine with its default settings, a different one for each name where the engine has variants."""
    voice = cast.voices[name]
    if engine is None or voice.engine == engine:
        return voice
    seen = {name}
    follow = cast.fallbacks.get(name)
    while follow and follow not in seen:
        if cast.voices[follow].engine == engine:
            return cast.voices[follow]
        seen.add(follow)
        follow = cast.fallbacks.get(follow)
    from pipeline.cast.defaults import stand_in

    return stand_in(name, engine)
