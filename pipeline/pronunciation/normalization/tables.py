"""The tables beside this file."""

from __future__ import annotations

from functools import cache
from importlib import resources


def rows(name: str) -> list[list[str]]:
    """The rows of a tab-separated table, without its remarks."""
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


@cache
def units(language: str) -> dict[str, tuple[str, ...]]:
    """Sign of a unit -> how it is said."""
    return {row[0]: tuple(row[1:]) for row in rows(f"units_{language}.tsv")}
