"""The WP data set of speakers in a Chinese novel (github.com/YueChenkkk/Chinese-Dataset-Speaker-Identification, Apache-2.0),
fetched by the user: instances of 21 sentences each, whose 11th is a quotation with a known speaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.script.attribution import Unit
from pipeline.script.names import Names
from pipeline.script.names_zh import given

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


def units(sentences: Sequence[str]) -> list[Unit]:
    """A unit a sentence. The data set keeps no paragraphs: a sentence ending in a colon joins the quotation behind it,
    every other sentence counts as one of its own."""
    found: list[Unit] = []
    paragraph = 0
    for text in sentences:
        speech = text.startswith("“")
        joined = speech and found and not found[-1].speech and found[-1].text.endswith("：")
        paragraph += 0 if joined else 1
        found.append(Unit(text, speech, paragraph))
    return found


def golden(instances: Sequence[Instance]) -> dict[tuple[str, ...], str]:
    """Speakers of quotations by (sentence before, quotation, sentence after), as the instances overlap."""
    return {one.sentences[CENTRE - 1 : CENTRE + 2]: one.speaker for one in instances}
