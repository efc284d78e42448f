"""What stands beside an English quotation: the tag that names its speaker, in whatever shape; who acts next to it; who
is spoken to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from pipeline.script.attribution.inner_en import thinks_of, to_himself
from pipeline.script.lexicon_en import opens_aside
from pipeline.script.mentions_en import Mention, Reading
from pipeline.script.words import lists

_FAR = 45
"""Tokens of a sentence that are searched for its verb of speech."""
_FILL = frozenset(
    "out back in on up aloud again then thus at last once now poor old little dear both also too softly".split()
)
_NO_FILL = frozenset(
    "to at towards toward upon of as when while and if that because before after till until for with in".split()
)
_TRANSITIVE = frozenset(
    "asked answered told addressed begged assured interrupted reminded informed warned urged entreated implored"
    " inquired questioned corrected greeted advised faced called thanked ask asking answering telling addressing assuring"
    " interrupting facing".split()
)


_WORDS = frozenset(
    "answer reply inquiry enquiry question exclamation reproach remark cry words word observation response declaration entreaty"
    " objection command order request whisper retort comment voice assurance statement warning suggestion greeting part".split()
)
"""Nouns for what somebody says, where the owner of the word is the speaker."""
_THOUGHTS = frozenset("thought thoughts reflection reflections".split())
_ASIDE = 20
"""Tokens of an aside, at most."""
_NEAR_WORD = 9
"""Tokens between such an owner and the quotation, at most."""
_HEARD = frozenset("heard hear hearing let made had".split())
_PLAIN = frozenset(
    "say ask answer reply cry exclaim add remark observe whisper murmur mutter shout call saying".split()
)


@cache
def verbs() -> tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[tuple[str, str]]]:
    """Speech verbs of one word; the weak among them; verbs of thinking; speech verbs of two words."""
    data = lists("en")
    one = frozenset(verb for verb in data["speech"] if " " not in verb)
    two = frozenset((verb.split()[0], verb.split()[1]) for verb in data["speech"] if " " in verb)
    thought = frozenset(verb for verb in data["thought"] if " " not in verb)
    return one, frozenset(data["weak"]), thought, two


@dataclass(frozen=True, slots=True)
class Beside:
    """What one stretch of narration says about a quotation next to it.

    shape: "verb" (a verb of speech with its subject), "lead" (no such verb, but the quotation runs into the sentence),
    "beat" (a sentence of its own), "" (nothing). subject: who speaks or acts. name: a named subject of the same sentence
    where `subject` is a pronoun that may stand for it. opener: the first subject of the sentence, where it is another one.
    joined: the verb follows an "and". to: who is spoken to. thought: a verb of thinking.
    fresh: behind the quotation, a new sentence that may lead to the next one instead. near: verb and subject touch, and
    touch the quotation: said Anne.
    """

    shape: str = ""
    subject: Mention | None = None
    name: Mention | None = None
    opener: Mention | None = None
    joined: bool = False
    to: tuple[Mention, ...] = ()
    thought: bool = False
    inverted: bool = False
    span: tuple[int, int] = (0, 0)
    fresh: bool = False
    near: bool = False


NOTHING = Beside()


def after(reading: Reading, comma: bool) -> Beside:
    """The narration behind a quotation. comma: the quotation ends in a comma or a dash, so its sentence goes on."""
    if not reading.raw:
        return NOTHING
    begin, end = 0, min(reading.ends[0], _FAR)
    lower = reading.raw[0][0].islower()
    if reading.low[0] in ("was", "were", "came", "is", "ran"):  # “…” was Anne's answer
        for one in reading.mentions:
            if one.start < 8 and (one.role == "owner" or one.kind != "pronoun"):
                words = reading.low[one.end : one.end + 3]
                thought = not _THOUGHTS.isdisjoint(words)
                close = one.start == 1 and not _WORDS.isdisjoint(words)
                span = (0, min(end, one.end + 2))
                return Beside("verb", one, inverted=True, span=span, thought=thought, near=close)
    if reading.low[0] == "from" or reading.low[:2] == ["burst", "from"]:
        for one in reading.mentions[:1]:
            if one.start <= 2:
                return Beside("verb", one, inverted=True, span=(0, one.end), near=True)
    first = reading.low[0]
    if (
        lower
        and first.endswith("ed")
        and not is_verb(reading, 0)
        and reading.mentions
        and reading.mentions[0].start in (1, 2)
    ):
        one = reading.mentions[0]  # “…,” subjoined Anne: a verb our list does not know
        if one.role != "owner" and (one.kind != "pronoun" or one.role == "subject"):
            return Beside("verb", one, inverted=True, span=(0, 1), near=True)
    found = _tag(reading, begin, end, last=False)
    near = found and (comma or lower or _early(reading, found))
    if found and found.subject and near:
        subject, verb = found.subject, found.span[1] - 1
        near = (found.inverted and verb <= 1) or (subject.start <= 1 and -1 <= verb - subject.end <= 2)
        return replace(found, fresh=not (lower or comma), near=near)
    actor = acting(reading, begin, end)
    if actor is None:
        return NOTHING
    if comma and actor.start == 0 and reading.low[actor.end : actor.end + 1] and reading.low[actor.end].endswith("ed"):
        return Beside("verb", actor, span=(0, actor.end + 1), near=True)  # “…,” Anne yawned
    shape = "lead" if comma or lower else "beat"
    return Beside(shape, actor, to=_spoken_to(reading, begin, end, actor), span=(begin, end))


def before(reading: Reading, lead: bool) -> Beside:
    """The narration in front of a quotation. lead: it ends in a comma, a colon or a dash."""
    if not reading.raw:
        return NOTHING
    begin, end = reading.sentences()[-1]
    begin = max(begin, end - 70)
    found = _tag(reading, begin, end, last=True)
    if found and found.thought and "aloud" in reading.low[found.span[1] : end]:
        found = replace(found, thought=False)  # said Anne to herself; and aloud:
    if found and found.subject and (lead or end - found.span[1] <= 5):
        subject, verb = found.subject, found.span[1] - 1
        close = not found.inverted and 0 <= verb - subject.end <= 2 and end - verb <= 3
        return replace(found, near=close) if lead else replace(found, shape="spoke", near=close)
    speaks = _word_of(reading, begin, end) if lead else None
    if speaks is not None:
        return Beside("verb", speaks, span=(begin, end))
    actor = acting(reading, begin, end)
    if actor is None:
        return NOTHING
    return Beside("lead" if lead else "beat", actor, to=_spoken_to(reading, begin, end, actor), span=(begin, end))


def _word_of(reading: Reading, begin: int, end: int) -> Mention | None:
    """Whose word leads to a quotation: in reply to Anne's question of “…”; on Anne's part, with “…”."""
    for one in reversed(reading.mentions):
        if begin <= one.start and one.end < end and one.role == "owner":
            skip = 0 if one.kind == "pronoun" else 1
            following = reading.low[one.end + skip : min(one.end + skip + 3, end)]
            if any(word in _WORDS for word in following) and end - one.end <= _NEAR_WORD:
                return one
    return None


def _early(reading: Reading, found: Beside) -> bool:
    """“Stop!” Anne said: a new sentence with its verb of speech close to its begin."""
    return found.inverted or found.span[1] <= 8


def is_verb(reading: Reading, place: int) -> bool:
    """Whether a token is a verb of speech."""
    one, _, thought, two = verbs()
    word = reading.low[place]
    following = reading.low[place + 1] if place + 1 < len(reading.low) else ""
    return word in one or word in thought or (word, following) in two


def _tag(reading: Reading, begin: int, end: int, last: bool) -> Beside | None:
    low = reading.low
    places = [place for place in range(begin, end) if is_verb(reading, place) and not _noun(low, place)]
    if not places:
        return None
    mentions = [one for one in reading.mentions if begin <= one.start < end]
    options: list[Beside] = []
    thought_verbs = verbs()[2]
    for place in reversed(places) if last else places:
        found = _subject_of(low, mentions, place, begin)
        if found is None:
            continue
        subject, inverted = found
        name = None
        if subject.kind == "pronoun":
            earlier = [
                one
                for one in mentions
                if one.end <= subject.start and one.kind == "name" and one.role == "subject"
                and (one.gender in (subject.gender, ""))
            ]  # fmt: skip
            name = earlier[-1] if earlier else None
        to = _spoken_to(reading, place, min(end, place + 14), subject)
        subjects = [one for one in mentions if one.role == "subject" and one.end <= place and one.gender != "who"]
        opener = subjects[0] if subjects and subjects[0] is not subject else None
        if subject.head == "voice" and low[subject.end : subject.end + 1] == ["of"]:
            owner = [one for one in mentions if 0 < one.start - subject.end <= 2]
            subject = owner[0] if owner else subject  # said the voice of Anne
        joined = place > 0 and low[place - 1] == "and"
        thought = (low[place] in thought_verbs and not thinks_of(low, place)) or to_himself(low, place)
        options.append(Beside("verb", subject, name, opener, joined, to, thought, inverted, (begin, place + 1)))
        break
    return options[0] if options else None


def _noun(low: list[str], place: int) -> bool:
    """A word that could be a verb of speech but stands as a noun: the answer, her cries."""
    return place > 0 and low[place - 1] in (
        "the",
        "a",
        "an",
        "his",
        "her",
        "my",
        "their",
        "its",
        "this",
        "that",
        "to",
        "no",
    )


def _subject_of(low: list[str], mentions: Sequence[Mention], place: int, begin: int) -> tuple[Mention, bool] | None:
    inverted = None
    for one in mentions:
        if one.start > place:
            gap = low[place + 1 : one.start]
            plain = (
                all(word in _FILL or word.endswith("ly") for word in gap)
                or (len(gap) == 1 and gap[0].isalpha() and gap[0] not in _NO_FILL)
                or (gap[:1] == ["the"] and all(word.isalpha() and word not in _NO_FILL for word in gap))
            )
            object_pronoun = one.kind == "pronoun" and one.role != "subject"
            if len(gap) <= 3 and plain and not object_pronoun and one.role != "owner":
                inverted = one
            break
    previous = [
        one
        for one in mentions
        if one.end <= place and one.gender not in ("who", "many")
        and (one.role == "subject" or (one.role == "owner" and one.kind != "pronoun" and place - one.end <= 3))
    ]  # fmt: skip
    relative = [one for one in mentions if one.end <= place and one.gender == "who"]
    if relative and (not previous or previous[-1].end <= relative[-1].start) and place - relative[-1].end <= 12:
        known = [one for one in mentions if one.end <= relative[-1].start and relative[-1].start - one.end <= 1]
        if known:
            return known[-1], False  # the words were spoken by Anne, who said
    heard = [one for one in mentions if one.end <= place <= one.end + 2 and one.start and low[one.start - 1] in _HEARD]
    if heard and low[place] in _PLAIN:
        return heard[-1], False  # he heard Anne say
    giving = [
        one
        for one in mentions
        if one.end <= place and one.role == "owner" and one.kind != "pronoun"
        and low[one.end + 1 : one.end + 2] and low[one.end + 1].endswith("ing") and low[place].endswith("ing")
    ]  # fmt: skip
    if giving and (not previous or previous[-1].start <= giving[-1].start):
        return giving[-1], False  # without Anne's sighing and saying
    if previous:
        subject = previous[-1]
        told = [one for one in previous if low[one.end : one.end + 2] in ([",", "who"], [",", "whose"])]
        if told and low[place - 1] in (",", "then", "now", "again", "at", "only", "thus", "once", "last", "and"):
            subject = told[-1]  # “Anne, who had watched Tom and Kate, said”
        elif low[place - 1] == "," and (aside := _before_aside(low, previous, place)):
            subject = aside  # “Anne, seeing Tom and Kate, said”
        elif low[place - 1] == "," and low[subject.end : subject.end + 1] != [","]:
            asides = [one for one in previous if low[one.end : one.end + 1] == [","]]
            subject = asides[-1] if asides else previous[0]  # “Anne, going up to where Tom stood, said”
        between = low[subject.end : place]
        if inverted is not None and low[place] not in _TRANSITIVE and (";" in between or len(between) > 12):
            return inverted, True
        return subject, False
    if inverted is not None:
        return inverted, True
    loose = [
        one
        for one in mentions
        if one.end <= place and one.role != "owner" and one.kind != "pronoun" and place - one.end <= 3
    ]
    return (loose[-1], False) if loose else None


def _before_aside(low: list[str], subjects: Sequence[Mention], place: int) -> Mention | None:
    """The subject whose aside ends before the verb: Anne, seeing Tom and Kate, … None where the nearest subject is its own."""
    nearest = subjects[-1]
    if low[nearest.end : nearest.end + 1] == [","] and low[nearest.start - 1] not in ("and", "or"):
        return None
    found = [one for one in subjects[:-1] if low[one.end : one.end + 1] == [","] and opens_aside(low, one.end + 1)]
    if not found or place - found[-1].end > _ASIDE or ";" in low[found[-1].end : place]:
        return None
    return found[-1]


def acting(reading: Reading, begin: int, end: int) -> Mention | None:
    """Who acts in a sentence: its first subject, or the owner its first words name (Anne's eyes filled)."""
    first = None
    for one in reading.mentions:
        if begin <= one.start < end:
            if one.role == "subject" and one.gender not in ("who", "many", "we"):
                return one
            if first is None and one.role == "owner" and one.start - begin <= 2:
                first = one
    return first


def _spoken_to(reading: Reading, begin: int, end: int, subject: Mention) -> tuple[Mention, ...]:
    """Those behind "to", "turning to", or the object of a verb that addresses somebody."""
    found = []
    for one in reading.mentions:
        if begin < one.start < end and one is not subject and one.role != "owner":
            word = reading.low[one.start - 1]
            if word in ("to", "at", "towards", "toward", "upon") or word in _TRANSITIVE:
                found.append(one)
    return tuple(found)
