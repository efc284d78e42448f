"""Signs of sums."""

from __future__ import annotations

from pipeline.pronunciation.normalization.frame import NUMBER
from pipeline.pronunciation.normalization.frame_zh import FREE
from pipeline.pronunciation.normalization.rules import Rule, rule
from pipeline.pronunciation.normalization.words_zh import cardinal


def rules() -> tuple[Rule, ...]:
    number = rf"(?:{NUMBER})"
    return (
        rule(rf"{FREE}({number})\^2", lambda m: f"{cardinal(m[1])}的平方"),
        rule(rf"{FREE}({number})\^3", lambda m: f"{cardinal(m[1])}的立方"),
        rule(rf"{FREE}({number})\^(\d+)", lambda m: f"{cardinal(m[1])}的{cardinal(m[2])}次方"),
        rule(r"([A-Za-z])\^2", r"\1平方"),
        rule(r"([A-Za-z])\^3", r"\1立方"),
        rule(r"(?<=[\w)])\s?\+\s?(?=[\d(A-Za-z])", "加"),
        rule(r"(?<=[\w)])\s?[×*]\s?(?=[\d(A-Za-z])|(?<=\d)[xX](?=\d)", "乘"),
        rule(r"(?<=[\w)])\s?÷\s?(?=[\d(A-Za-z])", "除以"),
        rule(
            rf"(?<=[\d)])\s?[-\u2212]\s?(?={number}(?:\s?[-+×÷]\s?{number}){{0,6}}\s?=)|(?<=\d)\s?\u2212\s?(?=\d)", "减"
        ),
        rule(r"(?<=[\w)])\s?=\s?(?=[-\u2212\w(?])", "等于"),
        rule(r"\s?≥\s?", "大于等于"),
        rule(r"\s?≤\s?", "小于等于"),
        rule(r"\s?≈\s?", "约等于"),
        rule(r"\s?≠\s?", "不等于"),
        rule(r"(?<=\w)\s?>\s?(?=[\w-])", "大于"),
        rule(r"(?<=\w)\s?<\s?(?=[\w-])", "小于"),
        rule(r">(?=\d)", "大于"),
        rule(r"<(?=\d)", "小于"),
        rule(r"±\s?(?=\d)", "正负"),
        rule(r"∠", "角"),
        rule(r"√\s?(?=\d)", "根号"),
        rule(r"(?<=[A-Z])&(?=[A-Z])", "和"),
        rule(r"\#(?=\d)", "号"),
    )
