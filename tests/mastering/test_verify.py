"""`shuoshu verify`: a good set of ACX files passes; files that are wrong in one way are refused for that and nothing else."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from mutagen.mp3 import MP3, BitrateMode
from scipy import signal

from pipeline.engines.espeak import EspeakEngine
from pipeline.errors import MasteringError
from pipeline.mastering import limits, profiles
from pipeline.mastering.limiter import Limiter
from pipeline.mastering.measured import Measured, measure
from pipeline.mastering.verify import verify
from pipeline.nouns import Direction, Voice
from tests.conftest import shuoshu

RATE = 44100
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
ACX = limits.load("acx")


def noise(seconds: float, level_db: float, seed: int) -> np.ndarray:
    """Room tone: low noise at an RMS level in dBFS."""
    drawn = signal.lfilter([1], [1, -0.9], np.random.default_rng(seed).standard_normal(round(seconds * RATE) + 500))[
        500:
    ]
    return drawn / np.sqrt(np.mean(drawn**2)) * 10 ** (level_db / 20)


@cache
def speech(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise in syllables and phrases, at both ends loud."""
    at = np.arange(round(seconds * RATE)) / RATE
    drawn = signal.lfilter([1], [1, -0.9], np.random.default_rng(seed).standard_normal(at.size))
    syllables = 0.6 + 0.4 * np.cos(2 * np.pi * 4 * (at - at[-1] / 2))
    pause = (at > 3) & (at < 3.8)
    return drawn / np.std(drawn) * syllables * ~pause


@cache
def spoken() -> np.ndarray:
    """The embedded engine reads a paragraph; (frames,) at `RATE`."""
    text = "It was raining when the train came in. Nobody stood on the platform, and nobody got off. He waited."
    direction = Direction("c01-000000", text, "en", Voice("n", "espeak"))
    (one,) = EspeakEngine().render([direction])
    return signal.resample_poly(one.wave, 2, 1)


def reading(
    speech: np.ndarray,
    rms: float = -20.0,
    ceiling: float = -3.6,
    head: float = 0.75,
    tail: float = 2.0,
    room: float = -70.0,
) -> np.ndarray:
    """A chapter as its narrator hands it in: levelled over its whole length, limited, with room tone under everything."""
    wave = np.concatenate([np.zeros(round(head * RATE)), speech, np.zeros(round(tail * RATE))])
    quiet, gain = noise(wave.size / RATE, room, 7), 0.0
    for _ in range(6):
        limiter = Limiter(10 ** (ceiling / 20), RATE)
        level = np.float32(10 ** (gain / 20))
        limited = np.concatenate([limiter.push(wave.astype(np.float32) * level), limiter.flush()]) + quiet
        gain += rms - 10 * np.log10(np.mean(limited**2))
    return limited.astype(np.float32)


@cache
def chapter() -> np.ndarray:
    """A good one of 9.75 s."""
    return reading(speech(7.0))


def encoded(path: Path, wave: np.ndarray, *options: str, rate: int = RATE) -> Path:
    """Written by ffmpeg, as its suffix says."""
    channels = 1 if wave.ndim == 1 else wave.shape[1]
    raw = ["-f", "f32le", "-ar", str(RATE), "-ac", str(channels), "-i", "-"]
    run = [FFMPEG, "-v", "error", *raw, "-ar", str(rate), *options, path]
    subprocess.run(run, input=wave.astype(np.float32).tobytes(), check=True)
    return path


def mp3(path: Path, wave: np.ndarray, *options: str, kbps: int = 192, rate: int = RATE) -> Path:
    return encoded(path, wave, "-c:a", "libmp3lame", "-b:a", f"{kbps}k", *options, rate=rate)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three files as ACX wants them: the embedded engine's speech, shaped noise, and shaped noise at 256 kb/s."""
    folder = tmp_path_factory.mktemp("good")
    return [
        mp3(folder / "01.mp3", reading(spoken())),
        mp3(folder / "02.mp3", chapter()),
        mp3(folder / "03.mp3", reading(speech(6.0, 3), rms=-21, head=0.6, tail=3), kbps=256),
    ]


def test_a_good_set_passes(good: list[Path]) -> None:
    verdict = verify(good, ACX)
    assert [file.failures for file in verdict.files] == [(), (), ()]
    assert verdict.together[0].values == ((1, 3),)
    assert verdict.passed


