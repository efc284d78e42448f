"""Who is who in an English book, where its narration says so: Ben Pike, the gardener; the keeper, whose name was Ben."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from pipeline.script.aliases_en import told
from pipeline.script.lexicon_en import ANYBODY, words_of

_NAME = r"((?:(?:Mr|Mrs|Dr|St|Rev|Capt)\.?\s)?[A-Z][\w’'-]+(?:\s[A-Z][\w’'-]+){0,3})"
_ROLE = r"(?:the|a|an|The|A|An|our|their)\s((?:[a-z][\w’'-]*\s){0,3}?[a-z][\w’'-]*)"
_CLOSES = r"(?=[,.;:!?—)])(?!,\s(?:(?:and|or|nor)\b|[A-Z]))"
_BEHIND = re.compile(rf"(?<!,\s)\b{_NAME},\s{_ROLE}(?:{_CLOSES}|(?=\s(?:of|who|whom|in|at|from)\b))")
_BEFORE = re.compile(rf"\b(?:the|our|The|Our)\s((?:[a-z][\w’'-]*\s){{0,3}}?[a-z][\w’'-]*),\s{_NAME}{_CLOSES}")
_NAMED = re.compile(
    rf"\b{_ROLE},?\s(?:whose\sname\s(?:was|is)|who\swas\s(?:called|named)|named|called|by\sname|by\sthe\sname\sof|of\sthe\sname\sof)\s{_NAME}"
)
_OF_HIS = re.compile(rf"\b{_ROLE}['’]s\sname\swas\s{_NAME}")
_ALSO = re.compile(
    rf"\b{_NAME}(?:,\s(?:now|formerly|once|born|née|alias|otherwise|better\sknown\sas|also\scalled|that\sis,?"
    r"|whose\s(?:real|true|full|first|Christian|other|maiden)\sname\s(?:was|is)|who\swas\s(?:now\s|once\s|also\s)?called"
    rf"|whom\s(?:they|people|everybody|everyone|all)\scalled)\s|\s?(?P<open>[—(])\s?){_NAME}(?(open)\s?[—)]|{_CLOSES})"
)
"""Nora Hale, now Mrs. Blake; Mrs. Blake — Nora — and the rest."""
_SURE, _MOST = 2, 0.8
"""Votes for one person among several: at least so many, and this share of all."""
_AROUND = 150
"""Stretches of narration around the sentence that names somebody called "the old man", in which most of his mentions stand."""


def joined(
    texts: Iterable[str], aliases: Mapping[str, tuple[str, ...]], places: Mapping[str, list[int]]
) -> dict[str, str]:
    """Somebody under one name -> the same under another, by canonical names. Those called by what they are: where the
    narration puts a name beside the noun, and no other name as often; people whom it gives a second name. "The old man" and
    its like, whom a book has several of, only where a sentence gives him the name and he is met near it. texts: stretches of
    narration, counted as `places` counts them from 1. Linear time."""
    roles: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    people: dict[tuple[str, ...], set[str]] = {}
    for name, names in aliases.items():
        if name.startswith("the "):
            words = words_of(name)[1:]
            roles.setdefault(words[-1], []).append((words, name))
        else:
            for one in names:
                people.setdefault(words_of(one), set()).add(name)
    votes: dict[str, Counter[str]] = {}
    found: dict[str, str] = {}
    for number, text in enumerate(texts, 1):
        for match in _ALSO.finditer(text):
            first, second = (_person(words_of(called), people) for called in match.group(1, 3))
            if first is None or second is None or first == second or not _agree(first, second, aliases):
                continue
            if not {first, second} & (found.keys() | set(found.values())):
                found[second] = first
        for pattern, named in ((_BEHIND, False), (_BEFORE, False), (_NAMED, True), (_OF_HIS, True)):
            for match in pattern.finditer(text):
                called, role = match.groups() if pattern is _BEHIND else match.groups()[::-1]
                who = _person(words_of(called), people)
                noun = _role(words_of(role), roles)
                if who and noun and (words_of(noun)[-1] not in ANYBODY or (named and _met_near(number, places[noun]))):
                    votes.setdefault(noun, Counter())[who] += 1
    for noun, counts in votes.items():
        ((who, count), *_) = counts.most_common(1)
        if len(counts) > 1 and (count < _SURE or count < _MOST * counts.total()):
            continue
        if _agree(noun, who, aliases):
            found[noun] = found.get(who, who)
    return found


def _agree(one: str, two: str, aliases: Mapping[str, tuple[str, ...]]) -> bool:
    return {told(aliases[one]), told(aliases[two])} != {"female", "male"}


def _person(words: tuple[str, ...], people: Mapping[tuple[str, ...], set[str]]) -> str | None:
    """Whom a name means, if one person only; its first words may belong to the sentence (“But Anne, the nurse,”)."""
    for start in range(len(words)):
        found = people.get(words[start:], set())
        if found:
            return next(iter(found)) if len(found) == 1 else None
    return None


def _role(words: tuple[str, ...], roles: Mapping[str, list[tuple[tuple[str, ...], str]]]) -> str | None:
    """Which of those called by what they are a description means: the one with most of its words."""
    fitting = [(len(own), name) for own, name in roles.get(words[-1], ()) if set(own) <= set(words)]
    return max(fitting)[1] if fitting else None


def _met_near(number: int, places: list[int]) -> bool:
    near = sum(abs(one - number) <= _AROUND for one in places)
    return near >= _MOST * len(places)
