"""The tables beside this file."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

import yaml


@cache
def units(language: str) -> dict[str, tuple[str, ...]]:
    """Sign of a unit -> how it is said."""
    return {row[0]: tuple(row[1:]) for row in rows(f"units_{language}.tsv")}


def units_pattern(language: str, gap: str = "") -> str:
    """Any sign of a unit, the longest first; `gap` where the sign has a space."""
    signs = sorted(units(language), key=len, reverse=True)
    return "|".join(re.escape(sign).replace(r"\ ", gap) for sign in signs)


def rows(name: str) -> list[list[str]]:
    """The rows of a tab-separated table, without its remarks."""
    return [line.split("\t") for line in _read(name).splitlines() if line and not line.startswith("#")]


@cache
def lists(language: str) -> dict[str, str]:
    """Name of a word list -> a pattern for any of its words, the longest first."""
    return {
        name: _any_of(words.split() if isinstance(words, str) else words) for name, words in _lists(language).items()
    }


def _any_of(words: list[str]) -> str:
    return "|".join(sorted((re.escape(word) for word in words), key=len, reverse=True))


def _lists(language: str) -> dict[str, str | list[str]]:
    tables: dict[str, str | list[str]] = yaml.safe_load(_read(f"lists_{language}.yaml"))
    return tables


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
