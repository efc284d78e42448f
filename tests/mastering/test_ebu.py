"""EBU-mode compliance: the minimum requirements of EBU Tech 3341 (2023), table 1, and EBU Tech 3342 (2023), table 1.

Every signal is synthesized here from the documents' words, at 48 kHz, and must read within the documents' tolerance:
loudness +/- 0.1 LU, range +/- 1 LU, true peak +0.2 / -0.4 dB. Left out are 3341's cases 7 and 8 and 3342's 5 and 6: they
are the EBU's own programmes, which cannot be synthesized and are not ours to ship.
Further down: the same programmes read by ffmpeg's ebur128 filter and by pyloudnorm.
"""

import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pyloudnorm
import pytest
import soundfile
from scipy import signal

from pipeline.mastering.meter import Meter, measure
from pipeline.mastering.true_peak import PeakMeter

RATE = 48000
HOP = RATE // 10


def tones(*parts: tuple[float, float]) -> np.ndarray:
    """1000 Hz one part after the other, each (seconds, dBFS peak level; -inf is silence); shape (frames,)."""
    level = np.concatenate([np.full(round(seconds * RATE), 10 ** (decibels / 20)) for seconds, decibels in parts])
    return (level * np.sin(2 * np.pi * 1000 * np.arange(level.size) / RATE)).astype(np.float32)


def stereo(mono: np.ndarray) -> np.ndarray:
    """In phase in both channels."""
    return np.stack([mono, mono], axis=1)


def metered(wave: np.ndarray, block: int = 10000) -> Meter:
    meter = Meter(RATE, wave.shape[1])
    for at in range(0, len(wave), block):
        meter.push(wave[at : at + block])
    return meter


SILENCE = -np.inf


@pytest.mark.parametrize(("case", "level"), [(1, -23.0), (2, -33.0)])
def test_3341_case_1_and_2_steady_tone(case: int, level: float) -> None:
    meter = metered(stereo(tones((20, level))))
    for read in (
        meter.momentary(),
        meter.short_term(),
        meter.integrated(),
        meter.momentary_max(),
        meter.short_term_max(),
    ):
        assert read == pytest.approx(level, abs=0.1)


@pytest.mark.parametrize(
    ("case", "parts"),
    [
        (3, [(10, -36.0), (60, -23.0), (10, -36.0)]),
        (4, [(10, -72.0), (10, -36.0), (60, -23.0), (10, -36.0), (10, -72.0)]),
        (5, [(20, -26.0), (20.1, -20.0), (20, -26.0)]),
    ],
)
def test_3341_case_3_to_5_gating(case: int, parts: list[tuple[float, float]]) -> None:
    assert metered(stereo(tones(*parts))).integrated() == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("lfe", [False, True])
def test_3341_case_6_five_channels(lfe: bool) -> None:
    """5.0 as the table has it; 5.1 with something loud in the LFE, which does not count (Tech 3341, 2.10)."""
    levels = [-28.0, -28.0, -24.0, -30.0, -30.0]
    if lfe:
        levels.insert(3, -6.0)
    wave = np.stack([tones((20, level)) for level in levels], axis=1)
    assert metered(wave).integrated() == pytest.approx(-23.0, abs=0.1)


def test_3341_case_9_short_term_is_constant() -> None:
    wave = stereo(tones(*[(1.34, -20.0), (1.66, -30.0)] * 5))
    meter, read = Meter(RATE, 2), []
    for at in range(0, len(wave), HOP):
        meter.push(wave[at : at + HOP])
        read.append(meter.short_term())
    assert len(read) == 150
    assert read[28] == -np.inf
    assert read[29:] == pytest.approx([-23.0] * 121, abs=0.1)


@pytest.mark.parametrize("i", range(20))
def test_3341_case_10_highest_short_term(i: int) -> None:
    meter = metered(stereo(tones((i * 0.15, SILENCE), (3, -23.0), (1, SILENCE))))
    assert meter.short_term_max() == pytest.approx(-23.0, abs=0.1)


def test_3341_case_11_successive_highest_short_term() -> None:
    meter = Meter(RATE, 2)
    for i in range(20):
        meter.push(stereo(tones((i * 0.15, SILENCE), (3, -38.0 + i), (3 - i * 0.15, SILENCE))))
        assert meter.short_term_max() == pytest.approx(-38.0 + i, abs=0.1)


