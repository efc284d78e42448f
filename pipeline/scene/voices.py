"""Which voice for whom: a cast file's voices, matched by how they are described, and the embedded engine's for the rest.

A voice is described by `about` in its cast file (``about: 中年男声，低沉，沉稳``). What counts: the gender must not contradict;
the same age, a feeling alike and words in common speak for it. The best assignment as a whole is taken; no two share one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.cast import Cast, complete, default_cast
from pipeline.nouns import EMOTIONS, NARRATOR, Character, Language, Voice
from pipeline.scene.brief import Role
from pipeline.script import emotion_words

_GENDERS = {"male": r"男|先生|小伙|\bmale\b|\bman\b|\bboy\b", "female": r"女|姑娘|小姐|\bfemale\b|\bwoman\b|\bgirl\b"}
_AGES = {
    "child": r"童|孩|小朋友|\bchild|\bboy\b|\bgirl\b|\bkid\b", "young": r"青年|年轻|少年|少女|\byoung\b|\bteen",
    "adult": r"中年|成年|成熟|\badult\b|\bmiddle-aged\b|\bmature\b",
    "elder": r"老年|老人|年老|苍老|老者|\bold\b|\belder|\baged\b",
}  # fmt: skip
_AGAINST, _GENDER, _AGE, _FEELING, _WORD = -9.0, 3.0, 2.0, 2.0, 0.5
"""What a contradiction, and each thing in common, counts. A voice must have more than nothing to be taken."""


def matched(roles: Sequence[Role], library: Cast | None, language: Language) -> dict[str, Voice]:
    """A voice for every role, by name, all different. The narrator takes the library's narrator where it has one."""
    found: dict[str, Voice] = {}
    if library:
        found = _best(roles, library)
    rest = [role for role in roles if role.name not in found]
    people = [Character(one.name, 0, "", gender=one.gender, age=one.age) for one in rest if one.name != NARRATOR]
    usual = complete(default_cast(language), people)
    for role in rest:
        found[role.name] = usual.voices[usual.part(role.name).voice]
    return {role.name: found[role.name] for role in roles}


def _best(roles: Sequence[Role], library: Cast) -> dict[str, Voice]:
    """Roles that one of the library's voices fits; the assignment with the highest sum."""
    from scipy.optimize import linear_sum_assignment

    own = library.narrator.voice
    taken = {NARRATOR: library.voices[own]} if any(role.name == NARRATOR for role in roles) else {}
    open_roles = [role for role in roles if role.name not in taken]
    voices = [name for name in library.voices if name in library.about and not (taken and name == own)]
    scores = np.array([[_score(role, library.about[name]) for name in voices] for role in open_roles])
    if scores.size:
        rows, columns = linear_sum_assignment(scores, maximize=True)
        pairs = [
            (open_roles[row], voices[column])
            for row, column in zip(rows, columns, strict=True)
            if scores[row, column] > 0
        ]
        taken |= {role.name: library.voices[name] for role, name in pairs}
    return taken


def _score(role: Role, about: str) -> float:
    gender, age = _said(about, _GENDERS), _said(about, _AGES)
    score = 0.0
    if role.gender and gender:
        score += _GENDER if role.gender == gender else _AGAINST
    if age and ("child" in (role.age, age)) and role.age != age:
        score += _AGAINST
    elif age:
        score += _AGE * ((role.age or "adult") == age) - _AGE * (role.age not in ("", age))
    score += _FEELING * float(_feeling(role.manner) @ _feeling(about))
    return score + _WORD * len(_pieces(role.manner) & _pieces(about))


def _said(about: str, words: Mapping[str, str]) -> str:
    return next((kind for kind, pattern in words.items() if re.search(pattern, about, re.IGNORECASE)), "")


def _feeling(text: str) -> np.ndarray:
    """The eight emotions of a description as a vector of length 1; of none, 0."""
    weights: dict[str, float] = {}
    for language in ("zh", "en"):
        weights |= emotion_words.combined(emotion_words.find(text, language, "ways"))
    vector = np.array([weights.get(name, 0.0) for name in EMOTIONS])
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def _pieces(text: str) -> set[str]:
    """Pairs of Chinese characters, and English words."""
    chinese = re.findall("[一-鿿]+", text)
    pairs = {run[at : at + 2] for run in chinese for at in range(len(run) - 1)}
    return pairs | {word.lower() for word in re.findall(r"[A-Za-z]{3,}", text)}
