"""Who was mentioned in the narration of a chapter, as a trail to look back along from any quotation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.script.attribution.quotation_en import Quote

if TYPE_CHECKING:
    from pipeline.script.mentions_en import Mention


class Trail:
    """See the module. Made in one pass."""

    def __init__(
        self, mentions: Sequence[tuple[int, int, Mention]], quotes: Sequence[Quote], genders: Sequence[str]
    ) -> None:
        """mentions: (unit, paragraph, who) in order; genders: of each character."""
        self._trail: list[tuple[int, int, int, str]] = []  # unit, paragraph, person, role; in order
        self._begin: list[int] = []  # of each quotation: the end of the trail before its unit
        self._chains: list[dict[str, int]] = []
        chain = {"male": -1, "female": -1}
        at = 0
        for quote in quotes:
            limit = quote.unit
            while at < len(mentions) and mentions[at][0] < limit:
                unit, number, mention = mentions[at]
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
