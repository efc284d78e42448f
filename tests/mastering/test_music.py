"""Music under a chapter: placed to the sample, as loud as asked (judged by pyloudnorm), down while someone speaks."""

import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import MasteringError
from pipeline.mastering.music import Music, MusicBed, Placement

RATE = 44100
TARGET = -19.0


def chord(seconds, rate=RATE, seed=0):
    time = np.arange(round(seconds * rate)) / rate
    notes = [np.sin(2 * np.pi * hz * time + phase) for phase, hz in enumerate((220, 277.2, 329.6, 440, 880))]
    return (0.08 * np.sum(notes, axis=0)).astype(np.float32)


@pytest.fixture
def wav(tmp_path) -> Path:
    """Twenty seconds of a chord at the masters' rate."""
    path = tmp_path / "chord.wav"
    soundfile.write(path, chord(20), RATE, "FLOAT")
    return path


def bed(placements, frames, speech=(), rate=RATE):
    return MusicBed(placements, speech, frames, rate, TARGET)


def plain(file, **asked):
    """Music without fades."""
    return Music(file, **{"fade_in": 0, "fade_out": 0, **asked})


def loudness(wave, rate=RATE):
    return pyloudnorm.Meter(rate).integrated_loudness(wave.astype(np.float64))


@pytest.mark.parametrize("level", [-12, -6, 0, 3])
def test_music_alone_is_as_loud_as_asked(wav, level) -> None:
    out = bed([Placement(0, plain(wav, level=level, seconds=20))], 20 * RATE).take(20 * RATE)
    assert loudness(out) == pytest.approx(TARGET + level, abs=0.1)


@pytest.mark.parametrize(("kind", "rate", "channels"), [("wav", 48000, 2), ("flac", 22050, 1), ("mp3", 44100, 2), ("m4a", 48000, 2), ("ogg", 32000, 1)])  # fmt: skip
def test_any_format_rate_and_number_of_channels_is_as_loud_as_asked(tmp_path, kind, rate, channels) -> None:
    import imageio_ffmpeg

    source, path = tmp_path / "source.wav", tmp_path / f"music.{kind}"
    soundfile.write(source, np.repeat(chord(8, rate)[:, np.newaxis], channels, axis=1), rate, "FLOAT")
    if kind != "wav":
        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
        codec = ["-strict", "-2"] if kind == "ogg" else []
        subprocess.run([ffmpeg, "-loglevel", "error", "-i", source, *codec, path], check=True)
    music = plain(source if kind == "wav" else path, level=-6)
    out = bed([Placement(0, music)], 10 * RATE).take(10 * RATE)
    played = np.flatnonzero(np.abs(out) > 1e-3)
    assert played[0] < 0.01 * RATE
    assert played[-1] == pytest.approx(8 * RATE, abs=0.06 * RATE)
    assert loudness(out[: 8 * RATE]) == pytest.approx(TARGET - 6, abs=0.2)


@pytest.mark.parametrize("duck", [-20, -12, 0])
def test_music_under_speech_is_down_by_what_was_asked(wav, duck) -> None:
    speech = [(6 * RATE, 2 * RATE), (round(9.4 * RATE), round(2.6 * RATE))]  # a pause of 1.4 s
    out = bed([Placement(0, plain(wav, level=-6, duck=duck))], 20 * RATE, speech).take(20 * RATE)
    assert loudness(out[: 5 * RATE]) == pytest.approx(TARGET - 6, abs=0.2)
    assert loudness(out[6 * RATE : 12 * RATE]) == pytest.approx(TARGET - 6 + duck, abs=0.2)  # in the pause, too
    assert loudness(out[14 * RATE :]) == pytest.approx(TARGET - 6, abs=0.2)


