"""A book's folder checked and mended: takes by their hashes, the index from the takes, chapters and deliverables by their
records, what was half written. Nothing is deleted but what is made again by itself: records that do not fit, half-written
files."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import ShuoshuError
from pipeline.files import half_written, sha256_file
from pipeline.folder import BookFolder
from pipeline.mastering import record as masters
from pipeline.opening import reopen
from pipeline.render.plan import job_of
from pipeline.takes import repair as takes_room
from pipeline.takes.key import ingredients
from pipeline.takes.repair import Findings

HALF_WRITTEN_S = 600
"""A file that is being written grows; one that did not change for so long was left by a process that is gone."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """takes       what was found in the take store
    chapters    chapters whose files are not what was made, by the names of their files: they are made again
    deliverables  the same of the deliverables, by their kinds
    half_written  files that killed processes left
    again       lines that the next run renders; None where the script or cast cannot be read now, `why_not` says why
    """

    takes: Findings
    chapters: tuple[str, ...]
    deliverables: tuple[str, ...]
    half_written: tuple[Path, ...]
    again: tuple[str, ...] | None
    why_not: str = ""


def repair(folder: BookFolder, *, dry_run: bool = False) -> Repaired:
    """Check a book and mend it; with `dry_run` only say what would be done.

    Raises BookFolderError when another run works on the book or the folder cannot be written.
    """
    with nullcontext() if dry_run else folder.locked():
        left = tuple(abandoned(folder.path))
        if not dry_run:
            for path in left:
                path.unlink(missing_ok=True)
        found = takes_room.repair(folder.takes, dry_run=dry_run)
        chapters, kinds = tuple(_chapters(folder, dry_run)), tuple(_deliverables(folder, dry_run))
        again, why_not = None, ""
        if not dry_run:
            try:
                again = _lines(folder, found)
            except ShuoshuError as error:
                why_not = str(error)
        return Repaired(found, chapters, kinds, left, again, why_not)


def _lines(folder: BookFolder, found: Findings) -> tuple[str, ...]:
    """The lines that have no take now. Before that, old takes that do not say what they are, but that the script still asks
    for, are entered as what it asks for."""
    with reopen(folder, lock=False) as production:
        known = []
        for due in production.plan.due:
            old = found.old.pop(due.key, None)
            if old:
                job = job_of(due, production.cast, production.engine)
                asked = ingredients(job.direction)
                take = replace(old.take, engine=due.engine, seed=due.seed)
                known.append(replace(old, take=take, subject=job.subject, ingredients=asked, lines=job.lines))
        production.store.record(known)
        found.entered += [one.take.key for one in known]
        entered = {line for one in known for line in one.lines}
        return tuple(line for line in production.plan.stale if line not in entered)


def abandoned(folder: Path) -> Iterator[Path]:
    """Files of a book that nobody is writing any more, and that were not finished."""
    for path in sorted(folder.rglob(".*.part*")):
        if half_written(path) and path.is_file() and time.time() - path.stat().st_mtime > HALF_WRITTEN_S:
            yield path


def _chapters(folder: BookFolder, dry_run: bool) -> Iterator[str]:
    """Chapters whose record and files do not fit. Without its record a chapter is made again."""
    for path in sorted(folder.chapters.glob("[!.]*.json")):
        told = _json(path)
        if "fingerprint" not in told or "files" not in told:
            continue
        if masters.load(folder.chapters, path.stem) is None or not _as_written(folder.chapters, told):
            yield path.stem
            if not dry_run:
                path.unlink()


def _deliverables(folder: BookFolder, dry_run: bool) -> Iterator[str]:
    """The same of deliverables, whose records are named ``.name.kind.json``."""
    for path in sorted(folder.chapters.glob(".*.json")):
        told = _json(path)
        files = told.get("files")
        if "fingerprint" not in told or not isinstance(files, dict):
            continue
        sizes = {folder.path / name: size for name, size in files.items()}
        if any(not one.is_file() or one.stat().st_size != size for one, size in sizes.items()) or not _as_written(
            folder.path, told
        ):
            yield path.stem.rsplit(".", 1)[-1]
            if not dry_run:
                path.unlink()


def _as_written(folder: Path, told: dict[str, object]) -> bool:
    """Whether files have the hashes of their record. Records of before there were any have none."""
    sums = told.get("sha256")
    try:
        return not isinstance(sums, dict) or all(sha256_file(folder / name) == one for name, one in sums.items())
    except OSError:
        return False


def _json(path: Path) -> dict[str, object]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
