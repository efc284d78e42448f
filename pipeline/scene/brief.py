"""The sentence that asks for a scene -> who is in it, how each of them is, and how long it is to last.

    生成三位角色对话,父亲沉稳、孩子调皮、旁白略带忧伤,总时长30秒
    A dialogue of a calm father, a mischievous child and a slightly sad narrator, 30 seconds in all.

A role is a word for a person (`people` of words-zh.yaml and words-en.yaml), the narrator, or a name in front of a way of
speaking that the emotion lexicon knows. What is neither (what the scene is about) is for whoever writes the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pipeline.errors import ScriptError
from pipeline.nouns import NARRATOR, Language
from pipeline.script import emotion_words
from pipeline.script.words import lists
from pipeline.wording import Wording

MOST_ROLES = 12
LONGEST_TOTAL_S = 3600.0
_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2, "半": 0.5}
_ENGLISH = {
    word: value
    for value, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen"
        " nineteen".split(),
        1,
    )
} | {word: 10 * tens for tens, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_WORD = rf"(?:{'|'.join(sorted(_ENGLISH, key=len, reverse=True))})"
_IN_WORDS = rf"\b{_WORD}(?:[\s-]{_WORD})?(?:\s+and\s+a\s+half)?\b"
_ANY = rf"(?:(?<![\d.])\d+(?:\.\d+)?(?:\s+and\s+a\s+half)?|[零一二两三四五六七八九十百半]+|{_IN_WORDS})"
_NO_MORE = "(?![a-z])"
_BARE_S = rf"(?<!\bthe )(?<![\d.'’])\d{{1,3}}(?:\.\d+)?(?=[\s-]*s{_NO_MORE})"
_OF_SECONDS = rf"(?:秒钟?|sec(?:ond)?s?{_NO_MORE}|s{_NO_MORE})"
_LENGTH = re.compile(
    rf"(?:(?P<minutes>{_ANY}|\b(?:half\s+)?a(?=[\s-]+min))[\s-]*"
    rf"(?P<minute>分钟?半钟?|分钟|分(?!之)|min(?:ute)?s?{_NO_MORE}(?:\s+and\s+a\s+half)?)"
    rf"(?:\s*(?:又|and\s+)?(?P<more>{_ANY})[\s-]*{_OF_SECONDS})?"
    rf"|(?P<seconds>{_ANY}(?=[\s-]*(?:秒|sec))|{_BARE_S})[\s-]*{_OF_SECONDS})"
    r"(?P<whole>[\s-]*(?:in all|in total|total|altogether|overall|long)\b|的?总?(?:时长|长度)|的?总长|长(?=\W|的|$))?"
    r"(?!\s+(?:later|ago|earlier)\b)",
    re.IGNORECASE,
)
"""A length, 2分30秒 and 一分半 among them. A bare `s` is of seconds behind three digits at most: the 1990s are none."""
_CALLED_WHOLE = (
    r"(?:总?时长|总长|全长|长度|长达|长约)(?:约|大约|为|是|在|控制在|不超过|[:：\s])*"
    r"|(?:总共|一共|共计|总计|合计|共|总)(?:约|大约|\s)*"
    r"|\b(?:total|whole|overall|lasting|lasts?|length|running time)\b[^,.;!?]*|\bin all[:,]?\s*"
)
_WHOLE = re.compile(f"(?:{_CALLED_WHOLE})$", re.IGNORECASE)
"""What says, in front of a length, that it is the whole scene's."""
_BEFORE_MINUTES = re.compile(f"(?:{_CALLED_WHOLE}|约)$", re.IGNORECASE)
_COUNT = re.compile(r"([一二两三四五六七八九十]|\d+)\s*[位个名](?:角色|人物|人)")
_PARTS = {
    "zh": re.compile(r"[，,、；;。.：:！!？?\n]|以及|还有|和(?=[^气蔼平尚])"),
    "en": re.compile(r"[,;.:!?\n]|\band\b|\bwith\b|\bbetween\b"),
}
_NARRATORS = {"zh": ("旁白", "叙述者", "叙述人"), "en": ("narrator", "narration", "voice-over")}
_NOBODY = {"one", "other", "person", "speaker", "individual"}
"""Of the English words for people, those that name nobody."""
_ARTICLES = re.compile(
    r"\b(?:a|an|the|is|are|sounds?|who|speaks?|dialogue|scene|conversation|generate|write|make|give|me|of|for|from|in|all|total|"
    r"lasting|lasts?|length|one|two|three|four|five|six|roles?|people|characters?|voices?)\b", re.IGNORECASE,
)  # fmt: skip
_SEVERAL = re.compile(
    r"(?<![第\d零一二两三四五六七八九十百])([两二三四五六七八九十]|[2-9])(?:[个位名](?P<manner>\w{1,12}?的)?)?(?=(?P<people>\w{2,4}))"
)
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "twin": 2, "both": 2} | {
    str(n): n for n in range(2, 7)
}
_PLURALS = {"men": "man", "women": "woman", "children": "child", "wives": "wife", "ladies": "lady"}
_STEMS = "甲乙丙丁戊己庚辛壬癸子丑"
_TOPIC = re.compile(r"的?(?:对话|场景|故事|片段|旁白)$")
_LEADING_ZH = re.compile(r"^(?:请|帮我|给我|生成|写|来|做|一段|一个|一位|一名|个|位|名|那位|这位|有|是|由|让)+")
_LINKS_ZH = re.compile(r"(?:说话|语气|声音|要|很|有些|比较|显得|的|是|得)+$")


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody in a scene. `name` as a manuscript names them (`NARRATOR` for the narrator); `manner` how they are, in the
    sentence's own words, "" = it does not say; `gender` "male", "female" or ""; `age` "child", "young", "elder" or ""."""

    name: str
    manner: str = ""
    gender: str = ""
    age: str = ""


