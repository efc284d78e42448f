"""Who speaks in a script, with hints of gender and age for whoever has no voice yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pipeline.nouns import NARRATOR, UNKNOWN, Book, Character, Line
from pipeline.script.lines import names_in
from pipeline.script.spelling import Spelling, plain
from pipeline.script.words import lists


def found_in(lines: Sequence[Line], book: Book) -> list[Character]:
    """Every speaker but narrator and unknown, most lines first."""
    counts: Counter[str] = Counter()
    samples: dict[str, str] = {}
    for line in lines:
        if line.speaker not in (NARRATOR, UNKNOWN, "") and line.kind != "pause":
            counts[line.speaker] += 1
            if len(samples.get(line.speaker, "")) < 12:
                samples[line.speaker] = line.text
    names, spelling = names_in(book), Spelling(book)
    found = []
    for name, count in counts.most_common():
        known = plain(name, book.language)
        forms = tuple(spelling.written(form) for form in names.aliases.get(known, ()) if form != known)
        gender, age = names.gender(known), _age(known, book.language)
        found.append(Character(name, count, samples[name], aliases=forms, gender=gender, age=age))
    return found


def _age(name: str, language: str) -> str:
    """What a title or a word in the name says of age; "" when nothing does."""
    data = lists(language)
    if language == "en":
        words = name.lower().split()
        age = next((data["ages"][word] for word in words if word in data["ages"]), "")
        return (
            age
            or _aged(data["people"].get(words[-1], ""))
            or _aged(data["titles"].get(name.split()[0].rstrip("."), ""))
        )
    known = {**data["titles"], **data["people"]}
    for length in (3, 2, 1):
        age = _aged(known.get(name[-length:], ""))
        if age:
            return age
    return "elder" if name.startswith("老") and len(name) == 2 else ""


def _aged(told: str) -> str:
    return next((part for part in told.split() if part in ("child", "young", "adult", "elder")), "")
