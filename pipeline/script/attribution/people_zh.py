"""Who a stretch of Chinese names, and in what part: who acts, who is acted on, who is called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from pipeline.script.attribution.units import Unit
from pipeline.script.name_shapes_zh import HAN, LATIN, NICKNAME, is_noun, may_be_name
from pipeline.script.names import Names
from pipeline.script.words import lists, speech

CLAUSE_END = re.compile(r"[，,；;：:、—\s（）()。！？!?…“”]+")
SEPARATES = re.compile(r"[，,。！？!?、…～~—\s“”‘’「」『』]")
_OBJECT = re.compile(
    r"(?:对着?|向|跟|朝|给|把|被|问|叫|让|望着|望了?望|看着|看了?看|替|拉着|同|和|与|为|比|连|在|瞪了?|告诉|到|找|说|是|像|象|陪|见|听|等)$"
)
_FAR_OBJECT = re.compile(r"(?:对|向|朝|跟|和|问|给|把|被|让|叫|劝|替)[^对向朝跟和]+的$")
"""对坐在椅子上的林晚: an object, however long its attribute."""
_HEARD = re.compile(r"(?:听|听见|听到|听得|看见|看到|望见|感到|感觉|觉得|发现|见)$")
_BEHOLD = re.compile(r"(?:只|忽|早|却|但)见$")
_LISTED_OBJECT = re.compile(r"(?:对|向|朝|看着|望着|唤|拜请|劝|指着)[^，。；：！？,;:!?]{1,12}、$")
"""看着童威、童猛: the second of a list is what the first is."""
_ROLE = (
    r"(?:人|夫|军|将|兵|卒|汉|婆|妇|僧|道士|士|官|客|匠|者|童|仆|婢|使|贼|农|友|员|师|吏|役|小厮|丫鬟|左右|头领|猎户|庄客|喽[啰罗]|和尚|尼姑|秀才|郎中|司机|"
    r"生员|童生|监生|举人|门斗|总甲|屠户|老妪|胖子|瘦子|瞎子|麻子|矮子|胡子|门子|长随|给谏|学道|道台|御史|翰林|守备|总兵|巡抚|太爷|老太|"
    r"知州|知府|知县|太守|府尹|都寺|通判|都监|原告|那个|大王|医生|[梢艄]公|护士|警察|老板娘|老板|店家|伙计|孩子|姑娘|小姐|先生|太太|媳妇|老儿|老者|"
    r"[行校院局处科县市省镇村乡队班连营团船机站厂所社馆店组会]长|经理|教授|法官|保安|邻居|房东|同学|同事|学生|秘书|助理|助手|男子|女子|少年|少女|"
    r"青年|教练|大叔|大婶|大妈|大爷|掌柜|侍卫|宫女|公主|王子|太后|皇后|皇帝|国王|女王|大臣|丞相|"
    r"[圣皇主]上|员外|内相|王爷|奸王|国舅|太师|[寨庄]主|[牢班捕]头|头目|小二|渔翁|苍头|院公|伴当|[家庄]丁|[太皇]子|天子|元帅|都督|相公|安人|院君|娘娘|郡主|"
    r"老爷|老丈|方丈|头陀|太医|状元|师爷|童子|长老|后生|公公|[王贵]妃)"
)
_SAYS = r"(?:道|说|问|答|叫|喊|曰|骂|喝|禀|报|告|云|嚷|笑|哭){1,3}(?:道|说)?"
_HOW = (
    r"(?:[便又都齐忙也就只却即乃先再遂笑哭怒喝大高厉一声地着了上前低头连跪拜]|[轻小沉柔]声|冷冷|淡淡|轻轻|[冷苦微]笑"
    r"|答|劝|回|听了|看了|见了){0,6}"
)
_STRANGER = re.compile(
    r"(?:只见|忽见|早见|只听得?|听得|那时|当时|这|那(?!人|[两二三四五六七八些个])|一个|有个|内中|旁边|门外|背后)*(?:[\u4e00-\u9fff]{1,8}的)?"
    rf"(?P<who>(?!闻人)(?:[那两三四五六七八众]?个?[\u4e00-\u9fff]{{0,3}}?{_ROLE}"
    rf"|(?:又|另|那)有?一个(?:[\u4e00-\u9fff]{{0,3}}?{_ROLE})?|[那这]?[两二三四五六七八九十几](?:个|个?人)))"
    rf"(?:们)?(?:[向对][^，。：:]{{1,6}}?)?{_HOW}{_SAYS}(?P<end>[：:；;]|[。，,.!！])"
)
"""A clause that says who speaks without a name: 樵夫道：, 又一个道：."""
_NO_ROLE = re.compile(r"[与对向便俱递忽把被和同见问教叫令]|给(?!谏)|[吩分]付|吩咐")
_COMES = re.compile(
    rf"(?:只见|忽见|早见|走[进出][了来]*|来了|进来了?)(?:有|了)?一个(?:[\u4e00-\u9fff]{{1,10}}的)?(?P<who>[\u4e00-\u9fff]{{0,2}}?{_ROLE})(?<!个人)[，,]"
    r"|(?:只见|忽见|早见)(?:有|了)?(?P<one>一个人)"
)
"""只见一个穿蓝布衫的大汉，…，说道： who comes in is the one who acts on, where the sentence names nobody else."""
_ONCE = (
    rf"(?P<who>{{surnames}}{HAN}{{{{1,2}}}}?|{NICKNAME}|{LATIN.replace('{', '{{').replace('}', '}}')})"
    r"(?<!地)(?!地){how}{says}(?P<end>[：:；;]|[。，,.!！])"
)
"""And one with a name that the book has too rarely to learn: 苏小小低声回答。 But 平静地问 names nobody of the family 平."""
LEADS = re.compile(r"(?:[：:﹕]|[道说问答曰叫喊骂][；;﹔])\s*$")
"""The end of narration that leads to a quotation; a semicolon in the colon's place is a common slip."""
_ANOTHER = re.compile("(?:又|另)有?一个$")
_THAT = re.compile(r"[那这](?:一?[个位名])?$")
_PLACE = re.compile(r"旁边|身边|身后|身旁|对面|背后|面前|跟前|家里?|们")
_BODY = re.compile(r"的?(?:眼|泪|脸|声|手|心|嘴|嗓|头|目光|身|肩|唇|眉|双)")
_TURNS_TO = re.compile(r"[向对]着?(?:[那这](?:一?[个位名])?)?$")
_SELF = re.compile(r"(?:我是|我叫|俺是|我就是|在下)$")