@dataclass(frozen=True, slots=True)
class Brief:
    """What the sentence `text` asks for. `seconds` None = it names no length; `said` how many roles it says there are,
    0 = it does not."""

    text: str
    language: Language
    roles: tuple[Role, ...]
    seconds: float | None = None
    said: int = 0


def parse(text: str) -> Brief:
    """Raises ScriptError for a sentence without roles, with too many, or with a length that no scene has."""
    text = text.strip()
    language: Language = "zh" if re.search("[一-鿿]", text) else "en"
    seconds, rest = _total(text)
    roles: dict[str, Role] = {}
    for role in _roles(rest, language):
        if role.name not in roles or not roles[role.name].manner:  # the first that is said of how somebody is counts
            roles[role.name] = role
    if not roles:
        raise ScriptError(
            Wording("this sentence names nobody who could speak", "这句话里没有说谁在说话"),
            fix=Wording(
                "For example: a calm father, a mischievous child, 30 seconds.", "例如：父亲沉稳、孩子调皮，总时长30秒。"
            ),
        )
    if len(roles) > MOST_ROLES:
        raise ScriptError(
            Wording(
                f"{len(roles)} roles are more than a scene may have, {MOST_ROLES}",
                f"角色有 {len(roles)} 个，最多 {MOST_ROLES} 个",
            ),
            fix=Wording("Make two scenes of it.", "请分成两场。"),
        )
    return Brief(text, language, tuple(roles.values()), seconds, _said(text))


