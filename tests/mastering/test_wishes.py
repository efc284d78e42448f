"""What a cast file says of mastering, music and deliverables."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from test_masters import TAGS, lines, take, voice

from pipeline import cast as cast_room
from pipeline.deliver.wishes import wished
from pipeline.errors import CastError, MasteringError
from pipeline.mastering import chapter, profiles, timeline, wishes
from pipeline.mastering.dynamics import GateSettings

HEAD = "language: zh\nnarrator: a\nvoices:\n  a: {engine: espeak}\n"


def cast(folder: Path, more: str) -> cast_room.Cast:
    path = folder / "cast.yaml"
    path.write_text(HEAD + more, encoding="utf-8")
    return cast_room.load(path)


def tone(path: Path, seconds: float = 6.0, rate: int = 32000) -> Path:
    at = np.arange(round(seconds * rate)) / rate
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * 440 * at) + 0.1 * np.sin(2 * np.pi * 660 * at), rate)
    return path


def test_mastering_is_laid_over_the_profile(tmp_path: Path) -> None:
    tone(tmp_path / "room.wav")
    given = cast(
        tmp_path,
        "mastering: {loudness: -18, true_peak: -2, channels: 2, levels: {whisper: -9}, gate: {ratio: 3}, compressor: true,"
        " room_tone: room.wav}\npauses: {head: 1.5}\ncharacters: {甲: {voice: a, level: 2}}\n",
    )
    found = wishes.applied(profiles.load("podcast"), given)
    assert (found.loudness, found.true_peak, found.channels, found.head) == (-18, -2, 2, 1.5)
    assert found.levels.whisper == -9
    assert found.levels.shout == profiles.load("podcast").levels.shout
    assert found.levels.characters == {"甲": 2}
    assert found.dynamics.gate == GateSettings(ratio=3)
    assert found.dynamics.compressor is not None
    assert found.dynamics.de_esser is None
    assert found.room_tone == tmp_path / "room.wav"


def test_the_custom_profile_wants_its_figures(tmp_path: Path) -> None:
    with pytest.raises(MasteringError, match="no figures"):
        wishes.applied(profiles.load("custom"), cast(tmp_path, ""))
    found = wishes.applied(profiles.load("custom"), cast(tmp_path, "mastering: {loudness: -18, true_peak: -1.5}\n"))
    assert (found.loudness, found.true_peak) == (-18, -1.5)


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ("mastering: {loudness: -5}", "loudness must be a number from -40 to -8"),
        ("mastering: {loudnes: -18}", "Did you mean loudness"),
        ("mastering: {gate: {ratio: 99}}", "gate: ratio must be a number from 1 to 10"),
        ("mastering: {room_tone: nothing.wav}", "there is no file"),
        ("mastering: {room_tone: ../../etc/passwd}", "leads out of"),
        ("music: {chapter: {level: -3}}", "music: chapter has no file"),
        ("music: {chaptr: x.wav}", "Did you mean chapter"),
        ("credits: {opning: x}", "Did you mean opening"),
    ],
)
def test_what_cannot_be_is_named_with_its_line(tmp_path: Path, more: str, what: str) -> None:
    given = cast(tmp_path, more + "\n")
    with pytest.raises(CastError) as error:
        wishes.credits(wishes.applied(profiles.load("podcast"), given), given)
    assert what in error.value.what + error.value.fix
    assert error.value.where.endswith("line 5")


def test_deliverables_are_named_by_the_command_line_or_the_cast_or_the_profile(tmp_path: Path) -> None:
    usual, formats = ("m4b", "timeline"), ("flac", "m4a")
    plain = cast(tmp_path, "")
    assert wished(plain, "", usual, formats) == (("m4b", "timeline"), {})
    assert wished(plain, "", usual, ("mp3",))[0] == ("timeline",), "an audiobook is made of m4a files"
    assert wished(plain, "timeline", usual, formats)[0] == ("timeline",)
    assert wished(cast(tmp_path, "deliver: [timeline]\n"), "", usual, formats)[0] == ("timeline",)
    with pytest.raises(MasteringError, match="Did you mean m4b"):
        wished(plain, "m4bb", usual, formats)
    with pytest.raises(CastError, match="Did you mean timeline"):
        wished(cast(tmp_path, "deliver: {timline: }\n"), "", usual, formats)
    with pytest.raises(CastError, match="has no setting 'x'"):
        wished(cast(tmp_path, "deliver: {timeline: {x: 1}}\n"), "", usual, formats)


def test_music_plays_before_a_chapter_and_in_scene_breaks_and_ducks_under_speech(tmp_path: Path) -> None:
    tone(tmp_path / "music.wav", 20)
    given = cast(
        tmp_path,
        "music: {chapter: {file: music.wav, seconds: 7, lead: 3}, scene: {file: music.wav, seconds: 2.5, lead: 3}}\n",
    )
    profile = replace(wishes.applied(profiles.load("podcast"), given), formats=("flac",))
    spoken = lines("一句话。", "二句话。")
    pause = replace(spoken[0], id="p", kind="pause", text="")
    script = [spoken[0], pause, spoken[1]]
    takes = {line.id: take(tmp_path / "takes", line.id, voice(5, n)) for n, line in enumerate(spoken)}
    laid = timeline.build(1, "", script, takes, profile)
    made, _ = chapter.master(laid, takes, profile, tmp_path / "chapters", "01", TAGS, "f")
    wave, rate = soundfile.read(made.files["flac"])
    one, two = laid.segments
    assert one.start == round(profile.head * rate) + 3 * rate
    assert [(at / rate, which) for at, which in laid.music] == [
        (profile.head, "chapter"), (pytest.approx(one.end / rate + profile.pauses.sentence, abs=1e-4), "scene"),
    ]  # fmt: skip
    assert (two.start - one.end) / rate >= 3

    def at_440(start: float, seconds: float) -> float:
        piece = wave[round(start * rate) : round((start + seconds) * rate)]
        return 20 * math.log10(np.abs(np.fft.rfft(piece * np.hanning(piece.size)))[round(440 * seconds)] / piece.size)

    alone, under, after = at_440(1.6, 1), at_440(one.start / rate + 1, 1), at_440(one.start / rate + 4.2, 0.5)
    assert alone - under == pytest.approx(12, abs=2.5), "ducked by 12 dB"
    assert under - after > 8, "faded out after its seven seconds"
    assert at_440(laid.music[1][0] / rate + 0.8, 0.5) > under + 6, "the scene's music plays alone"
    assert made.loudness.integrated == pytest.approx(profile.loudness, abs=0.15)
