"""Which Chinese names are one person's, and the gender that a name tells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from pipeline.script.name_shapes_zh import is_noun, may_be_name
from pipeline.script.names import any_of
from pipeline.script.words import lists

_KIN = "嫂哥姐妹爹妈娘爷奶叔伯姑姨婆公"
_ELDER = frozenset(["老爹", "太爷", "太公", "老太"])
"""Titles that mostly mean the father or mother of whoever has the name."""
_NUMBERED = re.compile(
    "[\u4e00-\u9fff][大二三四五六七八九十](?:爷|哥|弟|姐|妹|嫂|郎|娘|叔|伯|姑|姨|婶|老爷|官人|公子|小姐|姑娘|太太|少爷|员外|奶奶)"
)
_SPEECH = tuple("“‘「『\"'")


def merged(counts: Counter[str], genders: dict[str, str], texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Each person's forms. A short form (小晚, 晚儿, 晚晚, the given name alone, surname and title) joins the one full
    name it fits; where several fit, it joins one that is named five times as often as any other, or none. What says only
    what somebody is (和尚) is no short form of 陈和尚, nor is 小人 or 人人 of somebody unless he is called so."""
    data = lists("zh")
    surnames, titles = frozenset(data["surnames"]), data["titles"]
    full = [
        name
        for name in counts
        if len(name) in (2, 3) and name[0] in surnames and name[1:] not in titles and name not in data["people"]
        if not is_noun(name[1:])
    ]
    titles_of_one = [title for title in titles if title not in _ELDER]
    brothers = {name[0] for name in counts if numbered(name)}
    fits: dict[str, list[str]] = {}
    pet: set[str] = set()
    for name in full:
        last = name[-1]
        short = {name[0] + title for title in titles_of_one if name[0] not in brothers or not numbered(name[0] + title)}
        if last not in _KIN and not numbered(name):
            names = {f"小{last}", f"阿{last}", f"{last}儿", last * 2}
            pet |= names
            short |= names
        if len(name) == 3:
            short |= {name[1:], *(name[1:] + title for title in titles_of_one)}
        for form in short - set(full) - {name[0] + "母"}:  # 贾母 is the mother of them all
            fits.setdefault(form, []).append(name)
    found: Counter[str] = Counter()
    called: Counter[str] = Counter()
    behind: dict[str, Counter[str]] = {}
    pattern = re.compile(any_of({*fits, *counts}))
    for text in texts:
        if not text.startswith(_SPEECH):
            found.update(pattern.findall(text))
            continue
        for one in pattern.finditer(text):
            found[one[0]] += 1
            if one[0] in pet:
                behind.setdefault(one[0], Counter())[text[one.end() : one.end() + 1]] += 1
            if one[0] in pet and _apart(text, one.start() - 1) and _apart(text, one.end()):
                called[one[0]] += 1
    joined: dict[str, list[str]] = {name: [name] for name in full}
    for form, people in sorted(fits.items()):
        if form in pet and form not in counts and (not called[form] or not may_be_name(form)):
            continue
        if (
            form in behind
            and not _apart(max(behind[form], key=behind[form].__getitem__), 0)
            and _one_word(behind[form])
        ):
            continue  # 小太 of 小太保, where somebody is called 沈三太
        tells = told(form, titles)
        ranked = sorted(
            (one for one in people if genders.get(one, tells) in (tells, "") or not tells), key=lambda one: -counts[one]
        )
        alone = bool(ranked) and (len(ranked) == 1 or counts[ranked[0]] >= 5 * counts[ranked[1]])
        if found[form] >= 2 and alone:
            joined[ranked[0]].append(form)
            counts[form] = counts[form] or found[form]
    taken = {form for forms in joined.values() for form in forms}
    return {name: tuple(joined.get(name, [name])) for name in counts if name in joined or name not in taken}


def _one_word(behind: Counter[str]) -> bool:
    """Whether the same sign mostly stands behind a form: it is part of a word."""
    return behind.total() >= 4 and max(behind.values()) > 0.5 * behind.total()


def numbered(name: str) -> bool:
    """丁二爷, 沈三小姐: one of several brothers or sisters, whom the number tells apart."""
    return _NUMBERED.fullmatch(name) is not None


def _apart(text: str, at: int) -> bool:
    """Whether text[at] is no part of a word: a mark of speech, or outside."""
    return not 0 <= at < len(text) or text[at] in "“”‘’「」『』，。！？、…—~～ "


def told(name: str, words: Mapping[str, str]) -> str:
    """The gender that a title at the end of a name tells."""
    for length in (3, 2, 1):
        known = words.get(name[-length:], "") if len(name) >= length else ""
        gender = next((part for part in known.split() if part in ("male", "female")), "")
        if gender:
            return gender
    return ""
