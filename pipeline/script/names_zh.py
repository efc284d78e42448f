"""Chinese names, learnt from a book. Chinese has no capitals, so a name is learnt from repetition: what stands before a
speech verb, again and again, and begins with a surname or stands there alone. What shape a name may have: `name_shapes_zh`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pipeline.script.aliases_zh import merged, told
from pipeline.script.name_shapes_zh import LATIN, NICKNAME, is_latin, is_nickname, may_be_name, says_how, without_manner
from pipeline.script.names import Names, any_of
from pipeline.script.words import lists, speech, weak_lead

_HEAD = re.compile(rf"^[\s　]*({LATIN}|[\u4e00-\u9fff·]{{1,12}})")
_CLAUSE = re.compile(r"(?:[，。！？；：、…“”‘’「」—]|(?<![A-Za-z])\s|\s(?![A-Za-z]))+")
_SPEECH = tuple("“‘「『\"'")
_THAT = re.compile(
    r"^[那这](?:一?[个位名])?(?![人里边时日知年夜天儿么样个些伙夥班群般阵声句番件厮一二两三四五六七八九十几]|汉(?!子))"
    r"(?=[\u4e00-\u9fff]{2})"
)
"""那小厮: a servant, not somebody of the family 那."""
_THOSE = re.compile(r"那[汉厮僧婆尼将贼]")
_GROUP = re.compile("[二两三四五六七八九十众等]人$")
_SAYS = "说问答喊叫嚷骂吼喝唤劝笑哭令"
_PLACES = "上里中下边前后外间处"
"""Ends of words that tell where: 船上."""
_NAH = re.compile(r"那[大二三四五六七八九十]")
_WAY = re.compile(r"[学守粮盐巡]道(?=[\u4e00-\u9fff])|.?道(?:[台士人长姑童爷]|员)")
_CALLED = re.compile(rf"(?<![^“‘「『，。！？、…—])({NICKNAME})(?=[，。！？、…—”’」』])")
_INTRODUCED = r"(?:我叫|我是|名叫|我姓{family}，叫|姓{family}，名)({family}[\u4e00-\u9fff]{{1,2}})(?![\u4e00-\u9fff])"
_STARTS = r"(?<![^。！？…”’」』\s])"
"""Where a sentence may begin."""
_OLD_USE = 0.03
"""Where 她 is less than this part of the pronouns, the book writes 他 of women too, as books did before 1920."""
_OBJECT_OF = "[对向与和同见问叫把被给跟找请替唤命]"
"""What stands before somebody whom others speak to, see, or are with."""


def learn(texts: Iterable[tuple[str, bool]]) -> Names:
    data = lists("zh")
    prefixes: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    pointed: Counter[str] = Counter()
    seen: list[str] = []
    for text, beside in texts:
        seen.append(text)
        if not beside:
            continue
        for before in (*map(_before_the_verb, _CLAUSE.split(text)), _before_a_colon(text)):
            head = _HEAD.match(before)
            if not head:
                continue
            word = head[1]
            whole = word == before.strip()
            if is_latin(word):
                alone[word] += whole
                prefixes[word] += 1
                continue
            if word[0] in "那这":
                bare = _THAT.sub("", word)
                if bare != word:
                    word = bare
                    pointed[word] += whole
                elif word[:2] in data["people"] or _THOSE.match(word):
                    word, whole = word[:2], whole and len(word) == 2
                elif not (whole and _NAH.fullmatch(word)):
                    continue
            if whole and len(word) <= 5:
                alone[word] += 1
            if whole and (bare := without_manner(word)):
                alone[bare] += 1
            for length in (2, 3, 4, 5):
                if len(word) >= length:
                    prefixes[word[:length]] += 1
    verbs = frozenset(data["speech"])
    people, titles, surnames = data["people"], data["titles"], frozenset(data["surnames"])
    counts: Counter[str] = Counter()
    for word in sorted({*prefixes, *alone}):
        if word in people:
            counts[word] = prefixes[word] + alone[word]
        elif not may_be_name(word):
            continue
        elif word[0] in "向同和从于对" and prefixes[word[1:]] >= 0.3 * prefixes[word]:
            continue  # 向凤姐: who is turned to, not somebody of the family 向
        elif (len(word) == 2 and word[1] in _SAYS) or _GROUP.search(word):
            continue  # 方问, 连说; 刘二人
        elif word[0] in "向从于方" and ((len(word) == 2 and alone[word] < 3) or not may_be_name(word[1:])):
            continue  # 方出来, 向他
        elif (len(word) > 4 and not is_latin(word) and word[0] not in surnames) or word in verbs:
            continue
        elif (
            _long(word, alone, prefixes)
            or (_looks_like_name(word, surnames, titles) and (alone[word] or prefixes[word] >= 3))
            or (
                len(word) in (2, 3)
                and (pointed[word] or alone[word] >= 3)
                and alone[word] >= 0.25 * prefixes[word]
                and word[-1] not in _PLACES
            )
        ):
            counts[word] = prefixes[word] + alone[word]
    _add_called(counts, seen)
    _drop_parts(counts, alone)
    _drop_adverbs(counts, surnames, seen, pointed)
    genders = _genders(counts, seen)
    aliases = merged(counts, genders, seen)
    mentions = Counter({name: sum(counts[form] for form in forms) for name, forms in aliases.items()})
    known = {name: next((genders[form] for form in forms if genders.get(form)), "") for name, forms in aliases.items()}
    return Names(mentions, known, "zh", aliases)


def _before_the_verb(clause: str) -> str:
    """What stands before the verb of speech, "" without one. 道 in a name (乔道清道), an office (范学道道, 向道台说) or a way
    (道人) is no verb."""
    verb = speech("zh").verb
    found = verb.search(clause)
    while found and found[0][0] == "道":
        at, end = found.start(), found.start() + 1
        title = _WAY.match(clause, max(at - 1, 0))
        twice = verb.match(clause, end)  # 学道|道, 学道|问道
        if not (title or (twice and at > 1) or (at == 1 and verb.search(clause, end))):
            break
        found = verb.search(clause, title.end() if title else end)
    return clause[: found.start()] if found and not clause.startswith(("得", "的"), found.end()) else ""


def _before_a_colon(text: str) -> str:
    """林晚 of 林晚赞：, where a weak verb stands before the colon."""
    match = weak_lead().search(text)
    return _CLAUSE.split(text[: match.start()])[-1] if match else ""


def given(people: Mapping[str, Sequence[str]], genders: Mapping[str, str], texts: Sequence[str] = ()) -> Names:
    """Names from a list: each person's forms and gender; `texts` to count mentions and to tell missing genders."""
    aliases = {name: tuple(dict.fromkeys((name, *forms))) for name, forms in people.items()}
    names = Names(Counter(), dict(genders), "zh", aliases)
    counts = Counter(name for text in texts for name in names.mentioned(text))
    guessed = _genders(Counter({name: counts[name] for name in aliases}), texts)
    return Names(
        counts, {name: genders.get(name) or guessed.get(name, "") for name in aliases}, "zh", aliases, learnt=False
    )


