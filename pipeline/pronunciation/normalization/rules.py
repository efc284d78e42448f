"""A rule of normalization: what is written so is read so."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from pipeline.wording import Wording

Reading = Callable[[re.Match[str]], str | None]
"""What a match says; None leaves it to later rules."""


@dataclass(frozen=True)
class Rule:
    """Rules run in turn, each over the whole text; what one has written out holds nothing that a later one reads.

    doubt: why a person should hear what this rule read, None where the writing is plain.
    """

    pattern: re.Pattern[str]
    read: Reading
    doubt: Wording | None = None


def rule(pattern: str, read: Reading | str, doubt: Wording | None = None, flags: int = 0) -> Rule:
    """A rule from a pattern in verbose notation (spaces in it mean nothing; a hash is written \\#)."""
    reading = read if callable(read) else (lambda match: match.expand(read))
    return Rule(re.compile(pattern, re.VERBOSE | flags), reading, doubt)


def left(match: re.Match[str]) -> str:
    """The 40 characters before a match."""
    return match.string[max(0, match.start() - 40) : match.start()]


def right(match: re.Match[str]) -> str:
    """The 40 characters behind a match."""
    return match.string[match.end() : match.end() + 40]


def read(text: str, rules: Sequence[Rule], doubts: list[Wording]) -> str:
    """`text` with every rule applied; what they doubt is added to `doubts`."""
    for one in rules:
        text = one.pattern.sub(partial(_read, one, doubts), text)
    return text


def _read(one: Rule, doubts: list[Wording], match: re.Match[str]) -> str:
    said = one.read(match)
    if said is None:
        return match[0]
    if one.doubt:
        passage, read_as = match[0].strip(), said.strip()
        doubts.append(Wording(f"{passage}: {one.doubt}: {read_as}", f"{passage}：{one.doubt.chinese}：{read_as}"))
    return said
