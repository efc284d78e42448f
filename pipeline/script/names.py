"""The people of a book: names found where somebody speaks, and how to recognise them elsewhere.

Chinese has no capitals, so a name is learnt from repetition: what stands before a speech verb, again and again, and
begins with a surname or stands there alone. English names are capitalised words beside a speech verb, with or without
a title, or people known by what they are ("the old woman").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from pipeline.nouns import Language
from pipeline.script.words import lists, speech

_HAN_HEAD = re.compile(r"^[\s　]*([\u4e00-\u9fff·]{1,12})")
_EN_WORD = r"[A-Z][a-zA-Z’'-]*[a-z]"
_EN_NAME = rf"(?:(?:{{titles}})\.?\s+)?{_EN_WORD}(?:\s+(?:de|van|von|of|the|la|le)\s+[A-Z][a-z’'-]+|\s+{_EN_WORD})*"
_EN_PERSON = r"[Tt]he\s+(?:[a-z]+\s+)?(?:{people})"


def learn(texts: Iterable[tuple[str, bool]], language: Language) -> Names:
    """Names from a book's narration: (text, whether it stands beside a quotation) each."""
    return _learn_chinese(texts) if language == "zh" else _learn_english(texts)


class Names:
    """Recognises the people of one book. Names are known by their longest form; see `subject` and `mentioned`."""

    def __init__(self, counts: Counter[str], genders: dict[str, str], language: Language) -> None:
        self.counts, self.genders, self.language = counts, genders, language

    @cached_property
    def _any(self) -> re.Pattern[str]:
        names = sorted(self.counts, key=len, reverse=True)
        edge = r"\b" if self.language == "en" else ""
        return re.compile(edge + "(?:" + "|".join(map(re.escape, names)) + ")" + edge if names else r"(?!)")

    @cached_property
    def _pronoun(self) -> re.Pattern[str]:
        words = lists(self.language)["pronouns"]
        if self.language == "zh":
            return re.compile(rf"[\s　]*(?:但|可|而|只见|只听|于是|然后|接着|便)?({'|'.join(words)})(?!们|人|日|乡|方)")
        return re.compile(rf"\b({'|'.join(words)})\b", re.IGNORECASE)

    def canonical(self, name: str) -> str:
        """The name a person goes by in the script."""
        return re.sub(r"\s+", " ", name).strip()

    def gender(self, name: str) -> str:
        """ "female", "male" or ""."""
        return self.genders.get(name, "")

    def mentioned(self, text: str) -> list[str]:
        """The people in a text, in order."""
        return [self.canonical(match[0]) for match in self._any.finditer(text)]

    def subject(self, clause: str, *, after_verb: bool = False) -> str:
        """Who acts in a clause: the name (or pronoun) it begins with; with `after_verb` in English also "said Anne".
        "" when nobody is named."""
        if self.language == "zh":
            pronoun = self._pronoun.match(clause)
            if pronoun:
                return pronoun[1]
            name = self._any.search(clause[:14])
            if name and not _object_before(clause[: name.start()]):
                return name[0]
            return ""
        name, pronoun = self._any.search(clause), self._pronoun.search(clause)
        verb = speech("en").verb.search(clause)
        if name and pronoun:
            near = verb.start() if verb else 0
            first = abs(name.start() - near) <= abs(pronoun.start() - near)
            return name[0] if first else pronoun[1].lower()
        if name:
            return name[0]
        return pronoun[1].lower() if pronoun else ""


def _object_before(head: str) -> bool:
    """Whether what stands before a name makes it an object: 对林晚说, 把林晚."""
    return bool(re.search(r"(?:对|向|跟|朝|给|把|被|问|叫|让|望着|看着|替|拉着|同)$", head.rstrip()))


# --- Chinese ---------------------------------------------------------------------------------------------------------


def _learn_chinese(texts: Iterable[tuple[str, bool]]) -> Names:
    data, verb = lists("zh"), speech("zh").verb
    prefixes: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    seen: list[str] = []
    for text, beside in texts:
        seen.append(text)
        if not beside:
            continue
        for clause in re.split(r"[，。！？；：、…“”‘’「」—\s]+", text):
            found = verb.search(clause)
            head = _HAN_HEAD.match(clause[: found.start()] if found else "")
            if not head:
                continue
            word = head[1]
            if found and len(word) <= 4 and word == clause[: found.start()].strip():
                alone[word] += 1
            for length in (2, 3, 4):
                if len(word) >= length:
                    prefixes[word[:length]] += 1
    people, titles, surnames = data["people"], data["titles"], frozenset(data["surnames"])
    # 方 is a surname as well as a word for "just then": a single character stops a word only if it names no family
    stop = tuple(word for word in data["no_name"] if len(word) > 1 or word not in surnames)
    counts: Counter[str] = Counter()
    for word in set(prefixes) | set(alone):
        if word in people:
            counts[word] = prefixes[word] + alone[word]
        elif word.startswith(stop) or word.endswith(
            ("地", "着", "了", "便", "又", "也", "就", "都", "忙", "的", "是", "在")
        ):
            continue
        elif (_looks_like_name(word, surnames, titles) and (alone[word] or prefixes[word] >= 3)) or (
            len(word) in (2, 3) and alone[word] >= 3 and alone[word] >= 0.25 * prefixes[word]
        ):
            counts[word] = prefixes[word] + alone[word]
    _drop_parts(counts, alone)
    return Names(counts, _genders_zh(counts, seen), "zh")


