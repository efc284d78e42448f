"""One chapter in English as a scene: its paragraphs, quotations and turns, and who is present where."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.script.attribution import quotation_en, tags_en
from pipeline.script.attribution.known_en import Known
from pipeline.script.attribution.quotation_en import Quote
from pipeline.script.attribution.trail_en import Trail
from pipeline.script.mentions_en import Mention, Reading

if TYPE_CHECKING:
    from pipeline.script.attribution.units import Unit

_MANY, _BESIDE = 40, 8
"""Bounds for paragraphs and turns of any length: names kept of a turn, quotations of one paragraph seen to each side."""
_GAP = 3
"""So many paragraphs without speech end a conversation."""


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
        self.alone: dict[int, int] = {}  # how often somebody is named by a name nobody shares
        self._read(units)
        for quote in self.quotes:
            quote.context = quotation_en.context_of(quote, self.same_paragraph(quote))
        self.turns: list[Turn] = []
        self.turn_of: list[int] = []
        self._take_turns()
        self._breaks = _breaks(self.turns)
        mentions = [
            (unit, number, mention)
            for number, paragraph in enumerate(self.paragraphs)
            for unit, mention in paragraph.mentions
        ]
        self.trail = Trail(mentions, self.quotes, known.reader.genders)

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
            for mention in reading.mentions:
                if mention.kind == "name" and len(mention.who) == 1:
                    self.alone[mention.who[0]] = self.alone.get(mention.who[0], 0) + 1
            if unit.speech:
                quote = quotation_en.read(units, readings, at, here, len(self.quotes))
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
            paragraph.first_actor = paragraph.first_actor or tags_en.acting(reading, begin, end)
        for begin, end in reversed(sentences):
            actor = tags_en.acting(reading, begin, end)
            if actor is not None:
                paragraph.last_actor = actor
                paragraph.objects = [
                    one for one in reading.mentions if begin <= one.start < end and one.role == "object" and one.who
                ]
                break
        paragraph.colon = text.rstrip()[-1:] in ":,—-"

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


def _breaks(turns: Sequence[Turn]) -> list[int]:
    """For each turn, how many times up to it a paragraph without speech stands between two turns."""
    found: list[int] = []
    breaks, last = 0, None
    for turn in turns:
        if last is not None and turn.paragraph - last > 1:
            breaks += 1
        found.append(breaks)
        last = turn.quotes[-1].paragraph
    return found
