"""What is said about reference clips, on clips made here."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.cast import clip_remarks, load
from pipeline.cast.listening import remarks

RATE = 22_050


def syllables(seconds: float, rate: int = RATE) -> np.ndarray:
    """A buzz of 120 Hz in syllables, a fifth of a second each, with silence between."""
    at = np.arange(round(seconds * rate)) / rate
    return (np.sign(np.sin(2 * np.pi * 120 * at)) * 0.2 * (at % 0.4 < 0.2)).astype(np.float32)


def noise(count: int, level: float) -> np.ndarray:
    return (np.random.default_rng(0).standard_normal(count) * level).astype(np.float32)


@pytest.mark.parametrize(
    ("wave", "rate", "says"),
    [
        (syllables(2), RATE, ["too short to catch a voice"]),
        (syllables(4), RATE, ["5 to 15 s catch a voice better"]),
        (syllables(8), RATE, []),
        (syllables(600), RATE, ["only the first 15 s are used"]),
        (syllables(8, 8000), 8000, ["recorded at 8000 Hz"]),
        (syllables(8) * 0, RATE, ["very quiet"]),
        (syllables(8) + noise(8 * RATE, 0.05), RATE, ["noisy"]),
        (np.stack([syllables(8), syllables(8)], 1), RATE, []),
        (syllables(0.5), RATE, ["too short"]),
    ],
)
@pytest.mark.parametrize("kind", ["wav", "mp3"])
def test_remarks(wave: np.ndarray, rate: int, says: list[str], kind: str, tmp_path: Path) -> None:
    soundfile.write(tmp_path / f"voice.{kind}", wave, rate)
    found = remarks(tmp_path / f"voice.{kind}")
    assert all(re.search("[\u4e00-\u9fff]{2}", one.chinese) for one in found)
    assert len(found) == len(says)
    assert all(part in one for part, one in zip(says, found, strict=True))


def test_a_clipped_recording(tmp_path: Path) -> None:
    """Of a WAV: an MP3 does not keep its clipped samples at full scale."""
    soundfile.write(tmp_path / "loud.wav", np.clip(syllables(8) * 9, -1, 1), RATE)
    [remark] = remarks(tmp_path / "loud.wav")
    assert remark.startswith("clipped: ")


def test_a_cast_lists_what_is_poor_about_its_clips(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "lin.wav", syllables(2), RATE)
    (tmp_path / "cast.yaml").write_text(
        "language: zh\nconsent: my own voice\nvoices:\n  lin: {engine: indextts2, reference: lin.wav}\nnarrator: lin\n",
        encoding="utf-8",
    )
    assert clip_remarks(load(tmp_path / "cast.yaml")) == [
        "voice lin: lin.wav is only 2.0 s long: too short to catch a voice; give 5 to 15 s"
    ]
