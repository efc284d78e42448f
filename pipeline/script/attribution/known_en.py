"""The characters of an English book, made ready for attribution once a book."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from pipeline.script.lexicon_en import is_title
from pipeline.script.mentions_en import Reader

if TYPE_CHECKING:
    from pipeline.script.names import Names


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
