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
from pipeline.ending import ending_of
from pipeline.errors import CastError, MasteringError
from pipeline.mastering import chapter, mpeg, profiles, timeline, wishes
from pipeline.mastering.dynamics import GateSettings
from pipeline.mastering.encoders import encoder
from pipeline.mastering.measured import measure
from tests.conftest import shuoshu

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
    soundfile.write(tmp_path / "room.wav", np.random.default_rng(1).normal(0, 1e-4, 3 * 44100), 44100)
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


def test_files_that_are_no_music_or_no_room_tone_are_refused_before_the_night(tmp_path: Path) -> None:
    tone(tmp_path / "loud.wav")
    (tmp_path / "text.mp3").write_text("no sound")
    for more, line, what in (
        (
            "mastering:\n  loudness: -18\n  room_tone: loud.wav",
            7,
            "room_tone: this is not room tone: its level is -16.0",
        ),
        ("music:\n  scene: text.mp3", 6, "music: scene: the file cannot be read as audio (Invalid data found"),
        ("mastering:\n  sample_rate: 16000\n  de_esser: true", 7, "de_esser"),
    ):
        with pytest.raises(CastError) as error:
            wishes.applied(profiles.load("podcast"), cast(tmp_path, more + "\n"))
        assert what in error.value.what
        assert "Errno" not in error.value.what
        assert error.value.where == f"{tmp_path / 'cast.yaml'}, line {line}"
        assert error.value.fix


@pytest.mark.parametrize(
    ("more", "formats", "line", "what", "fix"),
    [
        ("mastering:\n  mp3_kbps: 123", "", 6, "MP3 at 44100 Hz has no bit rate of 123 kb/s", "96, 112, 128, 160"),
        ("mastering:\n  mp3_kbps: 144", "", 6, "no bit rate of 144", "128, 160, 192, 224, 256, 320"),
        ("mastering:\n  mp3_kbps: 123", "flac", 6, "no bit rate of 123", "128"),
        ("mastering:\n  sample_rate: 22050\n  mp3_kbps: 192", "", 7, "MP3 at 22050 Hz has no bit rate of 192", "144, 160."),
        ("profile: acx\nmastering:\n  sample_rate: 22050", "", 7, "MP3 at 22050 Hz has no bit rate of 192", "160."),
        ("mastering:\n  sample_rate: 44000", "", 6, "mp3 files cannot have 44000", "32000, 44100, 48000"),
        ("mastering:\n  sample_rate: 44000", "flac,m4a", 6, "m4a files cannot have 44000", "44100"),
        ("mastering:\n  sample_rate: 44000\ndeliver: [sample]", "flac", 6, "mp3 files cannot have 44000", "44100"),
        ("mastering:\n  aac_kbps: 320", "", 6, "AAC of 1 channel at 44100 Hz holds no more than 264 kb/s, not 320", "264 or less"),
        ("credits:\n  narrator: x\n  opening: '{titel} by me'", "", 7, "filled in for {titel}. Did you mean {title}?", "{title}, {author}, {narrator}"),
        ("credits:\n  closing: '{title'", "", 6, "filled in for {.", "{author}"),
        ("credits:\n  closing: '《｛title｝》完'", "", 6, "｛title｝", "{title}"),
        ("credits:\n  narrator: '{author}'", "", 6, "credits: narrator", "the name itself"),
        ("deliver:\n  feed:\n    url: ftp:/x", "", 7, "deliver: feed: url 'ftp:/x' is no address", "https://"),
        ("deliver:\n  feed:\n    url: https://a.org/b/\n    category: Artz", "", 8, "category 'Artz'", "Arts/Books"),
        ("deliver:\n  feed:\n    url: https://a.org/b/\n    email: me", "", 8, "'me' is no e-mail", "@"),
        ("deliver:\n  feed:\n    url: https://a.org/b/\n    first: May", "", 8, "'May' is no date", "2026-01-31"),
        ("deliver:\n  srt:\n  feed:\n    category: Arts", "", 7, "feed needs a setting, url", "https://"),
        ("deliver:\n  - srt\n  - feed", "", 7, "feed needs a setting, url", "https://"),
        ("deliver:\n  srt:\n  m4b:", "flac,mp3", 7, "m4b is made from m4a chapters", "--formats"),
        ("deliver:\n  feed:\n    url: https://a.org/b/", "flac", 6, "feed is made from mp3 or m4a chapters", "--formats"),
        ("deliver:\n  epub: {audio: mp3}", "m4a", 6, "epub is made from mp3 chapters", "--formats"),
    ],
)  # fmt: skip
def test_wrong_values_of_the_ending_are_refused_before_the_night_with_file_line_and_a_way_out(
    tmp_path: Path, more: str, formats: str, line: int, what: str, fix: str
) -> None:
    with pytest.raises((CastError, MasteringError)) as error:
        ending_of(cast(tmp_path, more + "\n"), formats=formats)
    assert what in error.value.what
    assert fix in error.value.fix
    assert error.value.where == f"{tmp_path / 'cast.yaml'}, line {line}"


def test_every_bit_rate_that_is_let_through_is_the_files_own(tmp_path: Path) -> None:
    for rate, channels in ((44100, 1), (22050, 2)):
        for kbps in mpeg.bit_rates(rate):
            if kbps < 32:
                continue
            profile = replace(profiles.load("podcast"), sample_rate=rate, channels=channels, mp3_kbps=kbps)
            file = encoder("mp3", tmp_path / "a.mp3", profile)
            file.write(voice(0.3, 1))
            file.close()
            assert measure(tmp_path / "a.mp3").bit_rate == kbps


def test_right_values_of_the_ending_go_through(tmp_path: Path) -> None:
    more = (
        "mastering: {mp3_kbps: 160, aac_kbps: 264, opus_kbps: 123, sample_rate: 44100}\n"
        "credits: {opening: '{title}, {author}, {narrator}.', narrator: 林月}\n"
        "deliver: {feed: {url: 'https://a.org/b', category: Arts/Books, email: me@a.org, first: 2026-01-31}, epub: }\n"
    )
    found = ending_of(cast(tmp_path, more))
    assert (found.profile.mp3_kbps, found.profile.aac_kbps, found.deliver) == (160, 264, ("feed", "epub"))
    odd = ending_of(cast(tmp_path, "mastering: {sample_rate: 44000}\n"), formats="flac,opus")
    assert odd.profile.sample_rate == 44000


def test_the_commands_refuse_a_wrong_ending_before_anything_is_made(tmp_path: Path) -> None:
    cast(tmp_path, "mastering:\n  mp3_kbps: 123\n")
    (tmp_path / "book.txt").write_text("第一章\n\n下雨了。", encoding="utf-8")
    for command in (("cast", "check", "cast.yaml"), ("run", "book.txt", "--cast", "cast.yaml", "--plain")):
        done = shuoshu(*command, cwd=tmp_path, SHUOSHU_LANG="zh")
        assert done.returncode == 2
        assert "cast.yaml 第 6 行" in done.stderr
        assert "44100 Hz 的 MP3 没有 123 kb/s" in done.stderr
        assert "可选" in done.stderr
    assert not list(tmp_path.rglob("*.flac"))


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
    with pytest.raises(MasteringError, match="feed needs a setting, url"):
        wished(plain, "feed", usual, formats)
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
