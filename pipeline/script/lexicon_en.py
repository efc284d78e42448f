"""What English words are: tokens, titles, nouns for people, words that tell a mention's place in its sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from pipeline.script.words import lists

TOKEN = re.compile(
    r"(?<![^\W_])[A-Za-z]['’](?=[A-Z][a-z])[^\W_]+(?:-[^\W_]+)*"  # O’Connor, d’Arcy
    r"|[^\W_]+(?:-[^\W_]+)*|['’][^\W\d_]+|\.{2,}|…|[.!?]|[,;:()]|--+|—|–"
)
ANYBODY = frozenset("man woman girl boy gentleman lady child fellow youth lad chap".split())
"""With nothing before them ("the man") these most often stand for a character with a name."""
SHORT = frozenset("Mr Mrs Ms Dr Messrs Mme Mlle St Rev Capt Col Gen Lieut Sergt Prof Hon Esq Jr Sr".split())
ENDS = frozenset(".!?…")
PRONOUNS: Mapping[str, tuple[str, str]] = {
    "he": ("male", "subject"), "she": ("female", "subject"), "him": ("male", "object"), "her": ("female", "object"),
    "his": ("male", "owner"), "hers": ("female", "object"), "himself": ("male", "object"),
    "herself": ("female", "object"), "i": ("I", "subject"), "me": ("I", "object"), "my": ("I", "owner"),
    "myself": ("I", "object"), "they": ("many", "subject"), "them": ("many", "object"), "we": ("we", "subject"),
    "who": ("who", "subject"), "us": ("we", "object"),
}  # fmt: skip
LINK = frozenset(
    "to of with at by from for on in into upon over after before behind beside near towards toward about against under"
    " between among than like through without around round off onto within beyond past up down except".split()
)
_JOIN = frozenset(
    "and but then when as while so that for if because until till where though although since yet or nor now here there"
    " once perhaps meanwhile which who whom how what why whether presently suddenly again at last however"
    " poor old little dear young even only both after before than like except".split()
)
BE = frozenset(
    "was were is are had has have did does do would could should might must may can will shall never always only also"
    " just then now still at once again not almost hardly suddenly".split()
)
NOT_OWNED = frozenset(
    "to of with at by from for on in into and but that as if so with through the a an again back up down over out off"
    " then when while who which".split()
)
BARE = frozenset(
    "nanny nurse papa mamma mama mother father mummy daddy mum dad grandma grandpa granny aunt uncle".split()
)
DETERMINERS = frozenset(
    "the a an this that his her my their our your another some one both each other either two three".split()
)


def words_of(name: str) -> tuple[str, ...]:
    """A name as the lower-case tokens that text would show for it, without marks."""
    return tuple(word.lower() for word in TOKEN.findall(name) if word[0].isalnum() or word[0] in "'’")


@cache
def person_nouns() -> dict[str, str]:
    found: dict[str, str] = {}
    for word, told in lists("en")["people"].items():
        gender = next((part for part in told.split() if part in ("male", "female")), "")
        found[word.lower()] = gender
    return found


@cache
def _says() -> frozenset[str]:
    return frozenset(verb.split()[0] for verb in lists("en")["speech"])


@cache
def _titles() -> dict[str, str]:
    found: dict[str, str] = {}
    for word, told in lists("en")["titles"].items():
        found[word.lower()] = next((part for part in told.split() if part in ("male", "female")), "")
    return found


def gender_of_title(word: str) -> str:
    """The gender a title tells: "female" of Mrs; "" of Dr or of a word that is no title."""
    return _titles().get(word.lower().rstrip("."), "")


def is_title(word: str) -> bool:
    """Whether a word is a title or what stands for one before a name (old, poor)."""
    return word.lower().rstrip(".") in _titles()


def gender_of_person(word: str) -> str | None:
    """The gender a person noun tells, "" when it tells none; None for a word that is no person noun."""
    return person_nouns().get(word.lower())


def sentence_ends(raw: list[str], low: list[str]) -> list[int]:
    ends = []
    for place, word in enumerate(low):
        if word[0] not in ENDS:
            continue
        following = raw[place + 1] if place + 1 < len(raw) else "X"
        if following[0].islower() or following[0] in ",;:":
            continue
        ends.append(place + 1)
    if not ends or ends[-1] != len(raw):
        ends.append(len(raw))
    return ends


def opens_aside(low: list[str], place: int) -> bool:
    """Whether a participle or a relative clause begins here: "turning round", "who had watched"."""
    word = low[place] if place < len(low) else ""
    return word in ("who", "whose") or (word.endswith("ing") and len(word) > 4)


def role_of(low: list[str], start: int, end: int) -> str:
    following = low[end] if end < len(low) else ""
    if following in ("'s", "’s") or following == "’":
        return "owner"
    if start == 0:
        return "subject"
    if following == "," and opens_aside(low, end + 1) and low[start - 1] not in LINK:
        return "subject"  # that moment Anne, turning round, …
    before = low[start - 1]
    acts = following in BE or following in _says() or (following.endswith("ed") and len(following) > 3)
    if before in LINK and not (acts and before in _JOIN):
        return "object"
    if not before[0].isalpha() or before in _JOIN or before.endswith("ly"):
        return "subject"
    return "subject" if acts else "object"
