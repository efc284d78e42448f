"""Several English names of one person: which belong together, what gender they tell."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pipeline.script.lexicon_en import gender_of_person, gender_of_title, is_title, words_of
from pipeline.shipped import yaml_of

_COMMON = 0.03
"""First name and surname are the name to show when they are at least this share of all mentions of their person."""
TITLED = frozenset(
    "captain colonel major general admiral lieutenant sergeant corporal commander inspector constable detective"
    " superintendent professor doctor bishop archbishop archdeacon dean judge duke duchess count countess baron baroness earl"
    " signora signor signorina".split()
)
"""Titles that stand for their bearer behind "the": Professor Albright is the Professor."""
_OFFICES = frozenset("bishop archbishop archdeacon dean".split())
"""Titles of which nobody has two: Archdeacon Pike is not the Bishop Pike of the same book."""
_LOOSE = ("", "old", "young", "little", "poor", "dear")
_NEAR = 150
"""Stretches of narration between a full name that is used once or twice and the first name alone, at most."""
_WRITTEN_OUT = {"dr": "doctor", "prof": "professor", "capt": "captain", "col": "colonel", "gen": "general"}
_DOCTOR = ("dr", "doctor")
_IN_USE = 3
"""So many mentions of Dr. Pike, and of Mr. Pike, are of two people."""
_BROTHERS = 5
"""So many mentions of a title with a first name, beside three times as many without, are of two people, where both are told of
together."""
_ANSWERS, _OFTEN = 3, 0.05
"""Two names of one surname answer each other so many times, and so often of all mentions of the rarer: they are two people."""
_RANKS = frozenset("captain colonel major general admiral lieutenant sergeant corporal commander".split())
"""Titles of which nobody has two: General Pike is not the Captain Pike of the same book."""


@cache
def first_names() -> tuple[Mapping[str, str], Mapping[str, list[str]]]:
    """First name -> gender ("" where it is both), and short form -> first names, all in lower case."""
    data = yaml_of(__package__, "names-en.yaml")
    genders = {str(name).lower(): "female" for name in data["female"]}
    for name in data["male"]:
        genders[name.lower()] = "" if name.lower() in genders else "male"
    return genders, {short.lower(): [one.lower() for one in full] for short, full in data["short"].items()}


def _split(name: str) -> tuple[str, str, str]:
    """Title, first name, surname of a name, each in lower case and perhaps empty."""
    words = list(words_of(name))
    title = ""
    while len(words) > 1 and is_title(words[0]):
        title, words = words[0] if title in _LOOSE else title, words[1:]
    if len(words) > 1:
        return title, words[0], words[-1]
    first = words[0] in first_names()[0] or title in ("aunt", "uncle", "cousin", "sir", "master")
    return (title, words[0], "") if first else (title, "", words[0])


@dataclass(frozen=True, slots=True)
class _Seen:
    """How often each name was seen, and, as in `Sightings`, its `places` and the `answers` of one name to another."""

    counts: Mapping[str, int]
    places: Mapping[str, Sequence[int]]
    answers: Mapping[frozenset[str], int]

    def near(self, one: str, two: str) -> int:
        """How many mentions of one name have the other in their stretch of narration or in one of the two on each side."""
        ours, theirs = self.places.get(one, ()), self.places.get(two, ())
        return sum(bisect_right(theirs, at + 2) > bisect_left(theirs, at - 2) for at in ours)

    def answer(self, one: str, two: str) -> bool:
        """Whether two names speak in turns, as one person's do not."""
        found = self.answers.get(frozenset((one, two)), 0)
        return found >= _ANSWERS and found >= _OFTEN * min(self.counts[one], self.counts[two])


def together(
    seen: Counter[str],
    places: Mapping[str, Sequence[int]] | None = None,
    answers: Mapping[frozenset[str], int] | None = None,
) -> tuple[dict[str, tuple[str, ...]], Counter[str]]:
    """Names of one person brought together: canonical name -> all names, and how often each person was mentioned. places:
    in which stretches of narration each name stands, in order; a full name used once far from everybody of its first name
    (an author in a list) is nobody's. answers: how often two names speak one right behind the other."""
    groups: list[Counter[str]] = []
    places = places or {}
    told = _Seen(seen, places, answers or {})
    order = sorted(seen, key=lambda name: (name.startswith("the "), -_fullness(name), -seen[name], name))
    for name in order:
        if name.startswith("the "):
            home = _titled(name, groups)
        else:
            groups = [group for group in groups if not _once_elsewhere(name, group, places)]
            home = _home(name, told, groups)
        if home is None:
            groups.append(Counter({name: seen[name]}))
        else:
            home[name] += seen[name]
    aliases: dict[str, tuple[str, ...]] = {}
    counts: Counter[str] = Counter()
    for group in groups:
        total = sum(group.values())
        full = [name for name in group if group[name] >= max(2, _COMMON * total) and all(_split(name)[1:])]
        named = [name for name in full if not name.startswith("the ")] or [name for name in group if titled(name)]
        best = max(named or full or group, key=lambda name: group[name] / (3 if _is_short(name, group) else 1))
        aliases[best] = (best, *(name for name, _ in group.most_common() if name != best))
        counts[best] = total
    return aliases, counts


