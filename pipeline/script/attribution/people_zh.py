"""Who a stretch of Chinese names, and in what part: who acts, who is acted on, who is called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.script.attribution.strangers_zh import Mention, strangers
from pipeline.script.attribution.units import Unit
from pipeline.script.name_shapes_zh import is_noun
from pipeline.script.names import Names
from pipeline.script.words import speech

CLAUSE_END = re.compile(r"[，,；;：:、—\s（）()。！？!?…“”]+")
SEPARATES = re.compile(r"[，,。！？!?、…～~—\s“”‘’「」『』]")
_OBJECT = re.compile(
    r"(?:对着?|向|跟|朝|给|把|被|问|叫|让|望着|望了?望|看着|看了?看|替|拉着|同|和|与|为|比|连|在|瞪了?|告诉|到|找|说|是|像|象|陪|见|听|等|"
    r"拉|扯|扶|搂|抱|拦|引|领|带|送|接|迎|请|召|传|派|差|令|命|使|唤|谢|拜|遇|寻|访|骗|哄|吓|打|杀|救|害|恨|怕|疑|帮|推|责|怪|催|逼|求|托|嘱|邀|约|赏|赐|捉|拿|捆|绑|揪|瞒|瞧|劝|骂|合|指)$"
)
_FAR_OBJECT = re.compile(r"(?:对|向|朝|跟|和|问|给|把|被|让|叫|劝|替)[^对向朝跟和]+的$")
"""对坐在椅子上的林晚: an object, however long its attribute."""
_HEARD = re.compile(r"(?:听|听见|听到|听得|看见|看到|望见|感到|感觉|觉得|发现|见)$")
_BEHOLD = re.compile(r"(?:(?:只|忽|早|却|但)见|[忽只]听)$")
_LISTED_OBJECT = re.compile(r"(?:对|向|朝|看着|望着|唤|拜请|劝|指着)[^，。；：！？,;:!?]{1,12}、$")
"""看着童威、童猛: the second of a list is what the first is."""
_TOLD = re.compile(r"[^，]{0,2}")
_ANOTHER = re.compile("(?:又|另)有?一个$")
_TELLS = re.compile(r"^[\s　]*(?:话说|[且却再单]说|[且再单]表)")
_NEW = re.compile(r"(?:[只忽早却但]见|有|来了?)(?:[一两几]?[个位名])?$|(?:^|[来了])[一两几][个位名]$")
_THAT = re.compile(r"[那这](?:一?[个位名])?$")
_PLACE = re.compile(r"旁边|身边|身后|身旁|对面|背后|面前|跟前|家里?|们")
_BODY = re.compile(r"的?(?:眼|泪|脸|声|手|心|嘴|嗓|头|目光|身|肩|唇|眉|双)")
_TURNS_TO = re.compile(r"[向对]着?(?:[那这](?:一?[个位名])?)?$")
_SELF = re.compile(r"(?:我是|我叫|俺是|我就是|在下)$")


def read(text: str, names: Names) -> list[Mention]:
    """The people of a stretch of narration, in order. One at the head of a clause acts; one behind another or deep in a
    clause does not."""
    found: list[Mention] = []
    last, verb, before = 0, speech("zh").verb, ""
    for match in names.people_or_pronouns.finditer(text):
        word, start, end = match[0], match.start(), match.end()
        pronoun = names.stands_for(word)
        clause = CLAUSE_END.split(text[max(start - 24, 0) : start])[-1]
        head = clause[-min(len(clause), start - last, 16) :] if start > last else ""
        if head == "的" and found and found[-1].role == "owner":
            head = before  # 看是林晚的女儿: what goes for the owner goes for the owned
        before = head
        behind = found and found[-1].role == "subject" and len(head) == start - last
        head = _THAT.sub("", _TELLS.sub("", head))  # 向那少年道; 话说林晚
        following = text[end : end + 8]
        if found and start == last and word not in ("他", "她") and found[-1].role != "owner":
            role = found[-1].role  # 他媳妇银花: one person, told last
            found[-1] = replace(found[-1], role="owner")
        elif (not head.strip(" 　") or _HEARD.search(head)) and _BODY.match(following):
            role = "subject"  # 林晚的眼泪掉了下来
        elif _BEHOLD.search(head) and not following.startswith("的"):
            role = "subject"  # 只见李逵跳起身来，说道
        elif following[:1] == "的" or _PLACE.match(following):
            role = "owner"
        elif found and text[last:start] == "、":
            role = found[-1].role
        elif _LISTED_OBJECT.search(text[max(start - 24, 0) : start]):
            role = "object"
        elif (_HEARD.search(head) and _told(text, end)) or (
            head.endswith("是") and verb.search(CLAUSE_END.split(following)[0])
        ):
            role = "subject"  # 听见林晚在屋里说； not 见林晚说得有理
        elif (
            _OBJECT.search(head)
            or _FAR_OBJECT.search(clause)
            or any(one.end() == len(head) for one in verb.finditer(head))
            or behind
            or (head and head[-1] in "着了过")
            or (len(head) > 8 and not verb.match(following))
        ):
            role = "object"
        else:
            role = "subject"
        who = names.canonical(word) if pronoun is None else ""
        another = _ANOTHER.search(head)
        if another and role == "subject" and is_noun(word):
            who, start, pronoun = another[0] + word, start - len(another[0]), None  # nobody who spoke before
        elif names.learnt and role == "subject" and is_noun(word) and pronoun is not None and _NEW.search(head):
            who, pronoun = word, None  # 只见管家进来，说道
        found.append(Mention(start, end, who, pronoun or "", role, noun=pronoun is not None and len(word) > 1))
        last = end
    if names.learnt:
        found += strangers(text, found, names)
    return found


def _told(text: str, end: int) -> bool:
    """Whether a clause that goes on at text[end] ends in a verb of speech."""
    clause = CLAUSE_END.split(text[end : end + 24])[0]
    return any(_TOLD.fullmatch(clause, one.end()) for one in speech("zh").verb.finditer(clause))


def in_speech(text: str, names: Names) -> list[Mention]:
    """The people a quotation names; called where the name stands alone between marks."""
    found = []
    for match in names.people_or_pronouns.finditer(text):
        if names.stands_for(match[0]) is not None:
            continue
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        role = "named"
        if (not before or SEPARATES.match(before)) and (not after or SEPARATES.match(after)):
            role = "called"
        elif _SELF.search(text[max(match.start() - 3, 0) : match.start()]):
            role = "self"
        found.append(Mention(match.start(), match.end(), names.canonical(match[0]), "", role))
    return found


def spoken_to(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """Whom a lead without a subject turns to: 林晚 of 向林晚道：."""
    return [
        one for one in mentions if one.role == "object" and _TURNS_TO.search(text[max(one.start - 4, 0) : one.start])
    ]


SCENE = 40
"""Stretches of narration and speech behind which somebody's being there no longer makes 和尚 him."""


def told_apart(units: Sequence[Unit], mentions: list[list[Mention]]) -> list[list[Mention]]:
    """`mentions`, where a word for what many are (和尚) is the one person of the scene whose name ends in it (陈和尚)."""
    bearers: dict[str, dict[str, int]] = {}
    for place, (unit, row) in enumerate(zip(units, mentions, strict=True)):
        if unit.ends_conversation:
            bearers.clear()
        for at, one in enumerate(row):
            if is_noun(one.who):
                near = [who for who, last in bearers.get(one.who, {}).items() if place - last <= SCENE]
                if len(near) == 1:
                    row[at] = replace(one, who=near[0])
            elif not unit.speech and len(one.who) > 2:
                for word in (one.who[-2:], one.who[-3:]):
                    if is_noun(word) and len(word) < len(one.who):
                        bearers.setdefault(word, {})[one.who] = place
    return mentions
