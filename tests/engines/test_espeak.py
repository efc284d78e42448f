import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pipeline.engines import engine_class, load, names
from pipeline.engines.espeak import SAMPLE_RATE, EspeakEngine
from pipeline.errors import EngineError
from pipeline.nouns import DELIVERIES, EMOTIONS, Direction, Emotion, Voice
from pipeline.pronunciation import spoken

TEXT = "他慢慢地走到窗前，看着外面的雨，心里想起了很多往事。"


def direction(text: str = TEXT, language: str = "zh", **more) -> Direction:
    parameters = more.pop("parameters", {})
    return Direction("c01-1", spoken(text, language), language, Voice("v", "espeak", parameters), **more)


def wave(*arguments, **more) -> np.ndarray:
    return next(EspeakEngine().render([direction(*arguments, **more)])).wave


def feeling(name: str) -> Emotion:
    return Emotion(weights=tuple(float(name == one) for one in EMOTIONS))


def level(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(sound**2)))


def test_the_engine_is_found_by_its_name() -> None:
    assert "espeak" in names()
    assert load("espeak").fingerprint().startswith("espeakng-loader ")
    with pytest.raises(EngineError, match="Did you mean espeak?"):
        engine_class("espaek")


@pytest.mark.parametrize(
    ("text", "language", "syllables"),
    [(TEXT, "zh", 23), ("It was the best of times, it was the worst of times.", "en", 13)],
)
def test_it_speaks_at_a_human_pace(text: str, language: str, syllables: int) -> None:
    sound = wave(text, language)
    assert 2.5 < syllables / (sound.size / SAMPLE_RATE) < 7.5
    assert 0.02 < level(sound) < 0.5
    assert np.abs(sound).max() < 1.0


def test_a_reading_changes_the_sound() -> None:
    from scipy.signal import correlate

    one, two = wave("重(chóng)新"), wave("重(zhòng)新")
    likeness = correlate(one, two).max() / np.sqrt((one**2).sum() * (two**2).sum())
    same = correlate(one, wave("重(chóng)新")).max() / (one**2).sum()
    assert (
        likeness < 0.58 < same
    )  # eSpeak never says a thing twice alike: 0.35 to 0.45 and 0.70 to 0.88 in twelve tries


def test_both_languages_are_heard_in_one_line() -> None:
    both, half = wave("我用Python写代码"), wave("我用写代码")
    assert both.size - half.size > 0.25 * SAMPLE_RATE


def test_durations_are_met_to_the_sample() -> None:
    drawn = random.Random(7)
    natural = wave().size / SAMPLE_RATE
    for _ in range(25):
        wish = round(natural * drawn.uniform(0.5, 2.0), 3)
        sound = wave(duration=wish)
        assert abs(sound.size / SAMPLE_RATE - wish) <= 0.010
        loud = np.flatnonzero(np.abs(sound) > 0.01)
        assert loud[-1] / SAMPLE_RATE > wish - 0.25, "the speech fills the wished time"


@pytest.mark.parametrize("wish", [0.1, 12.0, 40.0])
def test_a_length_far_from_the_natural_one_is_met_too(wish: float) -> None:
    assert wave("走吧。", duration=wish).size == round(wish * SAMPLE_RATE)


def test_speed_and_voice_settings_are_obeyed() -> None:
    assert wave(speed=1.5).size < 0.75 * wave().size
    assert wave(parameters={"rate": 0.6}).size > 1.3 * wave().size
    assert level(wave(parameters={"volume": 40})) < 0.7 * level(wave())


def test_emotions_change_pace_and_level_as_the_table_says() -> None:
    plain, sad, angry = wave(), wave(emotion=feeling("sad")), wave(emotion=feeling("angry"))
    assert sad.size > plain.size > angry.size
    assert level(sad) < level(plain) < level(angry)


def test_settings_do_not_leak_into_the_next_line() -> None:
    engine = EspeakEngine()
    loud = direction(parameters={"volume": 200, "rate": 2.0, "variant": "m3"}, emotion=feeling("angry"))
    alone = next(engine.render([direction()])).wave
    after = [one.wave for one in engine.render([loud, direction("Hello there.", "en"), direction()])][2]
    assert np.array_equal(after, alone)


@pytest.mark.parametrize("variant", ["f2", "whisper", "m1", ""])  # the first two breathe, all waver
def test_a_line_is_the_same_samples_whatever_was_spoken_before(variant: str) -> None:
    one = direction("我们走吧，it is late.", parameters={"variant": variant})
    other = direction(parameters={"variant": "f3"})
    first, _, again, once_more = [spoken.wave for spoken in EspeakEngine().render([one, other, one, one])]
    assert np.array_equal(first, again)
    assert np.array_equal(first, once_more)


