"""The rules of headings.yaml, compiled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipeline.shipped import yaml_of


@dataclass(frozen=True, slots=True)
class Rules:
    """Compiled once. `levels` are (pattern, level); all patterns are for a whole stripped line."""

    longest: int
    levels: tuple[tuple[re.Pattern[str], int], ...]
    sentence_end: re.Pattern[str]
    scene_break: re.Pattern[str]
    matter: re.Pattern[str]
    matter_types: frozenset[str]
    note_types: frozenset[str]

    def level(self, line: str) -> int:
        """1 or 2 when `line` is a chapter heading, 0 when it is not."""
        if not line or len(line) > self.longest * (2 if line.isascii() else 1) or self.sentence_end.search(line):
            return 0
        return next((level for pattern, level in self.levels if pattern.fullmatch(line)), 0)

    def is_break(self, line: str) -> bool:
        return bool(line) and self.scene_break.fullmatch(line) is not None

    def is_matter(self, title: str) -> bool:
        return bool(title) and self.matter.fullmatch(title.strip().rstrip(".")) is not None


@cache
def rules() -> Rules:
    raw: dict[str, Any] = yaml_of(__package__, "headings.yaml")
    levels = tuple(
        (re.compile(rule["pattern"].replace("{n}", raw["number"][language]), re.IGNORECASE), int(rule["level"]))
        for language in ("zh", "en")
        for rule in raw[language]
    )
    return Rules(
        longest=raw["longest"], levels=levels, sentence_end=re.compile(raw["sentence_end"]),
        scene_break=re.compile(raw["scene_break"]), matter=re.compile("|".join(raw["matter"]), re.IGNORECASE),
        matter_types=frozenset(raw["matter_types"]), note_types=frozenset(raw["note_types"]),
    )  # fmt: skip