def two_rates(path: Path) -> Path:
    """Frames of 192 kb/s, then of 256: on average more than enough, but not constant."""
    wave = chapter()
    options, parts = (
        ("-write_xing", "0", "-id3v2_version", "0", "-reservoir", "0"),
        (wave[: 5 * RATE], wave[5 * RATE :]),
    )
    files = [
        mp3(path.with_suffix(f".{kbps}.mp3"), part, *options, kbps=kbps)
        for kbps, part in zip((192, 256), parts, strict=True)
    ]
    path.write_bytes(b"".join(file.read_bytes() for file in files))
    return path


def with_a_burst(wave: np.ndarray) -> np.ndarray:
    """Five milliseconds of a loud tone in the middle of the speech."""
    wave = wave.copy()
    wave[2 * RATE : 2 * RATE + 220] = 0.85 * np.sin(2 * np.pi * 1000 * np.arange(220) / RATE)
    return wave


BROKEN: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "rms too high": ("rms", lambda path: mp3(path, reading(speech(7.0), rms=-17.0, ceiling=-4.5))),
    "rms too low": ("rms", lambda path: mp3(path, reading(speech(7.0), rms=-24.5))),
    "peak": ("sample_peak", lambda path: mp3(path, with_a_burst(chapter()))),
    "noise floor": ("noise_floor", lambda path: mp3(path, reading(speech(7.0), room=-55.0))),
    "48 kHz": ("sample_rate", lambda path: mp3(path, chapter(), rate=48000)),
    "variable bit rate": ("constant_bit_rate", two_rates),
    "128 kb/s": ("bit_rate", lambda path: mp3(path, chapter(), kbps=128)),
    "not an MP3": ("codec", lambda path: encoded(path.with_suffix(".flac"), chapter())),
    "head too short": ("head", lambda path: mp3(path, reading(speech(7.0), head=0.3))),
    "head too long": ("head", lambda path: mp3(path, reading(speech(7.0), head=1.5))),
    "tail missing": ("tail", lambda path: mp3(path, reading(speech(7.0), tail=0.2))),
    "tail too long": ("tail", lambda path: mp3(path, reading(speech(9.0), tail=5.5))),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_file_wrong_in_one_way_is_refused_for_just_that(fault: str, good: list[Path], tmp_path: Path) -> None:
    name, make = BROKEN[fault]
    verdict = verify([good[0], make(tmp_path / "broken.mp3")], ACX)
    assert not verdict.passed
    assert verdict.files[0].passed
    assert [one.name for one in verdict.files[1].failures] == [name]
    assert all(one.passed for one in verdict.together)


def test_a_stereo_file_among_mono_ones_fails_the_set_and_no_file(good: list[Path], tmp_path: Path) -> None:
    wave = chapter()
    odd = mp3(tmp_path / "stereo.mp3", np.stack([wave, wave], axis=1))
    verdict = verify([good[0], odd, good[1]], ACX)
    assert not verdict.passed
    assert all(file.passed for file in verdict.files)
    assert [(one.name, one.odd) for one in verdict.together if not one.passed] == [("channels", (odd,))]
    assert verify([odd], ACX).passed


def test_copies_in_other_formats_are_held_against_their_own_kind(tmp_path: Path) -> None:
    """Opus is always 48 kHz: no fault beside FLAC at 44.1. A FLAC at 48 kHz among others at 44.1 is one."""
    flacs = [written(tmp_path / f"{number}.flac", tone(-19)) for number in (1, 2)]
    opuses = [encoded(tmp_path / f"{number}.opus", tone(-19), "-b:a", "96k", rate=48000) for number in (1, 2)]
    podcast = limits.load("podcast")
    verdict = verify([*flacs, *opuses], podcast)
    assert verdict.passed, [one for one in verdict.together if not one.passed]
    assert {(one.name, one.format): one.values for one in verdict.together if one.name == "sample_rate"} == {
        ("sample_rate", "flac"): ((44100, 2),), ("sample_rate", "opus"): ((48000, 2),),
    }  # fmt: skip
    odd = written(tmp_path / "3.FLAC", tone(-19), rate=48000)
    verdict = verify([*flacs, *opuses, odd], podcast)
    assert all(file.passed for file in verdict.files)
    assert [(one.name, one.format, one.odd) for one in verdict.together if not one.passed] == [
        ("sample_rate", "flac", (odd,))
    ]
    run = shuoshu("verify", *flacs, *opuses, odd, SHUOSHU_LANG="en")
    assert run.returncode == 1
    assert run.stdout.endswith("FAIL: 5 of 5 files keep to podcast; the flac files are not alike in sample rate\n")
    [alike] = [
        one
        for one in json.loads(shuoshu("verify", *flacs, *opuses, odd, "--json").stdout)["alike"]
        if one["name"] == "sample_rate"
    ]
    assert alike == {
        "name": "sample_rate", "passed": False, "odd": [str(odd)], "values": [[48000, 3], [44100, 2]],
    }  # fmt: skip


