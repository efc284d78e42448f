"""Loudness after ITU-R BS.1770-5 and EBU Tech 3341 (2023), true peak after BS.1770-5 annex 2."""

import numpy as np
import pyloudnorm
import pytest
from scipy import signal

from pipeline.mastering.limiter import Limiter
from pipeline.mastering.meter import Meter
from pipeline.mastering.true_peak import PeakMeter, overshoot, peaks


def sine(level_db: float, seconds: float, rate: int, frequency: float = 1000.0) -> np.ndarray:
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(
        np.float32
    )


def speechlike(rate: int = 44100, seconds: float = 12, seed: int = 1) -> np.ndarray:
    drawn = np.random.default_rng(seed)
    noise = signal.lfilter([1], [1, -0.95], drawn.standard_normal(round(seconds * rate)))
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * np.arange(noise.size) / rate)
    pauses = (np.sin(2 * np.pi * 0.3 * np.arange(noise.size) / rate) > -0.6).astype(float)
    wave = noise * syllables**2 * pauses
    return (wave / np.abs(wave).max() * 0.5).astype(np.float32)


def loudness(wave: np.ndarray, rate: int, block: int = 5000) -> float:
    meter = Meter(rate)
    for at in range(0, wave.size, block):
        meter.push(wave[at : at + block])
    return meter.integrated()


@pytest.mark.parametrize("rate", [22050, 24000, 44100, 48000])
def test_a_997_hz_sine_at_full_scale_reads_minus_3_01(rate: int) -> None:
    """BS.1770-5 annex 1: 0 dB FS, one channel, -3.01 LKFS."""
    assert loudness(sine(0, 20, rate, 997), rate) == pytest.approx(-3.01, abs=0.05)


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        # EBU Tech 3341, table 1, cases 1-5; one channel reads 3.01 LU below the stereo the table is written for
        ([(-23, 20)], -23), ([(-33, 20)], -33), ([(-36, 10), (-23, 60), (-36, 10)], -23),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23), ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
    ],
)  # fmt: skip
def test_ebu_tech_3341_gating(parts: list[tuple[float, float]], wanted: float) -> None:
    wave = np.concatenate([sine(level, seconds, 48000) for level, seconds in parts])
    assert loudness(wave, 48000) == pytest.approx(wanted - 3.01, abs=0.1)


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
@pytest.mark.parametrize("block", [777, 65536])
def test_it_agrees_with_pyloudnorm(rate: int, block: int) -> None:
    wave = speechlike(rate)
    assert loudness(wave, rate, block) == pytest.approx(
        pyloudnorm.Meter(rate).integrated_loudness(wave), abs=0.05 if rate > 40000 else 0.1
    )


def test_silence_and_short_sounds_have_no_loudness() -> None:
    assert loudness(np.zeros(44100, np.float32), 44100) == -np.inf
    assert loudness(sine(-20, 0.3, 44100), 44100) == -np.inf


@pytest.mark.parametrize(
    ("frequency", "phase", "wanted"), [(0.25, 45, -6.0), (0.25, 0, -6.0), (1 / 6, 60, -6.0), (1 / 8, 67.5, -6.0)]
)
def test_true_peak_between_samples(frequency: float, phase: float, wanted: float) -> None:
    """EBU Tech 3341, cases 15-19: sines of amplitude 0.50 read -6.0 dBTP, +0.2 / -0.4."""
    at = np.arange(48000)
    wave = (0.5 * np.sin(2 * np.pi * frequency * at + np.radians(phase))).astype(np.float32)
    wave *= np.minimum(1, np.minimum(at, at[::-1]) / 2000).astype(np.float32)
    meter = PeakMeter()
    for start in range(0, wave.size, 3001):
        meter.push(wave[start : start + 3001])
    assert wanted - 0.4 <= meter.true_peak() <= wanted + 0.2


def test_the_shortcut_never_misses_a_peak() -> None:
    """`peaks` skips stretches that cannot reach the floor; where it matters it equals the full calculation."""
    for seed in range(20):
        wave = np.random.default_rng(seed).uniform(-1, 1, 4000).astype(np.float32) * speechlike(4000, 1, seed + 1)
        full, quick = peaks(wave, 0.0), peaks(wave, 0.2)
        assert np.allclose(full[full > 0.2], quick[full > 0.2], rtol=1e-6)
    assert 1.5 < overshoot() < 4


HARD = {
    "impulses": lambda at: (at % 997 == 0) * 1.5,
    "quarter rate": lambda at: 1.4 * np.sin(np.pi / 2 * at + np.pi / 4) * (at % 9000 < 3000),
    "square": lambda at: 1.2 * np.sign(np.sin(at / 40)),
    "speech": lambda at: speechlike(44100, at.size / 44100)[: at.size] * 4,
    "full noise": lambda at: np.random.default_rng(3).uniform(-2, 2, at.size),
}


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("block", [512, 40000])
def test_nothing_passes_the_limiter(name: str, block: int) -> None:
    """Checked with another oversampling: 8 times, scipy's polyphase resampler."""
    wave = np.asarray(HARD[name](np.arange(88200)), np.float32)
    ceiling = 10 ** (-1.0 / 20)
    limiter = Limiter(ceiling, 44100)
    out = np.concatenate([limiter.push(wave[at : at + block]) for at in range(0, wave.size, block)] + [limiter.flush()])
    assert out.size == wave.size
    fine = signal.resample_poly(out.astype(float), 8, 1)
    assert 20 * np.log10(np.abs(fine).max()) <= -1.0 + 0.3
    assert np.abs(out).max() <= ceiling + 1e-6
    assert limiter.reduction_db > 1


def test_quiet_sound_passes_untouched() -> None:
    wave = speechlike() * 0.3
    limiter = Limiter(0.9, 44100)
    out = np.concatenate([limiter.push(wave[:5000]), limiter.push(wave[5000:]), limiter.flush()])
    assert np.array_equal(out, wave)
    assert limiter.reduction_db == 0


@pytest.mark.parametrize("size", [100, 4096, 30000])
def test_the_limiter_remembers_where_it_took_away_how_much(size: int) -> None:
    rate = 44100
    wave = np.zeros(4 * rate, np.float32)
    for second, level in ((1, 1.0), (3, 2.0)):
        wave[second * rate : second * rate + 100] = level * np.sin(np.arange(100) / 3) * np.hanning(100)
    limiter = Limiter(0.5, rate)
    parts = [limiter.push(wave[at : at + size]) for at in range(0, wave.size, size)]
    out = np.concatenate([*parts, limiter.flush()])
    assert out.size == wave.size
    for second, lost in ((1, 6.02), (3, 12.04)):
        assert limiter.reduction_in(second * rate, second * rate + 100) == pytest.approx(lost, abs=0.3)
    for quiet in (0.1, 1.2, 2.0, 3.2):
        assert limiter.reduction_in(round(quiet * rate), round((quiet + 0.6) * rate)) == pytest.approx(0, abs=1e-9)
    assert limiter.reduction_db == limiter.reduction_in(0, wave.size)