def test_3341_case_12_momentary_is_constant() -> None:
    wave = stereo(tones(*[(0.18, -20.0), (0.22, -30.0)] * 25))
    meter, read = Meter(RATE, 2), []
    for at in range(0, len(wave), HOP):
        meter.push(wave[at : at + HOP])
        read.append(meter.momentary())
    assert read[9:] == pytest.approx([-23.0] * 91, abs=0.1)


@pytest.mark.parametrize("i", range(20))
def test_3341_case_13_highest_momentary(i: int) -> None:
    meter = metered(stereo(tones((i * 0.02, SILENCE), (0.4, -23.0), (1, SILENCE))))
    assert meter.momentary_max() == pytest.approx(-23.0, abs=0.1)


def test_3341_case_14_successive_highest_momentary() -> None:
    meter = Meter(RATE, 2)
    for i in range(20):
        meter.push(stereo(tones((i * 0.02, SILENCE), (0.4, -38.0 + i), (0.4 - i * 0.02, SILENCE))))
        assert meter.momentary_max() == pytest.approx(-38.0 + i, abs=0.1)


def tapered(wave: np.ndarray, rate: int) -> np.ndarray:
    """With a fade of 10 ms at both ends."""
    at = np.arange(wave.size)
    return wave * np.minimum(1, np.minimum(at, at[::-1]) / (0.01 * rate))


def true_peak(mono: np.ndarray) -> float:
    meter, wave = PeakMeter(2), stereo(mono.astype(np.float32))
    for at in range(0, len(wave), 3001):
        meter.push(wave[at : at + 3001])
    return meter.true_peak()


@pytest.mark.parametrize(
    ("case", "divisor", "amplitude", "phase", "wanted"),
    [
        (15, 4, 0.50, 0.0, -6.0), (16, 4, 0.50, 45.0, -6.0), (17, 6, 0.50, 60.0, -6.0), (18, 8, 0.50, 67.5, -6.0),
        (19, 4, 1.41, 45.0, 3.0),
    ],
)  # fmt: skip
def test_3341_case_15_to_19_true_peak(case: int, divisor: int, amplitude: float, phase: float, wanted: float) -> None:
    at = np.arange(RATE)
    wave = amplitude * np.sin(2 * np.pi * at / divisor + np.radians(phase))
    assert wanted - 0.4 <= true_peak(tapered(wave, RATE)) <= wanted + 0.2


@pytest.mark.parametrize(("case", "offset"), [(20, 0), (21, 1), (22, 2), (23, 3)])
def test_3341_case_20_to_23_true_peak_of_a_single_period(case: int, offset: int) -> None:
    """fs/6 at 0.50 with one period of fs/4 at 1.00 in it, made at 4 fs, then low-passed and every fourth sample kept."""
    around = 0.5 * np.sin(2 * np.pi * np.arange(24 * 500) / 24)
    wave = np.concatenate([around, np.sin(2 * np.pi * np.arange(16) / 16), around])
    filtered = signal.fftconvolve(tapered(wave, 4 * RATE), signal.firwin(511, 0.48 * RATE, fs=4 * RATE), "same")
    assert -0.4 <= true_peak(filtered[offset::4]) <= 0.2


@pytest.mark.parametrize(
    ("case", "levels", "wanted"),
    [(1, (-20, -30), 10), (2, (-20, -15), 5), (3, (-40, -20), 20), (4, (-50, -35, -20, -35, -50), 15)],
)
@pytest.mark.parametrize("times", [1, 2])
def test_3342_loudness_range(case: int, levels: tuple[float, ...], wanted: float, times: int) -> None:
    """Unchanged when the signal is repeated, says Tech 3342, 4."""
    wave = tones(*[(20.0, float(level)) for level in levels] * times)
    assert metered(stereo(wave)).range() == pytest.approx(wanted, abs=1)


@pytest.mark.parametrize("parts", [[], [(2.9, -20.0)], [(10, SILENCE)]])
def test_the_range_of_silence_and_of_short_sounds_is_not_a_number(parts: list[tuple[float, float]]) -> None:
    wave = tones(*parts) if parts else np.zeros(0, np.float32)
    assert np.isnan(metered(wave[:, np.newaxis]).range())


def test_channels_that_no_weight_is_known_for_are_refused() -> None:
    with pytest.raises(ValueError, match="7 channels"):
        Meter(RATE, 7)


