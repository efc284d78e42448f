"""Where a paragraph's lines are in its document, and each of them put into a ``span`` with an id. Text is never changed:
an inline element that ends in the middle of a line is divided there."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.manuscript.characters import signs
from pipeline.manuscript.markup import BLOCKS, Run, name_of

_DIVISIBLE = frozenset(
    "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd mark s samp small span strike"
    " strong sub sup tt u var".split()
)
_TEXT_ONLY = frozenset(("option", "textarea", "ruby", "rb", "rt"))
"""Elements that hold no span, or that are read as one."""
_MARK = "shuoshu-mark"


@dataclass(frozen=True, slots=True)
class Place:
    """Between two signs of a paragraph: behind `offset` signs of `run`'s text."""

    run: Run
    offset: int


def found(runs: Sequence[Run], texts: Sequence[str]) -> list[tuple[Place, Place] | None]:
    """Where each of a paragraph's lines begins and ends; None for one that is not there. Compared are `signs`, so that
    white space and composed characters do not count."""
    places = [(number, at, sign) for number, run in enumerate(runs) for at, sign in signs(run.text)]
    whole = "".join(sign for _, _, sign in places)
    ranges = matched(whole, ["".join(sign for _, sign in signs(text)) for text in texts])

    def place(index: int, *, behind: bool) -> Place:
        number, at, _ = places[index]
        run = runs[number]
        at += behind
        while behind and at < len(run.text) and unicodedata.combining(run.text[at]):
            at += 1  # an accent that stands by itself belongs to the sign before it
        return Place(run, at)

    return [one and (place(one[0], behind=False), place(one[1] - 1, behind=True)) for one in ranges]


def matched(whole: str, parts: Sequence[str]) -> list[tuple[int, int] | None]:
    """(start, end) of every part in `whole`, one behind the other: from the front as far as all is as it was, from the
    back likewise, and between them each at the first place where it still is. Texts edited by hand are None."""
    ranges: list[tuple[int, int] | None] = [None] * len(parts)
    front, first = 0, 0
    while first < len(parts) and parts[first] and whole.startswith(parts[first], front):
        ranges[first] = (front, front + len(parts[first]))
        front, first = front + len(parts[first]), first + 1
    back, last = len(whole), len(parts)
    while last > first and parts[last - 1] and whole.endswith(parts[last - 1], front, back):
        ranges[last - 1] = (back - len(parts[last - 1]), back)
        back, last = back - len(parts[last - 1]), last - 1
    for index in range(first, last):
        at = whole.find(parts[index], front, back) if parts[index] else -1
        if at >= 0:
            front = at + len(parts[index])
            ranges[index] = (at, front)
    return ranges


def wrap(start: Place, end: Place, identity: str) -> bool:
    """Put what lies between two places of one paragraph into a ``span`` with an id; False, and nothing changed but where an
    inline element is divided, when no element can hold just that. Of several lines the last goes first."""
    last = _mark(end, behind=True)
    first = _mark(start, behind=False)
    try:
        if not _phrase(first, last):
            return False
        above = _common(first, last)
        foreign = _space(above) != _space(above.getroottree().getroot())
        if foreign or name_of(above) in _TEXT_ONLY or not (_lift(last, above) and _lift(first, above)):
            return False
        _enclose(first, last, above, identity)
        return True
    finally:
        _remove(first)
        _remove(last)


def _mark(place: Place, *, behind: bool) -> Any:
    """An empty element at a place."""
    element, slot, offset = place.run.element, place.run.slot, place.offset
    mark = element.makeelement(_MARK)
    if slot == "whole":
        parent = element.getparent()
        if behind:
            mark.tail, element.tail = element.tail, None
        parent.insert(parent.index(element) + behind, mark)
    elif slot == "text":
        mark.tail, element.text = element.text[offset:], element.text[:offset]
        element.insert(0, mark)
    else:
        parent = element.getparent()
        mark.tail, element.tail = element.tail[offset:], element.tail[:offset]
        parent.insert(parent.index(element) + 1, mark)
    return mark


def _remove(mark: Any) -> None:
    """Take a mark out and join the text on both sides."""
    parent = mark.getparent()
    if parent is None:
        return
    before = mark.getprevious()
    if before is None:
        parent.text = (parent.text or "") + (mark.tail or "")
    else:
        before.tail = (before.tail or "") + (mark.tail or "")
    parent.remove(mark)


def _phrase(first: Any, last: Any) -> bool:
    """Whether only text and inline elements lie between two marks. The marks are of one paragraph, so they are near."""
    element = first
    while element is not last:
        following = element[0] if len(element) else element.getnext()
        while following is None:
            element = element.getparent()
            if element is None:
                return False
            following = element.getnext()
        element = following
        if name_of(element) in BLOCKS:
            return False
    return True


def _common(first: Any, last: Any) -> Any:
    above = set(first.iterancestors())
    return next(one for one in last.iterancestors() if one in above)


def _lift(mark: Any, above: Any) -> bool:
    """Move a mark up until it is a child of `above`, dividing what it stands in the middle of."""
    while (parent := mark.getparent()) is not above:
        grand, at = parent.getparent(), parent.getparent().index(parent)
        if mark.getprevious() is None and not (parent.text or "").strip():
            parent.text = (parent.text or "") + (mark.tail or "")
            mark.tail = None
            parent.remove(mark)
            grand.insert(at, mark)
            continue
        if name_of(parent) not in _DIVISIBLE and (mark.getnext() is not None or (mark.tail or "").strip()):
            return False
        rest = parent.makeelement(parent.tag, {name: value for name, value in parent.attrib.items() if name != "id"})
        rest.text, mark.tail = mark.tail, None
        rest.extend(list(mark.itersiblings()))
        tail, parent.tail = parent.tail, None
        parent.remove(mark)
        if len(rest) or (rest.text or "").strip():
            rest.tail = tail
            grand.insert(at + 1, rest)
        else:
            mark.tail = (rest.text or "") + (tail or "")
        grand.insert(at + 1, mark)
    return True


def _enclose(first: Any, last: Any, above: Any, identity: str) -> None:
    span = above.makeelement(f"{_space(above)}span", {"id": identity})
    span.text, first.tail = first.tail, None
    inside = []
    for element in first.itersiblings():
        if element is last:
            break
        inside.append(element)
    span.extend(inside)
    above.insert(above.index(last), span)


def _space(element: Any) -> str:
    """An element's namespace, in braces; "" for none."""
    space, brace, _ = element.tag.rpartition("}")
    return str(space + brace)
