"""Capitalised words and person nouns of an English narration: which of them are people."""

from __future__ import annotations

from collections import Counter

from pipeline.script.aliases_en import TITLED, first_names, titled
from pipeline.script.lexicon_en import ANYBODY, LINK, TOKEN, gender_of_person, is_title
from pipeline.script.words import lists

_SHORT_TITLES = frozenset("Mr Mrs Ms Dr Messrs Mme Mlle St Rev Capt Col Gen Prof".split())
_INSIDE = frozenset("de du van von der la le of".split())
_OFFICES = frozenset(
    "dean bishop archbishop archdeacon master president warden mayor governor rector vicar judge".split()
)
"""Titles that with "of" and a place name an office, whoever holds it."""
_NO_ROLE = frozenset(
    "same next spot last first second third fourth rest whole word words letter note paper papers book sign notice clock bell"
    " echo story more most very only truth song chorus crowd people company party board radio phone telephone machine message"
    " door men women children gentlemen".split()
)
"""What stands behind a verb of speech and is nobody with a voice of his own."""
_TOLD_APART = frozenset(
    "old elder eldest elderly young younger youngest tall short fat thin big first second third fourth other senior junior head"
    " black white dark fair lame blind deaf one-eyed red-haired grey-haired gray-haired white-haired bearded".split()
)
"""What tells one of several of a kind from the others. What else is said of a person (angry, happy) is of the moment."""
_FEELS = frozenset(
    "poor good dear worthy unhappy wretched excellent unfortunate angry happy astonished amazed surprised delighted"
    " indignant infuriated furious perplexed puzzled bewildered frightened terrified startled gratified".split()
)
_ENDS_A_ROLE = frozenset("and who whose as when while but or not then again".split())
_KIN = frozenset(
    "father mother daughter son brother sister wife husband uncle aunt nephew niece cousin papa mamma mama widow".split()
)
"""Nouns that mostly stand for somebody with a name, now this one, now that one."""
_OWN = 0.02
"""At least this share of everything that looks like a person is somebody who is called by such a noun only."""
_TURN = 3
"""So many stretches of narration from one tag to the next, at most, are those of an answer."""
_NOBODY = frozenset("voice speaker other one comer newcomer person creature individual".split())
"""Nouns that stand for somebody told of before, whatever precedes them."""