def _looks_like_name(word: str, surnames: frozenset[str], titles: dict[str, str]) -> bool:
    if is_latin(word) or is_nickname(word):
        return True
    if word[0] in "老小阿大" and len(word) in (2, 3) and word[1] in surnames | set("一二三四五六七八九幺"):
        return True
    if len(word) > 2 and word[:2] in lists("zh")["compound"]:
        return True
    return word[0] in surnames and (len(word) in (2, 3) or word[1:] in titles or word[2:] in titles)


def _long(word: str, alone: Counter[str], prefixes: Counter[str]) -> bool:
    """孙三胖子: four or five characters that speak alone, whose beginning never does."""
    return (
        len(word) in (4, 5)
        and word[0] in lists("zh")["surnames"]
        and alone[word] >= max(2, 0.3 * prefixes[word])
        and not says_how(word[2:])
        and not says_how(word[3:] or word[2:])
        and may_be_name(word[2:4])
        and prefixes[word] >= 0.8 * prefixes[word[:3]]
        and alone[word[:2]] < 0.2 * alone[word]
    )


def _drop_parts(counts: Counter[str], alone: Counter[str]) -> None:
    """Of 林晚 and 林晚轻, keep what the text repeats. The shorter is a cut where it hardly stands alone and the longer ones do
    (凤四老 of 凤四老爹); else the longer one stays only where most of the shorter's places are its."""
    begun: dict[str, list[str]] = {}
    for word in counts:
        for length in range(2, len(word)):
            begun.setdefault(word[:length], []).append(word)
    for short in sorted(counts.keys() & begun.keys(), key=lambda word: (len(word), word)):
        longer = [word for word in begun[short] if word in counts]
        if short not in counts or not longer:
            continue
        if alone[short] < 0.2 * sum(alone[word] for word in longer) or short in lists("zh")["compound"]:
            del counts[short]
            continue
        for word in longer:
            if counts[word] < 0.6 * counts[short] or alone[word] < alone[short]:
                del counts[word]


def _add_called(counts: Counter[str], texts: Sequence[str]) -> None:
    """Add the nicknames (小满) that somebody is called by and the names that somebody gives as his (我叫沈默), where they also
    begin clauses of the narration, speech verb or none."""
    introduced = re.compile(_INTRODUCED.format(family=f"[{lists('zh')['surnames']}]"))
    called = {
        word
        for text in texts
        if text.startswith(_SPEECH)
        for word in (*_CALLED.findall(text), *introduced.findall(text))
        if word not in counts and word not in lists("zh")["people"] and may_be_name(word)
    }
    if called:
        begins = re.compile(f"(?<![^，。！？…”’」』\\s])({any_of(called)})")
        found = Counter(word for text in texts if not text.startswith(_SPEECH) for word in begins.findall(text))
        counts.update({word: times for word, times in found.items() if times >= (2 if is_nickname(word) else 1)})