def _is_short(name: str, group: Iterable[str]) -> bool:
    """Whether a name is a short form of another of the group: Sue beside Susan."""
    return any(other.lower() in first_names()[1].get(name.lower(), ()) for other in group)


def _once_elsewhere(name: str, group: Mapping[str, int], places: Mapping[str, Sequence[int]]) -> bool:
    """Whether a group is a full name used once or twice, far from any place of the same first name without it."""
    title, first, last = _split(name)
    if not first or last or len(group) > 1:
        return False
    ((full, count),) = group.items()
    title, first_two, last = _split(full)
    if count > 2 or title or not last or first_two != first or not places.get(name) or not places.get(full):
        return False
    return all(abs(one - two) > _NEAR for one in places[name] for two in places[full])


def _titled(name: str, groups: list[Counter[str]]) -> Counter[str] | None:
    """The one group that "the Professor" or "the captain" fits: a Professor Albright, where no other professor is named."""
    noun = name.removeprefix("the ").lower()
    if noun not in TITLED:
        return None
    fitting = [group for group in groups if any(titled(one) == noun for one in group)]
    return fitting[0] if len(fitting) == 1 else None


def titled(name: str) -> str:
    """The title, in lower case and written out, of a name that begins with one of `TITLED`; "" for any other."""
    words = words_of(name)
    title = _WRITTEN_OUT.get(words[0], words[0]) if len(words) > 1 else ""
    return title if title in TITLED else ""


def _first_of(name: str, group: Iterable[str]) -> bool:
    """Whether a bare word is the first name of all in a group that have one, whether the list of names has it or not."""
    title, first, last = _split(name)
    firsts = {_split(other)[1] for other in group if not other.startswith("the ")} - {""}
    return not title and not first and firsts == {last}


def _fullness(name: str) -> int:
    title, first, last = _split(name)
    return 4 * bool(first and last) + 2 * bool(title and last) + bool(title) + bool(last)


def _home(name: str, seen: _Seen, groups: list[Counter[str]]) -> Counter[str] | None:
    """The one group a name fits; of several the one that is mentioned far more than the others."""
    counts = seen.counts
    fitting = [
        group
        for group in groups
        if (_first_of(name, group) or all(_may_be_one(name, other) for other in group if not _first_of(other, group)))
        and (_first_of(name, group) or _shares(name, group))
        and not _told_apart(name, seen, group)
        and _passing(name, counts) == any(_passing(other, counts) for other in group)
    ]
    if any(_in_turns(name, seen, group) for group in groups):  # the father of one of them, and nobody by a first name
        fitting = [group for group in fitting if not any(_split(other)[1] for other in group)]
    title, first, last = _split(name)
    if title in ("dr", "doctor") and not first and any(f"{miss} {last.title()}" in counts for miss in ("Mrs.", "Miss")):
        fitting = [group for group in fitting if all(_gender(other) != "female" for other in group)]
    if title and last:  # Dr. Pike is Dr. Amos Pike, not Tom Pike
        fitting = [group for group in fitting if any(_split(other)[0] == title for other in group)] or fitting
    if last and not title and not first:  # a bare surname is a man's
        men = [group for group in fitting if all(_gender(other) != "female" for other in group)]
        fitting = men or fitting
    if len(fitting) <= 1:
        return fitting[0] if fitting else None
    fitting.sort(key=lambda group: -sum(group.values()))
    clear = sum(fitting[0].values()) >= 3 * sum(fitting[1].values())
    return fitting[0] if clear else None


def _in_turns(name: str, seen: _Seen, group: Iterable[str]) -> bool:
    """Whether Mr. Pike and a Tom of the family speak in turns."""
    title, first, last = _split(name)
    if not (title and last) or first:
        return False
    family = [_split(other) for other in group]
    tom = {one.title() for _, one, surname in family if one and surname == last}
    return any(seen.answer(name, other) for other in (*group, *tom)) if tom else False


