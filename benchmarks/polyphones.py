"""How many marked characters of the CPP data set are read right, and how fast.

    python benchmarks/polyphones.py CPP_DIR [--part test]

CPP_DIR holds test.sent and test.lb of github.com/kakaobrain/g2pM (data/). pypinyin, read the same way, is the alternative.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from pipeline.pronunciation.pinyin import readings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", default="test", choices=("dev", "test"))
    given = parser.parse_args()
    stem = given.folder / given.part
    if not stem.with_suffix(".sent").is_file():
        parser.error(f"{given.folder} holds no {given.part}.sent")
    lines = stem.with_suffix(".sent").read_text(encoding="utf-8").splitlines()
    labels = [one.replace("u:", "ü") for one in stem.with_suffix(".lb").read_text(encoding="utf-8").split()]
    texts, places = [line.replace("▁", "") for line in lines], [line.index("▁") for line in lines]
    readings(texts[:1])  # loads the dictionaries and the model
    start = time.process_time()
    ours = readings(texts)
    seconds = time.process_time() - start
    right = sum(row[at] == label for row, at, label in zip(ours, places, labels, strict=True))
    print(
        f"ours      {right:,} of {len(texts):,} right: {right / len(texts):.2%}; {len(texts) / seconds:,.0f} sentences a second"
    )
    start = time.process_time()
    theirs = [_pypinyin(text) for text in texts]
    seconds = time.process_time() - start
    right = sum(row[at] == label for row, at, label in zip(theirs, places, labels, strict=True))
    print(
        f"pypinyin  {right:,} of {len(texts):,} right: {right / len(texts):.2%}; {len(texts) / seconds:,.0f} sentences a second"
    )


def _pypinyin(text: str) -> list[str]:
    from pypinyin import Style, lazy_pinyin

    return lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=True, errors=list)


if __name__ == "__main__":
    main()
