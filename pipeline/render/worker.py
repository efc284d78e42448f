"""Runs in a worker process (or in this one): a batch of jobs becomes files in the store's folder.

The worker writes audio, and its own journal of it. The index is written by the one process that runs the book.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

from pipeline import engines
from pipeline.engines import Engine
from pipeline.engines.base import Spoken
from pipeline.errors import BookFolderError, DeviceError, EngineError, ShuoshuError
from pipeline.files import written_beside
from pipeline.nouns import Direction, Take, Waveform, Word
from pipeline.render.checks import flags, severity
from pipeline.render.plan import Job
from pipeline.render.pool import alive
from pipeline.takes import notes
from pipeline.takes.journal import Journal, Rendered
from pipeline.takes.key import ingredients, key_of
from pipeline.wording import Wording

TRIES = 3
"""How often a line is tried that its engine refuses or, where the sound depends on the seed, that a check flags: with a new
seed each time, where there are seeds. As often work is tried whose disk answers with an error that may pass."""
PASSING = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.EREMOTEIO, errno.ECONNRESET})
"""What a network file system says while it is away for a moment."""
PATIENCE_S = 2.0


@cache
def engine_of(name: str) -> Engine:
    """This process's engine of that name, loaded once."""
    return engines.load(name)


def render_batch(jobs: Sequence[Job], folder: Path) -> list[Rendered | EngineError]:
    """Render jobs of one engine and write their audio under `folder` (``ab/<key>.flac``); in the order of `jobs`, each take, or
    why its line cannot be spoken.

    A take that a check flags is rendered again with a new seed where that can help; the least bad one (see `checks.severity`)
    is returned under the key of the seed that made it. Sound that is no sound (NaN, infinite) is never a take: its line
    counts as refused. Raises EngineError for an engine that can speak no line, DeviceError for one that broke,
    BookFolderError for a full disk.
    """
    engine = engine_of(jobs[0].direction.voice.engine)
    rate, seeded = engine.capabilities.sample_rate, engine.capabilities.seeded
    best: dict[int, tuple[Direction, Waveform, tuple[str, ...], tuple[Word, ...]]] = {}
    again: dict[int, tuple[str, ...]] = {}
    done: dict[int, Rendered] = {}
    refused: dict[int, EngineError] = {}
    with Journal(folder) as journal:
        for attempt in range(TRIES):
            last = attempt == TRIES - 1 or not seeded
            left = [index for index in range(len(jobs)) if index not in done]
            asked = {index: _with_seed(jobs[index].direction, attempt if seeded else 0) for index in left}
            for index, spoken in _spoken(engine, asked):
                if isinstance(spoken, EngineError):
                    refused[index] = spoken
                    again[index] = (*again.get(index, ()), "refused")
                    continue
                found = flags(spoken.wave, rate, asked[index].text, asked[index].speed, spoken.doubts)
                if index not in best or severity(found) < severity(best[index][2]):
                    best[index] = asked[index], spoken.wave, found, spoken.words
                if not found or last:  # written at once: a batch of waves is not kept waiting in memory
                    kept, tried = best.pop(index), again.get(index, ())
                    done[index] = write(jobs[index], *kept, rate=rate, folder=folder, journal=journal, retries=tried)
                else:
                    again[index] = (*again.get(index, ()), "flagged")
                alive()
        for index, kept in best.items():  # flagged, and then refused with every other seed
            tried = again[index][: TRIES - 1]
            done[index] = write(jobs[index], *kept, rate=rate, folder=folder, journal=journal, retries=tried)
    return [done.get(index) or refused[index] for index in range(len(jobs))]


