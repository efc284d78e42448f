"""The emotion lexicon: emotion-zh.yaml and emotion-en.yaml as one pattern each, with degree words and negation.

Longest phrase first. A degree word in front of a phrase (or right behind it) scales its weights; a negation in front of
it takes it out, so that 没有生气 is neutral. What a phrase must not mean (喜欢 is no 喜) stands in the files under `plain`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from pipeline.nouns import DELIVERIES, EMOTIONS, Language
from pipeline.shipped import yaml_of

Scope = Literal["ways", "lines"]
"""`ways`: words about a way of speaking. `lines`: words in what is said."""
Weights = Mapping[str, float]
NAME_WEIGHT = 0.6
"""What a bare emotion name counts among other words (非常愤怒): between a mild sign and an outburst."""
SUM_LIMIT = 0.8
"""Highest sum of the weights: what IndexTTS 2.0's own normalization of an emotion vector allows."""
EXCLUSIVE = (("whisper", "shout"), ("fast", "slow"))
"""Deliveries that no line can have together."""

_FILLERS = {
    "zh": r"(?:[的地得是再敢会有曾被去那这么]|感到|觉得|显得|露出){0,2}",
    "en": r"\s*(?:(?:a|an|the|of|be|been|was|were|is|in|with|any|at|all|to|even|get|got|felt|(?:feel|look|sound)(?:ed|ing)?)"
    r"\s+){0,3}",
}
"""What may stand between a degree word or negation and its phrase."""


@dataclass(frozen=True, slots=True)
class _Entry:
    weights: Weights
    deliveries: tuple[str, ...] = ()
    before: float = 1.0
    behind: float = 1.0
    negates: bool = False

    @property
    def says(self) -> bool:
        return bool(self.weights or self.deliveries)


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase at text[start:end]: emotion -> weight (degree words counted in), and deliveries."""

    start: int
    end: int
    weights: Weights
    deliveries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Lexicon:
    pattern: re.Pattern[str]
    exact: Mapping[str, _Entry]
    prefixes: Mapping[str, _Entry]
    """Phrases ending in * without it."""
    filler: re.Pattern[str]

    def entry(self, found: re.Match[str]) -> _Entry:
        text = found[0]
        entry = self.exact.get(text)
        if entry:
            return entry
        return next(self.prefixes[text[:size]] for size in range(len(text), 0, -1) if text[:size] in self.prefixes)


@cache
def raw(language: Language) -> dict[str, Any]:
    """The lexicon file as it stands."""
    return yaml_of(__package__, f"emotion-{language}.yaml")


def find(text: str, language: Language, scope: Scope) -> list[Hit]:
    """The phrases of a text, in order, negated ones left out. Linear time."""
    lexicon = _lexicon(language, scope)
    hits: list[Hit] = []
    factor, negated, end = 1.0, False, -1  # of the degree words and negations that end at `end`
    low = text.lower().replace("’", "'")
    for found in lexicon.pattern.finditer(low if len(low) == len(text) else text):  # positions must hold
        entry = lexicon.entry(found)
        near = end >= 0 and lexicon.filler.fullmatch(found.string, end, found.start()) is not None
        if entry.behind != 1.0 and hits and not found.string[hits[-1].end : found.start()].strip():
            hits[-1] = replace(hits[-1], weights=_scaled(hits[-1].weights, entry.behind))
        elif entry.says:
            if not (near and negated):
                weights = _scaled(entry.weights, factor if near else 1.0)
                hits.append(Hit(found.start(), found.end(), weights, entry.deliveries))
            end = -1
        elif entry.negates or entry.before != 1.0:
            factor = entry.before * (factor if near else 1.0)
            negated = entry.negates or (near and negated)
            end = found.end()
        else:
            end = -1
    return hits


def combined(hits: Iterable[Hit]) -> dict[str, float]:
    """Each emotion's highest weight."""
    weights: dict[str, float] = {}
    for hit in hits:
        for name, weight in hit.weights.items():
            weights[name] = max(weights.get(name, 0.0), weight)
    return weights


