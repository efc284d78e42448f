"""English speech that dashes mark at the beginning of a paragraph: — Let us go, — said Anne. —Let us go, said Anne."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache

from pipeline.script.quotes import Span
from pipeline.script.words import lists

_DASH = "[—–―]|--"
OPENS = re.compile(rf"\s*(?:——|{_DASH}|- )\s*[^\W_]")
"""A paragraph that begins with a dash."""
_QUOTE_FIRST = re.compile(r"\s*[“\"‘']")
_SPACED = re.compile(rf"(?:(?<=[,.!?…;])\s*|\s)(?:{_DASH}|-(?=\s))\s*")
"""A dash that may part a tag from what is said."""
_PLAIN = re.compile(r"(?<=[,!?…—―])\s+")
"""Where a tag may begin without a dash before it."""
_ENDS = re.compile(r"(?<!\bMr)(?<!\bMrs)(?<!\bDr)(?<!\bSt)([.!?…])(?:\s+|$)")
_CLAUSE = re.compile(r"[,;:]\s+")
_STORY = re.compile(
    r"(?:and|but|as|with|while|when|who|which|in|at|to|then|his|her|their|my|for|without|after|before)\b"
    r"|(?:well\s)?\w+(?:ing|ly|ed)\b"
)
"""How a clause begins that goes on with a tag: said Anne, and rose."""
_WHO = re.compile(
    r"(?:the|a|an|his|her|my|our|their)(?:\s(?!is\b|was\b|are\b|were\b|has\b|had\b|will\b|must\b)[\w’'-]+){1,4}(?=[,.!?])"
)
"""said Ben Pike, the gardener."""
_TALK = re.compile(r"\b(?:I|you|my|your|we|me|us|our)\b")
_ACTED = (
    r"\s(?:[a-z]+ed|came|went|took|sat|stood|rose|fell|ran|shook|put|got|gave|felt|made|saw|began"
    r"|held|let|left|shut|drew|threw|caught|bent|lay|knelt|spoke|knew)\b"
)
_ACTS = re.compile(
    rf"(?:(?:He|She|They|His|Her|The)\b(?:\s(?!is|are|has|to|be|will|I)[\w’']+){{0,2}}?|(?!(?:I|It|We|You|There|That|This|What|Who|And|But|So|If)\b)[A-Z]\w+){_ACTED}"
)
"""The beginning of a sentence that tells what somebody did."""
_BEAT = re.compile(rf"(?<=[.!?…] [—–―] ){_ACTS.pattern}")
"""What somebody does behind a dash of its own: — I will ask. — She turned away."""


@cache
def _tag() -> re.Pattern[str]:
    words = set(lists("en")["speech"]) | set(lists("en")["thought"])
    verb = "(?:" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + ")"
    called = r"(?:(?:Mr|Mrs|Ms|Dr|St)\.?|uncle|aunt|cousin|old|young|little|poor)"
    name = rf"(?:{called}\s)?[A-Z][\w’'-]*(?:\s(?:[A-Z][\w’'-]*|of|the|de)){{0,3}}"
    noun = r"(?:[Tt]he|[Aa]|[Aa]n|[Hh]is|[Hh]er|[Mm]y|their|our|one|some|another)(?:\s[\w’'-]+){1,4}?"
    who = rf"(?:[Hh]e|[Ss]he|[Tt]hey|I|[Ww]e|{name}|{noun})"
    on = "to|with|in|at|on|from|as|and|when|while|after|before|again|then|back|aloud|up|out"
    ends = rf"(?=\s*(?:[,.:;!?…—–―]|--|$)|\s(?:{on}|\w+(?:ly|ing))\b)"
    return re.compile(rf"{verb}\s{who}\b|{who}(?:\s\w+ly)?\s{verb}\b{ends}")


def speaks(texts: Sequence[str]) -> bool:
    """Whether a chapter of these paragraphs marks its speech by dashes: several paragraphs begin with one, and at least as
    many as with a quotation mark; or one does, that ends a sentence, and none with a mark."""
    dashes = [text for text in texts if OPENS.match(text)]
    quotes = sum(bool(_QUOTE_FIRST.match(text)) for text in texts)
    if len(dashes) > 1:
        return len(dashes) >= quotes
    return len(dashes) == 1 and not quotes and dashes[0].rstrip()[-1:] in ".!?…"


def spans(text: str) -> list[Span]:
    """A paragraph that begins with a dash as speech and narration, in order, together covering all of it. A tag stands behind
    a second dash, or behind a comma, a question or exclamation mark where a verb of speech with its subject shows it."""
    tag = _tag()
    places = {match.end(): True for match in _SPACED.finditer(text) if match.start() > 1}
    places = {match.end(): False for match in _PLAIN.finditer(text)} | places
    stops = [*_ENDS.finditer(text)]
    found: list[Span] = []
    begin = 0
    for place in sorted(places):
        if place <= begin:
            continue
        match = tag.match(text, place) or (_BEAT.match(text, place) if places[place] else None)
        if not match:
            continue
        found.append(Span(begin, place, True))
        begin = _end_of_tag(text, match.end(), stops, dashed=places[place])
        found.append(Span(place, begin, False))
    if begin < len(text):
        found.append(Span(begin, len(text), True))
    return found


def _end_of_tag(text: str, at: int, stops: Sequence[re.Match[str]], *, dashed: bool) -> int:
    """Where speech goes on, if it does, behind the verb and subject of a tag that end `at` this place. stops: the ends of
    the paragraph's sentences."""
    if dashed:
        again = _SPACED.search(text, at)
        return again.end() if again else len(text)
    place = bisect_left(stops, at, key=re.Match.start)
    limit = stops[place].start() if place < len(stops) else len(text)
    for comma in _CLAUSE.finditer(text, at, limit):
        asks = place < len(stops) and stops[place][1] in "?!"
        following = _CLAUSE.search(text, comma.end(), limit)
        if (
            asks
            or not (_STORY.match(text, comma.end()) or _WHO.match(text, comma.end()))
            or _TALK.search(text, comma.end(), following.start() if following else limit)
        ):
            return comma.end()
    while place < len(stops) and stops[place].end() < len(text) and _ACTS.match(text, stops[place].end()):
        place += 1
    return stops[place].end() if place < len(stops) else len(text)