_INDEFINITE = re.compile(
    r"(?!那人$)[有某那这旁另别众几两三一又]{0,2}[个位些]?人|众.+|(?:有|不知)(?:谁|个.+)|[又另那]有?一个.*|[那这]?[两二三四五六七八九十几]个?人?"
)


def indefinite(who: str) -> bool:
    """有人, 那个人, 众猎户: somebody whom the next tag may not mean again."""
    return bool(_INDEFINITE.fullmatch(who))


def somebody_at_the_head(text: str) -> int:
    """Where the word ends that begins a sentence and looks like a person (沈默摸了摸脸, 族长敲着拐杖), known or not; or 0."""
    match = _somebody().match(text)
    return match.end() if match and may_be_name(match["who"]) and may_be_name(match["who"][:2]) else 0


@cache
def _somebody() -> re.Pattern[str]:
    family = "(?![向从于和对时那])[" + lists("zh")["surnames"] + "]"
    return re.compile(rf"[\s　，,]*(?P<who>{LATIN}|{NICKNAME}|{HAN}{{0,3}}?{_ROLE}|{family}{HAN}{{1,2}}?)")


@dataclass(frozen=True, slots=True)
class Mention:
    """A person in a text, text[start:end]. `who` is the name, or "" for a pronoun of `gender`. `role`: in narration
    subject, object or owner (林晚的), in a quotation called, named or self. `noun`: not named but told (老人, 孩子)."""

    start: int
    end: int
    who: str
    gender: str
    role: str
    noun: bool = False


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
        head = _THAT.sub("", head)  # 向那少年道
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
        elif _LISTED_OBJECT.search(text[max(start - 24, 0) : start]):
            role = "object"
        elif (_HEARD.search(head) or head.endswith("是")) and verb.search(CLAUSE_END.split(following)[0]):
            role = "subject"  # 听见林晚在屋里说
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
        found.append(Mention(start, end, who, pronoun or "", role, noun=pronoun is not None and len(word) > 1))
        last = end
    if names.learnt:
        found += _strangers(text, found, names)
    return found


@cache
def _once() -> re.Pattern[str]:
    return re.compile(_ONCE.format(surnames=f"[{lists('zh')['surnames']}]", how=_HOW, says=_SAYS))


def _strangers(text: str, found: list[Mention], names: Names) -> list[Mention]:
    """Whom a clause of speech names, and the book by no name that was learnt: 樵夫道： before a quotation, 银行行长说。 behind
    one."""
    told = []
    if LEADS.search(text):
        start = max(text.rfind(mark, 0, len(text) - 1) for mark in "，。！？；，!?;… 　") + 1
        told.append((start, "：:；;"))
    told.append((len(text) - len(text.lstrip("，,。 　")), "。，,.!！"))
    for start, ends in told:
        if any(one.end > start and (one.who or one.role == "subject") for one in found if one.start < start + 16):
            continue
        opens = max(text.rfind(mark, 0, start) for mark in "。！？!?…")
        acts = any(opens < one.start < start and one.role == "subject" for one in found)
        for pattern in (_STRANGER,) if acts else (_STRANGER, _once()):  # 老王板起脸，严正道： it is 老王 who says it
            match = pattern.match(text, start)
            if match and match["end"] in ends and len(match["who"]) > 1 and _may_speak(match["who"], pattern, names):
                return [Mention(match.start("who"), match.end("who"), match["who"], "", "subject")]
        if ends == "：:；;" and not any(one.role == "subject" and one.start > opens for one in found):
            for match in _COMES.finditer(text, max(opens, 0)):
                who = "who" if match["who"] else "one"
                return [Mention(match.start(who), match.end(who), match[who], "", "subject")]
    return []


def _may_speak(who: str, pattern: re.Pattern[str], names: Names) -> bool:
    """Not 向他, whom somebody speaks to; 向知府 only where the book has somebody of the family 向."""
    if pattern is _STRANGER:
        return not _NO_ROLE.search(who)
    if who[0] in "向对从于和":
        return is_noun(who[1:]) and any(name[0] == who[0] and len(name) > 2 for name in names.aliases)
    return may_be_name(who)


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
