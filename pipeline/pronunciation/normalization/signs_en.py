"""Signs that are said."""

from __future__ import annotations

from pipeline.pronunciation.normalization.frame import NUMBER
from pipeline.pronunciation.normalization.rules import Rule, rule


def rules() -> tuple[Rule, ...]:
    return (
        rule(rf"(?<=\d)\s?[×xX]\s?(?={NUMBER}\s(?!is|are|equals|makes|gives|was)[a-z])", " by "),
        rule(r"(?<=\d)\s?[×xX*]\s?(?=\d)", " times "),
        rule(r"(\b(?:an?|the|this|that)\s)\*(?!\*)", r"\1asterisk"),
        rule(r"(?<=\s)%(?=\s)", "percent"),
        rule(r"(\b(?:inch|inches|foot|feet)\s?)×\s?(?=\w)", r"\1 by "),
        rule(r"(?<=\w)\s?×\s?(?=\w)", " times "),
        rule(r"(?<=[\d)])\s?÷\s?(?=[\d(])", " divided by "),
        rule(r"(?<=\w)\s?\+\s?(?=\w)", " plus "),
        rule(r"(?<=\d)\+", " plus"),
        rule(r"(?<=\w)\s?(?:=)\s?(?=\w)", " equals "),
        rule(r"±\s?", "plus or minus "),
        rule(r"(?<=\w)\s>\s(?=\w)", " is greater than "),
        rule(r"(?<=\w)\s<\s(?=\w)", " is less than "),
        rule(r"≥\s?", "at least "),
        rule(r"≤\s?", "at most "),
        rule(r"[~≈]\s?(?=\d)", "about "),
        rule(r"√\s?(?=\d)", "the square root of "),
        rule(r"∠\s?(?=[A-Z])", "angle "),
        rule(r"\s?♯", " sharp"),
        rule(r"\s?♭", " flat"),
        rule(r"¶\s?", "paragraph "),
        rule(r"\b([fgh])\(([a-z])\)", r"\1 of \2"),
        rule(r"\#(?=\d)", "number "),
        rule(r"§\s?", "section "),
        rule(r"\s?©\s?", " copyright "),
        rule(r"(?<=[A-Z])&(?=[A-Z])", " and "),
        rule(r"\s&\s", " and "),
        rule(r"(?<=\w)\s?@\s?(?=\w)", " at "),
    )
