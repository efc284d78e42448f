"""What is judged of a take, and which of several bad takes is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pipeline.engines.base import Spoken
from pipeline.engines.espeak import EspeakEngine
from pipeline.errors import EngineError
from pipeline.nouns import Direction, Voice
from pipeline.render import worker
from pipeline.render.checks import flags, severity
from pipeline.render.plan import Job
from pipeline.takes.journal import Rendered
from pipeline.takes.key import subject_of, take_key

RATE = 22_050


class Scripted(EspeakEngine):
    """eSpeak with a seed; what its sound becomes, and what it doubts, is told try by try; None = as it is."""

    capabilities = replace(EspeakEngine.capabilities, seeded=True)

    def __init__(self, tries: Sequence[float | tuple[str, ...] | None]) -> None:
        self.tries, self.asked = tries, 0

    def render(self, batch: Sequence[Direction]) -> Iterator[Spoken]:
        for one in super().render(batch):
            told = self.tries[self.asked] if batch[one.index].line_id == "c01-1" else None
            self.asked += batch[one.index].line_id == "c01-1"
            wave = one.wave.copy()
            if isinstance(told, float):
                wave[100:200] = told
            yield replace(one, wave=wave, doubts=told if isinstance(told, tuple) else ())


def _job(line: str, text: str) -> Job:
    direction = Direction(line, text, "zh", Voice("v", "espeak"), seed=3)
    return Job(take_key(direction), subject_of(direction), direction, (line,))


def _made(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *tries: float | tuple[str, ...] | None
) -> tuple[Rendered | EngineError, int]:
    engine = Scripted(tries)
    monkeypatch.setattr(worker, "engine_of", lambda _name: engine)
    first, second = worker.render_batch(
        [_job("c01-1", "天快黑了,河边一个人也没有."), _job("c01-2", "雨停了,风也停了.")], folder
    )
    assert isinstance(second, Rendered), "the other line is spoken, whatever happens to the first"
    assert not second.take.flags
    return first, engine.asked


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_no_sound_are_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: Any
) -> None:
    one, asked = _made(tmp_path, monkeypatch, float(broken), None)
    assert isinstance(one, Rendered)
    assert (asked, one.take.flags, one.take.seed != 3, one.retries) == (2, (), True, ("refused",))
    assert np.isfinite(soundfile.read(one.take.path)[0]).all()


def test_numbers_that_are_never_a_sound_are_no_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, asked = _made(tmp_path, monkeypatch, np.nan, np.inf, np.nan)
    assert isinstance(one, EngineError)
    assert (one.line, asked) == ("c01-1", worker.TRIES)
    assert "NaN" in one.what
    assert len(list(tmp_path.glob("*/*.flac"))) == 1, "the other line's"


def test_a_flagged_take_is_kept_before_one_that_is_no_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = _made(tmp_path, monkeypatch, ("runaway",), np.nan, np.nan)
    assert isinstance(one, Rendered)
    assert (one.take.flags, one.take.seed) == (("runaway",), 3)


@pytest.mark.parametrize(
    ("tries", "kept"),
    [
        ([("silent",), ("clipped", "runaway"), ("truncated",)], ("clipped", "runaway")),
        ([("truncated",), ("silent",), ("runaway",)], ("runaway",)),
        ([("clipped",), ("runaway",), ("truncated",)], ("clipped",)),
        ([("truncated", "clipped"), ("truncated",), ("silent",)], ("truncated",)),
    ],
)
def test_the_least_bad_take_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tries: list[tuple[str, ...]], kept: tuple[str, ...]
) -> None:
    one, _ = _made(tmp_path, monkeypatch, *tries)
    assert isinstance(one, Rendered)
    assert one.take.flags == kept


def test_missing_speech_is_worse_than_distorted_speech() -> None:
    order: list[tuple[str, ...]] = [(), ("clipped",), ("runaway",), ("runaway", "clipped"), ("truncated",), ("silent",)]
    assert all(severity(one) < severity(other) for one, other in pairwise(order))


@pytest.mark.parametrize(
    ("text", "seconds", "found"),
    [
        ("好.", 0.05, ("truncated",)),
        ("好.", 0.3, ()),
        ("好.", 2.5, ("runaway",)),
        ("对不起.", 0.15, ("truncated",)),
        ("对不起.", 1.5, ()),
        ("对不起.", 4.5, ("runaway",)),
        ("Hm!", 2.5, ()),
        ("天快黑了.", 5.1, ("runaway",)),
    ],
)
def test_short_lines_are_judged_by_what_no_speaker_needs(text: str, seconds: float, found: tuple[str, ...]) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)
    assert flags(noise, RATE, text) == found