def tone(loudness: float) -> np.ndarray:
    """Four seconds of a sine, in LUFS."""
    return np.sin(2 * np.pi * 997 * np.arange(4 * RATE) / RATE) * 10 ** ((loudness + 3.01) / 20)


def test_a_file_over_its_longest_is_refused_for_just_that(good: list[Path]) -> None:
    """ACX's two hours are a gigabyte of samples; so the same file is held against seven seconds, and two hours are looked
    at as the figure they are."""
    assert ACX.mono["seconds"].allows(7200.0)
    assert not ACX.mono["seconds"].allows(7200.01)
    short = replace(ACX, mono={**ACX.mono, "seconds": replace(ACX.mono["seconds"], most=7.0)})
    verdict = verify([good[1]], short)
    assert [one.name for one in verdict.files[0].failures] == ["seconds"]


def test_digital_silence_in_place_of_room_tone_is_refused(tmp_path: Path) -> None:
    wave = chapter().copy()
    wave[-int(1.5 * RATE) :] = 0
    (file,) = verify([mp3(tmp_path / "gated.mp3", wave)], ACX).files
    assert [one.name for one in file.failures] == ["digital_silence"]
    assert next(one.measured for one in file.findings if one.name == "digital_silence") == pytest.approx(1.5, abs=0.1)


# --- the figures ------------------------------------------------------------------------------------------------------


def written(path: Path, wave: np.ndarray, subtype: str = "PCM_24", rate: int = RATE) -> Path:
    soundfile.write(path, wave, rate, subtype)
    return path


def test_a_sine_at_full_scale_has_minus_3_01_rms(tmp_path: Path) -> None:
    """And -3.01 LUFS in one channel at 997 Hz, 0 dBFS, 0 dBTP."""
    wave = np.sin(2 * np.pi * 997 * np.arange(10 * RATE) / RATE)
    levels = measure(written(tmp_path / "sine.wav", wave, "FLOAT"))
    assert levels.rms == pytest.approx(-3.01, abs=0.005)
    assert levels.integrated == pytest.approx(-3.01, abs=0.05)
    assert levels.sample_peak == pytest.approx(0, abs=0.01)
    assert levels.true_peak == pytest.approx(0, abs=0.1)
    assert levels.seconds == 10


def test_rms_of_stereo_is_over_all_samples(tmp_path: Path) -> None:
    wave = np.sin(2 * np.pi * 997 * np.arange(2 * RATE) / RATE)
    levels = measure(written(tmp_path / "one side.flac", np.stack([wave, 0 * wave], axis=1) * 0.5))
    assert levels.rms == pytest.approx(-3.01 - 3.01 - 6.02, abs=0.01)
    assert levels.channels == 2


def test_head_tail_and_noise_floor_are_where_they_were_put(tmp_path: Path) -> None:
    levels = measure(written(tmp_path / "a.wav", reading(speech(7.0), head=0.9, tail=1.7, room=-66.0)))
    assert levels.head == pytest.approx(0.9, abs=0.021)
    assert levels.tail == pytest.approx(1.7, abs=0.021)
    assert levels.noise_floor == pytest.approx(-66.0, abs=0.5)
    assert levels.digital_silence == 0


def test_offset_and_clipping_are_found(tmp_path: Path) -> None:
    wave = 0.2 * np.sin(2 * np.pi * 100 * np.arange(4 * RATE) / RATE) + 0.05
    for start, count in ((1000, 3), (RATE - 1, 4), (2 * RATE, 2), (3 * RATE, 50)):
        wave[start : start + count] = 1.0
    wave[3 * RATE + 1000 : 3 * RATE + 1010] = -1.0
    levels = measure(written(tmp_path / "a.wav", wave, "PCM_16"))
    assert levels.dc_offset == pytest.approx(5.0, abs=0.1)
    assert levels.clipped_runs == 4


