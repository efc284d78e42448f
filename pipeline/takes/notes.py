"""What a take's file says about itself beside its sound: what a check found, and where its words are.

It stands in the FLAC's comment, so that it travels with the file and is there before the index knows the take.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.nouns import Word


def written(flags: Iterable[str], words: Sequence[Word]) -> str:
    """The comment of a take: flags with spaces between, as takes without words have them, or JSON; "" for neither."""
    if not words:
        return " ".join(flags)
    times = [[word.text, round(word.start, 4), round(word.end, 4)] for word in words]
    return json.dumps({"flags": list(flags), "words": times}, ensure_ascii=False, separators=(",", ":"))


def read(comment: str) -> tuple[tuple[str, ...], tuple[Word, ...]]:
    """The flags and words of a comment. Raises ValueError for one that is none of ours."""
    if not comment.startswith("{"):
        return tuple(comment.split()), ()
    try:
        told = json.loads(comment)
        return tuple(told["flags"]), tuple(Word(text, start, end) for text, start, end in told["words"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"a take's comment lacks {error}") from error


def words_of(path: Path) -> tuple[Word, ...]:
    """Where a take's words are, by its file; () for one whose engine does not know or that was made before words were
    kept. Raises OSError or ValueError for a file that is gone or damaged."""
    import soundfile

    try:
        with soundfile.SoundFile(str(path)) as file:
            return read(file.comment)[1]
    except soundfile.LibsndfileError as error:
        raise OSError(str(error)) from error
