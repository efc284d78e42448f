"""How many written figures, dates, units and signs are read as a narrator reads them, and how fast.

    python -m benchmarks.normalization [zh en] [--misses] [--cases FOLDER]

The cases are our own (benchmarks/normalization_cases: category, text, reading or readings between bars), written before the rules by
someone who had not seen them, but for those that came with what they mend (docs/pronunciation.md). Compared without punctuation, case, spaces and the "and" of English numbers. wetext, a
grammar of the same kind, is the alternative; both read every case, warm.
"""

from __future__ import annotations

import argparse
import csv
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import cast

from pipeline.nouns import Language
from pipeline.pronunciation import spoken

CASES = Path(__file__).with_name("normalization_cases")
_SIGNS = re.compile(r"[^\w]|_")
_AND = re.compile(r"\b(hundred|thousand|million|billion) and\b")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("languages", nargs="*", default=["zh", "en"])
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--misses", action="store_true", help="list every case read otherwise")
    given = parser.parse_args()
    for language in given.languages:
        cases = read_cases(given.cases / f"{language}.tsv")
        ours = _score(
            "ours",
            language,
            cases,
            lambda text, language=language: spoken(text, cast("Language", language)),
            given.misses,
        )
        theirs = _score("wetext", language, cases, _wetext(language), misses=False)
        print(f"{language}: {theirs / ours:.1f} times as fast as wetext")


def read_cases(path: Path) -> list[tuple[str, str, tuple[str, ...]]]:
    """Category, text, readings."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return [(row[0], row[1], tuple(one.strip() for one in row[2].split(" | "))) for row in rows]


def same(said: str, readings: tuple[str, ...]) -> bool:
    """Whether `said` is one of the readings, but for what has no sound."""
    return bare(said) in {bare(reading) for reading in readings}


def bare(text: str) -> str:
    return _SIGNS.sub("", _AND.sub(r"\1", text.casefold().replace("-", " ")))


def _score(
    name: str, language: str, cases: list[tuple[str, str, tuple[str, ...]]], read: Callable[[str], str], misses: bool
) -> float:
    """Print how many are right; returns the seconds taken."""
    for _, text, _ in cases:
        read(text)
    start = time.process_time()
    said = [read(text) for _, text, _ in cases]
    seconds = time.process_time() - start
    wrong = [(case, one) for case, one in zip(cases, said, strict=True) if not same(one, case[2])]
    right = len(cases) - len(wrong)
    print(
        f"{language} {name:7} {right} of {len(cases)} right: {right / len(cases):.1%}; {len(cases) / seconds:,.0f} sentences a second"
    )
    if misses:
        by_kind = Counter(case[0] for case, _ in wrong)
        print("   ", ", ".join(f"{kind} {count}" for kind, count in by_kind.most_common()))
        for (kind, text, readings), one in wrong:
            print(f"    {kind}: {text}\n        said  {one}\n        not   {' | '.join(readings)}")
    return seconds


def _wetext(language: str) -> Callable[[str], str]:
    from wetext import Normalizer

    grammar = Normalizer(lang=language, operator="tn", remove_erhua=False)

    def read(text: str) -> str:
        try:
            return str(grammar.normalize(text))
        except (AssertionError, IndexError, KeyError, ValueError, RuntimeError):
            return text

    return read


if __name__ == "__main__":
    main()