def test_each_channel_has_its_own_true_peak() -> None:
    wave = np.stack([tones((1, -6.0)), tones((1, -12.0)), tones((1, SILENCE))], axis=1)
    meter = PeakMeter(3)
    meter.push(wave)
    assert meter.by_channel() == (pytest.approx(-6, abs=0.1), pytest.approx(-12, abs=0.1), -np.inf)


def test_a_peak_in_the_very_last_samples_is_seen() -> None:
    """The wave goes on between the samples until it is cut: +3 dB of fs/4 at 45 degrees."""
    wave = (0.5 * np.sin(np.pi / 2 * np.arange(8) + np.pi / 4)).astype(np.float32)
    silence = np.zeros(40, np.float32)
    first, last = PeakMeter(), PeakMeter()
    first.push(np.concatenate([wave, silence]))
    last.push(np.concatenate([silence, wave]))
    assert first.true_peak() == pytest.approx(last.true_peak(), abs=0.02)
    assert last.true_peak() > 20 * np.log10(np.abs(wave).max()) + 2


@pytest.mark.parametrize("block", [1, 441, 1152, 100000])
def test_the_size_of_the_blocks_does_not_matter(block: int) -> None:
    wave = programme(1, 44100, 4 if block == 1 else 12)[: 44100 * 12]
    whole, parts = Meter(44100), Meter(44100)
    whole.push(wave)
    for at in range(0, wave.size, block):
        parts.push(wave[at : at + block])
    for name in ("momentary", "short_term", "momentary_max", "short_term_max", "integrated", "range"):
        assert getattr(parts, name)() == pytest.approx(getattr(whole, name)(), abs=1e-6)


# --- other meters as judges ------------------------------------------------------------------------------------------


def programme(channels: int, rate: int, seconds: int = 40) -> np.ndarray:
    """Noise shaped as speech, in phrases of different levels with pauses; (frames,) or (frames, channels)."""
    drawn = np.random.default_rng(channels)
    at = np.arange(seconds * rate) / rate
    level = 10 ** (np.repeat(drawn.uniform(-18, 0, seconds), rate) / 20) * (0.5 + 0.5 * np.sin(2 * np.pi * 4 * at)) ** 2
    level *= np.sin(2 * np.pi * 0.13 * at) > -0.7
    noise = signal.lfilter([1], [1, -0.9], drawn.standard_normal((at.size, channels)), axis=0)
    wave = noise / np.abs(noise).max() * level[:, np.newaxis]
    return (wave[:, 0] if channels == 1 else wave).astype(np.float32) * np.float32(0.8)


@pytest.mark.parametrize(("channels", "rate"), [(1, 44100), (2, 44100), (2, 24000), (6, 48000)])
def test_it_agrees_with_ffmpeg(channels: int, rate: int, tmp_path: Path) -> None:
    """On programmes so long that values beside the range's percentiles lie close together."""
    path = tmp_path / "programme.wav"
    soundfile.write(path, programme(channels, rate, 60 if channels == 6 else 120), rate, "FLOAT")
    layout = ["-channel_layout", "5.1"] if channels == 6 else []
    run = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", *layout, "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    log, summary = run.stderr.split("Summary:")
    integrated, spread, peak = (
        float(re.search(pattern, summary)[1])
        for pattern in (r"I: +(-?[\d.]+) LUFS", r"LRA: +([\d.]+) LU", r"Peak: +(-?[\d.]+) dBFS")
    )
    ours = measure(str(path))
    assert ours.integrated == pytest.approx(integrated, abs=0.1)
    assert ours.range == pytest.approx(spread, abs=0.2)
    assert ours.true_peak == pytest.approx(peak, abs=0.2)
    for name, highest in (("M", ours.momentary_max), ("S", ours.short_term_max)):
        theirs = max(float(value) for value in re.findall(rf"{name}: *(-?[\d.]+)", log))
        assert theirs - 0.06 <= highest <= theirs + 0.3  # ffmpeg looks every 100 ms, we every 10


@pytest.mark.parametrize(("channels", "rate"), [(1, 48000), (2, 48000), (5, 48000), (2, 44100)])
def test_it_agrees_with_pyloudnorm(channels: int, rate: int) -> None:
    wave = programme(channels, rate)
    meter = Meter(rate, channels)
    meter.push(wave)
    judge = pyloudnorm.Meter(rate)
    assert meter.integrated() == pytest.approx(judge.integrated_loudness(wave), abs=0.05)
    assert meter.range() == pytest.approx(judge.loudness_range(wave), abs=0.2)
