"""English inner speech: what a tag tells as thought or said where nobody hears it."""

from __future__ import annotations

_INWARD = frozenset(
    "said says say saying asked asking told telling added adding argued arguing reasoned reasoning observed remarked cried"
    " repeated reflected".split()
)
"""Verbs of speech that with "to himself" tell what nobody hears; who mutters to himself is heard."""
_HIMSELF = frozenset("himself herself myself themselves".split())


def thinks_of(low: list[str], place: int) -> bool:
    """Whether what is thought stands behind the verb as its object, in a sentence of its own: She thought the matter over."""
    return low[0] not in ("as", "while") and low[place + 1 : place + 2] in (
        ["the"],
        ["it"],
        ["about"],
        ["of"],
        ["over"],
    )


def to_himself(low: list[str], place: int) -> bool:
    """Whether a verb of speech tells of inner speech: he said to himself, she asked herself, said Anne in her heart."""
    if low[place] not in _INWARD:
        return False
    following = low[place + 1 : place + 7]
    for at, word in enumerate(following):
        if word in _HIMSELF:
            before = following[at - 1] if at else low[place]
            return before in ("to", "within") or (at == 0 and low[place] in ("asked", "told", "asking", "telling"))
        if word in ("inwardly", "mentally"):
            return True
        if word in ("heart", "mind", "soul", "breast") and "in" in following[:at]:
            return True
        if not word[0].isalpha():
            return False
    return False
