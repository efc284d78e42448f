"""Emotions as people write them in a script table or a cast file -> `Emotion`.

Three forms, in Chinese or English:

- names with intensities: ``angry``, ``angry:0.7``, ``愤怒:0.7``, ``happy:0.3 sad:0.2`` (a bare name means 1.0);
- words for the way of speaking: ``疲惫地低语``, ``excitedly announcing`` (read by the lexicon, `emotion_words`);
- nothing: neutral.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import get_args

from pipeline.errors import ScriptError, did_you_mean
from pipeline.nouns import EMOTIONS, Emotion, Language
from pipeline.script import emotion_words
from pipeline.script.emotion_words import Hit
from pipeline.simplified import simplified
from pipeline.wording import Wording

_PAIR = re.compile(r"^([^\s:：]+?)(?:[:：]\s*([0-9]*\.?[0-9]+))?$")
_SMALLEST = 0.1
"""Weights below are not written into the table."""


@cache
def _names() -> dict[str, str]:
    found = {}
    for language in get_args(Language):
        for name, aliases in emotion_words.raw(language)["names"].items():
            found.update(dict.fromkeys((name, *aliases), name))
    return found


def names() -> tuple[str, ...]:
    """Every emotion name that may be written with an intensity."""
    return tuple(_names())


def canonical(name: str) -> str:
    """The emotion that `name` (``怒``, ``Angry``) is another spelling of. Raises KeyError when it is none."""
    return _names()[name.lower()]


def parse(text: str, *, where: str = "") -> Emotion:
    """Read an emotion. `where` is named in errors.

    Raises ScriptError for an unknown name, or an intensity outside 0..1.
    """
    text = text.strip()
    if not text:
        return Emotion()
    known = _names()
    pairs = [_PAIR.match(part) for part in re.split(r"[\s,，、;；]+", simplified(text))]
    if all(pair and pair[1].lower() in known for pair in pairs):
        weights = dict.fromkeys(EMOTIONS, 0.0)
        for pair in pairs:
            assert pair is not None  # noqa: S101 - for the type checker; `all` above has tested it
            intensity = float(pair[2]) if pair[2] else 1.0
            if not 0.0 <= intensity <= 1.0:
                raise ScriptError(
                    Wording(
                        f"emotion {pair[0]!r}: the intensity must lie between 0 and 1",
                        f"情感“{pair[0]}”：强度应在 0 到 1 之间",
                    ),
                    where=where,
                    fix=Wording("For example angry:0.7.", "例如 angry:0.7。"),
                )
            weights[known[pair[1].lower()]] = intensity
        return Emotion(weights=tuple(weights[name] for name in EMOTIONS))
    if any(pair and pair[2] for pair in pairs):
        wrong = next(pair[1] for pair in pairs if not (pair and pair[1].lower() in known) and pair)
        raise _unknown(wrong, where)
    if not _understood(text):
        raise _unknown(text, where)
    found = emotion_words.bounded(emotion_words.combined(_hits(text)))
    weights = {name: round(found.get(name, 0.0), 3) for name in EMOTIONS}
    return Emotion(weights=tuple(weights.values()) if found else (), words=text)


def deliveries(text: str) -> tuple[str, ...]:
    """The deliveries that words for a way of speaking imply: 疲惫地低语 is a whisper."""
    return emotion_words.compatible(one for hit in _hits(text) for one in hit.deliveries)


def _hits(text: str) -> list[Hit]:
    plain = simplified(text)
    return [hit for language in get_args(Language) for hit in emotion_words.find(plain, language, "ways")]


def _understood(text: str) -> bool:
    return any(emotion_words.knows(simplified(text), language) for language in get_args(Language))


def shown(weights: Mapping[str, float]) -> str:
    """Weights as the table's cell, strongest first, in steps of 0.05: ``angry:0.6 sad:0.2``; their sum is bounded."""
    steps = {name: round(weight * 20) / 20 for name, weight in emotion_words.bounded(weights).items()}
    order = sorted((name for name in steps if steps[name] >= _SMALLEST), key=lambda name: -steps[name])
    over = sum(steps[name] for name in order) - emotion_words.SUM_LIMIT  # steps may round up together
    if over > 1e-9:
        steps[order[0]] -= over
    return " ".join(f"{name}:{round(steps[name], 2):g}" for name in order)


def _unknown(name: str, where: str) -> ScriptError:
    hint = did_you_mean(name, names())
    return ScriptError(
        Wording(f"unknown emotion {name!r}.{hint}", f"没有“{name}”这种情感。{hint.chinese}"),
        where=where,
        fix=Wording(
            f"Use one of {', '.join(EMOTIONS)} (with an intensity: angry:0.7), or words such as 疲惫地低语.",
            f"可用 {'、'.join(EMOTIONS)}（可带强度：angry:0.7），或如“疲惫地低语”的说法。",
        ),
    )
