import math
from dataclasses import replace
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile

from pipeline.deliver import audio, sample
from pipeline.deliver.book import FinishedBook
from pipeline.errors import MasteringError
from pipeline.mastering import true_peak
from pipeline.mastering.music import Music
from pipeline.opening import open_book
from pipeline.request import Request
from tests.deliver.synthetic import PODCAST, Said, book, decoded, lag, with_settings

QUICK = replace(PODCAST, formats=("flac",), sample_rate=22050)


def paragraphs(count: int, first: int = 1, speaker: str = "林晚", **more) -> list[Said]:
    """Of some 14 s each: narration, dialogue, narration."""
    lines = []
    for number in range(first, first + count):
        lines += [Said(seconds=5.0, paragraph=number, **more), Said("dialogue", speaker, 4.0, number, **more)]
        lines += [Said(seconds=3.5, paragraph=number, **more)]
    return lines


def chapter(count: int, **more) -> list[Said]:
    """A heading, then paragraphs."""
    return [Said("heading", seconds=1.0, paragraph=1), *paragraphs(count, 2, **more)]


@pytest.fixture(scope="module")
def novel(tmp_path_factory: pytest.TempPathFactory) -> FinishedBook:
    """Three chapters of two minutes each."""
    return book(tmp_path_factory.mktemp("novel"), [chapter(9), chapter(9), chapter(9)], QUICK)


def lines(one: FinishedBook, window: sample.Window) -> list:
    return list(one.timeline(window.master).segments[window.first : window.last])


def test_the_sample_is_whole_paragraphs_of_one_chapter_that_begin_with_narration(novel: FinishedBook) -> None:
    window = sample.best(with_settings(novel, "sample", minutes=1.5))
    segments = novel.timeline(window.master).segments
    chosen = segments[window.first : window.last]
    assert chosen[0].kind == "narration"
    assert segments[window.first - 1].paragraph < chosen[0].paragraph
    assert window.last == len(segments) or segments[window.last].paragraph > chosen[-1].paragraph
    assert window.start < chosen[0].start
    assert window.end > chosen[-1].end
    assert 60 <= (window.end - window.start) / 22050 <= 90


def test_the_file_holds_the_masters_sound_faded_at_both_ends(novel: FinishedBook) -> None:
    one = with_settings(novel, "sample", minutes=1.5)
    window = sample.best(one)
    [path] = sample.write(one)
    wave, known = decoded(path), audio.read(window.master, window.start, window.end - window.start)
    assert path.name == "雨夜 sample.mp3"
    assert wave.size == known.size
    middle = slice(22050, -44100)
    assert abs(lag(known[middle], wave[middle])) <= 1
    assert np.corrcoef(known[middle], wave[middle])[0, 1] > 0.98
    first, last = lines(one, window)[0].start - window.start, lines(one, window)[-1].end - window.start
    assert first > 0.4 * 22050
    assert np.sqrt(np.mean(known[:first] ** 2)) < 0.001, "room tone"
    edge = 300
    for part, quiet in ((wave[:first], wave[:edge]), (wave[last:], wave[-edge:])):
        assert np.sqrt(np.mean(quiet**2)) < 0.3 * np.sqrt(np.mean(part**2))


def test_a_line_that_a_check_doubts_is_kept_out(tmp_path: Path) -> None:
    doubtful = chapter(9)
    doubtful[10] = replace(doubtful[10], flags=("clipped",))
    one = with_settings(book(tmp_path, [doubtful, chapter(9)], QUICK), "sample", minutes=1.5)
    window = sample.best(one)
    assert doubtful[10].flags
    flagged = one.timeline(one.masters[0]).segments[10].take
    assert flagged not in [line.take for line in lines(one, window)]
    forced = sample.best(with_settings(one, "sample", minutes=1.9, chapter=1))
    assert forced.master.chapter == 1, "where nothing else is left, it is taken all the same"


def test_the_first_third_of_the_book_is_preferred(novel: FinishedBook) -> None:
    window = sample.best(with_settings(novel, "sample", minutes=1.5))
    assert window.master.chapter == 1


def test_lines_of_like_loudness_are_preferred(tmp_path: Path) -> None:
    levels = replace(QUICK.levels, characters={"远": -12.0})
    one = book(tmp_path, [chapter(6, speaker="远"), chapter(6, speaker="近")], replace(QUICK, levels=levels))
    assert sample.best(with_settings(one, "sample", minutes=1.5)).master.chapter == 2


def test_a_mix_of_narration_and_dialogue_is_preferred(tmp_path: Path) -> None:
    plain = [replace(line, kind="narration", speaker="narrator") for line in chapter(6)]
    assert (
        sample.best(with_settings(book(tmp_path, [plain, chapter(6)], QUICK), "sample", minutes=1.5)).master.chapter
        == 2
    )


