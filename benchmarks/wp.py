"""The WP data set of speakers in a Chinese novel (github.com/YueChenkkk/Chinese-Dataset-Speaker-Identification, Apache-2.0),
fetched by the user: instances of 21 sentences each, whose 11th is a quotation with a known speaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.script.attribution import Unit
from pipeline.script.names import Names
from pipeline.script.names_zh import given
from pipeline.script.quotes import Span, spans
from pipeline.script.words import speech

CENTRE = 10


@dataclass(frozen=True, slots=True)
class Instance:
    """`category`: explicit, implicit or latent."""

    sentences: tuple[str, ...]
    speaker: str
    category: str


def load(root: Path, part: str) -> list[Instance]:
    """part: train, dev or test; root: the data set's folder that holds name_list.txt."""
    found = []
    for block in (root / part / f"{part}_unsplit.txt").read_text(encoding="utf-8-sig").strip().split("\n\n"):
        rows = block.strip("\n").split("\n")
        told = dict(row.split(": ", 1) for row in rows[-3:])
        found.append(Instance(tuple(rows[1:22]), told["Speaker"].strip(), told["Category"].strip()))
    return found


def names(root: Path) -> Names:
    """The characters of the list, with their forms and genders."""
    rows = [row.split() for row in (root / "name_list.txt").read_text(encoding="utf-8-sig").splitlines() if row.strip()]
    genders = {row[1]: "male" if row[0] == "1" else "female" for row in rows}
    return given({row[1]: row[1:] for row in rows}, genders)


def units(sentences: Sequence[str]) -> tuple[list[Unit], int]:
    """The units of an instance, a paragraph for each sentence (the data set keeps no paragraphs), and which of them is the
    quotation to decide."""
    verb = speech("zh").verb
    found: list[Unit] = []
    for at, text in enumerate(mended(sentences)):
        cut = spans(text, verb) if text.startswith("“") else [Span(0, len(text), False)] if text else []
        found.extend(Unit(text[one.start : one.end], one.speech, at) for one in cut)
    line = max(unit.paragraph for unit in found if unit.speech and unit.paragraph <= CENTRE)
    return found, next(at for at, unit in enumerate(found) if unit.speech and unit.paragraph == line)


def mended(sentences: Sequence[str]) -> list[str]:
    """Quotations that the data set cut at their sentences, whole again: the parts go to the line where the quotation
    opens, the others become empty."""
    found = list(sentences)
    opened = -1
    for at, text in enumerate(found):
        if opened >= 0 and at - opened <= 3 and "”" in text and (text[0] == "”" or "“" not in text):
            end = text.index("”") + 1
            found[opened] = "".join(found[opened:at]) + text[:end]
            for place in range(opened + 1, at):
                found[place] = ""
            found[at] = text = text[end:]
            opened = -1
        if text.startswith("“"):
            opened = at if "”" not in text else -1
    return found