def test_clipped_runs_are_counted_across_blocks(tmp_path: Path) -> None:
    wave = np.resize([1.0, 1.0, 1.0, 0.0, 0.0], 5 * RATE)
    assert measure(written(tmp_path / "a.wav", wave, "PCM_16")).clipped_runs == RATE
    assert measure(written(tmp_path / "b.wav", wave[2:], "PCM_16")).clipped_runs == RATE - 1


@pytest.mark.parametrize("channels", [1, 2])
def test_levels_are_those_of_ffmpegs_astats(channels: int, tmp_path: Path) -> None:
    wave = np.stack([chapter(), reading(speech(7.0, 5), rms=-26) + 0.01], axis=1)[:, :channels]
    path = written(tmp_path / "a.wav", wave)
    run = subprocess.run(
        [FFMPEG, "-i", path, "-af", "astats", "-f", "null", "-"], capture_output=True, text=True, check=True
    )
    overall, levels = run.stderr.split("Overall")[1], measure(path)
    for name, ours in (("RMS level dB", levels.rms), ("Peak level dB", levels.sample_peak)):
        assert ours == pytest.approx(float(re.search(rf"{name}: (\S+)", overall)[1]), abs=0.01)
    assert levels.dc_offset == pytest.approx(100 * float(re.search(r"DC offset: (\S+)", overall)[1]), abs=0.01)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 32000])
def test_whole_files_of_low_rates_are_not_taken_for_cut_off_ones(rate: int, tmp_path: Path) -> None:
    path = encoded(tmp_path / "a.mp3", chapter(), "-b:a", "32k", rate=rate)
    levels = measure(path)
    assert (levels.sample_rate, levels.bit_rate, levels.constant_bit_rate) == (rate, 32, True)
    assert levels.seconds == pytest.approx(9.75, abs=0.01)


def test_a_silent_file_has_no_level(tmp_path: Path) -> None:
    levels = measure(written(tmp_path / "silence.wav", np.zeros(2 * RATE)))
    assert (levels.rms, levels.noise_floor, levels.true_peak, levels.integrated) == (-np.inf,) * 4
    assert levels.digital_silence == pytest.approx(2)
    assert not verify([tmp_path / "silence.wav"], limits.load("podcast")).passed


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.wav", "pcm_s16le", ()), ("a.flac", "flac", ()), ("a.mp3", "mp3", ("-b:a", "192k")),
        ("a.m4a", "aac", ("-b:a", "160k")), ("a.m4b", "aac", ("-b:a", "160k", "-f", "ipod")),
        ("a.opus", "opus", ("-b:a", "128k", "-ar", "48000")), ("a.ogg", "vorbis", ("-c:a", "libvorbis", "-q:a", "8")),
    ],
)  # fmt: skip
def test_every_format_reads_alike(name: str, codec: str, options: tuple[str, ...], tmp_path: Path) -> None:
    wave = chapter()
    levels, truth = (
        measure(encoded(tmp_path / name, wave, *options)),
        measure(written(tmp_path / "truth.wav", wave, "FLOAT")),
    )
    assert levels.codec == codec
    for figure, within in (("rms", 0.5), ("integrated", 0.5), ("head", 0.03), ("tail", 0.06), ("noise_floor", 1.5)):
        assert getattr(levels, figure) == pytest.approx(getattr(truth, figure), abs=within), figure


@pytest.mark.parametrize(("options", "mode"), [(("-b:a", "192k"), BitrateMode.CBR), (("-q:a", "2"), BitrateMode.VBR)])
def test_bit_rates_are_those_that_mutagen_reads(options: tuple[str, ...], mode: BitrateMode, tmp_path: Path) -> None:
    path = encoded(tmp_path / "a.mp3", chapter(), "-c:a", "libmp3lame", *options)
    judge, levels = MP3(path).info, measure(path)
    assert (judge.bitrate_mode is BitrateMode.CBR) == levels.constant_bit_rate == (mode is BitrateMode.CBR)
    assert levels.bit_rate == pytest.approx(judge.bitrate / 1000, rel=0.01)
    assert levels.seconds == pytest.approx(judge.length, abs=0.06)


# --- limits -----------------------------------------------------------------------------------------------------------


