"""Web and mail addresses, telephones, file names."""

from __future__ import annotations

import re

from pipeline.pronunciation.normalization.frame import LONG, WEB
from pipeline.pronunciation.normalization.frame_en import END, START
from pipeline.pronunciation.normalization.rules import Rule, rule
from pipeline.pronunciation.normalization.tables import lists
from pipeline.pronunciation.normalization.words_en import cardinal, digits, in_pairs

Match = re.Match[str]

_FULL = {"tel": "telephone ", "ext": "extension"}


def rules() -> tuple[Rule, ...]:
    return (
        rule(LONG, lambda m: digits(m[0])),
        rule(WEB, _address),
        rule(
            rf"{START}\+?\d{{0,3}}[ -]?\(?\d{{3}}\)?[ -]\d{{3}}-\d{{4}}{END}|\+\d{{1,3}}(?:[ -]\d{{2,4}}){{2,}}{END}",
            _phone,
        ),
        rule(rf"{START}(?:1-\d{{3}}-)?\d{{3}}[-.](?:\d{{3}}[-.])?\d{{4}}{END}", _phone),
        rule(rf"{START}0\d{{2,4}}(?:\s\d{{3,8}}){{1,2}}{END}", _phone),
        rule(rf"\b([Tt]el|[Ee]xt)\.(\s?)(\d+){END}", lambda m: f"{_FULL[m[1].lower()]}{m[2]}{digits(m[3], 'oh')}"),
        rule(r"\b[Tt]el\.(?=\s\W?[a-z]+\s)", "telephone"),
        rule(
            rf"{START}\d{{1,3}}(?:\.\d{{1,3}}){{3}}{END}",
            lambda m: " dot ".join(in_pairs(one) for one in m[0].split(".")),
        ),
        rule(
            r"(?<![\w-])([\w-]{1,64})\.(pdf|html?|txt|jpe?g|png|gif|docx?|xlsx?|exe|mp[34]|zip|csv|js|py)\b",
            lambda m: f"{m[1].replace('_', ' underscore ')} dot {' '.join(m[2])}",
        ),
        rule(
            rf"(\b(?:call|dial|phone|ring|rang)(?:s|ed|led|ing|ling)?\s+)(\d{{3,}}){END}",
            lambda m: m[1] + digits(m[2], "oh"),
            flags=re.I,
        ),
        rule(
            r"\b([A-Z])([A-Z])([a-z]+)\s(\d)-(\d{4})\b",
            lambda m: f"{m[1]}{m[2].lower()}{m[3]} {cardinal(m[4])} {_exchange(m[5])}",
        ),
        rule(
            rf"(\b(?:{lists('en')['exchange']})\b[^.!?\d]{{0,12}}[A-Z][a-z]+\s)(\d{{4}}){END}",
            lambda m: m[1] + digits(m[2], "oh"),
        ),
        rule(rf"{START}1-([89]00)(?![-\d])", lambda m: f"one {cardinal(m[1])}"),
        rule(
            rf"(\b(?:area|zip|ZIP|post)\s?code\s[^.!?\d]{{0,12}})(\d{{3,5}}){END}", lambda m: m[1] + digits(m[2], "oh")
        ),
        rule(rf"{START}90210{END}", lambda m: digits(m[0], "oh")),
        rule(rf"{START}9/11{END}", "nine eleven"),
        rule(rf"{START}24/7{END}", "twenty four seven"),
    )


def _address(match: Match) -> str:
    text = re.sub(r"^https?://", "", match[0])
    names = {
        ".": " dot ",
        "@": " at ",
        "/": " slash ",
        "-": " dash ",
        "_": " underscore ",
        "&": " and ",
        "=": " equals ",
    }
    text = re.sub(r"^www(?=\.)", "w w w", text)
    text = re.sub(r"\d+", lambda m: f" {digits(m[0])} " if len(m[0]) > 2 else f" {cardinal(m[0])} ", text)
    return "".join(names.get(sign, sign) for sign in text)


def _exchange(figures: str) -> str:
    return cardinal(figures) if figures.endswith("000") else digits(figures, "oh")


def _phone(match: Match) -> str:
    plus = "plus " if match[0].startswith("+") else ""
    groups = re.findall(r"\d+", match[0])
    return plus + ", ".join(cardinal(one) if one[1:] == "00" and one[0] != "0" else digits(one, "oh") for one in groups)