def bounded(weights: Weights) -> dict[str, float]:
    """`weights` with their sum at most `SUM_LIMIT`."""
    total = sum(weights.values())
    return {name: weight * min(1.0, SUM_LIMIT / total) for name, weight in weights.items()} if total else {}


def compatible(deliveries: Iterable[str]) -> tuple[str, ...]:
    """The deliveries in the order of `DELIVERIES`; of two that exclude each other, the first given stays."""
    kept: list[str] = []
    for one in deliveries:
        if one not in kept and not any({one, other} == set(pair) for pair in EXCLUSIVE for other in kept):
            kept.append(one)
    return tuple(one for one in DELIVERIES if one in kept)


def _scaled(weights: Weights, factor: float) -> Weights:
    return weights if factor == 1.0 else {name: min(1.0, weight * factor) for name, weight in weights.items()}


@cache
def _lexicon(language: Language, scope: Scope) -> _Lexicon:
    entries = _entries(raw(language), scope)
    by_first: dict[str, list[str]] = defaultdict(list)
    for phrase in sorted(entries, key=lambda one: (-len(one.rstrip("*")), one)):
        by_first[phrase[0]].append(phrase)
    word = language == "en"
    groups = [
        re.escape(first) + "(?:" + "|".join(_rest(phrase, word) for phrase in phrases) + ")"
        for first, phrases in by_first.items()
    ]
    pattern = ("(?<![\\w-])" if word else "") + "(?:" + "|".join(groups) + ")"
    return _Lexicon(
        pattern=re.compile(pattern),
        exact={phrase: entry for phrase, entry in entries.items() if not phrase.endswith("*")},
        prefixes={phrase[:-1]: entry for phrase, entry in entries.items() if phrase.endswith("*")},
        filler=re.compile(_FILLERS[language]),
    )


def _rest(phrase: str, word: bool) -> str:
    if not word:
        return re.escape(phrase[1:])
    body = re.escape(phrase[1:].rstrip("*"))
    return body + r"[\w-]*" if phrase.endswith("*") else body + (r"(?!\w)" if phrase[-1].isalnum() else "")


def _entries(data: dict[str, Any], scope: Scope) -> dict[str, _Entry]:
    entries: dict[str, _Entry] = {str(phrase): _Entry({}) for phrase in data["plain"]}
    for phrase, factor in data["degrees"].items():
        entries[phrase] = _Entry({}, before=factor)
    for phrase, factor in data["behind"].items():
        entries[phrase] = replace(entries.get(phrase, _Entry({})), behind=factor)
    for phrase in data["not"]:
        entries[phrase] = _Entry({}, negates=True)
    if scope == "ways":
        for name, aliases in data["names"].items():
            for phrase in (name, *aliases) if all(map(str.isascii, aliases)) else aliases:
                entries[phrase] = _Entry({name: NAME_WEIGHT})
    for value, phrases in data[scope].items():
        for phrase in phrases:
            entries[phrase] = _Entry(_weights(value))
    for delivery, phrases in data["delivery"].items() if scope == "ways" else ():
        for phrase in phrases:
            old = entries.get(phrase, _Entry({}))
            entries[phrase] = _Entry(old.weights, (*old.deliveries, delivery))
    return {phrase.lower(): entry for phrase, entry in entries.items()}


def _weights(value: str) -> Weights:
    pairs = [pair.split(":") for pair in value.split()]
    weights = {name: float(weight) for name, weight in pairs}
    assert set(weights) <= set(EMOTIONS), value  # noqa: S101 - a slip in our own file
    return weights


def knows(text: str, language: Language) -> bool:
    """Whether the text holds a phrase that says something, be it a negated one (没有生气)."""
    lexicon = _lexicon(language, "ways")
    return any(lexicon.entry(found).says for found in lexicon.pattern.finditer(text.lower().replace("’", "'")))
