"""What a run asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipeline.errors import ManuscriptError
from pipeline.nouns import Language, OnFailure
from pipeline.wording import Wording

if TYPE_CHECKING:
    from pipeline.dubbing import Dub

Attributor = Literal["offline", "llm"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a run asks for. Paths may be relative; `chapters` is like ``2-5,9`` ("" = all); `workers` 0 = one per core;
    `formats` like ``m4a,mp3`` ("" = the profile's); `deliver` like ``m4b,srt`` ("" = the cast's or the profile's); `dub` makes
    one track of a timed script; `on_failure` is what becomes of a line that cannot be rendered (docs/storage.md); `dask` is the
    address of a Dask scheduler ("" = processes of this machine). None = by the cast, the last run, or the default."""

    manuscript: Path
    cast: Path | None = None
    engine: str | None = None
    profile: str | None = None
    chapters: str = ""
    output: Path = Path("output")
    workers: int = 0
    chapter_pattern: str | None = None
    encoding: str | None = None
    language: Language | None = None
    include_matter: bool = False
    formats: str = ""
    attributor: Attributor | None = None
    deliver: str = ""
    dub: Dub | None = None
    on_failure: OnFailure | None = None
    dask: str = ""


def chapters_in(text: str, there: Sequence[int]) -> tuple[int, ...]:
    """The chapters that ``2-5,9`` names; all of `there` for "". Raises ManuscriptError for what is not there."""
    if not text.strip():
        return tuple(there)
    wanted: set[int] = set()
    for part in re.split(r"[,，\s]+", text.strip()):
        match = re.fullmatch(r"(\d+)(?:[-–](\d+))?", part)
        if not match or int(match[1]) > int(match[2] or match[1]):
            raise ManuscriptError(
                Wording(f"--chapters {text!r} cannot be read", f"看不懂 --chapters {text}"),
                fix=Wording("Write it like 2-5,9.", "请写成 2-5,9 这样。"),
            )
        first, last = int(match[1]), int(match[2] or match[1])
        wanted.update(range(first, min(last, first + 100_000) + 1))
    missing = sorted(wanted - set(there))
    if missing:
        raise ManuscriptError(
            Wording(f"there is no chapter {missing[0]}", f"没有第 {missing[0]} 章"),
            fix=Wording(
                f"The book has chapters {min(there)} to {max(there)}.", f"这本书有第 {min(there)} 到 {max(there)} 章。"
            ),
        )
    return tuple(number for number in there if number in wanted)