def _drop_adverbs(
    counts: Counter[str], surnames: frozenset[str], texts: Sequence[str], pointed: Mapping[str, int]
) -> None:
    """Words without a surname that stand before speech verbs are names if somebody also speaks to them, sees them, is with
    them, says 那 of them (`pointed`: 那店伙道), or if they are three characters and often begin a sentence that says they
    speak; 拍手, 含泪 and 越发 are how it is said. A word with a surname is one if a sentence ever begins with it, too."""
    people = lists("zh")["people"]
    sure = {word for word in counts if word in people or pointed[word] or is_nickname(word) or is_latin(word)}
    doubtful = [word for word in counts if word not in sure]
    if not doubtful:
        return
    met: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    begun: Counter[str] = Counter()
    speaks: Counter[str] = Counter()
    verb = speech("zh").verb
    pattern = re.compile(f"(?:({_OBJECT_OF})|({_STARTS}))?({any_of(doubtful)})([，。！？、…—”’」』])?")
    for text in texts:
        spoken = text.startswith(_SPEECH)
        for match in pattern.finditer(text):
            word = match[3]
            called = spoken and match[4] and text[match.start(3) - 1] in "“‘「『，。！？、…—"
            whole[word] += 1
            met[word] += bool(match[1] or called)
            if match[2] is not None and not spoken:
                begun[word] += 1
                speaks[word] += len(word) == 3 and verb.match(text, match.end(3)) is not None
    for word in doubtful:
        family = word[0] in surnames
        if (family and not met[word] and not begun[word]) or (
            not family and whole[word] >= 10 and met[word] < 0.015 * whole[word] and speaks[word] < 3
        ):
            del counts[word]


def _genders(counts: Counter[str], texts: Iterable[str]) -> dict[str, str]:
    data = lists("zh")
    hints: dict[str, Counter[str]] = {name: Counter() for name in counts}
    called: dict[str, Counter[str]] = {name: Counter() for name in counts}
    if not counts:
        return {}
    titles: dict[str, str] = data["called"]
    ends = Counter(name[-1] for name in counts if len(name) in (2, 3))
    by_end = {name[-1]: name for name in counts if len(name) in (2, 3) and ends[name[-1]] == 1}
    pattern = re.compile(
        f"(?P<who>{any_of(counts)})(?P<title>{any_of(titles)})?|他(?!们)|她(?!们)"
        f"|(?<![\u4e00-\u9fff])(?P<end>{any_of(by_end)})(?P<end_title>{any_of(titles)})"
    )
    pronouns: Counter[str] = Counter()
    for text in texts:
        last = ""
        for match in pattern.finditer(text):
            if match["end"]:
                called[by_end[match["end"]]][titles[match["end_title"]]] += 1
            elif match["who"]:
                last = match["who"]
                if match["title"]:
                    called[last][titles[match["title"]]] += 1
            else:
                pronouns[match[0]] += 1
                if last:
                    hints[last]["female" if match[0] == "她" else "male"] += 1
    modern = pronouns["她"] >= _OLD_USE * pronouns["他"]
    genders = {}
    for name, seen in hints.items():
        title_tells = told(name, {**data["titles"], **data["people"], **data["told"]})
        male, female = seen["male"], seen["female"]
        title = _most(called[name]) or ("" if modern else _by_signs(name, data["female"], data["male"]))
        if title_tells:
            genders[name] = title_tells
        elif title:
            genders[name] = title
        elif male + female >= 2 and max(male, female) >= 2 * min(male, female):
            genders[name] = "male" if male > female else "female"
        else:
            genders[name] = _by_signs(name, data["female"], data["male"])
    return genders


def _by_signs(name: str, female: str, male: str) -> str:
    """The gender that the characters of a given name suggest, "" where none or both do."""
    if name.endswith(tuple(lists("zh")["flowers"])):
        return "female"  # 牡丹, 沈秋葵
    given = name[1:] if len(name) == 3 or name[0] in lists("zh")["surnames"] else name
    told = {gender for gender, signs in (("female", female), ("male", male)) if any(sign in signs for sign in given)}
    if not told and (name[1:] == "儿" or (len(given) == 2 and given[0] == given[1])):
        return "female"  # 平儿, 李师师
    return told.pop() if len(told) == 1 else ""


def _most(seen: Counter[str]) -> str:
    """The gender that most titles behind a name tell, where it is clear."""
    ranked = seen.most_common(2)
    if not ranked or ranked[0][1] < 2:
        return ""
    return ranked[0][0] if len(ranked) == 1 or ranked[0][1] >= 3 * ranked[1][1] else ""
