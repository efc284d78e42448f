"""Whom a name that the book does not have may mean."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from pipeline.script.aliases_en import at_odds, one_person, same_first_name
from pipeline.script.lexicon_en import is_title
from pipeline.simplified import simplified

_NEAR = 0.49
"""Share of letters in common (difflib's ratio) from which a name is a slip of the pen: one character of two."""


def nearest_person(name: str, people: Mapping[str, Sequence[str]]) -> str:
    """The one of `people` (name -> every form it goes by) that `name` most likely means, "" when nobody is near.

    Whoever goes by that name comes first; then whoever's name is a part of it, or it of theirs, a shared first name before a
    shared surname; then the nearest by letters, never one whose names tell that it is somebody else.
    """
    wanted = _plain(name)
    forms = {person: tuple(dict.fromkeys((person, *forms))) for person, forms in people.items()}
    for person, theirs in forms.items():
        if wanted in map(_plain, theirs):
            return person
    akin = {person: _kinship(name, theirs) for person, theirs in forms.items()}
    best = max(akin, key=lambda person: (akin[person], _likeness(name, forms[person])), default="")
    if best and akin[best]:
        return best
    fitting = [one for one, theirs in forms.items() if not any(at_odds(name, form) for form in theirs)]
    best = max(fitting, key=lambda person: _likeness(name, forms[person]), default="")
    return best if best and _likeness(name, forms[best]) >= _NEAR else ""


def _plain(name: str) -> str:
    return simplified(" ".join(name.replace(".", " ").split()).casefold())


def _likeness(name: str, forms: Sequence[str]) -> float:
    return max(difflib.SequenceMatcher(None, _untitled(name), _untitled(form)).ratio() for form in forms)


def _untitled(name: str) -> str:
    """Without titles, which would make everybody alike."""
    words = _plain(name).split()
    return " ".join(word for word in words if not is_title(word)) or " ".join(words)


def _kinship(name: str, forms: Sequence[str]) -> int:
    """2 for a shared first name or a name inside the other, 1 for a shared surname that nothing speaks against, else 0."""
    if not name.isascii():
        return 2 * any(len(form) > 1 and len(name) > 1 and (form in name or name in form) for form in forms)
    named = [form for form in forms if not form.startswith("the ")]
    if not named or not all(one_person(name, form) for form in named):
        return 0
    return 2 if any(same_first_name(name, form) for form in named) else 1
