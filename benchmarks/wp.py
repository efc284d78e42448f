"""The WP data set (Chinese speaker identification, github.com/YueChenkkk/Chinese-Dataset-Speaker-Identification, Apache-2.0)
as units of our script analysis. Fetched by the user; nothing of it is in this repository.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.train_attribution import Example
from pipeline.script.attribution import Unit, model
from pipeline.script.attribution.chinese import cases
from pipeline.script.names import Names
from pipeline.script.names_zh import given
from pipeline.script.quotes import Span, spans
from pipeline.script.words import speech

CENTRE = 10
"""The place, in an instance's 21 sentences, of the quotation to decide."""


@dataclass(frozen=True, slots=True)
class Instance:
    """`sentences`: 21 lines, some of them quotations. `category`: explicit, implicit or latent."""

    sentences: tuple[str, ...]
    speaker: str
    category: str

    def units(self) -> list[Unit]:
        """Units whose paragraphs are the sentences (the data set keeps no paragraphs)."""
        verb = speech("zh").verb
        return [
            Unit(text[one.start : one.end], one.speech, at)
            for at, text in enumerate(self.sentences)
            for one in (spans(text, verb) if text.startswith("“") else [Span(0, len(text), False)])
        ]

    def place(self, at: int) -> tuple[str, ...]:
        """What identifies a sentence across overlapping instances: itself and its neighbours."""
        return self.sentences[max(at - 1, 0) : at + 2]


def load(path: Path) -> list[Instance]:
    """The instances of a file such as dataset/dev/dev_unsplit.txt."""
    found = []
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        lines = block.strip("\n").split("\n")
        if len(lines) != 25:
            raise ValueError(f"{path}: an instance has {len(lines)} lines instead of 25: {lines[0]}")
        told = dict(line.split(": ", 1) for line in lines[22:])
        found.append(Instance(tuple(lines[1:22]), told["Speaker"].strip(), told["Category"].strip()))
    return found


def names(path: Path, texts: Iterable[str]) -> Names:
    """The characters of dataset/name_list.txt, with mentions counted in `texts`."""
    people: dict[str, tuple[str, ...]] = {}
    genders: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        sex, *forms = line.split()
        people[forms[0]] = tuple(forms)
        genders[forms[0]] = "male" if sex == "1" else "female"
    return given(people, genders, texts)


def known_speakers(instances: Iterable[Instance]) -> dict[tuple[str, ...], str]:
    """The speakers of all centre quotations by `Instance.place`; ambiguous places are left out."""
    seen: dict[tuple[str, ...], str] = {}
    twice = Counter[tuple[str, ...]]()
    for one in instances:
        key = one.place(CENTRE)
        if seen.setdefault(key, one.speaker) != one.speaker:
            twice[key] += 1
    return {key: who for key, who in seen.items() if not twice[key]}


def example(one: Instance, people: Names, known: Mapping[tuple[str, ...], str]) -> Example:
    """The conversation around an instance's centre, with the speakers that are known; the centre's is at `centre_of`."""
    units = one.units()
    run = next(
        run for run in model.conversations(cases(units, people)) if any(units[case.unit].paragraph == CENTRE for case in run)
    )
    places = [units[case.unit].paragraph for case in run]
    return Example(run, [one.speaker if at == CENTRE else known.get(one.place(at)) for at in places])
