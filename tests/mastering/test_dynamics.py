"""High-pass, gate, de-esser and compressor: static curves, times, and real words left as they should be."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from pipeline.errors import MasteringError
from pipeline.mastering.dynamics import (
    Compressor,
    CompressorSettings,
    DeEsser,
    DeEsserSettings,
    Dynamics,
    Gate,
    GateSettings,
    HighPass,
    HighPassSettings,
    chain,
    through,
)

RATE = 44100
ALL = Dynamics(gate=GateSettings())
KINDS = [(HighPass, HighPassSettings()), (Gate, GateSettings()), (DeEsser, DeEsserSettings()), (Compressor, CompressorSettings())]  # fmt: skip
each = pytest.mark.parametrize(("kind", "asked"), KINDS, ids=lambda one: getattr(one, "__name__", ""))


def run(processor, wave, sizes=()):
    """`wave` through `processor` in blocks of `sizes`, then the rest at once."""
    parts, at = [], 0
    for size in [*sizes, wave.size]:
        parts.append(processor.push(wave[at : at + size]))
        at += size
    return np.concatenate([*parts, processor.flush()])


def sine(level_db, seconds, frequency=1000.0):
    """A sine of `level_db` dBFS RMS."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (10 ** (level_db / 20) * np.sqrt(2) * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def alternating(*levels_and_seconds):
    """+a, -a, +a …, of levels in dB one after the other: what comes out over what went in is the gain, sample by sample."""
    level = np.concatenate([np.full(round(s * RATE), 10 ** (db / 20)) for db, s in levels_and_seconds])
    return (level * (1 - 2 * (np.arange(level.size) % 2))).astype(np.float32)


def db(wave):
    return 20 * np.log10(np.sqrt(np.mean(np.square(wave, dtype=np.float64))))


def band_db(wave, low, high):
    return db(signal.sosfilt(signal.butter(4, (low, high), "bandpass", fs=RATE, output="sos"), wave))


def said(text, voice="en-us+f2"):
    import soxr

    from pipeline.engines.espeak_library import SAMPLE_RATE, Settings, library

    spoken, _ = library().speak(text, Settings(voice, 165, 50, 50, 100))
    loud = np.flatnonzero(np.abs(spoken) > 10 ** (-50 / 20))
    return soxr.resample(spoken[max(loud[0] - 110, 0) : loud[-1] + 110], SAMPLE_RATE, RATE).astype(np.float32)


def burst(level_db=-25.0, seconds=0.3, seed=5):
    """A noise like an s: 4.5 to 10 kHz."""
    noise = np.random.default_rng(seed).standard_normal(round(seconds * RATE) + 4000)
    hiss = signal.sosfilt(signal.butter(4, (4500, 10000), "bandpass", fs=RATE, output="sos"), noise)[4000:]
    return (hiss * 10 ** ((level_db - db(hiss)) / 20)).astype(np.float32)


@cache
def _busy():
    """Words, hiss and silence, so that everything has something to do."""
    parts = [np.zeros(4000, np.float32), said("sea shells")[:20000], burst(-60, 0.1), burst(-15, 0.1)]
    return np.concatenate([*parts, alternating((-10, 0.1))])


def busy(frames=36000):
    return np.resize(_busy(), frames)


# --- streams ---------------------------------------------------------------------------------------------------------


@each
@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.one_of(st.integers(0, 200), st.integers(0, 9000)), max_size=20))
def test_blocks_of_any_size_give_the_same_samples(kind, asked, sizes) -> None:
    wave = busy()
    np.testing.assert_array_equal(run(kind(asked, RATE), wave, sizes), run(kind(asked, RATE), wave))


@each
@settings(max_examples=25, deadline=None)
@given(frames=st.integers(0, 12000), sizes=st.lists(st.integers(0, 3000), max_size=5))
def test_as_many_frames_come_out_as_went_in(kind, asked, frames, sizes) -> None:
    out = run(kind(asked, RATE), busy(frames), sizes)
    assert out.size == frames
    assert out.dtype == np.float32


