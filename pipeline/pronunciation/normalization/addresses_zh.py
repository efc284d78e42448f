"""Web and mail addresses, telephones, numbers read digit by digit."""

from __future__ import annotations

import re

from pipeline.pronunciation.normalization.frame import LONG, WEB
from pipeline.pronunciation.normalization.frame_zh import END, FREE, MEASURES
from pipeline.pronunciation.normalization.rules import Rule, rule
from pipeline.pronunciation.normalization.tables import lists
from pipeline.pronunciation.normalization.words_zh import digits

Match = re.Match[str]

_IS = lists("zh")


def rules() -> tuple[Rule, ...]:
    return (
        rule(LONG, lambda m: digits(m[0])),
        rule(WEB, _address),
        rule(r"\s?@\s?(?=\S)", "艾特"),
        rule(
            rf"(\+86[\s-]?)?{FREE}(1[3-9]\d[\s-]?\d{{4}}[\s-]?\d{{4}}){END}",
            lambda m: ("加八六" if m[1] else "") + digits(re.sub(r"\D", "", m[2]), "幺"),
        ),
        rule(rf"{FREE}(?P<figures>0\d{{2,3}}[\s-]?\d{{7,8}}|[48]00-?\d{{3,4}}-?\d{{3,4}}){END}", _singly),
        rule(
            rf"((?:{_IS['read_singly']})(?:[是为:：码,\s]|改成|设成|叫){{0,4}})(?P<figures>\d[\d-]+\d){END}(?!{END}[{MEASURES}])",
            _singly,
        ),
        rule(
            rf"((?:号码|密码|邮编|验证码|学号|编号)[^\d。!?]{{0,6}})(?P<figures>\d{{3,}}){END}(?![{MEASURES}人])",
            _singly,
        ),
        rule(rf"(查[过了]?)(?P<figures>114){END}", _singly),
        rule(rf"{FREE}(?P<figures>10086|10010|95\d{{3}})(?=发|客服|短信|打来|来电|,|。|$)", _singly),
        rule(
            rf"((?:[打拨](?:了|过|通|打|给){{0,3}}|报了?|呼叫?))(?P<figures>\d{{3,8}}){END}(?![\s]?[{MEASURES}])",
            _singly,
        ),
        rule(rf"{FREE}(?P<figures>110|119|120|114|122|911|12306|12315|12345)(?={_IS['emergency']})", _singly),
    )


def _singly(match: Match) -> str:
    """What stands before the figures, and these one by one."""
    before = match[0][: match.start("figures") - match.start()]
    return before + digits(re.sub(r"\D", "", match["figures"]), "幺")


def _address(match: Match) -> str:
    text = re.sub(r"^https?://", "", match[0])
    names = {".": "点", "@": "艾特", "/": "斜杠", "-": "杠", "_": "下划线"}
    return "".join(names.get(sign, sign) for sign in re.sub(r"\d+", lambda m: digits(m[0]), text))
