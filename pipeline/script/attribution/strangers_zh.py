"""Somebody whom a stretch of Chinese brings in and no list of names has: 樵夫道：, 只见一个大汉走来，喝道：."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from pipeline.script.name_shapes_zh import HAN, LATIN, NICKNAME, is_noun, may_be_name
from pipeline.script.names import Names
from pipeline.script.words import lists

LEADS = re.compile(r"(?:[：:﹕]|[道说问答曰叫喊骂][；;﹔])\s*$")
"""The end of narration that leads to a quotation; a semicolon in the colon's place is a common slip."""
_ROLE = (
    r"(?:人|夫|军|将|兵|卒|汉|婆|妇|僧|道士|士|官|客|匠|者|童|仆|婢|使|贼|农|友|员|师|吏|役|小厮|丫鬟|左右|头领|猎户|庄客|喽[啰罗]|和尚|尼姑|秀才|郎中|司机|"
    r"生员|童生|监生|举人|门斗|总甲|屠户|老妪|胖子|瘦子|瞎子|麻子|矮子|胡子|门子|长随|给谏|学道|道台|御史|翰林|守备|总兵|巡抚|太爷|老太|"
    r"知州|知府|知县|太守|府尹|都寺|通判|都监|原告|那个|大王|医生|[梢艄]公|护士|警察|老板娘|老板|店家|伙计|孩子|姑娘|小姐|先生|太太|媳妇|老儿|老者|"
    r"[行校院局处科县市省镇村乡队班连营团船机站厂所社馆店组会族庄保里户]长|经理|教授|法官|保安|邻居|房东|同学|同事|学生|秘书|助理|助手|男子|女子|少年|少女|"
    r"青年|教练|大叔|大婶|大妈|大爷|掌柜|侍卫|宫女|公主|王子|太后|皇后|皇帝|国王|女王|大臣|丞相|"
    r"[圣皇主]上|员外|内相|王爷|奸王|国舅|太师|[寨庄]主|[牢班捕]头|头目|小二|渔翁|苍头|院公|伴当|[家庄]丁|[太皇]子|天子|元帅|都督|相公|安人|院君|娘娘|郡主|"
    r"老爷|老丈|方丈|头陀|太医|状元|师爷|童子|长老|后生|公公|[王贵]妃)"
)
_PEOPLE = (
    "(?:"
    + "|".join(
        sorted(
            {one for one in (*lists("zh")["people"], *lists("zh")["offices"]) if len(one) > 1},
            key=lambda one: (-len(one), one),
        )
    )
    + "|众人|家下人等?|差[役官]|家[人丁]|下人|仆人|兵[丁士]|军[士官兵]|武官|掌柜的?|店主|[丫侍]鬟)"
)
_SAYS = r"(?:道|说|问|答|叫|喊|曰|骂|喝|禀|报|告|云|嚷|笑|哭|奏|称|谏|启|贺|劝|唤|回){1,3}(?:道|说)?"
_HOW = (
    r"(?:[便又都齐忙也就只却即乃先再遂笑哭怒喝大高厉一声地着了上前低头连跪拜]|[轻小沉柔]声|冷冷|淡淡|轻轻|[冷苦微]笑"
    r"|答|劝|回|听了|看了|见了){0,6}"
)
_STRANGER = re.compile(
    r"(?:只见|忽见|早见|只听得?|听得|那时|当时|这[里边位]?|那[里边位]?(?!人|[两二三四五六七八些个])|一[个位]|有个|内中|旁边|门外|背后)*(?:[\u4e00-\u9fff]{1,8}的)?"
    rf"(?P<who>(?!闻人)(?:[那两三四五六七八众]?个?[\u4e00-\u9fff]{{0,3}}?{_ROLE}"
    rf"|(?:又|另|那)有?一个(?:[\u4e00-\u9fff]{{0,3}}?{_ROLE})?|[那这]?[两二三四五六七八九十几](?:个|个?人)))"
    rf"(?:们)?(?:[向对][^，。：:]{{1,6}}?)?{_HOW}{_SAYS}(?P<end>[：:；;]|[。，,.!！])"
)
"""A clause that says who speaks without a name: 樵夫道：, 又一个道：."""
_NO_ROLE = re.compile(r"[与对向便俱递忽把被和同见问教叫令]|给(?!谏)|[吩分]付|吩咐")
_SEEN = re.compile(r"^[^，]{0,3}[只忽早却][见有听]")
_SOMEONE = re.compile(r"(?:^|[便就早忽又来旁已][边]?)(?P<who>有人)(?![在家的])")
_COUNT = r"(?:[一两二三四五六七八九十几数]+(?:[个位名员条]|(?=人)))"
_PLACE = r"(?:[里外前后内对旁门窗屋房背隔楼船桥岸山林帐厅台底身][面边头上下中里外内首间房壁座厢]*)"
_TAGGED = re.compile(
    rf"[\s　]*(?:接着|于是|只见|这[里边]|那[里边])?(?P<who>[帝王后妃妻妾父母兄弟女僧贼客公侯](?=[道曰说问云])"
    rf"|{HAN}{{2,4}}?|{HAN}{{1,4}}的)"
    rf"(?:[因只也先才点暗还再复接摇喜陪了]|当下|正色|怒目|手诏|赠诗|[向对][^，。：:]{{1,6}})*{_HOW}{_SAYS}[：:]\s*$"
)
"""A sentence that is a tag and no more: whatever stands before its verb and tells no manner is somebody."""
_MANNER = re.compile(
    rf"(.)\1|第[一二三四五六七八九十]|.*[说道问笑听写]|[表书纸诏信诗单].*[上中面]|{_PLACE}$|猛然|自言|用手|一[^二三]|[进出]门|.*[出进]来|(?:[^姓].*)?[声然心色气兮意嘻忙身口手脸头]的$|[^姓]的$|.*[来去回]的$"
)
_BROUGHT = re.compile(
    rf"(?:(?:[只忽早却但就正猛]见|[忽早又便即就另内]有|走[进出过来上]*|跑[进出过来上]*|[闪转跳钻撞走]出|[进出过]来|来)[了有]*(?:{_COUNT}|[那这]个?)?"
    rf"|(?<![没未只所])有{_COUNT})(?:[^，]{{1,10}}的)?(?P<who>[\u4e00-\u9fff]{{0,3}}?(?:{_ROLE}|一人)(?!{_ROLE}|的|们?家))"
)
"""只见一个穿蓝布衫的大汉，…，说道： who comes in is the one who acts on, where the sentence names nobody else."""
_AT_HEAD = re.compile(
    r"[\s　]*(?:且说|却说|再说|单说|[那这此]时|当[下时]|登时|忽然|接着|于是|谁知|那知|不料|内中|其中"
    r"|[两旁][边旁]|旁边|底下|手下|这[里边]|那[里边])*"
    r"[，,]?(?:[那这]个?|一个|一位|有个)?"
    rf"(?P<who>(?:{_PEOPLE}|(?<=[那这个位])[\u4e00-\u9fff]{{1,2}}?{_ROLE}"
    rf"|[管赶撑掌跟看卖打当开拉摇][\u4e00-\u9fff]{{1,2}}的|(?<=那)[\u4e00-\u9fff]{{2,4}}的(?=[便又就却听见只连忙]))(?!{_ROLE}|[的家们之]))"
)
"""知县正言厉色的答道：, 管船的接过来，说："""
_OVERHEARD = re.compile(
    rf"(?:听|(?<!听)闻(?!人))(?![了罢毕完说从言此至着])[得见到]?"
    rf"(?P<who>(?:{_PLACE}[的有]?)?(?:[^，的]{{0,4}}?{_ROLE}|有人)|{_PLACE}|[^，]{{0,8}}?一[声阵片])"
    rf"{_HOW}[^，。]{{0,4}}?{_SAYS}[：:]"
)
"""只听得门外有人道：, 又听屋中说： nobody who is known, and not the one who hears it."""
_JUNK = re.compile(rf"(?:[又只忽猛便]?听[得见]?|早|就|{_PLACE}(?=有|[一二两三]?个?人|军官|老爷))+")
_SOMEBODY = re.compile(rf"(?:人|.*有人|[又便就]有.+|{_PLACE}|.*一[声阵片])")
_NOBODY = re.compile(r"^(?:[朝望向对看]着|[一几]面|.?[令使用叫]人|本人|看官)")
_CLAUSE = re.compile(r"[^，,；;。！？!?…]+[，,；;：:。！？!?…]*")
_SENTENCES = 3
_REACH = 150
"""How far back a lead may have brought somebody in: sentences, and signs of each."""
_ONCE = (
    rf"(?P<who>{{surnames}}{HAN}{{{{1,2}}}}?|{NICKNAME}|{LATIN.replace('{', '{{').replace('}', '}}')})"
    r"(?<!地)(?!地){how}{says}(?P<end>[：:；;]|[。，,.!！])"
)
"""And one with a name that the book has too rarely to learn: 苏小小低声回答。 But 平静地问 names nobody of the family 平."""
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


