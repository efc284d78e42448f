"""Emotions as people write them in a script table or a cast file -> `Emotion`.

Three forms, in Chinese or English:

- names with intensities: ``angry``, ``angry:0.7``, ``愤怒:0.7``, ``happy:0.3 sad:0.2`` (a bare name means 1.0);
- words for the way of speaking: ``疲惫地低语``, ``excitedly`` (read through the word list in ``emotion.yaml``);
- nothing: neutral.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

import yaml

from pipeline.errors import ScriptError, did_you_mean
from pipeline.nouns import EMOTIONS, Emotion

_PAIR = re.compile(r"^([^\s:：]+?)(?:[:：]\s*([0-9]*\.?[0-9]+))?$")


@cache
def _lexicon() -> tuple[dict[str, str], dict[str, dict[str, float]]]:
    raw = yaml.safe_load(resources.files(__package__).joinpath("emotion.yaml").read_text(encoding="utf-8"))
    names = {alias.lower(): name for name, aliases in raw["names"].items() for alias in (name, *aliases)}
    return names, raw["words"]


def names() -> tuple[str, ...]:
    """Every emotion name that may be written with an intensity."""
    return tuple(_lexicon()[0])


def parse(text: str, *, where: str = "") -> Emotion:
    """Read an emotion. `where` is named in errors.

    Raises ScriptError for an unknown name, or an intensity outside 0..1.
    """
    text = text.strip()
    if not text:
        return Emotion()
    known, words = _lexicon()
    weights = dict.fromkeys(EMOTIONS, 0.0)
    pairs = [_PAIR.match(part) for part in re.split(r"[\s,，、;；]+", text)]
    if all(pair and pair[1].lower() in known for pair in pairs):
        for pair in pairs:
            assert pair is not None  # noqa: S101 - for the type checker; `all` above has tested it
            intensity = float(pair[2]) if pair[2] else 1.0
            if not 0.0 <= intensity <= 1.0:
                raise ScriptError(
                    f"emotion {pair[0]!r}: the intensity must lie between 0 and 1",
                    where=where,
                    fix="For example angry:0.7.",
                )
            weights[known[pair[1].lower()]] = intensity
        return _of(weights)
    if any(pair and pair[2] for pair in pairs):
        wrong = next(pair[1] for pair in pairs if not (pair and pair[1].lower() in known) and pair)
        raise _unknown(wrong, where)
    found = [scores for word, scores in words.items() if word in text.lower()]
    if not found:
        raise _unknown(text, where)
    for scores in found:
        for name, intensity in scores.items():
            weights[name] = max(weights[name], intensity)
    return _of(weights, text)


def _of(weights: dict[str, float], words: str = "") -> Emotion:
    return Emotion(weights=tuple(weights[name] for name in EMOTIONS), words=words)


def _unknown(name: str, where: str) -> ScriptError:
    return ScriptError(
        f"unknown emotion {name!r}.{did_you_mean(name, names())}",
        where=where,
        fix=f"Use one of {', '.join(EMOTIONS)} (with an intensity: angry:0.7), or words such as 疲惫地低语.",
    )


def canonical(name: str) -> str:
    """The emotion that `name` (``怒``, ``Angry``) is another spelling of. Raises KeyError when it is none."""
    return _lexicon()[0][name.lower()]


_TAG_WORDS = 3
"""Only words this far up the list of a tag's matches count: a tag says one thing."""


@cache
def _tag_pattern() -> re.Pattern[str]:
    words = sorted(_lexicon()[1], key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)))


def in_tag(tag: str) -> dict[str, float]:
    """What the words of a speech tag say outright (怒道, sobbed): emotion -> weight; empty for a plain one."""
    weights: dict[str, float] = {}
    for word in _tag_pattern().findall(tag.lower())[:_TAG_WORDS]:
        for name, weight in _lexicon()[1][word].items():
            weights[name] = max(weights.get(name, 0.0), weight)
    return weights
