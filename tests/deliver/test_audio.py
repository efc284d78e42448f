from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.deliver import audio
from pipeline.errors import MasteringError
from pipeline.mastering import profiles
from pipeline.nouns import Master
from tests.deliver.synthetic import PODCAST, Said, book, lag, sound


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Master:
    profile = replace(PODCAST, formats=profiles.FORMATS, channels=2)
    return book(tmp_path_factory.mktemp("every"), [[Said(seconds=2.5), Said(seconds=1.2)]], profile).masters[0]


def only(master: Master, kind: str) -> Master:
    return replace(master, files={kind: master.files[kind]})


@pytest.mark.parametrize("kind", profiles.FORMATS)
def test_a_chapter_is_read_from_any_format_aligned_and_whole(master: Master, kind: str) -> None:
    wave, known = np.concatenate(list(audio.blocks(only(master, kind)))), sound(master)
    assert wave.shape == known.shape
    assert wave.dtype == np.float32
    assert abs(lag(known, wave)) <= 3
    assert np.corrcoef(known, wave)[0, 1] > {"flac": 0.999999, "wav": 0.999999, "opus": 0.9}.get(kind, 0.98)


@pytest.mark.parametrize("kind", profiles.FORMATS)
def test_a_stretch_is_the_same_samples_as_in_the_whole(master: Master, kind: str) -> None:
    whole = audio.read(only(master, kind), 0, master.frames)
    for start, frames in ((0, 1), (30_011, 70_001), (master.frames - 5, 5)):
        assert np.array_equal(audio.read(only(master, kind), start, frames), whole[start : start + frames])


def test_the_lossless_file_is_taken_where_there_is_one(master: Master) -> None:
    assert np.array_equal(audio.read(master, 0, master.frames), sound(master))


@pytest.mark.parametrize("kind", profiles.FORMATS)
def test_a_file_that_is_gone_or_cut_short_is_named(master: Master, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"cut.{kind}"
    broken = replace(master, files={kind: path})
    with pytest.raises(MasteringError) as error:
        audio.read(broken, 0, master.frames)
    assert error.value.where == str(path)
    data = master.files[kind].read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(MasteringError) as error:
        audio.read(broken, 0, master.frames)
    assert error.value.where == str(path)