def _spoken(engine: Engine, asked: Mapping[int, Direction]) -> Iterator[tuple[int, Spoken | EngineError]]:
    """Every direction as it is done, or why its line cannot be spoken, while the others go on. Raises EngineError and
    DeviceError for what concerns more than a line."""
    left = dict(asked)
    while left:
        order = list(left)
        try:
            for spoken in engine.render([left[index] for index in order]):
                line = left.pop(order[spoken.index]).line_id
                yield order[spoken.index], spoken if np.isfinite(spoken.wave).all() else _no_sound(engine.name, line)
            missing = next(iter(left.values()), None)
            if missing:
                raise EngineError(
                    Wording(
                        f"engine {engine.name!r} gave no audio for line {missing.line_id}",
                        f"引擎 {engine.name} 没有给出 {missing.line_id} 的声音",
                    ),
                    fix=Wording("Report this to its makers.", "请报告给引擎的作者。"), line=missing.line_id,
                )  # fmt: skip
        except DeviceError:
            raise
        except EngineError as error:
            index = next((one for one, direction in left.items() if direction.line_id == error.line), None)
            if index is None:
                raise
            del left[index]
            yield index, error
        except ShuoshuError:
            raise
        except Exception as error:  # an engine is anybody's code: what it raises and nobody foresaw says that it broke
            raise DeviceError(
                Wording(
                    f"engine {engine.name!r} broke ({type(error).__name__}: {error})",
                    f"引擎 {engine.name} 出错（{type(error).__name__}: {error}）",
                ),
                fix=Wording(
                    "Report this to its makers. Finished lines are kept.", "请报告给引擎的作者。做完的行都保留。"
                ),
            ) from error


def _no_sound(engine: str, line: str) -> EngineError:
    return EngineError(
        Wording(
            f"engine {engine!r} gave numbers for line {line} that are no sound (NaN or infinite)",
            f"引擎 {engine} 给 {line} 的数据不是声音（NaN 或无穷大）",
        ),
        fix=Wording(
            "Render it again with another seed or precision; if it stays so, report it to the engine's makers.",
            "请换种子或精度再合成；若仍如此，请报告给引擎的作者。",
        ),
        line=line,
    )


def _log(key: str) -> None:
    """Append a written take's key to the file that SHUOSHU_RENDER_LOG names, for whoever counts the work done."""
    path = os.environ.get("SHUOSHU_RENDER_LOG")
    if path:
        with Path(path).open("a", encoding="ascii") as log:
            log.write(key + "\n")


def _with_seed(direction: Direction, attempt: int) -> Direction:
    return replace(direction, seed=direction.seed + 7919 * attempt) if attempt else direction


def write(
    job: Job, direction: Direction, wave: Waveform, found: tuple[str, ...], words: tuple[Word, ...], *, rate: int,
    folder: Path, journal: Journal, retries: tuple[str, ...] = (),
) -> Rendered:  # fmt: skip
    """Write the take of a job, as `direction` (the job's, or with another seed) was spoken."""
    made_from = ingredients(direction)
    return write_take(
        wave, found, words, made_from, rate=rate, subject=job.subject, lines=job.lines, asked=job.key, folder=folder,
        journal=journal, retries=retries,
    )  # fmt: skip


def write_take(
    wave: Waveform, found: tuple[str, ...], words: tuple[Word, ...], made_from: dict[str, object], *, rate: int,
    subject: str, lines: tuple[str, ...], asked: str, folder: Path, journal: Journal, retries: tuple[str, ...] = (),
) -> Rendered:  # fmt: skip
    """Write a take's file under its key, its journal's row just before it gets its name."""
    import soundfile

    key = key_of(made_from)
    path = folder / key[:2] / f"{key}.flac"
    encoded = io.BytesIO()
    with soundfile.SoundFile(encoded, "w", rate, 1, "PCM_16", format="FLAC") as file:
        file.comment = notes.written(found, words, made_from, lines)
        file.write(wave)
    data = encoded.getvalue()
    take = Take(
        key=key, path=path, sha256=hashlib.sha256(data).hexdigest(), sample_rate=rate, frames=len(wave),
        engine=str(made_from["engine"]), seed=int(str(made_from["seed"])), flags=found,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )  # fmt: skip
    one = Rendered(take, len(data), subject, made_from, lines, asked, retries)
    for attempt in range(TRIES):
        try:
            with written_beside(path) as beside:
                beside.write_bytes(data)
                journal.add(one)
            break
        except BookFolderError as error:
            if attempt == TRIES - 1 or getattr(error.__cause__, "errno", None) not in PASSING:
                raise
            time.sleep(PATIENCE_S * (attempt + 1))
            one = replace(one, retries=(*one.retries, "disk"))
    _log(key)
    return one