class Sightings:
    """Capitalised names and person nouns as the narration shows them: how often in all, how often speaking."""

    def __init__(self) -> None:
        data = lists("en")
        self.stop = frozenset(word.lower() for word in data["no_name"])
        self.verbs = frozenset(verb.split()[0] for verb in data["speech"])
        self._plain = frozenset(verb for verb in data["speech"] if " " not in verb) - frozenset(data["weak"])
        self.all: Counter[str] = Counter()
        self.speaking: Counter[str] = Counter()
        self.inside: Counter[str] = Counter()
        self.small: Counter[str] = Counter()
        self.placed: Counter[str] = Counter()
        self.places: dict[str, list[int]] = {}
        """In which of the stretches looked at each name stands."""
        self.answers: Counter[frozenset[str]] = Counter()
        """How often two names speak one right behind the other."""
        self._spoke = ("", -_TURN)
        self._looked = 0
        self.bare: Counter[str] = Counter()
        """Titles alone, "the Colonel", wherever they stand."""
        self.first_person = 0

    def look(self, text: str, beside: bool) -> None:
        tokens: list[str] = []
        for match in TOKEN.finditer(text):
            word = match[0]
            if word == "." and tokens and (tokens[-1] in _SHORT_TITLES or (len(tokens[-1]) == 1 and tokens[-1] != "I")):
                continue
            tokens.append(word)
        self._looked += 1
        place, count = 0, len(tokens)
        if beside and tokens[:1] and tokens[0] in self._plain and tokens[1:2] == ["the"]:
            place = self._role(tokens)
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
                elif word == "The" and beside:
                    place = self._person(tokens, place)
                    continue
            elif word.isalpha():
                self.small[word] += 1
                if beside and word == "the":
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
        if len(words) == 1 and tokens[end - 2 : end - 1] in (["the"], ["The"]):
            self._title_alone(words[0])
        if not words or all(is_title(word) for word in words) or len(words) > 4:
            return
        if len(words) > 2 and words[1] == "of" and words[0].lower() in _OFFICES:
            return  # the Dean of Rivermouth, whoever that is by now
        name = _written(words)
        self.all[name] += 1
        self.places.setdefault(name, []).append(self._looked)
        if not begins:
            self.inside[name] += 1
            self.placed[name] += tokens[start - 1] in ("at", "in", "from", "near", "into")
        if beside and self._speaks(tokens, start, end):
            self.speaking[name] += 1
            last, looked = self._spoke
            if last != name and self._looked - looked <= _TURN:
                self.answers[frozenset((last, name))] += 1
            self._spoke = (name, self._looked)

    def _title_alone(self, word: str) -> None:
        if word[0].isupper() and word.lower() in TITLED:
            self.bare["the " + word] += 1

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
                if end == place + 1:
                    self._title_alone(tokens[end])
                if self._speaks(tokens, place, end + 1):
                    self._called(tokens[place + 1 : end + 1])
                return end + 1
        return place + 1

    def _role(self, tokens: list[str]) -> int:
        """ "said the burly chancellor" behind a quotation: whoever it is, a person; the words up to where the sentence goes
        on otherwise. The place to read on from."""
        end = 2
        while (
            end < min(len(tokens), 8) and tokens[end][0].islower() and tokens[end] not in LINK and _goes_on(tokens[end])
        ):
            end += 1
            if (
                gender_of_person(tokens[end - 1]) is not None
                and gender_of_person((tokens[end : end + 1] or [""])[0]) is None
            ):
                break
        if end < len(tokens) and tokens[end][0].isupper():
            return 1  # said the indefatigable Anne
        noun = tokens[end - 1]
        if end == 2 or noun in _NO_ROLE or len(noun) < 3:
            return 1
        following = (tokens[end : end + 1] or [""])[0]
        if gender_of_person(noun) is None and (following in ("and", "or", "but") or noun.endswith("s")):
            return 1
        self._called(tokens[2:end])
        return end

    def _called(self, words: list[str]) -> None:
        """Somebody speaks who is called by what he is."""
        noun = words[-1]
        described = [word for word in words[:-1] if word.lower() not in _FEELS][-2:]
        if noun.lower() in _NOBODY or (noun.lower() in ANYBODY and not described):
            return
        name = " ".join(("the", *described, noun))
        self.speaking[name] += 1
        self.all[name] += 1
        self.places.setdefault(name, []).append(self._looked)

    def people(self) -> Counter[str]:
        """The names that are people, with how often each was seen."""
        first, _ = first_names()
        found: Counter[str] = Counter()
        total = self.all.total()
        bearers = Counter(titled(name) for name in self.all)
        for name, count in self.all.items():
            words = name.split()
            plain = words[0].rstrip(".")
            named = self.small[name.lower()] < count
            if name[-1] == "s" and self.all[name[:-1]]:
                continue  # the Knightleys
            if name.startswith("the ") and words[-1].lower() in _KIN and count < _OWN * total:
                continue
            bare = titled(name) if bearers[titled(name)] == 1 else ""
            alone = self.bare["the " + bare.capitalize()] if bare else 0
            if name.startswith("the ") or (
                is_title(plain) and len(words) > 1 and (count + alone > 1 or self.speaking[name])
            ):
                found[name] = count
                if alone:
                    found["the " + bare.capitalize()] = max(alone, self.all["the " + bare.capitalize()])
            elif self.placed[name] * 3 > count and plain.lower() not in first:
                continue
            elif (self.speaking[name] and named) or (
                plain.lower() in first and (self.inside[name] > 1 or len(words) > 1) and named
            ):
                found[name] = count
        return _without_moods(found)


def _without_moods(found: Counter[str]) -> Counter[str]:
    """The angry master and the master as one, and "the Master" with them: where a noun stands alone or with several
    descriptions, only those count that tell one of a kind from another. Somebody who is always "the genial guest" stays so."""
    roles: dict[str, list[str]] = {}
    for name in sorted(found, key=lambda name: (-found[name], name)):
        if name.startswith("the "):
            roles.setdefault(name.split()[-1].lower(), []).append(name)
    for noun, names in roles.items():
        if len(names) == 1 or noun in ANYBODY:
            continue
        kept: dict[str, str] = {}
        for name in names:
            *described, last = name.split()[1:]
            told = " ".join(("the", *(word for word in described if word.lower() in _TOLD_APART), last))
            count = found.pop(name)
            found[kept.setdefault(told.lower(), told)] += count
    return found


def _goes_on(word: str) -> bool:
    """Whether a word behind "said the" may still belong to whom it tells of."""
    return word[0].isalpha() and word not in _ENDS_A_ROLE and not word.endswith(("ly", "ing"))


def _written(words: list[str]) -> str:
    """Words as a name: short titles get their full stop."""
    return " ".join(word + "." if word in _SHORT_TITLES and word not in ("Mlle", "Mme") else word for word in words)
