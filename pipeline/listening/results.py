"""``listening.json``: what the last listening check of a book found, for the quality report and for scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.errors import BookFolderError
from pipeline.files import write_text

NAME = "listening.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Doubt:
    """A line that was heard otherwise than it was to be spoken: its id, its take's key, the character error rate (0 = as
    spoken; more than 1 where more was heard than spoken), the errors it counts, and both texts."""

    line: str
    take: str
    rate: float
    errors: int
    spoken: str
    heard: str


@dataclass(frozen=True, slots=True)
class Results:
    """asr     what listened: "faster-whisper <model>", or the server's address and model
    lines   how many lines were heard
    rate    character error rate over all of them
    doubts  by take, the worst first
    """

    asr: str
    lines: int
    rate: float
    doubts: Mapping[str, Doubt]


def write(folder: Path, results: Results) -> Path:
    """Write the results into a book's folder."""
    told = {
        "format": _FORMAT, "asr": results.asr, "lines": results.lines, "rate": round(results.rate, 5),
        "doubts": [{**asdict(one), "rate": round(one.rate, 4)} for one in results.doubts.values()],
    }  # fmt: skip
    write_text(folder / NAME, json.dumps(told, ensure_ascii=False, indent=1))
    return folder / NAME


def load(folder: Path) -> Results | None:
    """The results in a book's folder; None where nobody listened yet. Raises BookFolderError for a broken file."""
    path = folder / NAME
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != _FORMAT:
            raise ValueError("it has another format")
        doubts = [
            Doubt(
                str(one["line"]), str(one["take"]), float(one["rate"]), int(one["errors"]), str(one["spoken"]),
                str(one["heard"]),
            )
            for one in found["doubts"]
        ]  # fmt: skip
        return Results(str(found["asr"]), int(found["lines"]), float(found["rate"]), {one.take: one for one in doubts})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BookFolderError(
            f"the listening results cannot be read ({error})", where=str(path),
            fix="Delete the file; `shuoshu listen` writes it anew, from what it has heard.",
        ) from error  # fmt: skip
