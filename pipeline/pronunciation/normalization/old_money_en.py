"""Pounds, shillings and pence as they were written before 1971: 400l., 10s. 6d., 10/-."""

from __future__ import annotations

import re

from pipeline.pronunciation.normalization.frame import NUMBER
from pipeline.pronunciation.normalization.frame_en import START
from pipeline.pronunciation.normalization.rules import Rule, left, rule
from pipeline.pronunciation.normalization.tables import lists
from pipeline.pronunciation.normalization.words_en import and_part, cardinal

Match = re.Match[str]


def rules() -> tuple[Rule, ...]:
    """Rules that run before those for decades, which are written alike: the 40s."""
    return (
        rule(rf"{START}({NUMBER})l\.(?!\w)", lambda m: f"{cardinal(m[1])} {'pound' if m[1] == '1' else 'pounds'}"),
        rule(rf"{START}(\d+)/-(?!\w)", lambda m: shillings(m[1])),
        rule(rf"{START}(\d+)s\.?\s(\d+)d\b\.?", lambda m: f"{shillings(m[1])} {pence(m[2])}"),
        rule(rf"{START}(\d+)s\.(?=\s[a-z]|[,;]|\s*\Z)", lambda m: None if _decade(m) else shillings(m[1])),
        rule(rf"{START}(\d+)(?:\s(\d)/(\d))?d\.", lambda m: None if _day(m) else pence(m[1], m[2], m[3])),
    )


def shillings(figures: str) -> str:
    """ "10" -> ten shillings."""
    return f"{cardinal(figures)} {'shilling' if figures == '1' else 'shillings'}"


def pence(figures: str, over: str | None = None, under: str | None = None) -> str:
    """ "6" -> six pence; "1", "1", "2" -> one and a half pence."""
    if over and under:
        return f"{cardinal(figures)} and {and_part(over, under)} pence"
    return "one penny" if figures == "1" else f"{cardinal(figures)} pence"


def _day(match: Match) -> bool:
    """April 3d."""
    return bool(re.search(rf"\b(?:{lists('en')['months']})\s$", left(match)))


def _decade(match: Match) -> bool:
    if len(match[1]) == 4 or re.search(r"['\u2018\u2019]$", left(match)):
        return match[1].endswith("0")
    return match[1].endswith("0") and bool(
        re.search(r"\b(?:the|his|her|their|early|late|mid|my|our|roaring|swinging)[\s-]$", left(match))
    )
