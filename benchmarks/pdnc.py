"""The Project Dialogism Novel Corpus as units of our script analysis: its novels, characters and quotations.

The corpus is fetched by the user (github.com/Priya22/project-dialogism-novel-corpus); nothing of it is in this repository.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.script.attribution import Unit

_BREAK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_HEADING = re.compile(
    r"^\W*(?:chapter|book|part|volume|letter|section)\b.{0,80}$|^[\sIVXLC\d.]+$|^[\W_]+$", re.I | re.S
)
_MARKS = "\"“”'‘’"
_GENDERS = {"M": "male", "F": "female"}


@dataclass(frozen=True, slots=True)
class Person:
    """A character as the corpus lists it; `gender` is male, female or ""."""

    name: str
    aliases: tuple[str, ...]
    gender: str


@dataclass(frozen=True, slots=True)
class Quotation:
    """`spans` in characters of the novel, without marks; `kind` is Explicit, Anaphoric or Implicit."""

    number: str
    spans: tuple[tuple[int, int], ...]
    speaker: str
    kind: str


@dataclass(frozen=True, slots=True)
class Novel:
    name: str
    text: str
    people: tuple[Person, ...]
    quotations: tuple[Quotation, ...]


@dataclass(slots=True)
class Cut:
    """A novel as units, with the quotation each speech unit belongs to (-1: narration)."""

    units: list[Unit] = field(default_factory=list)
    quotation: list[int] = field(default_factory=list)


def names(folder: Path) -> list[str]:
    """The novels of the corpus in alphabetical order; the first 14 are for development, the others for the report."""
    return sorted(path.name for path in (folder / "data").iterdir() if (path / "quotation_info.csv").exists())


def load(folder: Path, name: str) -> Novel:
    """One novel. Speakers are given by their main name where the corpus used another one of theirs."""
    home = folder / "data" / name
    text = (home / "novel_text.txt").read_bytes().decode("utf-8")
    people = []
    for row in _rows(home / "character_info.csv"):
        main = row["Main Name"].strip()
        aliases = sorted({str(one).strip() for one in ast.literal_eval(row["Aliases"])} | {main})
        people.append(Person(main, tuple(alias for alias in aliases if alias), _GENDERS.get(row["Gender"], "")))
    main_of = {alias: person.name for person in people for alias in person.aliases}
    main_of |= {person.name: person.name for person in people}
    quotations = []
    for row in _rows(home / "quotation_info.csv"):
        spans = tuple((int(begin), int(end)) for begin, end in ast.literal_eval(row["quoteByteSpans"]))
        speaker = row["speaker"].strip()
        quotations.append(Quotation(row["quoteID"], spans, main_of.get(speaker, speaker), row["quoteType"]))
    return Novel(name, text, tuple(people), tuple(quotations))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def cut(novel: Novel) -> Cut:
    """The novel as units, the corpus' own quotations being the speech. Paragraphs end at blank lines."""
    text = novel.text
    spans = sorted((begin, end, at) for at, one in enumerate(novel.quotations) for begin, end in one.spans)
    marked = []
    for begin, end, at in spans:
        begin -= text[begin - 1 : begin] in _MARKS and begin > 0
        closed = text[end : end + 1] in _MARKS and end < len(text)
        marked.append((begin, end + closed, at, not closed and text[end : end + 2].strip() == ""))
    found = Cut()
    following = 0
    for number, (start, stop, heading) in enumerate(paragraphs(text), 1):
        at = start
        if heading and not (following < len(marked) and marked[following][0] < stop):
            _put(found, text[start:stop], number, -1, ends=True)
            continue
        while following < len(marked) and marked[following][0] < stop:
            begin, end, quotation, left_open = marked[following]
            following += 1
            begin, end = max(begin, at), min(end, stop)
            _put(found, text[at:begin], number, -1)
            _put(found, text[begin:end], number, quotation, left_open=left_open)
            at = end
        _put(found, text[at:stop], number, -1)
    return found


def paragraphs(text: str) -> list[tuple[int, int, bool]]:
    """Where each paragraph of a text begins and ends, and whether it is a heading."""
    breaks = [match.span() for match in _BREAK.finditer(text)]
    starts, ends = [0, *(end for _, end in breaks)], [*(begin for begin, _ in breaks), len(text)]
    return [(start, end, bool(_HEADING.match(text[start:end]))) for start, end in zip(starts, ends, strict=True)]


def _put(found: Cut, text: str, paragraph: int, quotation: int, *, left_open: bool = False, ends: bool = False) -> None:
    if quotation < 0 and not any(sign.isalnum() for sign in text):
        return
    found.units.append(Unit(text, quotation >= 0, paragraph, left_open, ends))
    found.quotation.append(quotation)