def test_every_limit_is_of_something_measured_and_names_its_source() -> None:
    measures = {one.name for one in fields(Measured)}
    assert set(limits.names()) == set(profiles.names()) - {"custom"}
    for name in limits.names():
        found = limits.load(name)
        assert found.source
        assert set(found.mono) == set(found.stereo) <= measures
        assert set(found.alike) <= measures
        for limit in (*found.mono.values(), *found.stereo.values()):
            assert limit.source
            assert limit.one_of or limit.least is not None or limit.most is not None


@pytest.mark.parametrize("name", limits.names())
def test_what_a_profile_aims_at_lies_within_its_limits(name: str) -> None:
    profile = profiles.load(name)
    allowed = limits.load(name).of(profile.channels)
    assert allowed["rms" if profile.measure == "rms" else "integrated"].allows(profile.loudness)
    assert allowed.get("true_peak", allowed.get("sample_peak")).allows(profile.true_peak)
    if name == "acx":
        assert allowed["head"].allows(profile.head)
        assert allowed["tail"].allows(profile.tail)
        assert allowed["bit_rate"].allows(profile.mp3_kbps)
        assert allowed["noise_floor"].allows(profile.room_tone_db)


@pytest.mark.parametrize(
    ("channels", "loudness", "passes"), [(1, -19, True), (1, -16, False), (2, -16, True), (2, -19, False)]
)
def test_a_podcast_is_three_units_louder_in_stereo(
    channels: int, loudness: float, passes: bool, tmp_path: Path
) -> None:
    tone = np.sin(2 * np.pi * 997 * np.arange(5 * RATE) / RATE)[:, np.newaxis] * np.ones(channels)
    level = loudness + 3.01 - (3.01 if channels == 2 else 0)
    (file,) = verify([written(tmp_path / "a.wav", tone * 10 ** (level / 20))], limits.load("podcast")).files
    assert [one.name for one in file.failures] == ([] if passes else ["integrated"])


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "bare.mp3", "a.m4a", "fast.m4a", "a.opus"])
@pytest.mark.parametrize("kept", [0.0, 0.55, 0.9])
def test_a_file_cut_off_is_refused(name: str, kept: float, tmp_path: Path) -> None:
    options = {"bare.mp3": ("-write_xing", "0"), "fast.m4a": ("-movflags", "+faststart")}.get(name, ())
    path = encoded(tmp_path / name, chapter(), *options, rate=48000)
    measure(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(MasteringError, match=r"cut off|cannot be read|no sound") as caught:
        measure(path)
    assert caught.value.where == str(path)


def test_what_is_no_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.mp3").write_text("Once upon a time. " * 500)
    (tmp_path / "noise.m4b").write_bytes(np.random.default_rng(1).bytes(60000))
    subprocess.run(
        [FFMPEG, "-v", "error", "-f", "lavfi", "-i", "color=c=red:d=1", "-c:v", "mpeg4", tmp_path / "film.mp4"],
        check=True,
    )
    for path in (tmp_path / "text.mp3", tmp_path / "noise.m4b", tmp_path / "film.mp4", tmp_path, tmp_path / "none.wav"):
        with pytest.raises(MasteringError):
            measure(path)


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_says_what_is_wrong_in_both_languages(good: list[Path], tmp_path: Path) -> None:
    bad = mp3(tmp_path / "bad.mp3", reading(speech(7.0), head=1.5))
    english = shuoshu("verify", *good[:2], "--profile", "acx", SHUOSHU_LANG="en")
    assert english.returncode == 0, english.stderr
    assert "pass: 2 of 2 files keep to acx" in english.stdout
    assert "FAIL" not in english.stdout
    chinese = shuoshu("verify", good[0], bad, "--profile", "acx", SHUOSHU_LANG="zh")
    assert chinese.returncode == 1
    assert "不合格：2 个文件中 1 个符合 acx" in chinese.stdout
    assert "0.5 … 1 s" in chinese.stdout


def test_many_files_are_a_row_each_and_only_those_that_fail_are_shown_whole(good: list[Path], tmp_path: Path) -> None:
    bad = mp3(tmp_path / "bad.mp3", reading(speech(7.0), head=1.5))
    few = shuoshu("verify", *good, bad, "--profile", "acx", SHUOSHU_LANG="en").stdout
    assert [path.name for path in (*good, bad) if few.count(path.name) == 1] == ["01.mp3", "02.mp3", "03.mp3"]
    assert (few.count("bad.mp3"), few.count("DC offset")) == (2, 1)
    assert all(one in few for one in ("RMS level", "noise floor", "length"))
    assert "integrated loudness" not in few.split("FAIL  ")[0], "ACX does not limit it"
    every = shuoshu("verify", *good, bad, "--profile", "acx", "--verbose", SHUOSHU_LANG="en").stdout
    assert every.count("DC offset") == 4
    one = shuoshu("verify", good[0], "--profile", "acx", SHUOSHU_LANG="en").stdout
    assert one.count("DC offset") == 1
    assert one.endswith("pass: 1 of 1 file keeps to acx\n")


def test_the_command_gives_json_that_scripts_can_read(good: list[Path], tmp_path: Path) -> None:
    silent = written(tmp_path / "silent.wav", np.zeros(RATE))
    run = shuoshu("verify", good[0], silent, "--profile", "acx", "--json")
    assert run.returncode == 1
    found = json.loads(run.stdout, parse_constant=pytest.fail)  # nan and infinity are no JSON
    assert [file["passed"] for file in found["files"]] == [True, False]
    assert {"rms", "codec", "digital_silence"} <= set(found["files"][1]["failed"])
    rms = next(one for one in found["files"][0]["findings"] if one["name"] == "rms")
    assert rms["measured"] == pytest.approx(-20, abs=0.5)
    assert (rms["unit"], rms["allowed"]["min"], rms["allowed"]["max"]) == ("dBFS", -23, -18)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("none.wav",), "no such file"), (("{good}", "--profile", "acs"), "Did you mean acx?")],
)
def test_the_command_ends_with_2_for_bad_input(arguments: tuple[str, ...], said: str, good: list[Path]) -> None:
    run = shuoshu("verify", *(one.format(good=good[0]) for one in arguments), SHUOSHU_LANG="en")
    assert run.returncode == 2
    assert said in run.stderr
    assert "Traceback" not in run.stderr


