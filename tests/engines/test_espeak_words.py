"""Where the words of a take are: in order, whole, and where they are heard."""

import io
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pipeline.engines.espeak import SAMPLE_RATE, EspeakEngine
from pipeline.engines.espeak_words import timed
from pipeline.nouns import Direction, Voice, Waveform, Word
from pipeline.pronunciation import spoken
from pipeline.pronunciation.pinyin import Run
from pipeline.render import worker
from pipeline.render.plan import Job
from pipeline.takes import notes
from pipeline.takes.journal import Journal
from pipeline.takes.key import key_of, subject_of, take_key

TOLERANCE_S = 0.06
ZH = "他慢慢地走到窗前，看着外面的雨。想起了很多往事；花儿开了，重(chóng)新来过。"
EN = "It was the best of times, it was the worst of times. Dogs bark; people of the town run."
MIXED = "他打开Word，写了一封email给Tom。明天，NASA开会。"


def direction(text: str, language: str, **more: Any) -> Direction:
    return Direction("c01-1", spoken(text, language), language, Voice("v", "espeak"), **more)


def said(text: str, language: str, **more: object) -> tuple[Waveform, tuple[Word, ...]]:
    one = next(EspeakEngine().render([direction(text, language, **more)]))
    return one.wave, one.words


def onsets(wave: Waveform) -> list[float]:
    """Seconds at which sound begins after at least 0.1 s under -45 dBFS, measured in steps of 5 ms."""
    hop = SAMPLE_RATE // 200
    level = np.sqrt((wave[: wave.size // hop * hop].reshape(-1, hop) ** 2).mean(axis=1))
    found, quiet = [], 0
    for at, loud in enumerate(level > 10 ** (-45 / 20)):
        if loud and quiet >= 20:
            found.append(at * hop / SAMPLE_RATE)
        quiet = 0 if loud else quiet + 1
    return found


CASES = [
    (ZH, "zh", {}), (EN, "en", {}), (MIXED, "zh", {}), (EN, "en", {"speed": 0.7}), (EN, "en", {"duration": 9.0}),
    (ZH, "zh", {"duration": 6.0}), (ZH, "zh", {"delivery": ("trembling",)}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language", "more"), CASES)
def test_a_word_after_a_pause_begins_where_its_sound_begins(text: str, language: str, more: dict[str, object]) -> None:
    wave, words = said(text, language, **more)
    heard = onsets(wave)
    assert heard
    starts = np.array([word.start for word in words])
    for onset in heard:
        assert np.abs(starts - onset).min() <= TOLERANCE_S, f"no word begins at {onset:.3f} s"


@pytest.mark.parametrize(("text", "language", "more"), CASES)
def test_words_are_in_order_inside_the_take_and_all_of_the_text(
    text: str, language: str, more: dict[str, object]
) -> None:
    wave, words = said(text, language, **more)
    assert all(0 <= word.start < word.end <= wave.size / SAMPLE_RATE for word in words)
    assert all(one.end <= two.start + 1e-9 for one, two in itertools.pairwise(words))
    letters = "".join(sign for sign in spoken(text, language).replace("(chong2)", "") if sign.isalnum())
    assert "".join(word.text for word in words) == letters
    if language == "zh":
        assert all(len(word.text) == 1 for word in words if not word.text.isascii())


def test_words_are_quiet_between_and_loud_inside() -> None:
    wave, words = said(EN, "en")
    inside = np.concatenate([wave[round(one.start * SAMPLE_RATE) : round(one.end * SAMPLE_RATE)] for one in words])
    covered = np.zeros(wave.size, bool)
    for one in words:
        covered[round(one.start * SAMPLE_RATE) : round(one.end * SAMPLE_RATE)] = True
    assert np.sqrt((inside**2).mean()) > 30 * np.sqrt((wave[~covered] ** 2).mean())


def test_a_character_without_a_syllable_goes_with_the_one_before_it() -> None:
    run = Run("zh", "hua1 kai1", ("花〇", "开"))
    wave = np.ones(100, np.float32)
    assert timed(run, [(0, 0), (5, 60)], wave, 0.1) == [("花〇", 0, 60), ("开", 60, 100)]


def test_an_event_inside_a_word_counts_for_the_next_and_words_said_in_one_share_their_time() -> None:
    wave = np.ones(1000, np.float32)
    run = Run("en", "it was of the best", ("it", "was", "of", "the", "best"))
    found = timed(run, [(0, 0), (1, 200), (7, 500), (14, 800)], wave, 0.1)  # eSpeak: (1, 200) is "was"
    assert found == [("it", 0, 200), ("was", 200, 500), ("of", 500, 620), ("the", 620, 800), ("best", 800, 1000)]
    hyphen = Run("en", "well-known man", ("well-known", "man"))
    assert timed(hyphen, [(0, 0), (5, 300), (11, 600)], wave, 0.1)[1] == ("man", 600, 1000)


def test_pieces_that_are_not_the_runs_words_give_no_times() -> None:
    assert timed(Run("en", "one two", ("one",)), [(0, 0)], np.ones(9, np.float32), 0.1) == []


def test_a_take_keeps_its_words_and_its_key(tmp_path: Path) -> None:
    one = direction(MIXED, "zh")
    spoken_one = next(EspeakEngine().render([one]))
    job = Job(take_key(one), subject_of(one), one, ("c01-1", "c02-9"))
    with Journal(tmp_path) as journal:
        made = worker.write(
            job,
            one,
            spoken_one.wave,
            ("runaway",),
            spoken_one.words,
            rate=SAMPLE_RATE,
            folder=tmp_path,
            journal=journal,
        )
    assert made.take.key == take_key(one)
    kept = notes.words_of(made.take.path)
    assert [word.text for word in kept] == [word.text for word in spoken_one.words]
    assert all(abs(two.start - word.start) < 1e-4 for word, two in zip(spoken_one.words, kept, strict=True))
    told = notes.of(made.take.path)
    assert (told.flags, told.lines) == (("runaway",), ("c01-1", "c02-9"))
    assert key_of(told.asked) == made.take.key


def test_old_takes_have_no_words_and_keep_their_flags(tmp_path: Path) -> None:
    path = tmp_path / "old.flac"
    for comment in ("", "runaway silent"):
        data = io.BytesIO()
        with soundfile.SoundFile(data, "w", 22050, 1, "PCM_16", format="FLAC") as file:
            if comment:
                file.comment = comment
            file.write(np.zeros(100, np.float32))
        path.write_bytes(data.getvalue())
        assert notes.words_of(path) == ()
        assert notes.read(comment) == notes.Notes(tuple(comment.split()))
    with pytest.raises(OSError, match="."):
        notes.words_of(tmp_path / "gone.flac")
    with pytest.raises(ValueError, match="words"):
        notes.read('{"flags": []}')


def test_two_thousand_characters_keep_their_words_in_the_file(tmp_path: Path) -> None:
    one = direction("长安城下了三天的雨。" * 190, "zh")
    spoken_one = next(EspeakEngine().render([one]))
    job = Job(take_key(one), subject_of(one), one, ("c01-1",))
    with Journal(tmp_path) as journal:
        made = worker.write(
            job, one, spoken_one.wave, (), spoken_one.words, rate=SAMPLE_RATE, folder=tmp_path, journal=journal
        )
    assert len(notes.words_of(made.take.path)) == len(spoken_one.words) == 190 * 9
