"""What is heard in the place of a line that its engine cannot speak: silence about as long as the line, or the line spoken by
the embedded engine. A take like any other, but of no line's choosing, so that the next run asks for the line again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipeline.engines.plausible import usual_seconds
from pipeline.errors import EngineError
from pipeline.nouns import Direction, Voice, Waveform, Word
from pipeline.render.plan import Job
from pipeline.render.worker import engine_of, write_take
from pipeline.takes.journal import Journal, Rendered
from pipeline.takes.key import ingredients, subject_from

FLAG = "stand_in"
EMBEDDED = "espeak"
SAMPLE_RATE = 22050


def stand_in(job: Job, spoken: bool, folder: Path) -> Rendered:
    """Make what stands in for a job's lines; runs in a worker process. `spoken`: by the embedded engine; silence where that
    cannot speak the line either."""
    asked = job.direction
    seconds = asked.duration or usual_seconds(asked.text, asked.language) / asked.speed
    plain = Direction(
        asked.line_id, asked.text, asked.language, Voice(FLAG, EMBEDDED), speed=asked.speed, duration=asked.duration
    )
    wave: Waveform = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    words: tuple[Word, ...] = ()
    made_from: dict[str, Any] = {"engine": "silence", "seconds": round(seconds, 3), "text": asked.text, "seed": 0}
    if spoken:
        try:
            one = next(iter(engine_of(EMBEDDED).render([plain])))
            wave, words, made_from = one.wave, one.words, ingredients(plain)
        except EngineError:
            pass
    made_from[FLAG] = True  # never the key of a take that a cast asks for
    with Journal(folder) as journal:
        return write_take(
            wave, (FLAG,), words, made_from, rate=SAMPLE_RATE, subject=subject_from(made_from), lines=(), asked="",
            folder=folder, journal=journal,
        )  # fmt: skip