def _looks_like_name(word: str, surnames: frozenset[str], titles: dict[str, str]) -> bool:
    if word[0] in "老小阿大" and len(word) in (2, 3) and word[1] in surnames | set("一二三四五六七八九幺"):
        return True
    return word[0] in surnames and (len(word) in (2, 3) or word[1:] in titles or word[2:] in titles)


def _drop_parts(counts: Counter[str], alone: Counter[str]) -> None:
    """Of 林晚 and 林晚轻, keep what the text repeats: the longer one only where most of the shorter's places are its."""
    for word in sorted(counts, key=len, reverse=True):
        for length in range(2, len(word)):
            short = word[:length]
            if short not in counts or word not in counts:
                continue
            if counts[word] < 0.6 * counts[short] or alone[word] < alone[short]:
                del counts[word]
            elif alone[short] < 0.2 * alone[word]:
                del counts[short]


def _genders_zh(counts: Counter[str], texts: Iterable[str]) -> dict[str, str]:
    data = lists("zh")
    hints: dict[str, Counter[str]] = {name: Counter() for name in counts}
    if not counts:
        return {}
    pattern = re.compile("|".join(sorted(map(re.escape, counts), key=len, reverse=True)) + "|他(?!们)|她(?!们)")
    for text in texts:
        last = ""
        for match in pattern.finditer(text):
            if match[0] in "他她":
                if last:
                    hints[last]["female" if match[0] == "她" else "male"] += 1
            else:
                last = match[0]
    genders = {}
    for name, seen in hints.items():
        told = _told(name, {**data["titles"], **data["people"]})
        male, female = seen["male"], seen["female"]
        if told:
            genders[name] = told
        elif male + female >= 2 and max(male, female) >= 2 * min(male, female):
            genders[name] = "male" if male > female else "female"
        elif name[-1] in data["female"]:
            genders[name] = "female"
        elif name[-1] in data["male"]:
            genders[name] = "male"
    return genders


def _told(name: str, words: dict[str, str]) -> str:
    """The gender that a title at the end of a name tells."""
    for length in (3, 2, 1):
        told = words.get(name[-length:], "") if len(name) >= length else ""
        gender = next((part for part in told.split() if part in ("male", "female")), "")
        if gender:
            return gender
    return ""


# --- English ---------------------------------------------------------------------------------------------------------


def _learn_english(texts: Iterable[tuple[str, bool]]) -> Names:
    data, verbs = lists("en"), speech("en").verb.pattern
    name = _EN_NAME.format(titles="|".join(data["titles"]))
    person = _EN_PERSON.format(people="|".join(data["people"]))
    who = rf"(?P<{{}}>{person}|{name})"
    tag = re.compile(
        rf"(?i:{verbs})\s+{who.format('after')}|{who.format('before')}\s+(?:[a-z]+ly\s+|then\s+|had\s+)?(?i:{verbs})"
    )
    counts: Counter[str] = Counter()
    seen: list[str] = []
    stop = frozenset(data["no_name"])
    for text, beside in texts:
        seen.append(text)
        if not beside:
            continue
        for match in tag.finditer(text):
            found = re.sub(r"\s+", " ", match["after"] or match["before"])
            if found.lower().startswith("the "):
                found = "the" + found[3:]
            elif found.split()[0] in stop:
                continue
            counts[found] += 1
    return Names(counts, _genders_en(counts, seen), "en")


def _genders_en(counts: Counter[str], texts: Iterable[str]) -> dict[str, str]:
    data = lists("en")
    if not counts:
        return {}
    pattern = re.compile(
        r"\b(?:" + "|".join(sorted(map(re.escape, counts), key=len, reverse=True)) + r"|he|she|his|her)\b", re.I
    )
    by_fold = {name.casefold(): name for name in counts}
    hints: dict[str, Counter[str]] = {name: Counter() for name in counts}
    for text in texts:
        last = ""
        for match in pattern.finditer(text):
            word = match[0].casefold()
            if word in ("he", "his", "she", "her"):
                if last:
                    hints[last]["male" if word in ("he", "his") else "female"] += 1
                    last = ""
            else:
                last = by_fold.get(word, "")
    genders = {}
    for name, seen in hints.items():
        title = data["titles"].get(name.split()[0].rstrip("."), "") or data["people"].get(name.split()[-1], "")
        told = next((part for part in title.split() if part in ("male", "female")), "")
        male, female = seen["male"], seen["female"]
        if told:
            genders[name] = told
        elif male + female >= 2 and max(male, female) >= 2 * min(male, female):
            genders[name] = "male" if male > female else "female"
    return genders
