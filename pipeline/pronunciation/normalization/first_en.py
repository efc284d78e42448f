"""A capital I behind a name or a word: the numeral (Charles I, Book I) or the pronoun ("I told Charles I would").

The pronoun wherever both are possible. What decides is the place before the name, and whether the pronoun could stand
before the word behind.
"""

from __future__ import annotations

import re

from pipeline.pronunciation.normalization.rules import left, right
from pipeline.pronunciation.normalization.tables import lists

Match = re.Match[str]

_IS = lists("en")
_CLOSED = re.compile(r"\s*(?:$|[;:!?)\]\"\u201d]|\.(?!\.))|['\u2019](?:s\b|(?!\w))")
"""Nothing that the pronoun could go on with; three dots and a dash break speech off."""
_COMMA = re.compile(r",(?!\s(?:for|too|also|myself|at|on|like|in turn)\b)")
"""Not "told John I, for one, would"."""
_HE_DOES = re.compile(rf"\s(?!(?:{_IS['no_third_person']})\b)[a-z]+(?<!s)(?<!ways)(?<!wards)(?<!times)s\b")
"""Book I begins; James I fears: no form of the first person. Nor are plurals: World War I films."""
_OF = re.compile(r"\sof\s(?!course|all)(?:(?:the|his|her|their|my)\s)?(?:[A-Z]|\w+[’'])")
_IN = re.compile(
    r"\s(?:in|from|by|with)\s(?:the\s(?!end|meantime|meanwhile|beginning|past|future|morning|evening|least)|[A-Z]|\d)"
)
_OF_A_PART = re.compile(r"\sof\s(?!course\b|all\b)")
_I_DO = re.compile(rf"\s(?:{_IS['first_person']})\b")
_OPENS = re.compile(r"(?:^|[^\w\s,'\u2019]\s*|['\u2018\u2019]\s?)$")
"""Before a name: the sentence begins with it."""
_REIGN = re.compile(rf"\b(?:{_IS['reign']})\sof\s$")
_REIGNED = re.compile(
    r"\s(?:reigned|abdicated|ascended|ruled(?!\sout)|came\sto\sthe\sthrone"
    r"|was\s(?:crowned|beheaded|executed|deposed|overthrown|proclaimed|anointed|king|queen|emperor|empress|pope))\b"
)
_WAS = re.compile(
    rf"\s(?:himself|herself|and|(?:never\s|also\s|then\s|soon\s|once\s)?(?:was(?!\s(?:{_IS['felt']}|\w+ing)\b)|{_IS['after_king']}"
    r"|had(?=\s(?:an?|the|no|his|her|been|become|two|three|many|several|little)\b)"
    r"|(?:[a-z]+ed|lost|made|sent|won|took|gave|left|began|built|fought)"
    r"(?=\s(?:the(?!\s(?:most|more|best|least|moment|day|way|first|last)\b)|an?|his|her|its|their|[A-Z]|[a-z]+s)\b))\b)"
)
"""What is told of a sovereign at a sentence's beginning. A verb has its object: "John I trusted" has his before it."""
_BARE = re.compile(
    r"(?:^|[^\w\s,'\u2019]\s*|,\s|\b(?:in|of|from|to|and|or|see|under|for|by|with|on|through|after|before|until|at|as|but|than"
    r"|since|during|reads?|finish(?:ed)?|began|begins)\s)$",
    re.I,
)
"""Before a word that has no article and no adjective: in Book I, not "the Book I had read"."""
_SUBJECT = re.compile(r"\s(?:we|he|she|they|it|you|there)\b")
"""In Part I we see: a clause with a subject of its own."""
_CLASSED = re.compile(rf"\s(?:{_IS['classed']})\b")
_GOES_ON = re.compile(r"\s+(?:[A-Z]|\d|(?:was|were|and|or|to|through|has)\b)")


def is_sovereign(match: Match, titled: bool) -> bool:
    """Whether the I behind a name (group 1: the name, with its title where `titled`) is the numeral."""
    before, after = left(match), right(match)
    if any(sure.match(after) for sure in (_CLOSED, _COMMA, _HE_DOES, _OF, _IN, _REIGNED)):
        return True
    if _I_DO.match(after.casefold()):
        return False
    if re.match(r"\s[A-Z][a-z]", after):
        return True  # Frederick I Barbarossa
    return bool(_REIGN.search(before)) or ((titled or bool(_OPENS.search(before))) and bool(_WAS.match(after)))


def is_part(match: Match) -> bool:
    """Whether the I behind a word that bears numbers (group 1: Chapter, War) is the numeral."""
    before, after, word = left(match), right(match), match[1].strip()
    bare = bool(_BARE.search(before))
    if word.casefold() == "letter" and not word[0].isupper():
        return False
    if re.search(r"\bWorld\s$", before, re.I) or _CLOSED.match(after) or re.match(r"\s?[-\u2013]\s?[IVX\d]", after):
        return True
    if _SUBJECT.match(after) or (word[0].isupper() and _CLASSED.match(after)):
        return True
    if _HE_DOES.match(after) or (_COMMA.match(after) and (bare or word[0].isupper())):
        return True
    if not word[0].isupper():
        return bool(_OF.match(after)) and bare
    if re.match(r"\s?\u2014", after) or _OF_A_PART.match(after):
        return True
    if not bare or word.casefold() == "mark" or _I_DO.match(after):
        return False
    return word.casefold() in _IS["divided"].split("|") or bool(_GOES_ON.match(after))
