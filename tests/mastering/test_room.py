"""Room tone, made here or from a recording: level, seams, and what is refused."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from pipeline.errors import MasteringError
from pipeline.mastering.room import RoomTone, looped

RATE = 44100


def hum(seconds, level_db, rate=RATE, seed=1, corner=300):
    """Noise under `corner` Hz: so smooth that any step in it shows."""
    noise = np.random.default_rng(seed).standard_normal(round(seconds * rate) + rate)
    low = signal.sosfilt(signal.butter(4, corner, fs=rate, output="sos"), noise)[rate:]
    return (low * 10 ** (level_db / 20) / np.sqrt(np.mean(low**2))).astype(np.float32)


def rms_db(wave):
    return 20 * np.log10(np.sqrt(np.mean(np.square(wave, dtype=np.float64))))


@pytest.fixture
def room(tmp_path):
    """Five seconds of a quiet room, stereo, at 48 kHz, with a little DC."""
    path = tmp_path / "room.wav"
    soundfile.write(path, np.stack([hum(5, -62, 48000)] * 2, axis=1) + 0.0003, 48000, "PCM_24")
    return path


def jumps(wave):
    return np.abs(np.diff(wave, 2))


@pytest.mark.parametrize("level", [-75, -60])
@pytest.mark.parametrize("made", [True, False])
def test_the_level_is_as_asked(room, made, level) -> None:
    tone = RoomTone(RATE, level, None if made else room).take(44 * RATE)
    assert tone.dtype == np.float32
    assert rms_db(tone) == pytest.approx(level, abs=0.1)
    assert abs(tone.mean()) < 1e-2 * 10 ** (level / 20)


def test_a_recording_loops_without_a_seam(room) -> None:
    length = 4 * RATE  # five seconds, of which one is crossed
    tone = RoomTone(RATE, -60, room).take(3 * length)
    np.testing.assert_array_equal(tone[:length], tone[length : 2 * length])
    change = jumps(tone)
    seam = change[length - 5 : length + 5].max()
    assert seam <= np.quantile(change, 0.9999)
    cut = jumps(np.concatenate([tone[: length - 2000], tone[:length]]))  # what a seam would look like
    assert cut[length - 2005 : length - 1995].max() > 5 * np.quantile(change, 0.9999)


def test_nothing_above_the_recording_s_band_appears_where_it_loops(room) -> None:
    length = 4 * RATE
    tone = RoomTone(RATE, -60, room).take(3 * length).astype(np.float64)
    high = signal.sosfilt(signal.butter(6, 3000, "highpass", fs=RATE, output="sos"), tone)
    at_seam = rms_db(high[length - 441 : length + 441])
    assert at_seam < rms_db(high[length + RATE : 2 * length - RATE]) + 3


def test_the_level_holds_through_the_crossing() -> None:
    loop = looped(hum(20, -60, corner=8000), 2 * RATE)
    pieces = [rms_db(loop[at : at + RATE // 2]) for at in range(0, loop.size - RATE // 2, RATE // 2)]
    np.testing.assert_allclose(pieces, -60, atol=0.5)


@pytest.mark.parametrize("made", [True, False])
@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(0, 100000), max_size=10))
def test_takes_go_on_where_the_last_left_off(tmp_path_factory, made, sizes) -> None:
    path = tmp_path_factory.getbasetemp() / "quiet.wav"
    if not path.exists():
        soundfile.write(path, hum(2.5, -60), RATE, "FLOAT")
    tone = RoomTone(RATE, -70, None if made else path)
    parts = [tone.take(size) for size in sizes]
    assert [part.size for part in parts] == sizes
    whole = RoomTone(RATE, -70, None if made else path).take(sum(sizes))
    np.testing.assert_array_equal(np.concatenate([*parts, np.zeros(0, np.float32)]), whole)


def test_only_the_first_minute_of_a_long_recording_is_used(tmp_path) -> None:
    wave = hum(70, -60, 8000)
    soundfile.write(tmp_path / "long.wav", wave, 8000, "FLOAT")
    tone = RoomTone(8000, -60, tmp_path / "long.wav").take(120 * 8000)
    np.testing.assert_array_equal(tone[: 59 * 8000], tone[59 * 8000 : 118 * 8000])


@pytest.mark.parametrize(
    ("wave", "says"),
    [
        (hum(5, -40), r"this is not room tone: its level is -4[01]\.\d dBFS RMS"),
        (hum(5, -54.5), "this is not room tone"),
        (hum(1, -60), r"the room tone is 1\.0 s long"),
        (np.zeros(5 * RATE, np.float32), "digital silence"),
        (hum(5, -70) + np.pad(hum(0.1, -45), (3 * RATE, 5 * RATE - 3 * RATE - 4410)), r"a noise in it, at 3\.0 s"),
    ],
)
def test_what_is_no_room_tone_is_refused(tmp_path, wave, says) -> None:
    path = tmp_path / "room.wav"
    soundfile.write(path, wave, RATE, "FLOAT")
    with pytest.raises(MasteringError, match=says) as caught:
        RoomTone(RATE, -75, path)
    assert caught.value.where == str(path)
    assert caught.value.fix


def test_a_missing_file_and_one_that_is_no_audio_are_named(tmp_path) -> None:
    (tmp_path / "words.wav").write_text("not a sound")
    for name, says in (("none.wav", "not there"), ("words.wav", "cannot be read as audio")):
        with pytest.raises(MasteringError, match=says) as caught:
            RoomTone(RATE, -75, tmp_path / name)
        assert caught.value.where == str(tmp_path / name)