def _total(text: str) -> tuple[float | None, str]:
    """Seconds, and the text without them. Of several lengths, the one that is called the whole's, or else the last; the others
    belong to what the scene is about."""
    found = [one for one in _LENGTH.finditer(text) if one["minute"] != "分" or _of_minutes(one)]
    if not found:
        return None, text
    before = [0, *(one.end() for one in found)]
    called = [
        one for end, one in zip(before, found, strict=False) if one["whole"] or _WHOLE.search(text[end : one.start()])
    ]
    chosen = (called or found)[-1]
    minutes, seconds = chosen["minutes"], chosen["seconds"] or chosen["more"]
    length = (_number(minutes) * 60 if minutes else 0) + (_number(seconds) if seconds else 0)
    length += 30 * bool(re.search("半|half", chosen["minute"] or "", re.IGNORECASE))
    if not 1 <= length <= LONGEST_TOTAL_S:
        raise ScriptError(
            Wording(f"a scene cannot last {length:g} s", f"一场戏不能是 {length:g} 秒"),
            fix=Wording(f"From 1 to {LONGEST_TOTAL_S:g} s.", f"1 到 {LONGEST_TOTAL_S:g} 秒之间。"),
        )
    return length, text[: chosen.start()] + text[chosen.end() :]


def _of_minutes(found: re.Match[str]) -> bool:
    """Whether a bare 分 is of minutes: 十分 is "very" as well, and 三分之一 a third."""
    minutes = found["minutes"]
    return bool(found["more"] or minutes[0].isdigit() or _BEFORE_MINUTES.search(found.string, 0, found.start()))


def _number(text: str) -> float:
    """Of digits, of 一 to 九百九十九 and 半, or of English words: "half a", "ninety", "two and a half"."""
    words = re.findall(r"[a-z]+|[\d.]+", text.lower())
    if words:
        half = "half" in words
        told = [float(one) if one[0].isdigit() else _ENGLISH.get(one, 0) for one in words]
        return sum(told) + 0.5 * half + (words == ["a"])
    hundreds, hundred, rest = text.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    value = _DIGITS.get(hundreds, 1) * 100 if hundred else 0
    return value + (_DIGITS.get(tens.lstrip("零"), 1) * 10 if ten else 0) + _DIGITS.get(ones.lstrip("零"), 0)


def _said(text: str) -> int:
    found = _COUNT.search(text)
    return int(_number(found[1])) if found else 0


def _roles(text: str, language: Language) -> Iterator[Role]:
    for part in _PARTS[language].split(text):
        part = part.strip()
        several = _several_in_chinese(part) if language == "zh" else _several_in_english(part)
        role = None if several else (_in_chinese(part) if language == "zh" else _in_english(part))
        yield from several or ([role] if role else [])


def _several_in_chinese(part: str) -> list[Role]:
    """两姐妹 are 姐姐 and 妹妹, 三个温柔的女人 are 女人甲, 女人乙 and 女人丙; 两个孩子的父亲 are not several."""
    part = _LEADING_ZH.sub("", _TOPIC.sub("", part))
    for word, pair in lists("zh")["pairs"].items():
        if re.match(rf"(?:一对|[两二][个位名]?|双胞胎)?{word}(?![的店])", part):
            return [Role(name, "", *_told(told)) for name, told in pair.items()]
    people = lists("zh")["people"]
    found = _SEVERAL.search(part)
    if not found:
        return []
    word = next((found["people"][:size] for size in (4, 3, 2) if found["people"][:size] in people), "")
    rest = part[found.end() + len(word) :]
    if not word or rest.startswith("的") or (found["manner"] or "").rstrip("的") in people:
        return []
    manner = _manner(found["manner"] or rest)
    return [Role(f"{word}{stem}", manner, *_told(people[word])) for stem in _STEMS[: int(_number(found[1]))]]


def _several_in_english(part: str) -> list[Role]:
    """Two sisters are Sister-A and Sister-B."""
    words, people, ages = re.findall(r"[\w'’-]+", part), lists("en")["people"], lists("en")["ages"]
    at = next((place for place, one in enumerate(words) if one.lower() in _COUNTS), None)
    if at is None:
        return []
    count = _COUNTS[words[at].lower()]
    for place, plural in enumerate(map(str.lower, words[at + 1 : at + 6]), at + 1):
        word = _PLURALS.get(plural, plural[:-1] if plural.endswith("s") else "")
        if word in people and word not in _NOBODY:
            gender, age = _told(people[word])
            age = next((ages[one.lower()] for one in words[at:place] if one.lower() in ages), age)
            manner = _plain_english(" ".join([*words[at + 1 : place], *words[place + 1 :]]), word)
            return [Role(f"{word.capitalize()}-{letter}", manner, gender, age) for letter in "ABCDEF"[:count]]
    return []


