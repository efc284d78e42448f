"""One chapter in English as a scene: its paragraphs, quotations and turns, and who is present where."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from pipeline.script.attribution import tags_en
from pipeline.script.attribution.tags_en import NOTHING, Beside
from pipeline.script.mentions_en import Mention, Reader, Reading, is_title

if TYPE_CHECKING:
    from pipeline.script.attribution.units import Unit
    from pipeline.script.names import Names

_BEFORE_CALL = frozenset(", ! ? . -- — ; dear my oh o well yes no dearest sir".split())
_STOPS = (".", "!", "?", "…", '."', ")", "*")
_MANY, _BESIDE = 40, 8
"""Bounds for paragraphs and turns of any length: names kept of a turn, quotations of one paragraph seen to each side."""
_GAP = 3
"""So many paragraphs without speech end a conversation."""


@dataclass(slots=True)
class Known:
    """The characters of a book: `names` in order, their `reader`, the most `common` first, `weight` 0..1 of each, `title`:
    "titled" for those whom every name of theirs gives a title."""

    names: list[str]
    reader: Reader
    common: list[int]
    weight: list[float]
    title: list[str]


_KNOWN: WeakKeyDictionary[object, Known] = WeakKeyDictionary()


def reader_of(names: Names) -> Known:
    """The characters of `names`, made ready once a book."""
    known = _KNOWN.get(names)
    if known is None:
        people = list(names.aliases)
        genders = [names.gender(one) for one in people]
        narrator = people.index(names.narrator) if names.narrator in names.aliases else -1
        counts = [names.counts.get(one, 0) for one in people]
        most = max(counts, default=1) or 1
        weight = [math.log1p(count) / math.log1p(most) for count in counts]
        common = sorted(range(len(people)), key=lambda one: -counts[one])
        reader = Reader([names.aliases[one] for one in people], genders, narrator, counts)
        title = ["titled" if is_title(one.split()[0]) else "" for one in people]
        known = Known(people, reader, common, weight, title)
        _KNOWN[names] = known
    return known


@dataclass(slots=True)
class Quote:
    """A quotation, the `place`th of its paragraph: what stands before and after it, its `tag` (one of the two, or nothing),
    who is called and named in it, and the `context` its evidence is weighed in."""

    unit: int
    index: int
    paragraph: int
    place: int = 0
    before: Beside = NOTHING
    after: Beside = NOTHING
    tag: Beside = NOTHING
    before_reading: Reading | None = None
    after_reading: Reading | None = None
    called: list[int] = field(default_factory=list)
    named: list[int] = field(default_factory=list)
    called_gender: str = ""
    open: bool = False
    context: str = "none"
    kind: str = "dialogue"
    tag_text: str = ""


@dataclass(slots=True)
class Paragraph:
    """`present`: everyone named, and whether only inside speech; `mentions` of its narration, in order."""

    quotes: list[Quote] = field(default_factory=list)
    present: dict[int, bool] = field(default_factory=dict)
    mentions: list[tuple[int, Mention]] = field(default_factory=list)
    objects: list[Mention] = field(default_factory=list)
    first_actor: Mention | None = None
    last_actor: Mention | None = None
    last_named: int = -1
    colon: bool = False
    ends: bool = False


@dataclass(slots=True)
class Turn:
    """The quotations of one paragraph, or of several that a quotation left open runs through. `speaker` is the one its tag
    names, -1 where none does; `gender` what a pronoun in the tag tells."""

    quotes: list[Quote]
    paragraph: int
    speaker: int = -1
    gender: str = ""
    conversation: int = 0
    called: list[int] = field(default_factory=list)
    named: list[int] = field(default_factory=list)
    called_gender: str = ""


class Scene:
    """See the module. Everything is found in one pass over the units."""

    def __init__(self, units: Sequence[Unit], known: Known) -> None:
        self.known = known
        self.paragraphs: list[Paragraph] = []
        self.quotes: list[Quote] = []
        self._read(units)
        for quote in self.quotes:
            quote.context = self._context(quote)
        self.turns: list[Turn] = []
        self.turn_of: list[int] = []
        self._take_turns()
        self._histories()

    # --- reading ---------------------------------------------------------------------------------------------------

    def _read(self, units: Sequence[Unit]) -> None:
        reader = self.known.reader
        number = None
        readings = [reader.read(unit.text) for unit in units]
        for at, unit in enumerate(units):
            if unit.paragraph != number:
                number = unit.paragraph
                self.paragraphs.append(Paragraph())
            paragraph = self.paragraphs[-1]
            if unit.ends_conversation:
                paragraph.ends = True
                continue
            here = len(self.paragraphs) - 1
            reading = readings[at]
            if unit.speech:
                quote = self._quote(units, readings, at, here)
                quote.place = len(paragraph.quotes)
                paragraph.quotes.append(quote)
                self.quotes.append(quote)
                for person in quote.named:
                    paragraph.present.setdefault(person, True)
                continue
            self._narration(paragraph, at, reading, unit.text)

    def _narration(self, paragraph: Paragraph, at: int, reading: Reading, text: str) -> None:
        for mention in reading.mentions:
            paragraph.mentions.append((at, mention))
            if mention.kind != "pronoun" and mention.who:
                paragraph.present |= dict.fromkeys(mention.who[:3], False)
                paragraph.last_named = mention.who[0]
        sentences = reading.sentences() if reading.raw else []
        for begin, end in sentences[:1]:
            paragraph.first_actor = paragraph.first_actor or tags_en._actor(reading, begin, end)
        for begin, end in reversed(sentences):
            actor = tags_en._actor(reading, begin, end)
            if actor is not None:
                paragraph.last_actor = actor
                paragraph.objects = [
                    one for one in reading.mentions if begin <= one.start < end and one.role == "object" and one.who
                ]
                break
        paragraph.colon = text.rstrip()[-1:] in ":,—-"

    def _quote(self, units: Sequence[Unit], readings: Sequence[Reading], at: int, here: int) -> Quote:
        unit = units[at]
        quote = Quote(at, len(self.quotes), here, open=unit.open)
        inner = unit.text.rstrip().rstrip("\"”'’»").rstrip()
        comma = inner.endswith((",", "--", "—", "–", "-"))
        if at + 1 < len(units) and units[at + 1].paragraph == unit.paragraph and not units[at + 1].speech:
            quote.after_reading = readings[at + 1]
            quote.after = tags_en.after(readings[at + 1], comma)
        if at and units[at - 1].paragraph == unit.paragraph and not units[at - 1].speech:
            text = units[at - 1].text.rstrip()
            quote.before_reading = readings[at - 1]
            quote.before = tags_en.before(readings[at - 1], not text.endswith(_STOPS))
        elif at and not units[at - 1].speech and not units[at - 1].ends_conversation:
            text = units[at - 1].text.rstrip()
            if not text.endswith(_STOPS) and units[at - 1].paragraph >= unit.paragraph - 1:
                quote.before_reading = readings[at - 1]
                quote.before = tags_en.before(readings[at - 1], True)
            elif units[at - 1].paragraph == unit.paragraph - 1 and not _in_speech(units, at - 1):
                spoke = tags_en.before(readings[at - 1], False)
                if spoke.shape == "spoke":
                    quote.before_reading, quote.before = readings[at - 1], spoke
        quote.tag = _chosen(quote)
        self._addressed(quote, readings[at])
        if quote.tag.thought:
            quote.kind = "thought"
        if quote.tag.shape in ("verb", "lead"):
            source = quote.after_reading if quote.tag is quote.after else quote.before_reading
            if source:
                begin, end = quote.tag.span
                quote.tag_text = " ".join(source.raw[begin : min(end + 12, len(source.raw))])
        return quote

    def _addressed(self, quote: Quote, reading: Reading) -> None:
        low = reading.low
        for one in reading.mentions:
            if one.kind == "pronoun":
                continue
            before = low[one.start - 1] if one.start else ","
            following = low[one.end] if one.end < len(low) else "."
            calls = before in _BEFORE_CALL and following in (",", "!", "?", ".", "--", "—", ";", "...")
            if one.kind == "name" and low[one.start] not in ("i", "me", "my", "myself"):
                quote.named.append(one.who[0])
                if calls:
                    quote.called.extend(one.who)
            elif calls and one.kind == "person":
                quote.called_gender = quote.called_gender or one.gender
                quote.called.extend(one.who[:1])
        for place, word in enumerate(low):
            if word in ("sir", "ma'am", "madam", "miss", "mister") and not quote.called_gender:
                following = low[place + 1] if place + 1 < len(low) else "."
                if not following[0].isalpha():
                    quote.called_gender = "male" if word in ("sir", "mister") else "female"

    def _context(self, quote: Quote) -> str:
        if quote.tag.subject is not None:
            sure = "near" if quote.tag.near and quote.tag.shape == "verb" and not quote.tag.fresh else ""
            return sure + quote.tag.shape + _kind(quote.tag.subject)
        tagged = [one for one in self.same_paragraph(quote) if one.tag.subject is not None]
        if tagged:
            nearest = min(tagged, key=lambda one: abs(one.index - quote.index))
            side = "after" if nearest.index < quote.index else "ahead"
            return side + _kind(nearest.tag.subject) if nearest.tag.subject else "none"
        for stretch in (quote.before, quote.after):
            if stretch.subject is not None:
                return "beat" + _kind(stretch.subject)
        return "none"

    # --- turns -----------------------------------------------------------------------------------------------------

    def _take_turns(self) -> None:
        conversation, last = 0, None
        for number, paragraph in enumerate(self.paragraphs):
            if paragraph.ends:
                conversation += 1
                last = None
            if not paragraph.quotes:
                continue
            if last is not None and number - last > _GAP:
                conversation += 1
            continues = bool(self.turns) and last == number - 1 and self.turns[-1].quotes[-1].open
            last = number
            if continues:
                self.turns[-1].quotes.extend(paragraph.quotes)
            else:
                self.turns.append(Turn(list(paragraph.quotes), number, conversation=conversation))
            self.turn_of.extend([len(self.turns) - 1] * len(paragraph.quotes))
        genders = self.known.reader.genders
        for turn in self.turns:
            for quote in turn.quotes:
                subject = quote.tag.subject
                if len(turn.named) < _MANY:
                    turn.called.extend(quote.called)
                    turn.named.extend(quote.named)
                turn.called_gender = turn.called_gender or quote.called_gender
                if subject is None or turn.speaker >= 0:
                    continue
                if subject.kind == "name" or (subject.kind == "person" and len(subject.who) == 1):
                    turn.speaker = subject.who[0]
                    turn.gender = genders[turn.speaker]
                elif quote.tag.name:
                    turn.speaker = quote.tag.name.who[0]
                    turn.gender = genders[turn.speaker]
                elif subject.gender in ("male", "female"):
                    turn.gender = subject.gender

        talked: dict[int, int] = {}
        for turn in self.turns:
            if turn.speaker >= 0:
                talked[turn.speaker] = talked.get(turn.speaker, 0) + 1
        most = math.log1p(max(talked.values(), default=1))
        self.talks = {person: math.log1p(count) / most for person, count in talked.items()}

    def link(self, quote: Quote) -> str:
        """How a quotation hangs on to the one before it."""
        if quote.index == 0:
            return "start"
        previous = self.quotes[quote.index - 1]
        turn, before = self.turns[self.turn_of[quote.index]], self.turns[self.turn_of[previous.index]]
        if previous.paragraph == quote.paragraph:
            return "same-paragraph"
        if turn is before:
            return "continued"
        if turn.conversation != before.conversation:
            return "start"
        away = quote.paragraph - previous.paragraph
        return "adjacent" if away == 1 else "action-between" if away == 2 else "far"

    def same_paragraph(self, quote: Quote) -> list[Quote]:
        """The quotations of the same paragraph, itself among them; of very many the nearest."""
        return self.paragraphs[quote.paragraph].quotes[max(quote.place - _BESIDE, 0) : quote.place + _BESIDE + 1]

    def turn(self, turn: int, step: int) -> Turn | None:
        """The turn so many steps away in the same conversation."""
        other = turn + step
        if 0 <= other < len(self.turns) and self.turns[other].conversation == self.turns[turn].conversation:
            return self.turns[other]
        return None

    def speaker_of_turn(self, turn: int) -> int:
        return self.turns[turn].speaker if 0 <= turn < len(self.turns) else -1

    def unbroken(self, one: int, two: int) -> bool:
        """Whether no paragraph without speech stands between two turns."""
        first, last = min(one, two), max(one, two)
        return self._breaks[last] == self._breaks[first]

    def back(self, turn: int) -> tuple[int, int, int, bool]:
        return self._nearest(turn, -1)

    def forth(self, turn: int) -> tuple[int, int, int, bool]:
        return self._nearest(turn, 1)

    def _nearest(self, turn: int, step: int) -> tuple[int, int, int, bool]:
        """The nearest turn with a named speaker in one direction: the speaker, the next other one behind it, how far, and
        whether the turns between are unbroken."""
        at, first, distance = turn + step, -1, 0
        while 0 <= at < len(self.turns) and abs(at - turn) <= 16:
            if self.turns[at].conversation != self.turns[turn].conversation:
                break
            speaker = self.turns[at].speaker
            if first < 0 and speaker >= 0:
                first, distance = speaker, abs(at - turn)
            elif first >= 0 and speaker >= 0 and speaker != first:
                return first, speaker, distance, self.unbroken(turn, turn + step * distance)
            at += step
        return first, -1, distance, first >= 0 and self.unbroken(turn, turn + step * distance)

    def speakers_near(self, turn: int) -> Mapping[int, int]:
        """Named speakers of the conversation within twelve turns, how often each."""
        found: dict[int, int] = {}
        for step in range(-12, 13):
            other = self.turn(turn, step)
            if step and other is not None and other.speaker >= 0:
                found[other.speaker] = found.get(other.speaker, 0) + 1
        return found

    # --- who is present --------------------------------------------------------------------------------------------

    def _histories(self) -> None:
        self._breaks: list[int] = []
        breaks, last = 0, None
        for turn in self.turns:
            if last is not None and turn.paragraph - last > 1:
                breaks += 1
            self._breaks.append(breaks)
            last = turn.quotes[-1].paragraph
        self._trail: list[tuple[int, int, int, str]] = []  # unit, paragraph, person, role; in order
        self._begin: list[int] = []  # of each quotation: the end of the trail before its unit
        self._chains: list[dict[str, int]] = []
        genders = self.known.reader.genders
        chain = {"male": -1, "female": -1}
        at = 0
        ordered = [
            (unit, number, mention)
            for number, paragraph in enumerate(self.paragraphs)
            for unit, mention in paragraph.mentions
        ]
        for quote in self.quotes:
            limit = quote.unit
            while at < len(ordered) and ordered[at][0] < limit:
                unit, number, mention = ordered[at]
                at += 1
                if mention.kind == "pronoun":
                    if mention.gender in chain and chain[mention.gender] >= 0:
                        self._trail.append((unit, number, chain[mention.gender], "again"))
                    continue
                if mention.who:
                    person = mention.who[0]
                    self._trail.append((unit, number, person, mention.role))
                    if genders[person] in chain and mention.role != "owner":
                        chain[genders[person]] = person
            self._begin.append(len(self._trail))
            self._chains.append(dict(chain))

    def chain(self, quote: Quote, gender: str) -> int:
        """Whom a pronoun before this quotation last stood for."""
        return self._chains[quote.index][gender]

    def recent(self, quote: Quote, *, subjects: bool) -> list[int]:
        """Who was mentioned in the narration before a quotation, the latest first; at most six."""
        found: list[int] = []
        end = self._begin[quote.index]
        for place in range(end - 1, max(end - 60, -1), -1):
            _, _, person, role = self._trail[place]
            if role == "again" or (subjects and role != "subject") or person in found:
                continue
            found.append(person)
            if len(found) == 6:
                break
        return found

    def seen(self, person: int, quote: Quote) -> tuple[int | None, int]:
        """The paragraph of the last mention in the narration, and how many of the last 60 mentions are of this person."""
        end, last, count = self._begin[quote.index], None, 0
        for place in range(end - 1, max(end - 60, -1), -1):
            if self._trail[place][2] == person:
                count += 1
                if last is None:
                    last = self._trail[place][1]
        return last, count


def _in_speech(units: Sequence[Unit], at: int) -> bool:
    """Whether a quotation stands in front of this stretch in its paragraph."""
    return at > 0 and units[at - 1].paragraph == units[at].paragraph


def _chosen(quote: Quote) -> Beside:
    """The stretch that is the tag: a verb of speech first, behind before in front."""
    fresh = quote.after.fresh
    for shape in ("verb", "lead", "spoke"):
        for stretch in (quote.before, quote.after) if fresh else (quote.after, quote.before):
            if stretch.shape == shape and stretch.subject is not None:
                return stretch
    return NOTHING


def _kind(subject: Mention) -> str:
    if subject.kind == "name":
        return "name" if subject.sure == 1 else "names"
    if subject.kind == "pronoun" and subject.gender not in ("male", "female"):
        return "pronouns"
    return subject.kind
