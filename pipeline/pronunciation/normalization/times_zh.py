"""The time of day, scores and ratios, which are written alike."""

from __future__ import annotations

import re

from pipeline.pronunciation.normalization.frame import NUMBER
from pipeline.pronunciation.normalization.frame_zh import END, FREE, HAN, TO
from pipeline.pronunciation.normalization.rules import Rule, rule
from pipeline.pronunciation.normalization.tables import lists
from pipeline.pronunciation.normalization.words_zh import DIGITS, cardinal, counted, digits

Match = re.Match[str]

_IS = lists("zh")


def rules() -> tuple[Rule, ...]:
    verse = r"(?<=[》书诗篇记音])"
    clock = r"([01]?\d|2[0-4])\s?:\s?([0-5]\d)"
    return (
        rule(rf"{verse}\s?(\d+):(\d+){END}", lambda m: f"{cardinal(m[1])}章{cardinal(m[2])}节"),
        rule(
            rf"((?:{_IS['scored']})[^\d。,!?]{{0,6}}){FREE}(\d{{1,3}})\s?[:\-\u2013]\s?(\d{{1,3}}){END}",
            lambda m: f"{m[1]}{cardinal(m[2])}比{cardinal(m[3])}",
        ),
        rule(
            rf"(?<=以){FREE}(\d{{1,3}})\s?[:\-\u2013]\s?(\d{{1,3}}){END}",
            lambda m: f"{cardinal(m[1])}比{cardinal(m[2])}",
        ),
        rule(
            rf"{FREE}(\d{{1,3}})\s?[:\-\u2013]\s?(\d{{1,3}})(?=的?(?:{_IS['scored']}|{_IS['won']}))",
            lambda m: f"{cardinal(m[1])}比{cardinal(m[2])}",
        ),
        rule(
            rf"(之比|(?:比例尺|比[例率价值重]?)[为是达约到]{{0,2}}|按|兑){FREE}({NUMBER})\s?:\s?({NUMBER}){END}(?!:)",
            lambda m: f"{m[1]}{cardinal(m[2])}比{cardinal(m[3])}",
        ),
        rule(
            rf"((?:{_IS['lasted']}|{_IS['run']})[^\d]{{0,3}}){FREE}(\d+):(\d\d):(\d\d){END}",
            lambda m: f"{m[1]}{counted(m[2])}小时{_minute(m[3])}分{_minute(m[4])}秒",
        ),
        rule(
            rf"((?:{_IS['lasted']})[^\d]{{0,3}}){FREE}(\d+):(\d\d){END}",
            lambda m: f"{m[1]}{counted(m[2])}分{_minute(m[3])}秒",
        ),
        rule(rf"{FREE}{clock}:([0-5]\d){END}", lambda m: f"{_clock(m[1], m[2])}{_minute(m[3])}秒"),
        rule(rf"{FREE}{clock}{TO}{clock}{END}", lambda m: f"{_clock(m[1], m[2])}到{_clock(m[3], m[4])}"),
        rule(rf"{FREE}{clock}{END}(?!\s?:)", lambda m: _clock(m[1], m[2])),
        rule(
            rf"{FREE}(\d{{1,2}})点(\d{{1,2}})(?=分)", lambda m: f"{counted(m[1].lstrip('0') or '0')}点{_minute(m[2])}"
        ),
        rule(
            rf"{FREE}(\d{{1,2}})[时](\d{{1,2}})(?=分)",
            lambda m: f"{cardinal(m[1].lstrip('0') or '0')}时{_minute(m[2])}",
        ),
        rule(rf"{FREE}(\d+)([米秒])(\d\d){END}", lambda m: f"{counted(m[1])}{m[2]}{digits(m[3])}"),
        rule(rf"{FREE}({NUMBER}(?::{NUMBER})+){END}", lambda m: "比".join(cardinal(one) for one in m[1].split(":"))),
        rule(rf"{FREE}({NUMBER})(?=\s?比\s?\d)", lambda m: cardinal(m[1])),
        rule(rf"(?<=比){FREE}({NUMBER}){END}(?![{HAN}])", lambda m: cardinal(m[1])),
    )


def _clock(hour: str, minute: str) -> str:
    said = counted(str(int(hour))) + "点"
    return said if minute == "00" else f"{said}{_minute(minute)}分"


def _minute(figures: str) -> str:
    return f"零{DIGITS[int(figures[1])]}" if len(figures) == 2 and figures[0] == "0" else cardinal(figures)
