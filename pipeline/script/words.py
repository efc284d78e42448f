"""The word lists of words-zh.yaml and words-en.yaml, as compiled patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipeline.shipped import yaml_of


@cache
def lists(language: str) -> dict[str, Any]:
    """The raw lists of a language."""
    return yaml_of(__package__, f"words-{language}.yaml")


@dataclass(frozen=True, slots=True)
class Speech:
    """Patterns of one language: `verb` finds a speech verb, `thought` a verb of thinking, `letter` what introduces a
    letter or note."""

    verb: re.Pattern[str]
    thought: re.Pattern[str]
    letter: re.Pattern[str]


_THINKS = (
    r"[心肚][里中下内头](?:[^，。说问喊叫答]{0,5}道$|[^，。说问喊叫答]{0,4}(?:疑惑|沉吟|忖|思量|盘算|算计|想))|(?:自|暗|暗自)忖|忖[道度量]"
    r"|[又只正][是在]?(?:疑惑|虑着)$|[一自暗转细心念]想道?$|[自暗](?:己)?[寻]?思|(?<!意)思道$|(?:思|寻)想道?$|暗暗?(?:的)?[笑喜叹骂赞惊]道?$"
)
"""心里疑惑：, 心里烦闷道：, 又虑着：. But 他疑惑道： may be said aloud, as 沉吟道 mostly is."""
_WRITES = (
    r"(?:[上下里中面]|一[个行边]|[书信呈帖票])(?:又|都|却|也)?[写批题](?:着|的是)?[道云曰]?$|批[道云曰]$"
    r"|批语[道云曰是说]?$|[条纸帖柬笺牌匾碑榜幅单字]上[写题刻印]?的?[着是道云曰]*$|[诗词偈联诏谕示札][上中内]?[曰云道]$"
)
"""上面写道：, 次日批道：."""


@cache
def speech(language: str) -> Speech:
    data = lists(language)
    if language == "zh":
        strong = _any(set(data["speech"]) - set(data["weak"]))
        endings = "(?:了|着|起来|一声|一句)*"
        verb = rf"(?![叫唤][做作])(?:(?:{_any(data['speech'])}){endings}(?:道|说)|(?:{strong}){endings})"
        thought, letter = f"{_any(data['thought'])}|{_THINKS}", f"{_any(data['letter'])}|{_WRITES}"
        return Speech(re.compile(verb), re.compile(thought), re.compile(letter))
    verb = rf"\b(?:{_any(data['speech'])})\b"
    return Speech(
        re.compile(verb, re.IGNORECASE),
        re.compile(rf"\b(?:{_any(data['thought'])})\b", re.IGNORECASE),
        re.compile(rf"\b(?:{_any(data['letter'])})\b", re.IGNORECASE),
    )


@cache
def weak_lead() -> re.Pattern[str]:
    """男人却笑了： a weak Chinese verb of speech with a colon behind it."""
    return re.compile(f"(?:{_any(lists('zh')['weak'])})(?:了|着|起来|一声|一句)*[：:]\\s*$")


def _any(words: Any) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