def test_chapters_mastered_here_keep_to_acx(book: Path, cast: Path, tmp_path: Path) -> None:
    run = shuoshu(
        "run", book, "--cast", cast, "--profile", "acx", "--formats", "mp3", "--plain", "--workers", "1", "--output", tmp_path,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    chapters = sorted(tmp_path.glob("*/chapters/*.mp3"))
    assert len(chapters) >= 2
    verdict = verify(chapters, ACX)
    assert [(file.path.name, [(one.name, one.measured) for one in file.failures]) for file in verdict.files] == [
        (path.name, []) for path in chapters
    ]
    assert verdict.passed


def test_a_file_that_cannot_be_read_keeps_no_verdict_from_the_others(good: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "text.mp3"
    broken.write_text("Once upon a time. " * 500)
    run = shuoshu("verify", good[0], broken, good[1], "--profile", "acx", "--json")
    told = json.loads(run.stdout)
    assert (run.returncode, told["passed"]) == (1, False)
    assert [(one["file"], one["passed"]) for one in told["files"]] == [(str(one), True) for one in good[:2]]
    assert [one["file"] for one in told["unread"]] == [str(broken)]
    people = shuoshu("verify", broken, good[0], good[1], "--profile", "acx")
    assert "1 file could not be read" in people.stdout
    assert str(broken) in people.stderr
    assert shuoshu("verify", broken).returncode == 2


def test_what_lies_beside_a_chapter_is_called_that(good: list[Path], tmp_path: Path) -> None:
    shutil.copy(good[0], tmp_path / "01 雨.mp3")
    beside = [tmp_path / f"01 雨{suffix}" for suffix in (".json", ".srt", ".timeline.csv")]
    for path in beside:
        path.write_text("{}", encoding="utf-8")
    verdict = verify(sorted(tmp_path.iterdir()), ACX)
    assert [file.passed for file in verdict.files] == [True]
    assert [Path(error.where) for error in verdict.unread] == beside
    assert {str(error.what) for error in verdict.unread} == {
        "this is no audio: Shuoshu keeps it beside a chapter's files"
    }
    other = tmp_path / "notes.json"
    other.write_text("{}", encoding="utf-8")
    [error] = verify([tmp_path / "01 雨.mp3", other], ACX).unread
    assert "beside a chapter" not in str(error.what), "only where a timeline says that it is a chapter's"
