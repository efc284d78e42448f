"""One English quotation: what stands beside it, who is called and named in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.script.attribution import tags_en
from pipeline.script.attribution.tags_en import NOTHING, Beside
from pipeline.script.mentions_en import Mention, Reading

if TYPE_CHECKING:
    from pipeline.script.attribution.units import Unit


_BEFORE_CALL = frozenset(", ! ? . -- — ; dear my oh o well yes no dearest sir".split())
_STOPS = (".", "!", "?", "…", '."', ")", "*")


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


def read(units: Sequence[Unit], readings: Sequence[Reading], at: int, paragraph: int, index: int) -> Quote:
    """The quotation `at` this place of a chapter's units: what stands beside it, and who is called in it."""
    unit = units[at]
    quote = Quote(at, index, paragraph, open=unit.open)
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
    _addressed(quote, readings[at])
    if quote.tag.thought:
        quote.kind = "thought"
    if quote.tag.shape in ("verb", "lead"):
        source = quote.after_reading if quote.tag is quote.after else quote.before_reading
        if source:
            begin, end = quote.tag.span
            quote.tag_text = " ".join(source.raw[begin : min(end + 12, len(source.raw))])
    return quote


def _addressed(quote: Quote, reading: Reading) -> None:
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


def context_of(quote: Quote, beside: Sequence[Quote]) -> str:
    """What the evidence of a quotation is weighed by. beside: the quotations of its paragraph."""
    if quote.tag.subject is not None:
        sure = "near" if quote.tag.near and quote.tag.shape == "verb" and not quote.tag.fresh else ""
        return sure + quote.tag.shape + _kind(quote.tag.subject)
    tagged = [one for one in beside if one.tag.subject is not None]
    if tagged:
        nearest = min(tagged, key=lambda one: abs(one.index - quote.index))
        side = "after" if nearest.index < quote.index else "ahead"
        return side + _kind(nearest.tag.subject) if nearest.tag.subject else "none"
    for stretch in (quote.before, quote.after):
        if stretch.subject is not None:
            return "beat" + _kind(stretch.subject)
    return "none"


def _in_speech(units: Sequence[Unit], at: int) -> bool:
    """Whether a quotation stands in front of this stretch in its paragraph."""
    return at > 0 and units[at - 1].paragraph == units[at].paragraph


def _chosen(quote: Quote) -> Beside:
    """The stretch that is the tag: a verb of speech first, behind before in front."""
    fresh = quote.after.fresh or _led_in(quote)
    for shape in ("verb", "lead", "spoke"):
        for stretch in (quote.before, quote.after) if fresh else (quote.after, quote.before):
            if stretch.shape == shape and stretch.subject is not None:
                return stretch
    return NOTHING


def _led_in(quote: Quote) -> bool:
    """“Anne said, "…," and Tom replied, "…"”: two tags with a quotation each, not one between its own two halves."""
    one, two = quote.before, quote.after
    return (
        one.shape == two.shape == "verb"
        and one.near
        and not one.inverted
        and not two.inverted
        and quote.place == 0
        and (one.subject is None or two.subject is None or one.subject.who != two.subject.who)
    )


def _kind(subject: Mention) -> str:
    if subject.kind == "name":
        return "names" if subject.sure > 1 else "shared" if len(subject.who) > 1 else "name"
    if subject.kind == "pronoun" and subject.gender not in ("male", "female"):
        return "pronouns"
    return subject.kind