def test_music_goes_down_smoothly_and_is_down_when_speech_begins(wav) -> None:
    music = Placement(0, plain(wav, duck=-12))
    speech = [(5 * RATE, RATE), (9 * RATE, RATE)]
    alone, under = (bed([music], 12 * RATE, spoken).take(12 * RATE) for spoken in ((), speech))
    loud = np.abs(alone) > 1e-2
    gain = np.interp(np.arange(alone.size), np.flatnonzero(loud), 20 * np.log10(under[loud] / alone[loud]))
    ramp = RATE // 4
    for start in (5 * RATE, 9 * RATE):
        np.testing.assert_allclose(gain[start : start + RATE], -12, atol=0.01)
        np.testing.assert_allclose(gain[[start - ramp, start + RATE + ramp]], 0, atol=0.01)
        np.testing.assert_allclose(gain[[start - ramp // 2, start + RATE + ramp // 2]], -6, atol=0.1)
    assert np.abs(np.diff(gain)).max() < 12 / ramp * 2 * 12  # no jump: a few dB over a few silent samples at most


def test_music_begins_at_its_frame_and_ends_after_its_seconds(wav) -> None:
    start, seconds = 12345, 2.5
    out = bed([Placement(start, plain(wav, seconds=seconds))], 10 * RATE).take(10 * RATE)
    end = start + round(seconds * RATE)
    source = chord(20)[: end - start]
    gain = np.dot(out[start:end], source) / np.dot(source, source)
    np.testing.assert_allclose(out[start:end], gain * source, atol=1e-6)
    assert not out[:start].any()
    assert not out[end:].any()


@pytest.mark.parametrize("rate", [22050, 48000])
def test_resampled_music_is_not_shifted(tmp_path, rate) -> None:
    wave = chord(4, rate)
    wave[rate : rate + 2] += 0.9
    soundfile.write(tmp_path / "click.wav", wave, rate, "FLOAT")
    out = bed([Placement(1000, plain(tmp_path / "click.wav"))], 6 * RATE).take(6 * RATE)
    assert np.abs(out).argmax() == pytest.approx(1000 + (1 + 0.5 / rate) * RATE, abs=1.5)


def test_music_fades_in_and_out(wav) -> None:
    whole, faded = (
        bed([Placement(0, one)], 10 * RATE).take(10 * RATE)
        for one in (plain(wav, seconds=8), Music(wav, fade_in=1, fade_out=2, seconds=8))
    )

    def part(wave, second):
        at = slice(round((second - 0.05) * RATE), round((second + 0.05) * RATE))
        return np.sqrt(np.mean(np.square(wave[at])))

    for second, gain in (
        (0.25, 0.146),
        (0.5, 0.5),
        (0.75, 0.854),
        (1.1, 1),
        (5.9, 1),
        (6.5, 0.854),
        (7, 0.5),
        (7.5, 0.146),
    ):
        assert part(faded, second) / part(whole, second) == pytest.approx(gain, abs=0.02)
    assert np.abs(faded[: RATE // 500]).max() < 1e-3
    assert np.abs(faded[8 * RATE - RATE // 500 : 8 * RATE]).max() < 1e-3


def test_music_that_would_go_on_past_the_chapter_fades_out_at_its_end(wav) -> None:
    out = bed([Placement(RATE, Music(wav, fade_out=1, seconds=20))], 5 * RATE).take(5 * RATE)
    assert np.abs(out[4 * RATE - 2000 : 4 * RATE]).max() > 0.02
    assert np.abs(out[-100:]).max() < 1e-4


def test_two_pieces_may_overlap(wav) -> None:
    first, second = Placement(0, plain(wav, seconds=4)), Placement(2 * RATE, plain(wav, seconds=4, level=-20))
    both = bed([first, second], 8 * RATE).take(8 * RATE)
    each = [bed([one], 8 * RATE).take(8 * RATE) for one in (first, second)]
    np.testing.assert_allclose(both, each[0] + each[1], atol=1e-7)


def test_a_chapter_without_music_gets_silence() -> None:
    assert not bed([], 1000, [(0, 500)]).take(1000).any()


@cache
def _mp3(folder: Path) -> Path:
    path = folder / "sting.mp3"
    soundfile.write(path, chord(1.2, 32000), 32000, format="MP3")
    return path


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(0, 30000), max_size=12))
def test_blocks_of_any_size_give_the_same_samples(tmp_path_factory, sizes) -> None:
    music = Music(_mp3(tmp_path_factory.getbasetemp()), fade_in=0.2, fade_out=0.3)
    placements, speech = [Placement(777, music), Placement(40000, music)], [(30000, 20000)]
    frames = 100000
    stream = bed(placements, frames, speech)
    parts, left = [], frames
    for size in [*sizes, frames]:
        parts.append(stream.take(min(size, left)))
        left -= parts[-1].size
    np.testing.assert_array_equal(np.concatenate(parts), bed(placements, frames, speech).take(frames))


# --- files that will not do ------------------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(MasteringError, match="not there") as caught:
        bed([Placement(0, Music(tmp_path / "none.mp3"))], RATE)
    assert caught.value.where == str(tmp_path / "none.mp3")


@pytest.mark.parametrize("content", [b"", b"These are words, not sounds.\n" * 100, bytes(range(256)) * 40])
def test_a_file_that_is_no_audio_is_named(tmp_path, content) -> None:
    path = tmp_path / "music.mp3"
    path.write_bytes(content)
    with pytest.raises(MasteringError) as caught:
        bed([Placement(0, Music(path))], RATE)
    assert caught.value.where == str(path)
    assert caught.value.fix


def test_a_picture_is_no_music(tmp_path) -> None:
    import imageio_ffmpeg

    path = tmp_path / "cover.png"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-f", "lavfi", "-i", "color=red:s=16x16", "-frames:v", "1"]  # fmt: skip
    subprocess.run([*command, path], check=True)
    with pytest.raises(MasteringError, match="no audio stream"):
        bed([Placement(0, Music(path))], RATE)


@pytest.mark.parametrize("wave", [np.zeros(2 * RATE), chord(0.2)], ids=["silent", "short"])
def test_silence_and_a_blip_are_no_music(tmp_path, wave) -> None:
    soundfile.write(tmp_path / "odd.wav", wave, RATE)
    with pytest.raises(MasteringError, match=r"silent, or shorter than 0\.4 s"):
        bed([Placement(0, Music(tmp_path / "odd.wav"))], RATE)


@pytest.mark.parametrize(
    ("name", "value"), [("level", 20), ("duck", 3), ("seconds", 0), ("fade_in", -1), ("lead", "long")]
)
def test_a_setting_out_of_range_is_named(name, value) -> None:
    with pytest.raises(MasteringError, match=f"Music: {name} is"):
        Music(Path("a.mp3"), **{name: value})
