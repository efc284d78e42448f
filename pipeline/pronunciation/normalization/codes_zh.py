"""Rooms, roads, models: figures that name and do not count."""

from __future__ import annotations

import re

from pipeline.pronunciation.normalization.frame_zh import END, FREE, HAN, MEASURES
from pipeline.pronunciation.normalization.rules import Rule, rule
from pipeline.pronunciation.normalization.tables import lists
from pipeline.pronunciation.normalization.words_zh import cardinal, digits

Match = re.Match[str]

_IS = lists("zh")


def rules() -> tuple[Rule, ...]:
    return (
        rule(
            r"(?<![A-Za-z])No\.?\s?(\d+)(?![\d.])\s?号?",
            lambda m: "number one" if m[1] == "1" else f"{digits(m[1]) if len(m[1]) > 2 else cardinal(m[1])}号",
        ),
        rule(rf"((?:{_IS['figures']})\s?)(\d+(?:[-\u2013]\d+)+){END}(?!\s?[{MEASURES}天日月号人])", _numbered),
        rule(rf"{FREE}\d+(?:\.\d+){{2,}}{END}", lambda m: "点".join(map(_part, m[0].split(".")))),
        rule(
            rf"((?:{_IS['gauges']})\s?:?\s?)(\d+)\s?/\s?(\d+){END}",
            lambda m: f"{m[1]}{cardinal(m[2])}比{cardinal(m[3])}",
        ),
        rule(r"(?<![A-Za-z])([Ll][Vv])\.\s?(?=\d)", r"\1"),
        rule(rf"{FREE}24/7(?![\d/])", "七天二十四小时"),
        rule(rf"{FREE}(\d{{3,4}})(?=\s?(?:{_IS['institutions']}))", lambda m: digits(m[1])),
        rule(rf"{FREE}([1-9](?!00)\d\d)(?=[师团旅]|[A-Z](?![A-Za-z]))", lambda m: digits(m[1])),
        rule(rf"(?<!第){FREE}({_IS['by_figures']}){END}(?![{MEASURES}人年])", lambda m: digits(m[1])),
        rule(
            rf"((?:单元|座|栋|号楼|囚犯|代号)\s?)(\d{{3,4}}){END}(?!(?!门口)[{MEASURES}])",
            lambda m: m[1] + digits(m[2]),
        ),
        rule(rf"{FREE}38(?=线)", "三八"),
        rule(rf"((?:{_IS['extras']})\s?)(\d+)(?=[\s,。:]|$)", lambda m: m[1] + cardinal(m[2])),
        rule(rf"{FREE}(\d{{3,4}})(?=\s?(?:{_IS['rooms']}|路(?!人|费|灯)))", lambda m: digits(m[1], "幺")),
        rule(rf"((?:公交|乘坐|坐|换乘|搭乘|等)[{HAN}]?)(\d{{3}})(?=路)", lambda m: m[1] + digits(m[2], "幺")),
        rule(rf"((?:{_IS['makes']})\s?)(\d{{3,4}}){END}(?![{MEASURES}])", lambda m: m[1] + digits(m[2])),
        rule(r"(?<![A-Za-z])([A-Za-z]{1,6})[-·]?(\d+(?:\.\d+)?)(?![\d])", _model),
        rule(
            rf"({_IS['weapons']})-(\d{{1,3}}){END}",
            lambda m: f"{m[1]}{digits(m[2]) if len(m[2]) > 2 else cardinal(m[2])}",
        ),
        rule(rf"{FREE}(\d{{1,2}})(?=[A-Z])", lambda m: cardinal(m[1])),
        rule(rf"(?<!\d,){FREE}(0\d+)(?!\.)", lambda m: digits(m[1])),
    )


def _numbered(match: Match) -> str:
    """图3-2 -> 图三杠二."""
    return match[1] + "杠".join(map(_part, re.split("[-\u2013]", match[2])))


def _part(figures: str) -> str:
    """Of a number in parts: 12 -> 十二, 192 -> 一九二."""
    return digits(figures) if len(figures) > 2 else cardinal(figures)


def _model(match: Match) -> str:
    figures = match[2]
    known = match[0].startswith("Chapter")
    said = (
        cardinal(figures)
        if len(figures) < 3 or "." in figures or known
        else digits(figures, "幺" if len(match[1]) < 3 else "一")
    )
    return match[1] + said
