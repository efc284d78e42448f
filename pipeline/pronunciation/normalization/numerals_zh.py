"""Old and capital numerals, and Roman ones."""

from __future__ import annotations

import re

from pipeline.pronunciation.normalization.frame_zh import HAN
from pipeline.pronunciation.normalization.roman import roman
from pipeline.pronunciation.normalization.rules import Rule, rule
from pipeline.pronunciation.normalization.tables import lists, short
from pipeline.pronunciation.normalization.words_zh import cardinal
from pipeline.wording import Wording

Match = re.Match[str]

_IS = lists("zh")


def rules() -> tuple[Rule, ...]:
    return (*_old(), *_roman())


def _old() -> tuple[Rule, ...]:
    capitals = "壹贰叁肆伍陆柒捌玖拾佰仟"
    plain = str.maketrans(capitals + "萬億", "一二三四五六七八九十百千万亿")
    return (
        rule("〇", "零"),
        rule("廿", lambda m: "二十"),
        rule("(?<!五)卅", lambda m: "三十"),
        rule("卌", lambda m: "四十"),
        rule(rf"(第|卷)([{capitals}]+)(?=[章回卷节集部册]|\s|$)", lambda m: m[1] + m[2].translate(plain)),
        rule(
            rf"[{capitals}][{capitals}零萬億万亿]+(?![{HAN}]{{0,2}}起)|[{capitals}](?=[圆元角分两萬万亿年月日斤石亩匹箱担件])",
            lambda m: m[0].translate(plain),
        ),
    )


def _roman() -> tuple[Rule, ...]:
    end = r"(?![A-Za-z\d])"
    return (
        rule(rf"(?<=第)\s?([IVXLC]+){end}", lambda m: _numeral(m[1])),
        rule(
            rf"((?:{_IS['royal']})[·\s]?)([IVXL]+){end}(世?)",
            lambda m: f"{m[1]}{_numeral(m[2])}{m[3] if m[1] == '路易' else '世'}" if roman(m[2]) else None,
        ),
        rule(
            r"(?<![A-Za-z])([IVX]{2,}|I)(?=\s?(?:型|期|级|类|度|阶|号|部|章|卷|世|区|军|方案|代))",
            lambda m: _numeral(m[1]),
        ),
        rule(
            r"(?<![A-Za-z\d])WW(I{1,2}|[12])(?![A-Za-z\d])",
            lambda m: f"World War {'Two' if m[1] in ('II', '2') else 'One'}",
        ),
        rule(rf"(?<![A-Za-z])(Mr|Mrs|Ms|Dr|Prof)(?:\.|(?=\s[A-Z]|[{HAN}]))\s?(?=[A-Z{HAN}])", _title),
        rule(r"(World\sWar\s)(I{1,3})(?![A-Za-z])", lambda m: m[1] + ("One", "Two", "Three")[len(m[2]) - 1]),
        rule(rf"((?:附表|附图|附录|方案|表|图|第)\s?)([IVX]+){end}", lambda m: m[1] + (_numeral(m[2]) or m[2])),
        rule(rf"(?<=[{HAN}])\s?([IVX]{{2,}}){end}", lambda m: _numeral(m[1]), Wording("a Roman numeral", "罗马数字")),
        rule(rf"(?<=[卷部章篇集幕]\s)([IVX]+){end}|(?<=[卷部章篇集幕])([IVX]+){end}", lambda m: _numeral(m[1] or m[2])),
    )


def _title(match: Match) -> str:
    """Mr. before a name, in full as English books have it."""
    return short().get(match[1], "Doctor").lstrip("^") + " "


def _numeral(letters: str) -> str | None:
    return cardinal(str(roman(letters))) if roman(letters) else None