@pytest.mark.parametrize(
    ("deliver", "said"),
    [
        ("{sample: {chapter: 99}}", "the sample is to be of chapter 99"),
        ("[video]", "there is no video to lay the track into"),
    ],
)
def test_what_a_book_cannot_have_is_refused_before_it_is_rendered(tmp_path: Path, deliver: str, said: str) -> None:
    manuscript, cast = tmp_path / "book.txt", tmp_path / "cast.yaml"
    manuscript.write_text("第一章 雨\n\n下了三天的雨。\n", encoding="utf-8")
    cast.write_text(
        f"narrator: {{voice: 旁白}}\nvoices:\n  旁白: {{engine: espeak}}\ndeliver: {deliver}\n", encoding="utf-8"
    )
    with pytest.raises(MasteringError, match=said), open_book(Request(manuscript, cast, output=tmp_path)):
        pass
    assert not list(tmp_path.rglob("*.flac"))


def test_credits_are_never_the_sample(novel: FinishedBook) -> None:
    record = replace(novel.record, chapters=((2, ""), (3, "")))
    window = sample.best(replace(novel, record=record, settings={"sample": {"minutes": 1.5}}))
    assert window.master.chapter == 2


def test_the_chapter_can_be_named(novel: FinishedBook) -> None:
    assert sample.best(with_settings(novel, "sample", chapter=3, minutes=1.5)).master.chapter == 3
    with pytest.raises(MasteringError, match="of chapter 7, which is not here") as error:
        sample.best(with_settings(novel, "sample", chapter=7))
    assert error.value.fix == "Here: 1, 2, 3."


@pytest.mark.parametrize("minutes", [1.0, 1.2, 2.0])
def test_the_sample_is_as_long_as_wished(novel: FinishedBook, minutes: float) -> None:
    window = sample.best(with_settings(novel, "sample", minutes=minutes))
    seconds = (window.end - window.start) / 22050
    assert 60 <= seconds <= max(90, minutes * 60)
    assert seconds > min(minutes * 60 - 15, 60)


def test_a_book_without_a_minute_says_how_long_it_is(tmp_path: Path) -> None:
    one = book(tmp_path, [chapter(2)], QUICK)
    seconds = round(one.masters[0].seconds)
    with pytest.raises(MasteringError, match=f"no sample in {seconds} s") as error:
        sample.write(one)
    assert "Leave `sample` out" in error.value.fix
    assert not list(tmp_path.glob("*.mp3"))


@pytest.mark.parametrize("kind", ["m4a", "opus"])
def test_without_a_lossless_file_a_lossy_one_serves(tmp_path: Path, kind: str) -> None:
    profile = replace(QUICK, formats=(kind,), sample_rate=24000)
    one = with_settings(book(tmp_path, [chapter(5)], profile), "sample", minutes=1.5)
    window = sample.best(one)
    [path] = sample.write(one)
    wave = decoded(path)
    assert wave.size == window.end - window.start
    first = lines(one, window)[0]
    said = wave[first.start - window.start : first.end - window.start]
    after = wave[first.end - window.start + 200 : first.end - window.start + 4000]
    assert 20 * math.log10(np.sqrt(np.mean(said**2)) / np.sqrt(np.mean(after**2))) > 30


def test_the_sample_says_what_it_is_and_has_the_profiles_bit_rate(novel: FinishedBook) -> None:
    [path] = sample.write(replace(with_settings(novel, "sample", minutes=1.2), profile=replace(QUICK, mp3_kbps=128)))
    file = mutagen.File(path)
    assert str(file["TIT2"]) == "雨夜（试听）"
    assert any("AI-generated" in str(frame) for frame in file.tags.getall("COMM"))
    assert (file.info.bitrate, file.info.bitrate_mode) == (128_000, mutagen.mp3.BitrateMode.CBR)
    assert soundfile.info(path).channels == 1


def test_the_sample_holds_no_music(tmp_path: Path) -> None:
    """A sting of 40 s begins the chapter: what lies under it is left out, however well it would do."""
    soundfile.write(tmp_path / "sting.wav", 0.2 * np.sin(2 * np.pi * 220 * np.arange(60 * 22050) / 22050), 22050)
    profile = replace(QUICK, chapter_music=Music(tmp_path / "sting.wav", seconds=40, lead=0))
    one = with_settings(book(tmp_path, [chapter(9)], profile), "sample", minutes=1.5)
    [master] = one.masters
    [(begins, ends, which)] = one.music(master)
    assert (begins, ends - begins, which) == (round(QUICK.head * 22050), 40 * 22050, "chapter")
    window = sample.best(one)
    assert window.start >= ends
    longer = replace(profile, chapter_music=Music(tmp_path / "sting.wav", seconds=60, lead=0))
    short = book(tmp_path / "short", [chapter(7)], longer)
    with pytest.raises(MasteringError, match="no music under them"):
        sample.write(with_settings(short, "sample", minutes=1.5))


def test_the_sample_as_players_decode_it_keeps_to_the_profiles_true_peak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hot = replace(QUICK, loudness=-13.0, mp3_kbps=32)
    one = with_settings(book(tmp_path, [chapter(6)], hot), "sample", minutes=1.2)
    [path] = sample.write(one)
    assert true_peak.of_file(path) <= hot.true_peak
    monkeypatch.setattr(sample, "LOWERED", 0)
    [path] = sample.write(one)
    assert true_peak.of_file(path) > hot.true_peak, "what the encoder makes of the master's own peaks"
