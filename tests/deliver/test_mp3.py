"""The joined MP3, read by ffmpeg, libsndfile's mpg123, mutagen, mp3val and ffprobe."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile

from pipeline.deliver import mp3
from pipeline.deliver.book import FinishedBook
from pipeline.errors import MasteringError
from tests.deliver.synthetic import COVER, PODCAST, Said, again, book, decoded, metadata, told, tool

MP3 = replace(PODCAST, formats=("flac", "mp3"))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> FinishedBook:
    """Three chapters of different lengths, each with a click one second into its first line."""
    chapters = [[Said(seconds=2.1 + n / 3, click=1.0)] for n in range(3)]
    return book(tmp_path_factory.mktemp("three"), chapters, MP3)


def clicks(wave: np.ndarray, starts: Iterator[int] | list[int]) -> list[int]:
    """Where the loudest sample of each stretch is, from its beginning."""
    return [int(np.abs(wave[a:b]).argmax()) for a, b in pairwise([*starts, wave.size])]


def test_the_joined_mp3_is_as_long_as_the_masters_and_every_sound_at_its_place(three: FinishedBook) -> None:
    [path] = mp3.write(three)
    wave = decoded(path)
    assert wave.size == three.frames
    flac = np.concatenate([soundfile.read(master.files["flac"])[0] for master in three.masters])
    for there, here in zip(clicks(flac, three.starts()), clicks(wave, three.starts()), strict=True):
        assert abs(there - here) <= 44, "within a millisecond"
    with soundfile.SoundFile(path) as other:
        assert len(other) == three.frames
        assert np.abs(other.read()[: wave.size] - wave).max() < 0.01


def test_chapters_are_joined_without_encoding_again_or_a_dropout(three: FinishedBook) -> None:
    [path] = mp3.write(three)
    joined, at = decoded(path), 0
    for master in three.masters:
        own = decoded(master.files["mp3"])
        middle = slice(3000, master.frames - 3000)
        assert np.abs(joined[at : at + master.frames][middle] - own[middle]).max() < 1e-6
        around = joined[max(0, at - 4000) : at + 4000]
        assert np.abs(around).max() < 0.01, "only room tone, no glitch"
        at += master.frames


def test_marks_and_table_of_contents_are_ordered_titled_and_exact(three: FinishedBook) -> None:
    [path] = mp3.write(three)
    tags = mutagen.File(path).tags
    [top] = tags.getall("CTOC")
    assert (top.flags, len(top.child_element_ids)) == (3, 3), "top level and ordered"
    marks = [tags[f"CHAP:{name}"] for name in top.child_element_ids]
    edges = [*three.starts(), three.frames]
    for mark, master, (start, end) in zip(marks, three.masters, pairwise(edges), strict=True):
        assert str(mark.sub_frames["TIT2"]) == master.title
        assert (mark.start_offset, mark.end_offset) == (0xFFFFFFFF, 0xFFFFFFFF)
        assert abs(mark.start_time - start / 44.1) <= 0.5
        assert abs(mark.end_time - end / 44.1) <= 0.5
    assert titles(path) == ["雨夜", "第1章", "第2章", "第3章"]


def test_marks_lie_in_the_order_of_the_chapters_however_long_their_titles(three: FinishedBook) -> None:
    names = ("一个很长很长的标题", "短", "A title of another length")
    masters = tuple(replace(one, title=name) for one, name in zip(three.masters, names, strict=True))
    [path] = mp3.write(replace(three, masters=masters))
    assert titles(path)[1:] == list(names)


def titles(path: Path) -> list[str]:
    """The titles of the file and of its chapters, as ffmpeg reads them: as they lie."""
    return [line.removeprefix("title=") for line in metadata(path) if line.startswith("title=")]


def test_the_mp3_carries_full_metadata(three: FinishedBook) -> None:
    [path] = mp3.write(replace(three, narrator="云间"))
    file = mutagen.File(path)
    found = {
        name: str(file.tags[name]) for name in ("TIT2", "TPE1", "TALB", "TPE2", "TCOM", "TCON", "TLAN", "TSOT", "TSOP")
    }
    assert found == {
        "TIT2": "雨夜", "TPE1": "余华", "TALB": "雨夜", "TPE2": "余华", "TCOM": "云间", "TCON": "Audiobook", "TLAN": "zho",
        "TSOT": "yu ye", "TSOP": "yu hua",
    }  # fmt: skip
    assert file.tags.version == (2, 4, 0)
    assert "TRCK" not in file.tags, "the whole book is no track of anything"
    assert "共 3 章" in str(file.tags["TDES"])
    assert "AI-generated" in str(file.tags.getall("COMM")[0])
    assert file.tags.getall("APIC")[0].data == COVER
    assert file.info.length == pytest.approx(three.frames / 44100, abs=0.001)


def test_validators_find_nothing_wrong(three: FinishedBook) -> None:
    [path] = mp3.write(three)
    assert mutagen.File(path).info.encoder_info == "LAME 3.100.0+"
    said = told(tool("mp3val"), path)
    assert "WARNING" not in said
    assert "CBR" in said
    probed = json.loads(told(tool("ffprobe"), "-v", "error", "-show_chapters", "-show_format", "-of", "json", path))
    assert [one["tags"]["title"] for one in probed["chapters"]] == ["第1章", "第2章", "第3章"]
    assert float(probed["format"]["duration"]) == pytest.approx(three.frames / 44100, abs=0.06)


def test_stereo_chapters_are_joined_alike(tmp_path: Path) -> None:
    two = book(tmp_path, [[Said(click=0.7)]] * 2, replace(MP3, channels=2))
    [path] = mp3.write(two)
    assert soundfile.info(path).channels == 2
    wave = decoded(path)
    assert wave.size == two.frames
    assert clicks(wave, two.starts()) == pytest.approx([round((0.75 + 0.7) * 44100)] * 2, abs=200)


def test_over_ten_hours_nothing_drifts(tmp_path: Path) -> None:
    one = book(tmp_path, [[Said(seconds=20, click=2.0)]], replace(MP3, sample_rate=16000))
    long = again(one, 36000 * 16000 // one.frames + 1)
    [path] = mp3.write(long)
    tags = mutagen.File(path).tags
    with soundfile.SoundFile(path) as file:
        assert len(file) == long.frames > 36000 * 16000
        known = int(np.abs(soundfile.read(one.masters[0].files["flac"])[0]).argmax())
        starts = long.starts()
        for number in (0, 1, len(starts) // 2, len(starts) - 1):
            file.seek(starts[number])
            assert abs(int(np.abs(file.read(one.frames)).argmax()) - known) < 16, "within a millisecond"
            assert abs(tags[f"CHAP:chp{number}"].start_time - starts[number] / 16) <= 0.5
    groups = {one.element_id: one.child_element_ids for one in tags.getall("CTOC")}
    listed = [chapter for group in groups["toc"] for chapter in groups[group]]
    assert listed == [f"chp{number}" for number in range(len(starts))], "more than the 255 that one table can list"


def test_chapters_that_are_not_whole_frames_move_by_half_a_frame_at_most() -> None:
    counts = mp3.shares([44032] * 500, 1152)  # whole AAC frames, 38.2 of MP3
    assert max(abs(sum(counts[:n]) * 1152 - n * 44032) for n in range(501)) <= 576


def test_a_chapter_that_cannot_be_joined_is_named(tmp_path: Path) -> None:
    fine = book(tmp_path / "one", [[Said()]] * 2, MP3)
    other = book(tmp_path / "two", [[Said()]] * 2, replace(MP3, mp3_kbps=128))
    mixed = replace(fine, masters=(fine.masters[0], other.masters[1]))
    with pytest.raises(MasteringError, match="chapter 2 cannot be joined: it is encoded otherwise than chapter 1"):
        mp3.write(mixed)
    os.truncate(fine.masters[1].files["mp3"], 20_000)
    with pytest.raises(MasteringError, match="chapter 2 cannot be joined: it has .* MP3 frames") as error:
        mp3.write(fine)
    assert error.value.where.endswith("02.mp3")
    fine.masters[0].files["mp3"].unlink()
    with pytest.raises(MasteringError, match="chapter 1 cannot be joined: there is no such file"):
        mp3.write(fine)
    assert not list(tmp_path.glob("*/*.mp3"))
    assert not list(tmp_path.glob("*/.*part*"))
