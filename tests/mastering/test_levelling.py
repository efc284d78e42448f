"""Lines levelled by character, chapters brought to their target."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from test_masters import RATE, TAGS, lines, take, voice

from pipeline.mastering import chapter, levelling, profiles, timeline
from pipeline.mastering.dynamics import CompressorSettings
from pipeline.nouns import Line, Master, Timeline

PROFILE = replace(profiles.load("podcast"), formats=("flac",))


def at(wave: np.ndarray, lufs: float) -> np.ndarray:
    level = levelling.loudness(levelling.energy(wave, RATE).weighted)
    return (wave * 10 ** ((lufs - level) / 20)).astype(np.float32)


def made(folder: Path, script: list[Line], waves: list[np.ndarray], profile=PROFILE) -> tuple[Master, Timeline]:
    takes = {line.id: take(folder / "takes", line.id, wave) for line, wave in zip(script, waves, strict=True)}
    laid = timeline.build(1, "", script, takes, profile)
    return chapter.master(laid, takes, profile, folder / "chapters", "01", TAGS, "f")


def loudness(master: Master, laid: Timeline) -> list[float]:
    """Of every line in the master, by an independent meter."""
    wave, rate = soundfile.read(master.files["flac"])
    meter = pyloudnorm.Meter(rate)
    return [meter.integrated_loudness(wave[one.start : one.end]) for one in laid.segments]


def test_quiet_and_loud_voices_sit_together(tmp_path: Path) -> None:
    script = [replace(line, speaker=name) for line, name in zip(lines(*["一句话。"] * 6), "甲乙丙甲乙丙", strict=True)]
    waves = [at(voice(3, seed), level) for seed, level in enumerate((-40, -20, -8, -40, -20, -8))]
    levels = loudness(*made(tmp_path, script, waves))
    assert np.ptp(levels) < 0.5, levels


@pytest.mark.parametrize("compressor", [None, CompressorSettings()], ids=["plain", "compressed"])
def test_whisper_and_shout_stay_apart_on_purpose(tmp_path: Path, compressor: CompressorSettings | None) -> None:
    profile = replace(PROFILE, dynamics=replace(PROFILE.dynamics, compressor=compressor))
    script = [
        replace(line, delivery=how)
        for line, how in zip(lines(*["一句话。"] * 3), ("", "whisper", "shout"), strict=True)
    ]
    plain, whisper, shout = loudness(*made(tmp_path, script, [at(voice(3, n), -25) for n in range(3)], profile))
    assert whisper - plain == pytest.approx(PROFILE.levels.whisper, abs=0.5)
    assert shout - plain == pytest.approx(PROFILE.levels.shout, abs=0.5)


def test_a_line_keeps_a_part_of_its_own_difference_and_no_more(tmp_path: Path) -> None:
    waves = [at(voice(3, n), level) for n, level in enumerate((-25, -25, -21, -25, -45))]
    levels = loudness(*made(tmp_path, lines(*["一句话。"] * 5), waves))
    assert levels[2] - levels[0] == pytest.approx(PROFILE.levels.keep * 4, abs=0.4)
    assert levels[4] - levels[0] == pytest.approx(-PROFILE.levels.most, abs=0.4)


def test_a_character_may_be_louder_by_the_cast_file(tmp_path: Path) -> None:
    script = [
        replace(line, speaker=name) for line, name in zip(lines("一句话。", "一句话。"), ("甲", "乙"), strict=True)
    ]
    profile = replace(PROFILE, levels=replace(PROFILE.levels, characters={"乙": 3.0}))
    one, two = loudness(*made(tmp_path, script, [at(voice(3, n), -25) for n in range(2)], profile))
    assert two - one == pytest.approx(3, abs=0.4)


def test_a_silent_take_and_a_click_of_a_word_are_no_trouble(tmp_path: Path) -> None:
    waves = [np.zeros(RATE, np.float32), at(voice(0.12, 1), -30), at(voice(3, 2), -20)]
    master, laid = made(tmp_path, lines("一。", "二。", "三。"), waves)
    assert laid.segments[0].gain_db == pytest.approx(laid.segments[0].gain_db)
    assert master.loudness.integrated == pytest.approx(PROFILE.loudness, abs=0.15)
    assert abs(laid.segments[1].gain_db) < 45


def test_the_timeline_tells_the_gain_that_was_laid_on_each_line(tmp_path: Path) -> None:
    wave = at(voice(3, 1), -30)
    master, laid = made(tmp_path, lines("一句话。"), [wave])
    out, _ = soundfile.read(master.files["flac"])
    one = laid.segments[0]
    got = np.sqrt(np.mean(out[one.start : one.end] ** 2)) / np.sqrt(np.mean(wave**2))
    assert 20 * np.log10(got) == pytest.approx(one.gain_db, abs=0.2)