@cache
def _once() -> re.Pattern[str]:
    return re.compile(_ONCE.format(surnames=f"[{lists('zh')['surnames']}]", how=_HOW, says=_SAYS))


def strangers(text: str, found: Sequence[Mention], names: Names) -> list[Mention]:
    """Whom a clause of speech names, and the book by no name that was learnt: 樵夫道： before a quotation, 银行行长说。 behind
    one; and whom the sentence of a lead, or one before it, brings in: 只见一个大汉走来，喝道：."""
    told = []
    leads = LEADS.search(text) is not None
    if leads:
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
                return [_subject(match.start("who"), match["who"])]
    if not leads:
        return []
    tag = _TAGGED.match(text, max(text.rfind(mark) for mark in "。！？!?…\n") + 1)
    if tag and not any(one.end > tag.start() for one in found) and _tags(tag["who"]):
        return [_subject(tag.start("who"), tag["who"])]
    return _introduced(text, found)


def _tags(who: str) -> bool:
    return _MANNER.match(who) is None and not _NO_ROLE.search(who) and (len(who) == 1 or may_be_name(who.rstrip("的")))


def _introduced(text: str, found: Sequence[Mention]) -> list[Mention]:
    """Whom the sentences before a quotation bring in, nearest first, as long as they name nobody known."""
    end = len(text)
    for _ in range(_SENTENCES):
        start = max(text.rfind(mark, max(end - _REACH, 0), end - 1) for mark in "。！？!?…") + 1
        acts = max((one.start for one in found if one.role == "subject" and start <= one.start < end), default=-1)
        if acts >= 0 and end < len(text):
            break
        clauses = list(_CLAUSE.finditer(text, start, end))
        for clause in reversed(clauses):
            if acts >= clause.start():
                return []
            match = _OVERHEARD.search(clause[0]) if end == len(text) and clause is clauses[-1] else None
            if acts < 0 or _SEEN.search(clause[0]):
                match = match or _SOMEONE.search(clause[0]) or _BROUGHT.search(clause[0])
            match = match or (_AT_HEAD.match(clause[0]) if acts < 0 else None)
            who = match["who"] if match else ""
            place = clause.start() + match.start("who") if match else 0
            if who and not any(place <= one.start < clause.end() for one in found) and _may_act(who):
                return [_subject(place, who)]
        if start == 0:
            break
        end = start
    return []


def _may_act(who: str) -> bool:
    return (len(who) > 1 or who == "人") and _NOBODY.search(who) is None and _NO_ROLE.search(who) is None


def _subject(start: int, who: str) -> Mention:
    """里面有人, 又听有人 are 有人."""
    head = _JUNK.match(who)
    start, who = (start + head.end(), who[head.end() :]) if head and len(who) > head.end() + 1 else (start, who)
    return Mention(start, start + len(who), "有人" if _SOMEBODY.fullmatch(who) else who, "", "subject")


def _may_speak(who: str, pattern: re.Pattern[str], names: Names) -> bool:
    """Not 向他, whom somebody speaks to; 向知府 only where the book has somebody of the family 向."""
    if pattern is _STRANGER:
        return not _NO_ROLE.search(who)
    if who[0] in "向对从于和":
        return is_noun(who[1:]) and any(name[0] == who[0] and len(name) > 2 for name in names.aliases)
    return may_be_name(who)
