"""The people of an English book, learnt from its narration: names where somebody acts or speaks, with or without a title;
people known by what they are ("the old woman"); several names of one person brought together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from pipeline.nouns import NARRATOR
from pipeline.script.aliases_en import together, told
from pipeline.script.appositions_en import joined
from pipeline.script.folded_en import fold
from pipeline.script.lexicon_en import words_of
from pipeline.script.mentions_en import Reader
from pipeline.script.names import Names
from pipeline.script.sightings_en import Sightings

_FIRST_PERSON = 6
"""So many times "said I" beside a quotation make a book's narrator a character of it; in a short text fewer do."""

_USUAL, _USUAL_COUNT = 0.8, 20
"""The share of "he" among the pronouns behind men's names, and so many pronouns' worth of it, where a book tells little."""
_LEAD = 1.35
"""The logarithm of how much likelier one gender must be: what one pronoun of the usual share tells. There must be two."""
_CLEAR = 0.15
"""So far from the middle between a book's women and men, where their distance is 1, a name must be."""


def learn(texts: Iterable[tuple[str, bool]]) -> Names:
    """Names from narration: (text, whether it stands beside a quotation) each."""
    read = Sightings()
    texts = list(texts)
    for text, beside in texts:
        read.look(text, beside)
    aliases, counts = together(read.people(), read.places, read.answers)
    for other, name in joined((text for text, _ in texts), aliases, read.places).items():
        aliases[name] = (*aliases[name], *aliases.pop(other))
        counts[name] += counts.pop(other)
    if read.first_person >= min(_FIRST_PERSON, 1 + sum(beside for _, beside in texts) // 25):
        aliases[NARRATOR] = (NARRATOR,)
        counts[NARRATOR] = read.first_person
    genders = {name: told(names) for name, names in aliases.items()}
    _from_pronouns(aliases, genders, counts, (text for text, _ in texts))
    for name, names in aliases.items():
        if not genders[name] and any(words_of(one)[0] in ("dr", "doctor") for one in names):
            genders[name] = "male"  # unless pronouns said otherwise
    return Names(counts, genders, "en", aliases, NARRATOR if NARRATOR in aliases else "")


def given(people: Mapping[str, Iterable[str]], genders: Mapping[str, str], texts: Iterable[tuple[str, bool]]) -> Names:
    """Names from a list: main name -> all names of a person, and the gender where it is known. Entries that only repeat
    the surname of another person are taken as that person. `texts`: the book, (text, whether it is speech) each, for
    counts, missing genders, and who the "I" of the book is."""
    aliases = {name: tuple(dict.fromkeys((name, *names))) for name, names in people.items()}
    known = {name: genders.get(name, "") for name in aliases}
    fold(aliases, known)
    known = {name: known[name] or told(names) for name, names in aliases.items()}
    counts: Counter[str] = Counter()
    texts = list(texts)
    _from_pronouns(aliases, known, counts, (text for text, _ in texts))
    return Names(counts, known, "en", aliases, _narrator(aliases, known, texts))


def _narrator(aliases: Mapping[str, tuple[str, ...]], genders: Mapping[str, str], texts: list[tuple[str, bool]]) -> str:
    """Who says "I" in the narration: the one whom others call by name, but whom the narration does not name."""
    read = Sightings()
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
    he, she = (_share_of_he(hints, genders, gender) for gender in ("male", "female"))
    for name in names:
        male, female = hints[name]["male"], hints[name]["female"]
        lead = male * math.log(he / she) + female * math.log((1 - he) / (1 - she))
        if genders[name] or male + female < 2 or he <= she:
            continue
        off = (male / (male + female) - (he + she) / 2) / (he - she)  # of 1 from the women to the men, 0 in the middle
        if abs(lead) >= _LEAD and abs(off) >= _CLEAR and (off > 0) == (lead > 0):
            genders[name] = "male" if lead > 0 else "female"


def _share_of_he(hints: Mapping[str, Counter[str]], genders: Mapping[str, str], gender: str) -> float:
    """How many of the pronouns behind the names of a book's men (women) are he, his or him. Of a heroine who is mostly
    "she", a book has many of them behind the names of men."""
    known = [told for name, told in hints.items() if genders[name] == gender]
    he, she = sum(told["male"] for told in known), sum(told["female"] for told in known)
    usual = _USUAL if gender == "male" else 1 - _USUAL
    return (he + _USUAL_COUNT * usual) / (he + she + _USUAL_COUNT)