def test_a_line_is_the_same_samples_in_another_process_at_another_time() -> None:
    code = (
        "import hashlib; from tests.engines.test_espeak import wave\n"
        "print(hashlib.sha256(wave(parameters={'variant': 'f2'}).tobytes()).hexdigest())"
    )
    told = set()
    for _ in range(2):
        told.add(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        time.sleep(1.0)  # eSpeak begins its random numbers with the second it is started in
    assert len(told) == 1


def test_what_cannot_be_spoken_is_named() -> None:
    with pytest.raises(EngineError, match="c01-1 has nothing to speak"):
        list(EspeakEngine().render([Direction("c01-1", "", "zh", Voice("v", "espeak"))]))
    with pytest.raises(EngineError, match="c01-1 has 3000 characters"):
        list(EspeakEngine().render([Direction("c01-1", "字" * 3000, "zh", Voice("v", "espeak"))]))


def test_the_list_of_variants_is_the_wheels() -> None:
    import espeakng_loader

    there = {path.name for path in (Path(espeakng_loader.get_data_path()) / "voices" / "!v").iterdir()}
    assert set(EspeakEngine.capabilities.parameters["variant"][2:]) == there


@pytest.mark.parametrize("accent", EspeakEngine.capabilities.parameters["accent"][1:])
def test_every_accent_speaks_with_a_variant(accent: str) -> None:
    assert wave("Hello there.", "en", parameters={"accent": accent, "variant": "f3"}).size > 0.4 * SAMPLE_RATE


def flatness(sound: np.ndarray) -> float:
    """Mean spectral flatness of the loud frames, 0 (a tone) to 1 (white noise)."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, 1024)[::512]
    loud = frames[np.sqrt((frames**2).mean(1)) > 0.3 * level(sound)]
    power = np.abs(np.fft.rfft(loud * np.hanning(1024))) ** 2 + 1e-12
    return float(np.mean(np.exp(np.log(power).mean(1)) / power.mean(1)))


def pulse(sound: np.ndarray) -> float:
    """How periodic the sound is: the median over loud frames of the autocorrelation's peak between 70 and 400 Hz."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, 2048)[::1024]
    peaks = []
    for frame in frames[np.sqrt((frames**2).mean(1)) > 0.5 * level(sound)]:
        spectrum = np.abs(np.fft.rfft(frame - frame.mean(), 4096)) ** 2
        likeness = np.fft.irfft(spectrum)
        peaks.append(likeness[SAMPLE_RATE // 400 : SAMPLE_RATE // 70].max() / likeness[0])
    return float(np.median(peaks))


@pytest.mark.parametrize(("text", "language"), [(TEXT, "zh"), ("She walked slowly along the river.", "en")])
@pytest.mark.parametrize("variant", ["", "f3", "m3"])
def test_a_whisper_is_softer_and_has_less_voice_in_it(text: str, language: str, variant: str) -> None:
    parameters = {"variant": variant} if variant else {}
    plain = wave(text, language, parameters=parameters)
    whisper = wave(text, language, parameters=parameters, delivery=("whisper",))
    assert level(whisper) < 0.65 * level(plain)
    assert flatness(whisper) > 1.5 * flatness(plain)
    assert pulse(whisper) < 0.5 * pulse(plain)


def test_a_whisper_keeps_the_voices_gender() -> None:
    from pipeline.engines.espeak import _settings

    for variant, voice in (("f3", "+whisperf"), ("m3", "+whisper"), ("", "+whisper"), ("linda", "+whisperf")):
        asked = direction(parameters={"variant": variant} if variant else {}, delivery=("whisper",))
        assert _settings(asked, "zh", 1.0).voice.endswith(voice)


def test_the_list_of_female_variants_is_the_wheels() -> None:
    import espeakng_loader

    from pipeline.engines.espeak import _data

    files = (Path(espeakng_loader.get_data_path()) / "voices" / "!v").iterdir()
    assert set(_data()["female"]) == {
        path.name for path in files if "gender female" in path.read_text("utf-8", "replace")
    }


def test_shout_fast_and_slow_do_as_they_say() -> None:
    plain = wave()
    assert level(wave(delivery=("shout",))) > 1.3 * level(plain)
    assert wave(delivery=("fast",)).size < 0.85 * plain.size
    assert wave(delivery=("slow",)).size > 1.2 * plain.size
    assert wave(delivery=("fast",), duration=3.0).size == 3 * SAMPLE_RATE


def test_a_trembling_voice_wavers_at_its_rate() -> None:
    from pipeline.engines.tremor import LEVEL, PITCH, RATE_HZ, trembling

    at = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * 200 * at).astype(np.float32)
    shaken = trembling(tone, SAMPLE_RATE)
    assert shaken.size == tone.size
    assert np.abs(shaken).max() <= 1.0
    envelope = np.abs(shaken[: 220 * (shaken.size // 220)]).reshape(-1, 220).max(1)  # 10 ms
    spectrum = np.abs(np.fft.rfft(envelope - envelope.mean()))
    assert np.fft.rfftfreq(envelope.size, 220 / SAMPLE_RATE)[spectrum.argmax()] == pytest.approx(RATE_HZ, abs=0.6)
    assert envelope.min() / envelope.max() == pytest.approx(1 - LEVEL, abs=0.05)
    rises = np.flatnonzero((shaken[:-1] < 0) & (shaken[1:] >= 0))
    pitches = SAMPLE_RATE / np.diff(rises)
    assert 200 * (1 + 0.5 * PITCH) < np.percentile(pitches, 95) < 200 * (1 + 1.6 * PITCH)
    assert trembling(np.zeros(0, np.float32), SAMPLE_RATE).size == 0


def test_plain_lines_are_left_as_they_are_by_the_tremor() -> None:
    assert not np.array_equal(wave(delivery=("trembling",)), wave())
    assert EspeakEngine.capabilities.deliveries == frozenset(DELIVERIES)
