"""What is said about reference clips, on clips made here."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.cast import clip_remarks, load
from pipeline.cast.listening import remarks
from pipeline.engines.espeak import EspeakEngine
from pipeline.nouns import Direction, Voice

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


def said(variant: str, *texts: str) -> np.ndarray:
    """Real words by the embedded engine."""
    engine = EspeakEngine()
    voice = Voice(variant, "espeak", {"variant": variant})
    batch = [Direction(str(n), text, "zh", voice) for n, text in enumerate(texts)]
    waves = sorted(((one.index, one.wave) for one in engine.render(batch)), key=lambda pair: pair[0])
    return np.concatenate([wave for _, wave in waves])


RAIN = (
    "长安城下了三天的雨，青石板路上积着水。",
    "林晚推开门，看见桌上放着一封信。",
    "信封没有署名，只画着一只蓝色的鸟。",
)


@pytest.mark.parametrize("variant", ["f2", "f5", "m3", "m7"])
def test_one_speaker_is_not_taken_for_several(variant: str, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "one.wav", said(variant, *RAIN), RATE)
    assert not any("several speakers" in one for one in remarks(tmp_path / "one.wav"))


@pytest.mark.parametrize(("one", "two"), [("f2", "m3"), ("m7", "f5")])
def test_two_speakers_in_a_clip_are_likely_heard(one: str, two: str, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "two.wav", np.concatenate([said(one, RAIN[0]), said(two, RAIN[1])]), RATE)
    assert any("several speakers" in remark for remark in remarks(tmp_path / "two.wav"))
