"""English: units of a chapter -> cases, one for every quotation, with the evidence for each who may have spoken it.

Evidence has names ("tag.name": the tag names this person; "said-2": spoke two turns ago) and weighs differently in each
context: beside a name, a pronoun, an acting person, or nothing. What it weighs is learnt, see `rounds_en`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.script.attribution import told_en
from pipeline.script.attribution.case import Case
from pipeline.script.attribution.known_en import reader_of
from pipeline.script.attribution.quotation_en import Quote
from pipeline.script.attribution.scene_en import Scene
from pipeline.script.mentions_en import Mention
from pipeline.script.words import speech

if TYPE_CHECKING:
    from pipeline.script.attribution.units import Unit
    from pipeline.script.names import Names

BEFORE, AFTER = 30, 3
"""How many paragraphs before and after a quotation are searched for who may speak it."""
MOST = 18
"""Candidates of one quotation."""
_WHY = (
    ("tag.name", "tag"), ("tag.person", "tag"), ("tag+", "pronoun"), ("tag.of", "pronoun"),
    ("para<verb.name", "same-paragraph"), ("para>verb.name", "same-paragraph"), ("before.beat.name", "beat"),
    ("after.beat.name", "beat"), ("before.beat+", "beat"), ("colon.name", "colon"), ("said-2", "alternation"),
    ("said+2", "alternation"), ("called-1", "addressed"),
)  # fmt: skip
"""The word of evidence to show for an answer: the first of these that it has."""
_BUCKETS = (0, 1, 2, 3, 5, 8, 14)


@dataclass(frozen=True, slots=True)
class EnglishCase(Case):
    """A case with the `context` its evidence is weighed in, and what its tag `told` besides (`told_en`)."""

    context: str
    told: str = ""


def cases(units: Sequence[Unit], names: Names) -> list[EnglishCase]:
    """A case for every speech unit of a chapter, in order."""
    known = reader_of(names)
    scene = Scene(units, known)
    return [_case(scene, quote, known.names) for quote in scene.quotes]


def _case(scene: Scene, quote: Quote, names: Sequence[str]) -> EnglishCase:
    who = _candidates(scene, quote)
    evidence = _Evidence(scene, quote, who)
    evidence.gather()
    kind = quote.kind
    if quote.tag_text and speech("en").letter.search(quote.tag_text):
        kind = "letter"
    why = tuple(evidence.why(at) for at in range(len(who)))
    people = tuple(names[one] for one in who)
    return EnglishCase(
        quote.unit,
        people,
        tuple(evidence.found),
        scene.link(quote),
        kind,
        quote.tag_text,
        why,
        quote.context,
        told_en.tells(quote) or _nobody(scene, quote, who, evidence.found),
    )


def _nobody(scene: Scene, quote: Quote, who: Sequence[int], found: Sequence[Mapping[str, float]]) -> str:
    """ "nobody" where none of those who may speak can: the tag's pronoun or noun is of the other gender for all of them, or
    the only one there speaks the turn before or behind this one, which has no tag."""
    subject = quote.tag.subject
    if quote.tag.shape == "verb" and subject is not None and subject.kind in ("pronoun", "person") and who:
        return "nobody" if all("tag-" in one for one in found) else ""
    if len(who) == 1 and quote.context == "none":
        turn = scene.turn_of[quote.index]
        return "nobody" if who[0] in (scene.speaker_of_turn(turn - 1), scene.speaker_of_turn(turn + 1)) else ""
    return ""


def _candidates(scene: Scene, quote: Quote) -> list[int]:
    scores: dict[int, float] = {}

    def give(person: int, score: float) -> None:
        if score > scores.get(person, 0.0):
            scores[person] = score

    for stretch in (quote.tag, quote.before, quote.after):
        if stretch.subject:
            for person in stretch.subject.who:
                give(person, 100.0)
        if stretch.name:
            for person in stretch.name.who:
                give(person, 90.0)
    for other in scene.same_paragraph(quote):
        if other.tag.subject:
            for person in other.tag.subject.who:
                give(person, 85.0)
    here = quote.paragraph
    for paragraph in range(max(here - BEFORE, 0), min(here + AFTER + 1, len(scene.paragraphs))):
        away = here - paragraph if paragraph <= here else 2 * (paragraph - here)
        for person, in_speech in scene.paragraphs[paragraph].present.items():
            give(person, (66.0 - 2 * away) * (0.7 if in_speech else 1.0))
    turn = scene.turn_of[quote.index]
    for step in range(-8, 9):
        speaker = scene.speaker_of_turn(turn + step)
        if speaker >= 0 and step:
            give(speaker, 80.0 - 4 * abs(step))
    for rank, person in enumerate(scene.known.common[:5]):
        give(person, 5.0 - rank)
    if scene.known.reader.narrator >= 0:
        give(scene.known.reader.narrator, 12.0)
    return sorted(scores, key=lambda one: -scores[one])[:MOST]


class _Evidence:
    """Collects the evidence for the candidates of one quotation."""

    def __init__(self, scene: Scene, quote: Quote, who: list[int]) -> None:
        self.scene, self.quote, self.who = scene, quote, who
        self.place = {person: at for at, person in enumerate(who)}
        self.found: list[dict[str, float]] = [{} for _ in who]
        self.genders = scene.known.reader.genders

    def add(self, person: int, name: str, value: float = 1.0) -> None:
        at = self.place.get(person)
        if at is not None:
            found = self.found[at]
            found[name] = found.get(name, 0.0) + value

    def once(self, people: Sequence[int], name: str) -> None:
        """Evidence shared by those it may mean."""
        for person in dict.fromkeys(people):
            at = self.place.get(person)
            if at is not None:
                self.found[at][name] = 1.0 / len(people) if len(people) > 1 else 1.0

    def gender(self, mention: Mention | None, name: str) -> None:
        """What a pronoun or person noun says of the candidates' gender."""
        if mention is None or mention.gender not in ("male", "female"):
            return
        for at, person in enumerate(self.who):
            told = self.genders[person]
            self.found[at][name + ("?" if not told else "+" if told == mention.gender else "-")] = 1.0

    def gather(self) -> None:
        self._beside()
        self._inside()
        self._around()
        self._turns()
        self._salience()

    def _mention(self, mention: Mention | None, name: str) -> None:
        if mention is None:
            return
        if mention.who:
            self.once(mention.who[: mention.sure] if mention.kind == "name" else mention.who, f"{name}.{mention.kind}")
            if mention.kind == "name":
                self.once(mention.who[mention.sure :], f"{name}.maybe")
        if mention.kind != "name" or mention.sure > 1:
            self.gender(mention, name)

    def _beside(self) -> None:
        scene, quote = self.scene, self.quote
        self._mention(quote.tag.subject, "tag")
        if quote.tag.name:
            self.once(quote.tag.name.who, "tag.of")
        self._mention(quote.tag.opener, "opener&" if quote.tag.joined else "opener")
        shared = quote.tag.subject or quote.before.subject or quote.after.subject
        if shared is not None and shared.kind == "name" and len(shared.who) > 1:
            for person in shared.who:
                alone = scene.alone.get(person, 0)
                self.add(person, "alone" if alone else "alone.never", min(alone, 20) / 10 if alone else 1.0)
        if quote.tag.subject is not None and len(quote.tag.subject.who) > 1:
            for rank, person in enumerate(quote.tag.subject.who[:4]):
                self.add(person, f"tag.rank{rank}")
        for one in quote.tag.to:
            if one.who:
                self.once(one.who, "to")
            elif one.kind == "pronoun" and one.gender in ("male", "female"):
                self.gender(one, "to")
        for name, stretch, reading in (
            ("before", quote.before, quote.before_reading), ("after", quote.after, quote.after_reading),
        ):  # fmt: skip
            if stretch is not quote.tag:
                self._mention(stretch.subject, f"{name}.{stretch.shape or 'none'}")
            if reading:
                for mention in reading.mentions:
                    if mention.kind != "pronoun" and mention.who:
                        self.once(mention.who, f"{name}.any")
        for other in scene.same_paragraph(quote):
            if other is quote or other.tag.subject is None:
                continue
            side = "<" if other.index < quote.index else ">"
            self._mention(other.tag.subject, f"para{side}{other.tag.shape}")
        if quote.tag.subject is not None and quote.tag.subject.owner:
            for at, person in enumerate(self.who):
                told = scene.known.title[person]
                if told:
                    self.found[at]["kin." + told] = 1.0
        subject = quote.tag.subject or quote.before.subject
        if subject is not None and subject.kind != "name" and subject.gender in ("male", "female"):
            chain = scene.trail.chain(quote, subject.gender)
            if chain >= 0:
                self.add(chain, "chain")
            ranked = [
                one for one in scene.trail.recent(quote, subjects=False) if self.genders[one] in (subject.gender, "")
            ]  # fmt: skip
            for rank, person in enumerate(ranked[:4]):
                self.add(person, f"fit{rank}")
            acting = [
                one for one in scene.trail.recent(quote, subjects=True) if self.genders[one] in (subject.gender, "")
            ]
            for rank, person in enumerate(acting[:4]):
                self.add(person, f"act{rank}")
            fitting = [one for one in self.who[:10] if self.genders[one] == subject.gender]
            if len(fitting) == 1:
                self.add(fitting[0], "onlyfit")

    def _inside(self) -> None:
        quote = self.quote
        self.once(quote.called, "called")
        self.once([one for one in quote.named if one not in quote.called], "named")
        if quote.called_gender:
            for at, person in enumerate(self.who):
                if self.genders[person] == quote.called_gender:
                    self.found[at]["sir"] = 1.0

    def _around(self) -> None:
        scene, quote = self.scene, self.quote
        here = quote.paragraph
        first = quote.place == 0
        if here and first and not quote.before.subject:
            previous = scene.paragraphs[here - 1]
            if not previous.quotes and previous.last_actor is not None:
                colon = "colon" if previous.colon else "prev"
                self._mention(previous.last_actor, colon)
                if previous.first_actor is not previous.last_actor:
                    self._mention(previous.first_actor, "prev1")
            if not previous.quotes:
                for person in previous.present:
                    self.add(person, "prev.any")
                if previous.last_named >= 0:
                    self.add(previous.last_named, "prev.last")
                for mention in previous.objects:
                    self.once(mention.who, "prev.to")
            elif previous.quotes:
                last = previous.quotes[-1]
                for mention in last.tag.to:
                    if mention.who:
                        self.once(mention.who, "spoken.to")
                    else:
                        self.gender(mention, "spoken.to")
                if last.after_reading:
                    speakers = last.tag.subject.who if last.tag.subject else ()
                    for mention in last.after_reading.mentions:
                        if mention.kind != "pronoun" and mention.who and mention.who[0] not in speakers:
                            self.once(mention.who, "spoken.by")
        if here + 1 < len(scene.paragraphs):
            following = scene.paragraphs[here + 1]
            if not following.quotes and following.first_actor is not None:
                self._mention(following.first_actor, "next")

    def _turns(self) -> None:
        scene, quote = self.scene, self.quote
        turn = scene.turn_of[quote.index]
        for step in (-4, -3, -2, -1, 1, 2, 3, 4):
            other = scene.turn(turn, step)
            if other is None:
                continue
            link = "" if scene.unbroken(turn, turn + step) else "~"
            if other.speaker >= 0:
                self.add(other.speaker, f"said{step:+d}{link}")
            elif other.gender and abs(step) <= 2:
                for at, person in enumerate(self.who):
                    told = self.genders[person]
                    if told:
                        self.found[at][f"gender{step:+d}{'=' if told == other.gender else '!'}{link}"] = 1.0
            if abs(step) <= 2:
                self.once(other.called, f"called{step:+d}")
                self.once([one for one in other.named if one not in other.called], f"named{step:+d}")
                if other.called_gender and abs(step) == 1:
                    for at, person in enumerate(self.who):
                        if self.genders[person] == other.called_gender:
                            self.found[at][f"sir{step:+d}"] = 1.0
        known = scene.back(turn)
        for side, (first, second, distance, clear) in (("<", known), (">", scene.forth(turn))):
            if first >= 0:
                parity = "even" if distance % 2 == 0 else "odd"
                depth = "1" if distance <= 2 else "3" if distance <= 6 else "7"
                self.add(first, f"{side}last.{parity}{depth}{'' if clear else '~'}")
                if second >= 0 and second != first:
                    self.add(second, f"{side}other.{parity}{depth}{'' if clear else '~'}")
        spoken = scene.speakers_near(turn)
        for person, count in spoken.items():
            self.add(person, "spoke", min(count, 5) / 2.5)
            self.add(person, "spoke.any")
            if len(spoken) == 2:
                self.add(person, "spoke.two")

    def _salience(self) -> None:
        scene, quote = self.scene, self.quote
        here = quote.paragraph
        for at, person in enumerate(self.who):
            found = self.found[at]
            last, count = scene.trail.seen(person, quote)
            if last is None:
                found["seen.never"] = 1.0
            else:
                away = here - last
                found[f"seen{next((edge for edge in reversed(_BUCKETS) if edge <= away), 0)}"] = 1.0
            if count:
                found["often"] = min(count, 12) / 4.0
            found["common"] = scene.known.weight[person]
            if person in scene.talks:
                found["talks"] = scene.talks[person]
            else:
                found["silent"] = 1.0
            if person == scene.known.reader.narrator:
                found["narrator"] = 1.0
            if not self.genders[person]:
                found["nogender"] = 1.0
        for rank, person in enumerate(scene.trail.recent(quote, subjects=False)[:4]):
            self.add(person, f"recent{rank}")
        for rank, person in enumerate(scene.trail.recent(quote, subjects=True)[:3]):
            self.add(person, f"acted{rank}")

    def why(self, at: int) -> str:
        found = self.found[at]
        for name, word in _WHY:
            if name in found:
                return word
        return "conversation"