@each
@pytest.mark.parametrize("rate", [22050, 44100, 48000])
@pytest.mark.parametrize("at", [0, 1, 4999, 9999])
def test_an_impulse_stays_at_its_sample(kind, asked, rate, at) -> None:
    wave = np.zeros(10000, np.float32)
    wave[at] = 0.9
    asked = DeEsserSettings(high_hz=8000) if kind is DeEsser else asked
    assert np.abs(run(kind(asked, rate), wave)).argmax() == at


def test_the_chain_streams_like_one_after_the_other() -> None:
    wave = busy(60000)
    expected = wave
    for kind, asked in KINDS:
        expected = run(kind(asked, RATE), expected)
    blocks = list(through(chain(ALL, RATE), np.split(wave, [100, 101, 30000, 59000])))
    assert all(block.size for block in blocks)
    np.testing.assert_array_equal(np.concatenate(blocks), expected)


def test_what_is_not_asked_for_is_left_out() -> None:
    assert [type(one) for one in chain(Dynamics(), RATE)] == [HighPass, DeEsser, Compressor]
    assert chain(Dynamics(high_pass=None, de_esser=None, compressor=None), RATE) == []


# --- high-pass -------------------------------------------------------------------------------------------------------


def test_the_high_pass_is_3_db_down_at_its_corner_and_falls_12_db_an_octave() -> None:
    def change(frequency):
        tone = sine(-20, 2, frequency)
        return db(run(HighPass(HighPassSettings(70), RATE), tone)[RATE:]) - db(tone[RATE:])

    assert change(70) == pytest.approx(-3.01, abs=0.05)
    assert change(17.5) == pytest.approx(-24.1, abs=0.2)
    assert change(300) == pytest.approx(0, abs=0.05)


