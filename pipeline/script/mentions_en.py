"""Who is mentioned in an English text: names, pronouns and people called by what they are, each with its place in the
sentence. Pattern work, no parser: what stands before and after a mention tells whether it acts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pipeline.script.lexicon_en import (
    ANYBODY,
    BARE,
    BE,
    DETERMINERS,
    LINK,
    NOT_OWNED,
    PRONOUNS,
    SHORT,
    TOKEN,
    gender_of_title,
    is_title,
    person_nouns,
    role_of,
    sentence_ends,
    words_of,
)

_OTHERS = frozenset("other second third fourth old young elder younger senior junior".split())
"""What makes somebody called by what he is another than the one of the book who is called so without it."""
_Key = TypeVar("_Key", str, tuple[str, ...])


@dataclass(frozen=True, slots=True)
class Mention:
    """Tokens start..end of a reading. `kind`: name, person (the old woman), kin (his mother) or pronoun. `who`: the
    characters (their places in the list) it may be, likeliest first; empty for a pronoun or a stranger. `gender`: male,
    female, "", or for pronouns also I, we, many, who. `role`: subject, object, owner. `head`: its noun, in lower case.
    `owner`: for "his mother", the pronoun, for "Anne's mother" "name". `sure`: so many of `who` have exactly this name;
    the others only share a part of it."""

    start: int
    end: int
    kind: str
    who: tuple[int, ...]
    gender: str
    role: str
    head: str
    owner: str = ""
    sure: int = 1


@dataclass(slots=True)
class Reading:
    """A text as tokens: `raw` as written, `low` in lower case, `at` where each begins; `ends` the token after each
    sentence; `mentions` in order."""

    raw: list[str]
    low: list[str]
    at: list[int]
    ends: list[int]
    mentions: list[Mention]

    def sentences(self) -> list[tuple[int, int]]:
        """Token ranges of the sentences, in order."""
        begins = [0, *self.ends[:-1]]
        return list(zip(begins, self.ends, strict=True))


class Reader:
    """Reads texts with the characters of one book: `aliases[i]` are all names of character i, `genders[i]` its gender.
    `narrator` is the character who says "I" in the narration, -1 for none."""

    def __init__(
        self, aliases: Sequence[Iterable[str]], genders: Sequence[str], narrator: int = -1, counts: Sequence[int] = ()
    ) -> None:
        self.genders, self.narrator = list(genders), narrator
        self._learnt: set[int] = set()
        self._nouns: dict[str, str] = dict(person_nouns())
        sure: dict[tuple[str, ...], list[int]] = {}
        loose: dict[tuple[str, ...], list[int]] = {}
        surname: dict[tuple[str, ...], list[int]] = {}
        first: dict[tuple[str, ...], list[int]] = {}
        self.heads: dict[str, list[int]] = {}
        self._described: list[set[str]] = [set() for _ in genders]
        for person, names in enumerate(aliases):
            for name in names:
                words = words_of(name)
                described = False
                while words and words[0] in ("the", "a", "an"):
                    words, described = words[1:], True
                if not words:
                    continue
                if name.startswith("the "):  # learnt from the book, not from a list of characters
                    self._learnt.add(person)
                if described:
                    self._nouns.setdefault(_core(words)[-1], genders[person])
                _put(sure, words, person)
                self._describe(words, person)
                for variant in _variants(words):
                    if variant != words:
                        _put(loose, variant, person)
                        if len(variant) == 1 and variant[0] == words[-1]:
                            _put(surname, variant, person)
                        else:
                            _put(first, variant, person)
        for words, people in loose.items():
            if words not in sure:
                told = gender_of_title(words[0]) if len(words) > 1 else ""
                fitting = [one for one in people if not told or self.genders[one] in (told, "")]
                if words in surname and any(self.genders[one] != "female" for one in people):
                    fitting = [one for one in fitting if self.genders[one] != "female" or one not in surname[words]]
                if fitting and not (len(words) == 1 and (words[0] in person_nouns() or is_title(words[0]))):
                    sure[words] = fitting
        self._by_first: dict[str, list[tuple[tuple[str, ...], tuple[int, ...], int]]] = {}
        for words, people in sure.items():
            told = gender_of_title(words[0]) if len(words) > 1 else ""
            more = [
                one
                for one in first.get(words, ())
                if one not in people and self.genders[one] in (told or self.genders[one], "")
            ]
            if counts:
                people.sort(key=lambda one: -counts[one])
                more.sort(key=lambda one: -counts[one])
            self._by_first.setdefault(words[0], []).append((words, (*people, *more[:2]), len(people)))
        for entries in self._by_first.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def _describe(self, words: tuple[str, ...], person: int) -> None:
        """Remember what a character called by what it is ("the old clerk at the door") can be called."""
        core = _core(words)
        head = core[-1]
        if is_title(words[0]) and len(words) > 1:
            title = {"dr": "doctor"}.get(words[0], words[0])
            if title in self._nouns and title not in ("lady", "little", "master", "mistress", "miss"):
                _put(self.heads, title, person)
        self._described[person].update(core)
        _put(self.heads, head, person)

    def read(self, text: str) -> Reading:
        """Tokens, sentences and mentions of a text. Linear time."""
        raw: list[str] = []
        at: list[int] = []
        for match in TOKEN.finditer(text):
            if (
                match[0] == "."
                and raw
                and (raw[-1] in SHORT or (len(raw[-1]) == 1 and raw[-1].isupper() and raw[-1] != "I"))
            ):
                continue  # the full stop of an abbreviation ends nothing
            raw.append(match[0])
            at.append(match.start())
        low = [word.lower() for word in raw]
        ends = sentence_ends(raw, low)
        mentions: list[Mention] = []
        place, count, people = 0, len(raw), self._nouns
        while place < count:
            word = low[place]
            found = self._name(raw, low, place)
            if found is None and word in PRONOUNS:
                found = self._pronoun(low, place)
            if found is None and word in people:
                found = self._person(raw, low, place, mentions)
            if found is None:
                place += 1
                continue
            while mentions and mentions[-1].end > found.start:
                mentions.pop()  # "old Mrs Pike": the longer reading holds
            mentions.append(found)
            place = found.end
        return Reading(raw, low, at, ends, mentions)

    def _name(self, raw: list[str], low: list[str], place: int) -> Mention | None:
        entries = self._by_first.get(low[place])
        if entries is None:
            return None
        capital = raw[place][0].isupper()
        for words, people, sure in entries:
            size = len(words)
            end = place + size
            if size > 1 and tuple(low[place:end]) != words:
                continue
            if not capital:
                if (
                    not (place and low[place - 1] in DETERMINERS | {"old", "little", "young", "poor"})
                    and words[0] not in BARE
                ):
                    continue
            elif size == 1 and not raw[end - 1][0].isupper():
                continue
            if size == 1 and is_title(words[0]) and end < len(raw) and raw[end][0].isupper() and raw[end].isalpha():
                continue  # "Master" of "Master Bates"
            gender = self.genders[people[0]]
            if any(self.genders[one] != gender for one in people[:sure]):
                gender = ""
            start = (
                place - 1 if place and low[place - 1] in ("the", "a", "an", "old", "poor", "little", "young") else place
            )
            return Mention(start, end, "name", people, gender, role_of(low, start, end), words[-1], sure=sure)
        return None

    def _pronoun(self, low: list[str], place: int) -> Mention:
        gender, role = PRONOUNS[low[place]]
        following = low[place + 1] if place + 1 < len(low) else ""
        if low[place] == "her" and following[:1].isalpha() and following not in NOT_OWNED:
            role = "owner"
        who = (self.narrator,) if gender == "I" and self.narrator >= 0 else ()
        if who:
            gender = self.genders[self.narrator]
        return Mention(place, place + 1, "name" if who else "pronoun", who, gender, role, low[place])

    def _person(self, raw: list[str], low: list[str], place: int, before: list[Mention]) -> Mention | None:
        start, owner, taken = place, "", False
        for back in range(place - 1, max(place - 6, -1), -1):
            word = low[back]
            if word in DETERMINERS or word in ("'s", "’s"):
                start, taken = back, True
                if word in ("his", "her", "my", "their", "our"):
                    owner = word
                elif word in ("'s", "’s"):
                    owner = "name"
                break
            if (not word[0].isalpha() and word != ",") or word in LINK or word in BE:
                break
            start = back
        if not taken:
            bare = low[place] in BARE or (start < place and low[start] in ("poor", "old", "little", "young"))
            if not bare and not raw[place][0].isupper():
                return None
            start = place
        head = low[place]
        gender = self._nouns[head]
        described = set(low[start:place])
        ranked = sorted(
            (one for one in self.heads.get(head, ()) if not gender or self.genders[one] in (gender, "")),
            key=lambda one: -len(described & self._described[one]),
        )
        if ranked:
            best = len(described & self._described[ranked[0]])
            ranked = [one for one in ranked if len(described & self._described[one]) == best]
        if head in ANYBODY and not described - DETERMINERS:
            ranked = [one for one in ranked if one not in self._learnt]
        end = place + 1
        role = len(ranked) == 1 and ranked[0] in self._learnt and head not in ANYBODY and not owner
        if role and low[start] == "the" and not described & _OTHERS - self._described[ranked[0]]:
            return Mention(start, end, "name", tuple(ranked), self.genders[ranked[0]], role_of(low, start, end), head)
        return Mention(
            start, end, "kin" if owner else "person", tuple(ranked[:3]), gender, role_of(low, start, end), head, owner
        )


def _core(words: Sequence[str]) -> list[str]:
    """The words of a description up to its noun: "old clerk" of "old clerk at the door"."""
    core: list[str] = []
    for word in words:
        if core and (word in LINK or word in ("who", "whose", "that")):
            break
        core.append(word)
    return core


def _put(table: dict[_Key, list[int]], words: _Key, person: int) -> None:
    people = table.setdefault(words, [])
    if person not in people:
        people.append(person)


def _variants(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Shorter forms a name may take: without its title, its first or its last word alone, title and last word."""
    if any(word in LINK for word in words) and words[0] in person_nouns():
        return []
    rest = words
    titled = is_title(words[0])
    if titled:
        rest = words[1:]
    found = [rest] if rest else []
    if words[0] == "mrs":
        return [("mrs", rest[-1])] if rest else []
    if len(rest) > 1:
        found += [rest[:1], rest[-1:]]
        if titled:
            found += [(words[0], rest[-1]), (words[0], rest[0])]
        else:
            found += [(title, rest[-1]) for title in ("mr", "mrs", "miss")]
            found += [(title, rest[0]) for title in ("miss", "master")]
    return [one for one in found if one and (len(one) > 1 or len(one[0]) > 1)]
