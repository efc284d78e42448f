"""What a take's file says about itself beside its sound: what a check found, where its words are, what it was made from, and
for which lines.

It stands in the FLAC's comment, so that it travels with the file: a lost index can be made again from the files. When the
take was made is the file's own time, so that the same take made twice is the same file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.nouns import Word


@dataclass(frozen=True, slots=True)
class Notes:
    """`asked`: what the take was made from (`takes.key.ingredients`), `lines`: the ids of the lines that asked for it; both
    empty in takes made before they were kept."""

    flags: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


def written(
    flags: Iterable[str], words: Sequence[Word], asked: Mapping[str, Any] | None = None, lines: Iterable[str] = ()
) -> str:
    """The comment of a take, JSON."""
    times = [[word.text, round(word.start, 4), round(word.end, 4)] for word in words]
    told = {"flags": list(flags), "words": times, "asked": dict(asked or {}), "lines": list(lines)}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def read(comment: str) -> Notes:
    """What a comment says; old ones are flags with spaces between, or JSON without `asked` and `lines`. Raises ValueError for
    one that is none of ours."""
    if not comment.startswith("{"):
        return Notes(tuple(comment.split()))
    try:
        told = json.loads(comment)
        words = tuple(Word(text, start, end) for text, start, end in told["words"])
        return Notes(tuple(told["flags"]), words, dict(told.get("asked", {})), tuple(told.get("lines", ())))
    except (KeyError, TypeError) as error:
        raise ValueError(f"a take's comment lacks {error}") from error


def of(path: Path) -> Notes:
    """What a take's file says. Raises OSError or ValueError for a file that is gone or damaged."""
    import soundfile

    try:
        with soundfile.SoundFile(str(path)) as file:
            return read(file.comment)
    except soundfile.LibsndfileError as error:
        raise OSError(str(error)) from error


def words_of(path: Path) -> tuple[Word, ...]:
    """Where a take's words are, by its file; () for one whose engine does not know or that was made before words were
    kept. Raises OSError or ValueError for a file that is gone or damaged."""
    return of(path).words
