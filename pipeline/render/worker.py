"""Runs in a worker process (or in this one): a batch of jobs becomes files in the store's folder.

The worker writes audio only. The index is written by the one process that runs the book.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from pipeline import engines
from pipeline.engines import Engine
from pipeline.errors import EngineError
from pipeline.files import sha256_file, write_bytes
from pipeline.nouns import Direction, Take, Waveform, Word
from pipeline.render.checks import flags
from pipeline.render.plan import Job
from pipeline.takes import notes
from pipeline.takes.key import ingredients, take_key
from pipeline.takes.store import Rendered

RETRIES = 2
"""New seeds tried for a flagged take, with engines whose sound depends on the seed."""


@cache
def engine_of(name: str) -> Engine:
    """This process's engine of that name, loaded once."""
    return engines.load(name)


def render_batch(jobs: Sequence[Job], folder: Path, there: frozenset[str] = frozenset()) -> list[Rendered]:
    """Render jobs of one engine and write their audio under `folder` (``ab/<key>.flac``). Of the keys in `there` a killed run
    has left a whole file, which is taken over.

    A take that a check flags is rendered again with a new seed where that can help; the best one is returned under the
    key of the seed that made it. Raises EngineError naming the line, BookFolderError for a full disk.
    """
    engine = engine_of(jobs[0].direction.voice.engine)
    rate, tries = engine.capabilities.sample_rate, 1 + (RETRIES if engine.capabilities.seeded else 0)
    best: dict[int, tuple[Direction, Waveform, tuple[str, ...], tuple[Word, ...]]] = {}
    done: dict[int, Rendered] = {}
    for index, job in enumerate(jobs):
        left_there = _taken_over(job, folder) if job.key in there else None
        if left_there and (tries == 1 or not left_there.take.flags):
            done[index] = left_there
    for attempt in range(tries):
        left = [index for index in range(len(jobs)) if index not in done]
        asked = [_with_seed(jobs[index].direction, attempt) for index in left]
        for spoken in engine.render(asked) if left else ():
            index, direction, wave = left[spoken.index], asked[spoken.index], spoken.wave
            found = flags(wave, rate, direction.text, direction.speed, spoken.doubts)
            if index not in best or len(found) < len(best[index][2]):
                best[index] = direction, wave, found, spoken.words
            if not found or attempt == tries - 1:  # written at once: a batch of waves is not kept waiting in memory
                done[index] = _write(jobs[index].subject, *best.pop(index), rate=rate, folder=folder)
    if len(done) != len(jobs):
        missing = next(job.direction.line_id for index, job in enumerate(jobs) if index not in done)
        raise EngineError(f"engine {engine.name!r} gave no audio for line {missing}", fix="Report this to its makers.")
    return [done[index] for index in range(len(jobs))]


def _log(key: str) -> None:
    """Append a written take's key to the file that SHUOSHU_RENDER_LOG names, for whoever counts the work done."""
    path = os.environ.get("SHUOSHU_RENDER_LOG")
    if path:
        with Path(path).open("a", encoding="ascii") as log:
            log.write(key + "\n")


def _with_seed(direction: Direction, attempt: int) -> Direction:
    return replace(direction, seed=direction.seed + 7919 * attempt) if attempt else direction


def _taken_over(job: Job, folder: Path) -> Rendered | None:
    """What a killed run rendered and could not enter any more; None for a file that cannot be read."""
    import soundfile

    path = folder / job.key[:2] / f"{job.key}.flac"
    try:
        with soundfile.SoundFile(path) as file:
            wave, rate, (doubts, _) = file.read(dtype="float32"), file.samplerate, notes.read(file.comment)
    except (OSError, ValueError, soundfile.LibsndfileError):
        return None
    made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    found = flags(wave, rate, job.direction.text, job.direction.speed, doubts)
    return _rendered(job.subject, job.direction, path, len(wave), rate, made, found)


def _write(
    subject: str, direction: Direction, wave: Waveform, found: tuple[str, ...], words: tuple[Word, ...], *, rate: int,
    folder: Path,
) -> Rendered:  # fmt: skip
    import soundfile

    key = take_key(direction)
    path = folder / key[:2] / f"{key}.flac"
    encoded = io.BytesIO()
    with soundfile.SoundFile(encoded, "w", rate, 1, "PCM_16", format="FLAC") as file:
        if found or words:  # a killed run may not enter it in the index; who takes it over must know
            file.comment = notes.written(found, words)
        file.write(wave)
    write_bytes(path, encoded.getvalue())
    _log(key)
    return _rendered(subject, direction, path, len(wave), rate, datetime.now(UTC), found)


def _rendered(
    subject: str, direction: Direction, path: Path, frames: int, rate: int, made: datetime, found: tuple[str, ...]
) -> Rendered:
    take = Take(
        key=path.stem, path=path, sha256=sha256_file(path), sample_rate=rate, frames=frames, engine=direction.voice.engine,
        seed=direction.seed, created=made.isoformat(timespec="seconds"), flags=found,
    )  # fmt: skip
    return Rendered(take, path.stat().st_size, subject, ingredients(direction))