def test_the_high_pass_takes_dc_away() -> None:
    out = run(HighPass(HighPassSettings(), RATE), np.full(RATE, 0.3, np.float32))
    assert np.abs(out[RATE // 2 :]).max() < 1e-6


# --- compressor ------------------------------------------------------------------------------------------------------


def curve(x, threshold, ratio, knee):
    """Output level of the gain computer as the paper gives it, in three branches."""
    if 2 * (x - threshold) < -knee:
        return x
    if 2 * abs(x - threshold) <= knee and knee:
        return x + (1 / ratio - 1) * (x - threshold + knee / 2) ** 2 / (2 * knee)
    return threshold + (x - threshold) / ratio


@pytest.mark.parametrize("level", [-60, -40, -28, -24, -22, -19, -15, -10, -4])
@pytest.mark.parametrize(("ratio", "knee"), [(2, 10), (4, 0), (1, 6), (20, 24)])
def test_the_compressor_meets_its_static_curve(level, ratio, knee) -> None:
    asked = CompressorSettings(threshold_db=-22, ratio=ratio, knee_db=knee)
    out = run(Compressor(asked, RATE), sine(level, 1.5))
    assert db(out[RATE : RATE + 22050]) == pytest.approx(curve(level, -22, ratio, knee), abs=0.2)


def test_a_low_voice_s_pitch_does_not_ripple_the_gain() -> None:
    tone = sine(-10, 1, 100)
    out = run(Compressor(CompressorSettings(), RATE), tone)
    loud = np.abs(tone) > 0.1
    gain = (out[loud] / tone[loud])[RATE // 4 : -RATE // 20]
    assert 20 * np.log10(gain.max() / gain.min()) < 0.1


def reached(gain_db, start, final, since, constants=1):
    """Milliseconds after sample `since` at which the way from `start` to `final` dB is gone as far as it is after so many
    time constants: 63.2 % after one."""
    way = (gain_db[since:] - start) / (final - start)
    return np.flatnonzero(way >= 1 - np.exp(-constants))[0] / RATE * 1000


@pytest.mark.parametrize(("attack", "release"), [(5, 80), (10, 150), (60, 500)])
def test_the_compressor_s_times_are_time_constants(attack, release) -> None:
    wave = alternating((-40, 0.5), (-10, 1), (-40, 2.5))
    asked = CompressorSettings(threshold_db=-25, ratio=3, knee_db=0, attack_ms=attack, release_ms=release)
    gain = 20 * np.log10(run(Compressor(asked, RATE), wave) / wave)
    for start, final, since, time in ((0, -10, RATE // 2, attack), (-10, 0, 3 * RATE // 2, release)):
        first, second = (reached(gain, start, final, since, constants) for constants in (1, 2))
        assert first == pytest.approx(time, abs=5)  # half the window over which levels are taken
        assert second - first == pytest.approx(time, rel=0.02, abs=0.3)


def test_a_gain_moves_without_jumps_and_begins_half_a_window_before_the_sound() -> None:
    wave = alternating((-40, 0.5), (-10, 0.5), (-40, 0.5))
    asked = CompressorSettings(threshold_db=-25, ratio=3, knee_db=0, attack_ms=0.5, release_ms=20)
    gain = run(Compressor(asked, RATE), wave) / wave
    hop = round(RATE / 1000)
    assert np.abs(np.diff(gain)).max() < 1.3 * np.abs(gain[hop:] - gain[:-hop]).max() / hop
    assert np.flatnonzero(gain < 0.9999)[0] == pytest.approx(RATE // 2 - 5 * hop, abs=hop / 2 + 1)


def test_the_compressor_brings_loud_and_soft_words_nearer() -> None:
    soft, loud = said("a quiet word") * 0.15, said("a loud word")
    wave = np.concatenate([soft, loud])
    out = run(Compressor(CompressorSettings(), RATE), wave)
    assert np.all(np.abs(out) <= np.abs(wave) + 1e-9)
    assert db(out[: soft.size]) == pytest.approx(db(soft), abs=0.3)
    assert -6 < db(out[soft.size :]) - db(loud) < -1.5


# --- gate ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "expected"), [(-30, -30), (-44, -44), (-48, -51), (-52, -59), (-60, -72), (-75, -87)]
)
def test_the_gate_meets_its_static_curve(level, expected) -> None:
    asked = GateSettings(threshold_db=-45, ratio=2, range_db=12)
    out = run(Gate(asked, RATE), sine(level, 1))
    assert db(out[RATE // 2 : -RATE // 4]) == pytest.approx(expected, abs=0.2)


@pytest.mark.parametrize(("hold", "release"), [(0, 100), (100, 150), (300, 50)])
def test_the_gate_holds_then_closes(hold, release) -> None:
    wave = alternating((-20, 0.5), (-70, 2))
    gain = 20 * np.log10(run(Gate(GateSettings(hold_ms=hold, release_ms=release), RATE), wave) / wave)
    since = RATE // 2
    assert np.abs(gain[RATE // 4 : since + hold * RATE // 1000]).max() < 0.01
    assert reached(gain, 0, -12, since) == pytest.approx(hold + release, abs=7)


@pytest.mark.parametrize("attack", [0.5, 5, 20])
def test_the_gate_is_open_when_the_sound_begins(attack) -> None:
    wave = alternating((-70, 0.5), (-20, 0.5))
    gain = 20 * np.log10(run(Gate(GateSettings(attack_ms=attack), RATE), wave) / wave)
    onset = RATE // 2
    assert gain[onset:].min() > -0.2
    assert gain[onset - round((100 + 5 * attack + 8) * RATE / 1000)] == pytest.approx(-12, abs=0.01)


@pytest.mark.parametrize("text", ["table", "apple", "sea", "father", "hello", "moon"])
def test_the_gate_keeps_how_a_word_begins_and_quietens_the_noise_before_it(text) -> None:
    word = said(text)
    word *= np.float32(10 ** ((-20 - db(word)) / 20))
    noise = np.random.default_rng(3).standard_normal(RATE).astype(np.float32) * np.float32(10 ** (-62 / 20))
    wave = np.concatenate([noise, word, noise])
    out = run(Gate(GateSettings(), RATE), wave)
    start, first = RATE, RATE // 100
    assert db(out[start : start + first]) == pytest.approx(db(wave[start : start + first]), abs=1)
    assert db(out[start : start + word.size]) == pytest.approx(db(word), abs=0.05)
    assert db(out[RATE // 4 : 3 * RATE // 4]) == pytest.approx(-74, abs=0.3)


def test_the_gate_is_open_for_a_stream_that_begins_with_speech() -> None:
    wave = alternating((-20, 0.3))
    np.testing.assert_array_equal(run(Gate(GateSettings(), RATE), wave), wave)


# --- de-esser --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("voice", ["en-us+f2", "en-us+m3"])
@pytest.mark.parametrize("text", ["ah", "oh", "ee", "mama"])
def test_the_de_esser_leaves_a_vowel_alone(text, voice) -> None:
    wave = said(text, voice)
    out = run(DeEsser(DeEsserSettings(), RATE), wave)
    assert db(out) == pytest.approx(db(wave), abs=0.2)
    assert band_db(out, 5000, 9000) == pytest.approx(band_db(wave, 5000, 9000), abs=0.2)


def test_the_de_esser_lowers_a_burst_like_an_s() -> None:
    wave = burst()
    out = run(DeEsser(DeEsserSettings(), RATE), wave)
    assert -6 < band_db(out, 5000, 9000) - band_db(wave, 5000, 9000) < -2.5


def test_the_de_esser_lowers_the_s_of_a_word_and_not_its_vowel() -> None:
    wave = said("sea")
    out = run(DeEsser(DeEsserSettings(), RATE), wave)
    hiss, vowel = slice(0, round(0.08 * RATE)), slice(-round(0.2 * RATE), None)
    assert band_db(wave[hiss], 5000, 9000) > band_db(wave[vowel], 5000, 9000) + 6  # it is where we think it is
    assert db(out[hiss]) - db(wave[hiss]) < -1.5
    assert db(out[vowel]) == pytest.approx(db(wave[vowel]), abs=0.2)


@pytest.mark.parametrize("most", [0, 3, 6])
def test_the_de_esser_never_lowers_by_more_than_it_may(most) -> None:
    centre = 1 / np.pi * RATE * np.arctan(np.sqrt(np.tan(np.pi * 5000 / RATE) * np.tan(np.pi * 9000 / RATE)))
    tone = sine(-20, 1, centre)
    out = run(DeEsser(DeEsserSettings(most_db=most), RATE), tone)
    assert db(out[RATE // 2 :]) - db(tone[RATE // 2 :]) == pytest.approx(-most, abs=0.05)


def test_the_de_esser_leaves_the_lows_under_an_s_alone() -> None:
    low = sine(-32, 1, 250)
    out = run(DeEsser(DeEsserSettings(), RATE), low + burst(-22, 1))
    change = band_db(out, 200, 300) - band_db(low + burst(-22, 1), 200, 300)
    assert change == pytest.approx(0, abs=0.1)


def test_hiss_in_a_pause_is_no_sibilant() -> None:
    wave = burst(-58, 0.5)
    np.testing.assert_array_equal(run(DeEsser(DeEsserSettings(), RATE), wave), wave)


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [(HighPassSettings, "hz", 5), (GateSettings, "attack_ms", 0), (GateSettings, "ratio", float("nan")),
     (CompressorSettings, "ratio", 0.5), (CompressorSettings, "knee_db", "soft"), (DeEsserSettings, "most_db", True)],
)  # fmt: skip
def test_a_setting_out_of_range_is_named(kind, name, value) -> None:
    with pytest.raises(MasteringError, match=f"{kind.__name__.removesuffix('Settings')}: {name} is") as caught:
        kind(**{name: value})
    assert caught.value.fix.startswith("Give a number from ")


def test_a_sibilant_band_that_the_rate_cannot_hold_is_an_error() -> None:
    with pytest.raises(MasteringError, match="does not go with 16000 Hz"):
        chain(Dynamics(), 16000)
    with pytest.raises(MasteringError, match="from 9000 to 8000"):
        DeEsser(DeEsserSettings(low_hz=9000, high_hz=8000), RATE)
