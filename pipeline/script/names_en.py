"""English names, learnt from a book: capitalised words beside a speech verb, with or without a title, or people known by
what they are ("the old woman")."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from pipeline.script.names import Names
from pipeline.script.words import lists, speech

_WORD = r"[A-Z][a-zA-Z’'-]*[a-z]"
_NAME = rf"(?:(?:{{titles}})\.?\s+)?{_WORD}(?:\s+(?:de|van|von|of|the|la|le)\s+[A-Z][a-z’'-]+|\s+{_WORD})*"
_PERSON = r"[Tt]he\s+(?:[a-z]+\s+)?(?:{people})"


def learn(texts: Iterable[tuple[str, bool]]) -> Names:
    data, verbs = lists("en"), speech("en").verb.pattern
    name = _NAME.format(titles="|".join(data["titles"]))
    person = _PERSON.format(people="|".join(data["people"]))
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
    return Names(counts, _genders(counts, seen), "en")


def _genders(counts: Counter[str], texts: Iterable[str]) -> dict[str, str]:
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