def _in_chinese(part: str) -> Role | None:
    one_of_them = re.match(r".{0,6}?[一那这][个位名]", part)
    part = _LEADING_ZH.sub("", part)
    if part.startswith(_NARRATORS["zh"]):
        word = next(one for one in _NARRATORS["zh"] if part.startswith(one))
        return Role(NARRATOR, _manner(part[len(word) :]))
    people = lists("zh")["people"]
    word = next((part[:size] for size in range(min(4, len(part)), 1, -1) if part[:size] in people), "")
    if word:
        return Role(word, _manner(part[len(word) :]), *_told(people[word]))
    manner, _, word = _TOPIC.sub("", part).rpartition("的")
    word = next((word[:size] for size in range(min(4, len(word)), 1, -1) if word[:size] in people), "")
    if word and (one_of_them or emotion_words.find(manner, "zh", "ways")):  # 一个温柔的女人
        return Role(word, _manner(manner), *_told(people[word]))
    at = _way(part, "zh")
    name = _LINKS_ZH.sub("", part[:at]) if at else ""
    return Role(name, _manner(part[at:])) if re.fullmatch(r"[\w·]{1,8}", name) else None


def _in_english(part: str) -> Role | None:
    people = lists("en")["people"]
    words = re.findall(r"[\w'’-]+", part)
    if any(one in part.lower() for one in _NARRATORS["en"]):
        return Role(NARRATOR, _plain_english(part, next(one for one in _NARRATORS["en"] if one in part.lower())))
    word = next(
        (one for one in reversed(words) if one.lower() in people and len(one) > 2 and one.lower() not in _NOBODY), ""
    )
    if word:
        gender, age = _told(people[word.lower()])
        ages = lists("en")["ages"]
        age = next((ages[one.lower()] for one in words if one.lower() in ages), age)
        return Role(word.lower().capitalize(), _plain_english(part, word), gender, age)
    manner = next((one for one in words if emotion_words.knows(one, "en")), "")
    name = next((one for one in words if one[0].isupper() and one != manner and not _ARTICLES.fullmatch(one)), "")
    return Role(name, _plain_english(part, name)) if name and manner else None


def _plain_english(part: str, name: str) -> str:
    without = re.sub(rf"\b{re.escape(name)}\b", " ", part, flags=re.IGNORECASE)
    return " ".join(_ARTICLES.sub(" ", without).split()).strip(" -")


def _manner(text: str) -> str:
    """How somebody is, without the words that only link it to who it is, or call it a scene."""
    text = re.sub(r"的?(?:对话|场景|故事|片段|旁白)$", "", text)
    return re.sub(r"^(?:说话|语气|声音|要|显得|的|是|得|\s)+", "", text).strip("的 ")


def _way(part: str, language: Language) -> int:
    """Where the words for a way of speaking begin, a degree word in front included; 0 where there are none behind a name."""
    hits = emotion_words.find(part, language, "ways")
    if not hits:
        return 0
    at = hits[0].start
    degree = next((one for one in _degrees(language) if part[:at].rstrip("的地").endswith(one)), "")
    return part.rfind(degree, 0, at) if degree else at


@cache
def _degrees(language: Language) -> tuple[str, ...]:
    return tuple(sorted(emotion_words.raw(language)["degrees"], key=len, reverse=True))


def _told(words: str) -> tuple[str, str]:
    parts = words.split()
    gender = next((one for one in parts if one in ("male", "female")), "")
    return gender, next((one for one in parts if one in ("child", "young", "elder")), "")