def _told_apart(name: str, seen: _Seen, group: Counter[str]) -> bool:
    """Whether a book calls one man Mr. Knightley and his brother Mr. John Knightley, or General Pike beside his sons."""
    title, first, last = _split(name)
    if title in _DOCTOR and last and _both_used(name, seen.counts, group, ("mr",)):
        return True
    if title == "mr" and last and _both_used(name, seen.counts, group, _DOCTOR):
        return True
    if not (title and last) or first:
        return False
    if _ranks(title, last, seen.counts) > 1 and not any(_split(other)[0] == title for other in group):
        return True  # the General's son is the Captain, or Mr. Pike
    if title in _DOCTOR:
        return False
    fuller = [other for other in group if _split(other)[0] == title and _split(other)[1]]
    count = sum(seen.counts[other] for other in fuller)
    bare = sum(seen.counts.get(one.title(), 0) for one in {_split(other)[1] for other in fuller})
    return (
        count >= _BROTHERS
        and seen.counts[name] >= 3 * count
        and bare < _BROTHERS * count  # whom the book calls John needs no Mr. John
        and sum(seen.near(other, name) for other in fuller) >= max(_IN_USE, count / 4)
    )


def _ranks(title: str, last: str, seen: Mapping[str, int]) -> int:
    """How many ranks of a family a book uses, this one among them; 0 for what is no rank."""
    if title not in _RANKS:
        return 0
    held = {_split(other)[0] for other, count in seen.items() if count >= _IN_USE and _split(other)[2] == last}
    return len((held & _RANKS) | {title})


def _both_used(name: str, seen: Mapping[str, int], group: Iterable[str], titles: Sequence[str]) -> bool:
    """Whether a name and one of the group under one of `titles` are both in use: a book's Dr. Craven is not its Mr. Craven."""
    return seen[name] >= _IN_USE and any(_split(other)[0] in titles and seen[other] >= _IN_USE for other in group)


def _passing(name: str, seen: Iterable[str]) -> bool:
    """Whether Bishop Pike is another than Dr. Pike: the book has an Archdeacon Pike too, and two bishops but one archdeacon."""
    title, _, last = _split(name)
    if title not in _OFFICES:
        return False
    holders = {(_split(other)[0], _split(other)[2]) for other in seen} - {(title, last)}
    rivals = any(office in _OFFICES and surname == last for office, surname in holders)
    return rivals and any(office == title for office, _ in holders)


def _gender(name: str) -> str:
    title, first, _ = _split(name)
    return gender_of_title(title) or (first_names()[0].get(first, "") if first else "")


def _same_first(one: str, two: str) -> bool:
    short = first_names()[1]
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
    titles = {title, title_two} - {""}
    if len(titles & _RANKS) > 1 or ("sir" in titles and first and first_two and first != first_two):
        return False  # General and Captain Pike; Sir Thomas and his son Tom
    both = ((title, first, title_two, first_two), (title_two, first_two, title, first))
    if any(one == "lady" and not own and theirs and two != "lady" for one, own, two, theirs in both):
        return False  # Lady Pike and Julia Pike
    wife = titles & {"mrs", "miss"} and any(gender_of_title(one) != "female" for one in titles)
    if len(titles) == 2 and not (first or first_two) and (titles <= _OFFICES or wife):
        return False  # Mrs. Pike is the wife of Dr. Pike, and Miss Pike his daughter
    noble = ("sir", "lady", "lord", "aunt", "uncle", "king", "queen", "father", "mother", "sister", "brother")
    full = (first and last) or (first_two and last_two)
    return bool((title in noble) == (title_two in noble) or full)  # Lady Catherine is not the Catherine of the book


def one_person(one: str, two: str) -> bool:
    """Whether two names share a first name or a surname and nothing speaks against their being one person's: Emma Woodhouse
    may be Emma or Miss Woodhouse, but not Mr. Woodhouse."""
    return _may_be_one(one, two) and (_shares(one, (two,)) or _shares(two, (one,)))


def at_odds(one: str, two: str) -> bool:
    """Whether two names are surely of two people, however alike they look: Mr. and Mrs. Weston, Mrs. and Miss Woodhouse."""
    last = _split(one)[2]
    same = bool(last) and last == _split(two)[2]
    return {_gender(one), _gender(two)} == {"female", "male"} or (same and not _may_be_one(one, two))


def same_first_name(one: str, two: str) -> bool:
    """Whether two names have one first name, or a short form of it."""
    first, first_two = _split(one)[1], _split(two)[1]
    return bool(first and first_two) and _same_first(first, first_two)


def _shares(name: str, group: Iterable[str]) -> bool:
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


def told(names: Iterable[str]) -> str:
    """The gender that the names of a person tell by a title, a first name (Anne Baker is no baker) or a person noun."""
    names = tuple(names)
    for name in names:
        words = words_of(name)
        told = gender_of_title(words[0]) if words else ""
        if told:
            return told
    genders = first_names()[0]
    for name in names:
        bare = [word for word in words_of(name) if not is_title(word)]
        if bare and genders.get(bare[0]) and not {"'s", "’s"} & set(bare[1:2]):
            return genders[bare[0]]
    for name in names:
        for word in reversed(words_of(name)):
            told = gender_of_person(word) or ""
            if told:
                return told
    return next((genders[word] for name in names for word in words_of(name)[:2] if genders.get(word)), "")
