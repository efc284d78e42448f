"""地 and 得 by what stands around them: 慢慢地走 (de5) but 在地上 (di4); 我得走了 (dei3) but 我得到了 (de2).

The context model learnt from encyclopedias, where 地 is hardly anything but ground; novels are full of adverbs.
"""

from __future__ import annotations

import re
from functools import cache

from pipeline.pronunciation.text import HAN
from pipeline.pronunciation.words import is_word
from pipeline.shipped import text_of

_HAN = re.compile(f"[{HAN}]")
_VERBS = re.compile(
    r"地(?:点[了点头着燃起上出]|面[对向无带露朝]|下[了楼来去床车马决令定]|上[了前楼床车来去]|方[才便]|主[动张持]|理[解会了睬直]"
    r"|板[着起]|震[动惊]|带[着来回走了]|表[示达明]|心[想疼]|道[了歉谢别]|精[心准]|沟通|等[待着了到候他她你我])"
)
"""What looks like a word of ground and is a verb or adverb behind an adverb: 用力地点头, 淡定地面对."""
_NOUNS = re.compile(r"地(?:方|图|球|狱|铁|位|区|址|域|板上|窖|瓜|毯|皮|契|界)(?![才便])")
_TWICE = re.compile(r"([^天处块人家年月日])\1$")
_PATTERN = re.compile(r"(?:一.一.|半.半.|不.不.|又.又.|无.无.|.来.去|不.而.|.不.声|.也不.|(.)\1(.)\2)$")
"""Adverbs of four characters that no dictionary need hold."""
_GETS = re.compile(
    "[了到出以意志罪手胜逞救分体力失奖病名利宠法益道悉不过着其此第票一二三四五六七八九十百千万两半几多很太这那个罢偿]"
    "|知(?!道)|来(?=[的不全])|起(?!床|来|身)"
)
"""After 得: what one gets (得奖, 得到), or a complement's end (得很)."""
_AFTER_GROUND = frozenset("的里之是多广及")


def particles(text: str) -> dict[int, str]:
    """place -> syllable, of every 地 and 得 of which this is sure. Linear in the length."""
    found = {}
    for match in re.finditer("[地得]", text):
        at = match.start()
        if match[0] == "地":
            if _adverbial(text, at):
                found[at] = "de5"
        elif _must(text, at):
            found[at] = "dei3"
    return found


def _adverbial(text: str, at: int) -> bool:
    before, after = text[max(0, at - 4) : at], text[at + 1 : at + 2]
    if not before or not _HAN.match(before[-1]) or _in_idiom(text, at):
        return False
    if _TWICE.search(before) or before.endswith("然") or _PATTERN.search(before):
        return not _NOUNS.match(text, at) and not is_word(text[at : at + 4])
    if not _HAN.match(after):
        return False
    known = before.endswith(_adverbs()) or (len(before) == 4 and is_word(before))
    verb = _VERBS.match(text, at) is not None
    if known:
        return verb or not _word_from(text, at)
    ends = any(is_word(text[at - more : at + 1]) for more in (1, 2, 3) if at >= more)
    if ends or before[-1] in _lists()["ground"] or after in _AFTER_GROUND:
        return False
    return verb or not _word_from(text, at)


def _in_idiom(text: str, at: int) -> bool:
    """天长地久, 因地制宜: 地 within a word of four characters."""
    return any(is_word(text[at - more : at - more + 4]) for more in (1, 2) if at >= more)


def _word_from(text: str, at: int) -> bool:
    return any(is_word(text[at : at + size]) for size in (2, 3, 4) if at + size <= len(text))


def _must(text: str, at: int) -> bool:
    start = at - 1 if text[at - 1 : at] in tuple(_lists()["between"]) else at
    who = text[start - 1] if start else ""
    if not who or who not in _lists()["must"]:
        return False
    return _HAN.match(text, at + 1) is not None and not _GETS.match(text, at + 1)


@cache
def _adverbs() -> tuple[str, ...]:
    return tuple(_lists()["adverbs"].split())


@cache
def _lists() -> dict[str, str]:
    rows = (line.partition(" ") for line in text_of(__package__, "particles.txt").splitlines() if line[0] != "#")
    return {name: entries for name, _, entries in rows}
