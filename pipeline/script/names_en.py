"""The people of an English book, learnt from its narration: names where somebody acts or speaks, with or without a title;
people known by what they are ("the old woman"); several names of one person brought together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from pipeline.nouns import NARRATOR
from pipeline.script.mentions_en import ANYBODY, TOKEN, Reader, gender_of_person, gender_of_title, is_title, words_of
from pipeline.script.names import Names
from pipeline.script.words import lists

_SHORT_TITLES = frozenset("Mr Mrs Ms Dr Messrs Mme Mlle St Rev Capt Col Gen Prof".split())
_INSIDE = frozenset("de du van von der la le of".split())
_NOBODY = frozenset("voice speaker other one comer newcomer person creature individual".split())
"""Nouns that stand for somebody told of before, whatever precedes them."""
_COMMON = 0.03
"""First name and surname are the name to show when they are at least this share of all mentions of their person."""
_BROTHERS = 5
"""So many mentions of a title with a first name, beside three times as many without, are of two people."""
_FIRST_PERSON = 6
"""So many times "said I" beside a quotation make a book's narrator a character of it."""


@cache
def _first_names() -> tuple[Mapping[str, str], Mapping[str, list[str]]]:
    """First name -> gender ("" where it is both), and short form -> first names, all in lower case."""
    text = resources.files(__package__).joinpath("names-en.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe
    genders = {str(name).lower(): "female" for name in data["female"]}
    for name in data["male"]:
        genders[name.lower()] = "" if name.lower() in genders else "male"
    return genders, {short.lower(): [one.lower() for one in full] for short, full in data["short"].items()}


def learn(texts: Iterable[tuple[str, bool]]) -> Names:
    """Names from narration: (text, whether it stands beside a quotation) each."""
    read = _Sightings()
    texts = list(texts)
    for text, beside in texts:
        read.look(text, beside)
    aliases, counts = _together(read.people())
    if read.first_person >= _FIRST_PERSON:
        aliases[NARRATOR] = (NARRATOR,)
        counts[NARRATOR] = read.first_person
    genders = {name: _told(names) for name, names in aliases.items()}
    _from_pronouns(aliases, genders, counts, (text for text, _ in texts))
    return Names(counts, genders, "en", aliases, NARRATOR if NARRATOR in aliases else "")


def given(people: Mapping[str, Iterable[str]], genders: Mapping[str, str], texts: Iterable[tuple[str, bool]]) -> Names:
    """Names from a list: main name -> all names of a person, and the gender where it is known. Entries that only repeat
    the surname of another person are taken as that person. `texts`: the book, (text, whether it is speech) each, for
    counts, missing genders, and who the "I" of the book is."""
    aliases = {name: tuple(dict.fromkeys((name, *names))) for name, names in people.items()}
    known = {name: genders.get(name, "") for name in aliases}
    _fold(aliases, known)
    known = {name: known[name] or _told(names) for name, names in aliases.items()}
    counts: Counter[str] = Counter()
    texts = list(texts)
    _from_pronouns(aliases, known, counts, (text for text, _ in texts))
    return Names(counts, known, "en", aliases, _narrator(aliases, known, texts))


def _narrator(aliases: Mapping[str, tuple[str, ...]], genders: Mapping[str, str], texts: list[tuple[str, bool]]) -> str:
    """Who says "I" in the narration: the one whom others call by name, but whom the narration does not name."""
    read = _Sightings()
    for text, speech in texts:
        if not speech:
            read.look(text, beside=True)
    if read.first_person < max(_FIRST_PERSON, 0.02 * sum(speech for _, speech in texts)):
        return ""
    names = list(aliases)
    reader = Reader([aliases[name] for name in names], [genders[name] for name in names])
    called: Counter[str] = Counter()
    narrated: Counter[str] = Counter()
    for text, speech in texts:
        reading = reader.read(text)
        for mention in reading.mentions:
            if mention.kind != "name":
                continue
            name = names[mention.who[0]]
            if not speech:
                narrated[name] += 1
            elif reading.low[mention.end : mention.end + 1] != ["'s"] and _calls(
                reading.low, mention.start, mention.end
            ):
                called[name] += 1
    best = max(called, key=lambda name: called[name] / (1 + narrated[name]), default="")
    return best if called[best] >= 2 and called[best] >= narrated[best] else ""


def _calls(low: list[str], start: int, end: int) -> bool:
    before = low[start - 1] if start else ","
    following = low[end] if end < len(low) else "."
    return not following[0].isalpha() and (not before[0].isalpha() or before in ("dear", "my", "mr", "monsieur", "old"))


class _Sightings:
    """Capitalised names and person nouns as the narration shows them: how often in all, how often speaking."""

    def __init__(self) -> None:
        data = lists("en")
        self.stop = frozenset(word.lower() for word in data["no_name"])
        self.verbs = frozenset(verb.split()[0] for verb in data["speech"])
        self.all: Counter[str] = Counter()
        self.speaking: Counter[str] = Counter()
        self.inside: Counter[str] = Counter()
        self.small: Counter[str] = Counter()
        self.placed: Counter[str] = Counter()
        self.first_person = 0

    def look(self, text: str, beside: bool) -> None:
        tokens: list[str] = []
        for match in TOKEN.finditer(text):
            word = match[0]
            if word == "." and tokens and (tokens[-1] in _SHORT_TITLES or (len(tokens[-1]) == 1 and tokens[-1] != "I")):
                continue
            tokens.append(word)
        place, count = 0, len(tokens)
        while place < count:
            word = tokens[place]
            if word[0].isupper():
                end = self._name_end(tokens, place)
                if end > place:
                    self._saw(tokens, place, end, beside)
                    place = end
                    continue
                if word == "I" and beside and self._speaks(tokens, place, place + 1):
                    self.first_person += 1
            elif word.isalpha():
                self.small[word] += 1
                if beside and word == "the":
                    place = self._person(tokens, place)
                    continue
            elif beside and word == "The":
                place = self._person(tokens, place)
                continue
            place += 1

    def _name_end(self, tokens: list[str], place: int) -> int:
        end = place
        while end < len(tokens):
            word = tokens[end]
            if (
                (
                    word[0].isupper()
                    and word != "I"
                    and (word.lower() not in self.stop or is_title(word))
                    and len(word) > 1
                )
                or (
                    word[0].isupper()
                    and len(word) == 1
                    and word != "I"
                    and end + 1 < len(tokens)
                    and tokens[end + 1][0].isupper()
                )
                or (
                    word in _INSIDE
                    and end > place
                    and end + 1 < len(tokens)
                    and tokens[end + 1][0].isupper()
                    and tokens[end + 1].lower() not in self.stop
                )
            ):
                end += 1
            else:
                break
        while end > place and tokens[end - 1] in _INSIDE:
            end -= 1
        return end

    def _saw(self, tokens: list[str], start: int, end: int, beside: bool) -> None:
        begins = start == 0 or tokens[start - 1][0] in ".!?…" or not tokens[start - 1][0].isalnum()
        words = tokens[start:end]
        while words and words[0].lower() in ("the", "dear", "poor"):
            words = words[1:]
        if not words or all(is_title(word) for word in words) or len(words) > 4:
            return
        name = _written(words)
        self.all[name] += 1
        if not begins:
            self.inside[name] += 1
            self.placed[name] += tokens[start - 1] in ("at", "in", "from", "near", "into")
        if beside and self._speaks(tokens, start, end):
            self.speaking[name] += 1

    def _speaks(self, tokens: list[str], start: int, end: int) -> bool:
        if start and tokens[start - 1].lower() in self.verbs:
            return True
        for place in range(end, min(end + 3, len(tokens))):
            if tokens[place] in self.verbs:
                return True
            if not tokens[place].isalpha():
                break
        return False

    def _person(self, tokens: list[str], place: int) -> int:
        """ "the old woman said": a person noun behind "the", with at most one word between."""
        for end in range(place + 1, min(place + 3, len(tokens))):
            word = tokens[end].lower()
            if not tokens[end][0].isalpha():
                break
            following = tokens[end + 1].lower() if end + 1 < len(tokens) else ""
            if gender_of_person(word) is not None and gender_of_person(following) is None:
                if self._speaks(tokens, place, end + 1):
                    if word in _NOBODY or (word in ANYBODY and end == place + 1):
                        return end + 1
                    name = "the " + " ".join(tokens[place + 1 : end + 1])
                    self.speaking[name] += 1
                    self.all[name] += 1
                return end + 1
        return place + 1

    def people(self) -> Counter[str]:
        """The names that are people, with how often each was seen."""
        first, _ = _first_names()
        found: Counter[str] = Counter()
        for name, count in self.all.items():
            words = name.split()
            plain = words[0].rstrip(".")
            named = self.small[name.lower()] < count
            if name[-1] == "s" and self.all[name[:-1]]:
                continue  # the Knightleys
            if name.startswith("the ") or (is_title(plain) and len(words) > 1 and (count > 1 or self.speaking[name])):
                found[name] = count
            elif self.placed[name] * 3 > count and plain.lower() not in first:
                continue
            elif (self.speaking[name] and named) or (
                plain.lower() in first and (self.inside[name] > 1 or len(words) > 1) and named
            ):
                found[name] = count
        return found


def _written(words: list[str]) -> str:
    """Words as a name: short titles get their full stop."""
    return " ".join(word + "." if word in _SHORT_TITLES and word not in ("Mlle", "Mme") else word for word in words)


def _split(name: str) -> tuple[str, str, str]:
    """Title, first name, surname of a name, each in lower case and perhaps empty."""
    words = list(words_of(name))
    title = ""
    while len(words) > 1 and is_title(words[0]):
        title, words = title or words[0], words[1:]
    if len(words) > 1:
        return title, words[0], words[-1]
    first = words[0] in _first_names()[0] or title in ("aunt", "uncle", "cousin", "sir", "master")
    return (title, words[0], "") if first else (title, "", words[0])


def _together(seen: Counter[str]) -> tuple[dict[str, tuple[str, ...]], Counter[str]]:
    """Names of one person brought together: canonical name -> all names, and how often each person was mentioned."""
    groups: list[Counter[str]] = []
    order = sorted(seen, key=lambda name: (-_fullness(name), -seen[name], name))
    for name in order:
        home = None if name.startswith("the ") else _home(name, seen, groups)
        if home is None:
            groups.append(Counter({name: seen[name]}))
        else:
            home[name] += seen[name]
    aliases: dict[str, tuple[str, ...]] = {}
    counts: Counter[str] = Counter()
    for group in groups:
        total = sum(group.values())
        full = [name for name in group if group[name] >= max(2, _COMMON * total) and all(_split(name)[1:])]
        best = max(full or group, key=lambda name: group[name])
        aliases[best] = (best, *(name for name, _ in group.most_common() if name != best))
        counts[best] = total
    return aliases, counts


def _fullness(name: str) -> int:
    title, first, last = _split(name)
    return 4 * bool(first and last) + 2 * bool(title and last) + bool(title) + bool(last)


def _home(name: str, seen: Mapping[str, int], groups: list[Counter[str]]) -> Counter[str] | None:
    """The one group a name fits; of several the one that is mentioned far more than the others."""
    fitting = [
        group
        for group in groups
        if all(_may_be_one(name, other) for other in group)
        and _shares(name, group)
        and not _told_apart(name, seen, group)
    ]
    title, first, last = _split(name)
    if last and not title and not first:  # a bare surname is a man's
        men = [group for group in fitting if all(_gender(other) != "female" for other in group)]
        fitting = men or fitting
    if len(fitting) <= 1:
        return fitting[0] if fitting else None
    fitting.sort(key=lambda group: -sum(group.values()))
    clear = sum(fitting[0].values()) >= 3 * sum(fitting[1].values())
    return fitting[0] if clear else None


def _told_apart(name: str, seen: Mapping[str, int], group: Counter[str]) -> bool:
    """Whether a book calls one man Mr. Knightley and his brother Mr. John Knightley."""
    title, first, last = _split(name)
    if not (title and last) or first:
        return False
    fuller = sum(seen[other] for other in group if _split(other)[0] == title and _split(other)[1])
    return fuller >= _BROTHERS and seen[name] >= 3 * fuller


def _gender(name: str) -> str:
    title, first, _ = _split(name)
    return gender_of_title(title) or (_first_names()[0].get(first, "") if first else "")


def _same_first(one: str, two: str) -> bool:
    short = _first_names()[1]
    return one == two or one in short.get(two, ()) or two in short.get(one, ())


def _may_be_one(one: str, two: str) -> bool:
    """Whether nothing speaks against two names being one person's."""
    if two.startswith("the "):
        return False
    (title, first, last), (title_two, first_two, last_two) = _split(one), _split(two)
    genders = {_gender(one), _gender(two)} - {""}
    if (
        len(genders) > 1
        or (first and first_two and not _same_first(first, first_two))
        or (last and last_two and last != last_two)
    ):
        return False
    if {title, title_two} >= {"mrs", "miss"} or ("mrs" in (title, title_two) and (first or first_two)):
        return one == two  # Mrs. Bennet is not the Miss or the Elizabeth of that name
    noble = ("sir", "lady", "lord", "aunt", "uncle", "king", "queen", "father", "mother", "sister", "brother")
    full = (first and last) or (first_two and last_two)
    return bool((title in noble) == (title_two in noble) or full)  # Lady Catherine is not the Catherine of the book


def _shares(name: str, group: Counter[str]) -> bool:
    """Whether a name has its first name, or its surname, from one of the group."""
    _, first, last = _split(name)
    for other in group:
        _, first_two, last_two = _split(other)
        if first and first_two and _same_first(first, first_two):
            return True
        if last and not first and last == last_two:
            return True
        if first and not last and first == last_two:
            return True
    return False


def _told(names: Iterable[str]) -> str:
    """The gender that the names of a person tell by a title, a person noun or a first name."""
    names = tuple(names)
    for name in names:
        words = words_of(name)
        told = gender_of_title(words[0]) if words else ""
        if told:
            return told
    for name in names:
        for word in reversed(words_of(name)):
            told = gender_of_person(word) or ""
            if told:
                return told
    genders = _first_names()[0]
    return next((genders[word] for name in names for word in words_of(name)[:2] if genders.get(word)), "")


def _from_pronouns(
    aliases: Mapping[str, tuple[str, ...]], genders: dict[str, str], counts: Counter[str], texts: Iterable[str]
) -> None:
    """Count mentions, and learn missing genders from the pronoun that follows a name."""
    names = list(aliases)
    reader = Reader([aliases[name] for name in names], [genders[name] for name in names])
    fresh = not counts
    hints: dict[str, Counter[str]] = {name: Counter() for name in names}
    for text in texts:
        last = ""
        for mention in reader.read(text).mentions:
            if mention.kind != "pronoun" and mention.who:
                if fresh:
                    counts[names[mention.who[0]]] += 1
                last = names[mention.who[0]] if mention.sure == 1 else ""
            elif last and mention.gender in ("male", "female"):
                hints[last][mention.gender] += 1
                last = ""
    for name in names:
        male, female = hints[name]["male"], hints[name]["female"]
        if not genders[name] and male + female >= 2 and max(male, female) >= 2 * min(male, female):
            genders[name] = "male" if male > female else "female"


def _fold(aliases: dict[str, tuple[str, ...]], genders: dict[str, str]) -> None:
    """Take an entry that is no more than the bare surname (or first name) of one other person as that person."""
    bare = {
        name: [
            tuple(word for word in words_of(one) if not is_title(word) and word not in ("the", "a", "an"))
            for one in names
        ]
        for name, names in aliases.items()
    }
    for name in list(aliases):
        own = [words for words in bare[name] if words]
        if genders[name] or len(own) != 1 or len(own[0]) != 1:
            continue
        word = own[0][0]
        title = words_of(name)[0] if is_title(words_of(name)[0]) else ""
        others = [
            other
            for other in aliases
            if other != name and any(len(words) > 1 and word in words for words in bare[other])
            and genders[other] in (gender_of_title(title), genders[other] if not gender_of_title(title) else "", "")
        ]  # fmt: skip
        if title:
            others = [
                other
                for other in others
                if any(words_of(one)[0] == title for one in aliases[other])
                or not any(is_title(words_of(one)[0]) for one in aliases[other])
            ]
        elif any(genders[other] != "female" for other in others):
            others = [other for other in others if genders[other] != "female"]
        if len(others) == 1:
            aliases[others[0]] = (*aliases[others[0]], *aliases.pop(name))
            genders.pop(name)
