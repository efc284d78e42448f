from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC

from pipeline.deliver import stems
from pipeline.deliver.book import FinishedBook
from pipeline.errors import MasteringError
from pipeline.mastering import sound as sound_room
from pipeline.mastering.dynamics import CompressorSettings
from pipeline.mastering.music import Music
from tests.deliver.synthetic import PODCAST, Said, book, sound, with_settings
from tests.peak_memory import peak_kib

FLACS = replace(PODCAST, formats=("flac",))
STEP = 1 / 32768
TALK = [
    Said(seconds=2.0), Said("dialogue", "林晚", 1.4, 2), Said("dialogue", "老王", 2.2, 3), Said(seconds=1.1, paragraph=4),
    Said("dialogue", "林晚", 0.8, 5),
]  # fmt: skip


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> FinishedBook:
    return book(tmp_path_factory.mktemp("talk"), [TALK, TALK[:2]], FLACS)


def stem(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float64")[0]


def summed(paths: list[Path]) -> np.ndarray:
    return np.sum([stem(path) for path in paths], axis=0)


def test_every_character_has_a_file_in_every_chapter_as_long_as_the_master(talk: FinishedBook) -> None:
    paths = stems.write(talk)
    folder = talk.folder / "雨夜 stems"
    first, second = ["narrator", "林晚", "老王", "room tone"], ["narrator", "林晚", "room tone"]
    assert paths == [folder / "01" / f"{name}.flac" for name in first] + [
        folder / "02" / f"{name}.flac" for name in second
    ]
    for path in paths:
        info = soundfile.info(path)
        master = talk.masters[int(path.parent.name) - 1]
        assert (info.frames, info.samplerate, info.channels, info.subtype) == (master.frames, 44100, 1, "PCM_24")
        assert "AI-generated" in FLAC(path)["comment"][0]
        assert FLAC(path)["title"][0].endswith(f"· {path.stem}")


def test_two_names_of_one_character_have_one_file_by_the_casts_name(talk: FinishedBook) -> None:
    one = replace(talk, name="一", aliases={"老王": "林晚"})
    paths = stems.write(one)
    assert [path.stem for path in paths] == ["narrator", "林晚", "room tone", "narrator", "林晚", "room tone"]
    apart = {path.stem: stem(path) for path in stems.write(talk)[:4]}
    assert np.abs(stem(paths[1]) - apart["林晚"] - apart["老王"]).max() < 1e-6


def test_the_sum_of_the_stems_is_the_master_within_rounding(talk: FinishedBook) -> None:
    assert all(master.reduction_db == 0 for master in talk.masters), "the limiter did nothing"
    paths = stems.write(talk)
    for master, own in zip(talk.masters, (paths[:4], paths[4:]), strict=True):
        assert np.abs(summed(own) - sound(master)).max() <= 0.5 * STEP + 1e-6


def test_music_and_the_users_own_room_are_stems_too_and_the_sum_is_the_master(tmp_path: Path) -> None:
    room = np.random.default_rng(3).standard_normal(4 * 44100) * 2e-4
    tone = 0.2 * np.sin(2 * np.pi * 220 * np.arange(5 * 44100) / 44100)
    soundfile.write(tmp_path / "room.wav", room, 44100, subtype="FLOAT")
    soundfile.write(tmp_path / "sting.wav", tone, 44100)
    music = Music(tmp_path / "sting.wav", level=-10, lead=2)
    one = book(tmp_path, [TALK], replace(FLACS, room_tone=tmp_path / "room.wav", chapter_music=music))
    [master] = one.masters
    assert master.reduction_db == 0
    paths = stems.write(one)
    assert [path.stem for path in paths] == ["narrator", "林晚", "老王", "room tone", "music"]
    assert np.abs(summed(paths) - sound(master)).max() <= 0.5 * STEP + 1e-6
    played, begins = stem(paths[4]), round(PODCAST.head * 44100)
    assert not played[:begins].any()
    assert not played[begins + 5 * 44100 :].any()
    assert np.abs(np.fft.rfft(played[begins + 22050 :][:44100])).argmax() == 220
    part = slice(round(1.2 * 44100), round(2.8 * 44100))  # where the loop is not crossed
    assert np.corrcoef(stem(paths[3])[part], room[part])[0, 1] > 0.999


def test_stems_of_a_compressed_chapter_do_not_clip(tmp_path: Path) -> None:
    """They go into the compressor with the gain that makes up for it, which the limiter never sees."""
    pressed = replace(PODCAST.dynamics, compressor=CompressorSettings(threshold_db=-40, ratio=6))
    one = book(tmp_path, [TALK], replace(FLACS, dynamics=pressed))
    [master] = one.masters
    lowered = stems.headroom_db(one)
    assert lowered > master.reduction_db + PODCAST.true_peak + 1
    paths = stems.write(one)
    highest = max(np.abs(stem(path)).max() for path in paths)
    assert 0.5 < highest < 1 - 1e-6
    assert np.abs(summed(paths)).max() < 1


def test_the_sum_is_the_master_of_a_real_book_wherever_the_limiter_did_nothing(finished: FinishedBook) -> None:
    folders: dict[Path, list[Path]] = {}
    for path in stems.write(finished):
        folders.setdefault(path.parent, []).append(path)
    gain = 10 ** (stems.headroom_db(finished) / 20)
    for master in finished.masters:
        apart = np.abs(summed(folders[finished.path(" stems") / master.stem]) * gain - sound(master))
        assert np.mean(apart <= 0.51 * STEP + gain * 4e-7) > (0.999 if master.reduction_db == 0 else 0.9)


def test_a_stem_holds_its_characters_lines_and_nothing_else(talk: FinishedBook) -> None:
    paths = {path.stem: stem(path) for path in stems.write(talk)[:4]}
    for one in talk.timeline(talk.masters[0]).segments:
        for name, wave in paths.items():
            here = np.abs(wave[one.start : one.end]).max()
            assert here > 0.01 if name == one.speaker else here < 0.002, (name, one.line_id)


def test_stems_that_would_pass_full_scale_are_all_lowered_alike_and_say_so(tmp_path: Path) -> None:
    loud = book(tmp_path, [[*TALK, Said("dialogue", "老王", 4.0, 6, click=1.0, bed=0.2, level=0.9)]], FLACS)
    [master] = loud.masters
    assert master.reduction_db > 2
    lowered = stems.headroom_db(loud)
    assert lowered >= 1
    paths = stems.write(loud)
    assert max(np.abs(stem(path)).max() for path in paths) < 1 - 1e-6
    assert {FLAC(path)["description"][0] for path in paths} == {f"stem, -{lowered} dB"}
    before = summed(paths) * 10 ** (lowered / 20)
    assert np.abs(before).max() > 1, "what the limiter was given, peaks and all"
    same = np.abs(before - sound(master)) <= 0.5 * STEP + 1e-6
    assert same.mean() > 0.9
    away = np.flatnonzero(~same)
    click = int(np.abs(before).argmax())
    assert np.abs(away - click).max() < 0.05 * 44100, "they differ only around the peak"


def test_every_take_is_read_to_find_the_peak_and_to_write_and_no_more(
    talk: FinishedBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: Counter[Path] = Counter()
    read = sound_room.read
    monkeypatch.setattr(sound_room, "read", lambda take: seen.update([take.path]) or read(take))
    stems.write(talk)
    assert len(seen) == 7
    assert set(seen.values()) == {2}


def test_speakers_whose_names_are_alike_on_disk_get_files_of_their_own() -> None:
    assert stems.names(["A/B", "a b", "A?B", "room tone", "Music", "???"]) == [
        "A B",
        "a b (2)",
        "A B (3)",
        "room tone (2)",
        "Music (2)",
        "_",
    ]


def test_a_take_that_is_gone_is_named(tmp_path: Path) -> None:
    one = book(tmp_path, [TALK], FLACS)
    one.take_file(one.timeline(one.masters[0]).segments[1].take).unlink()
    with pytest.raises(MasteringError, match="damaged or gone"):
        stems.write(one)
    with pytest.raises(MasteringError, match="take of line c1-1 is no longer there"):
        stems.write(replace(with_settings(one, "stems"), takes=tmp_path / "elsewhere"))
    assert not list(one.folder.rglob("*.part*"))


def test_a_take_that_is_not_what_was_rendered_makes_no_stem_and_no_folder(tmp_path: Path) -> None:
    one = book(tmp_path, [TALK], FLACS)
    path = one.take_file(one.timeline(one.masters[0]).segments[1].take)
    wave, rate = soundfile.read(path, dtype="float32")
    soundfile.write(path, wave / 4, rate, subtype="PCM_16")
    with pytest.raises(MasteringError, match="damaged") as error:
        stems.write(one)
    assert "shuoshu repair" in error.value.fix
    assert not list(one.folder.rglob("*stems*/*"))


def test_memory_does_not_grow_with_the_chapter(tmp_path: Path) -> None:
    """Peak memory of a process that writes the stems of 45 seconds, then of one that writes those of four and a half minutes."""
    code = (
        "import pathlib; from tests.deliver.synthetic import *; from pipeline.deliver import stems\n"
        "lines = [Said('dialogue', f'n{n % 4}', 7.5, n) for n in range(int(sys.argv[2]))]\n"
        "profile = replace(PODCAST, formats=('flac',), sample_rate=22050)\n"
        "stems.write(book(pathlib.Path(sys.argv[1]), [lines], profile))\n"
    )
    peaks = [peak_kib(code, str(tmp_path / str(count)), str(count)) for count in (6, 36)]
    assert peaks[1] < 1.1 * peaks[0] + 10_000, peaks
