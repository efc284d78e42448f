"""The tables beside this file."""

from __future__ import annotations

import re
from functools import cache

from pipeline.shipped import rows_of, yaml_of


@cache
def units(language: str) -> dict[str, tuple[str, ...]]:
    """Sign of a unit -> how it is said."""
    return {row[0]: tuple(row[1:]) for row in rows_of(__package__, f"units_{language}.tsv")}


def units_pattern(language: str, gap: str = "") -> str:
    """Any sign of a unit, the longest first; `gap` where the sign has a space."""
    signs = sorted(units(language), key=len, reverse=True)
    return "|".join(re.escape(sign).replace(r"\ ", gap) for sign in signs)


@cache
def short() -> dict[str, str]:
    """Shortened English word -> in full; see short_en.tsv for the sign before it."""
    return {row[0]: row[1] for row in rows_of(__package__, "short_en.tsv")}


@cache
def words(language: str) -> dict[str, list[str]]:
    """Name of a word list -> its words."""
    return {name: str(listed).split() for name, listed in yaml_of(__package__, f"lists_{language}.yaml").items()}


@cache
def lists(language: str) -> dict[str, str]:
    """Name of a word list -> a pattern for any of its words, the longest first."""
    return {
        name: "|".join(sorted(map(re.escape, listed), key=len, reverse=True))
        for name, listed in words(language).items()
    }
