"""WAV and Opus chapters, stereo, tags: read by ffmpeg, libsndfile, opus-tools and mutagen."""

import base64
import math
import subprocess
from dataclasses import replace
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest
import soundfile
import soxr
from mutagen.flac import Picture

from pipeline.errors import BookFolderError, MasteringError
from pipeline.mastering import decoding, encoders, mpeg, profiles, tags, wav
from pipeline.mastering.aac_file import AacFile
from pipeline.mastering.mp3_file import Mp3File
from tests.deliver.synthetic import COVER, Said, book, decoded, lag, metadata, sound, told, tool
from tests.disks import small_disk

EVERY = replace(profiles.load("podcast"), formats=profiles.FORMATS)
SPEECH = [Said(seconds=1.5), Said(seconds=2.2)]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_every_format_holds_the_same_sound_at_the_same_place(tmp_path: Path, channels: int, rate: int) -> None:
    profile = replace(EVERY, channels=channels, sample_rate=rate)
    [master] = book(tmp_path, [SPEECH], profile).masters
    known = sound(master)
    for kind, path in master.files.items():
        wave = decoded(path)
        own = encoders.OPUS_RATE if kind == "opus" else rate
        longer = wave.size - master.frames * own / rate
        assert abs(longer) < (0.001 * rate if kind == "m4a" else 1), "an MP4 edit list counts milliseconds"
        assert abs(lag(soxr.resample(known, rate, own), wave)) < 0.0003 * own, kind
        with av.open(str(path)) as file:
            assert file.streams.audio[0].layout.nb_channels == channels


@pytest.mark.parametrize(("rate", "channels"), [(22050, 1), (44100, 2), (96000, 2)])
def test_a_finished_m4a_is_decoded_as_ffmpeg_decodes_it(tmp_path: Path, rate: int, channels: int) -> None:
    file = AacFile(tmp_path / "a.m4a", rate, channels, 128)
    for tone in (220, 330, 440):
        file.write((0.3 * np.sin(np.arange(30_000) * tone / rate * math.tau)).astype(np.float32))
    file.close()
    ours = np.concatenate(list(decoding.own_aac(tmp_path / "a.m4a")))
    theirs = np.concatenate(list(decoding.channels(tmp_path / "a.m4a")))
    assert np.array_equal(ours[1024:], theirs), "all but the priming, which an edit list hides"
    assert theirs.shape == (90_112, channels), "whole frames"


def test_what_is_no_m4a_of_ours_is_said(tmp_path: Path) -> None:
    [master] = book(tmp_path, [SPEECH], EVERY).masters
    whole = master.files["m4a"].read_bytes()
    for name, data in (("cut.m4a", whole[: len(whole) // 2]), ("wave.m4a", master.files["wav"].read_bytes())):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(MasteringError, match="cannot be read as audio"):
            list(decoding.own_aac(tmp_path / name))


def test_wav_and_flac_hold_the_same_samples(tmp_path: Path) -> None:
    [master] = book(tmp_path, [SPEECH], replace(EVERY, channels=2)).masters
    one, _ = soundfile.read(master.files["flac"], dtype="int16")
    two, _ = soundfile.read(master.files["wav"], dtype="int16")
    assert np.array_equal(one, two)
    assert one.shape == (master.frames, 2)


@pytest.mark.parametrize("channels", [1, 2])
def test_past_what_riff_can_count_a_wav_is_rf64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels: int) -> None:
    monkeypatch.setattr(wav, "RIFF_LIMIT", 100_000)
    wave = np.sin(np.arange(60_000) / 20).astype(np.float32)
    for count, kind in ((40_000 // channels, b"RIFF"), (60_000, b"RF64")):
        path = tmp_path / f"{kind.decode()}.wav"
        file = wav.WavFile(path, 44100, channels)
        for start in range(0, count, 7000):
            file.write(wave[start : min(start + 7000, count)])
        file.close()
        tags.write(path, tags.Tags("题", "作者", "书名", "zh", 1, 1), COVER, "image/jpeg")
        assert path.read_bytes()[:4] == kind
        read, rate = soundfile.read(path, always_2d=True)
        assert (read.shape, rate) == ((count, channels), 44100)
        assert np.abs(read - wave[:count, np.newaxis]).max() < 1e-4
        assert decoded(path).size == count
        size = np.frombuffer(path.read_bytes()[4:8] if kind == b"RIFF" else path.read_bytes()[20:24], "<u4")[0]
        assert size == path.stat().st_size - 8, "the tags are counted"
        assert "title=题" in metadata(path)


def test_every_file_carries_who_what_and_that_a_machine_speaks(tmp_path: Path) -> None:
    [master] = book(tmp_path, [[Said()]], EVERY, titles=["雨夜"]).masters
    names = {
        "flac": ("title", "artist", "album", "tracknumber", "composer", "comment", "genre"),
        "opus": ("title", "artist", "album", "tracknumber", "composer", "comment", "genre"),
        "wav": ("TIT2", "TPE1", "TALB", "TRCK", "TCOM", "COMM::und", "TCON"),
        "mp3": ("TIT2", "TPE1", "TALB", "TRCK", "TCOM", "COMM::und", "TCON"),
        "m4a": ("\xa9nam", "\xa9ART", "\xa9alb", "trkn", "\xa9wrt", "\xa9cmt", "\xa9gen"),
    }
    for kind, path in master.files.items():
        read = mutagen.File(path)
        found = [read[name] for name in names[kind]]
        title, author, album, track, narrator, note, genre = (
            str(one[0]) if isinstance(one, list) else str(one) for one in found
        )
        assert (title, author, album, narrator, genre) == ("雨夜", "作者", "书名", "人工智能语音", "Audiobook"), kind
        assert track in ("1", "1/1", "(1, 1)"), kind
        assert "AI-generated" in note, kind


def test_every_file_carries_the_cover(tmp_path: Path) -> None:
    [master] = book(tmp_path, [[Said()]], EVERY).masters
    read = {kind: mutagen.File(path) for kind, path in master.files.items()}
    assert read["flac"].pictures[0].data == COVER
    assert bytes(read["m4a"]["covr"][0]) == COVER
    assert read["mp3"].tags.getall("APIC")[0].data == read["wav"].tags.getall("APIC")[0].data == COVER
    picture = Picture(base64.b64decode(read["opus"]["metadata_block_picture"][0]))
    assert (picture.data, picture.mime, picture.type) == (COVER, "image/jpeg", 3)


def test_editors_read_the_wavs_info_list(tmp_path: Path) -> None:
    [master] = book(tmp_path, [[Said()]], replace(EVERY, formats=("wav",)), titles=["Rain"]).masters
    sections = told(
        tool("ffprobe"), "-v", "error", "-show_entries", "format_tags", "-of", "default", master.files["wav"]
    )
    assert "title=Rain" in sections
    found = told(tool("mediainfo"), "--Output=General;%Title%|%Album%|%Performer%|%Genre%", master.files["wav"])
    assert found.strip() == "Rain|书名|作者|Audiobook"
    assert b"INAM\x05\0\0\0Rain\0" in master.files["wav"].read_bytes()


def test_opus_tools_find_nothing_wrong(tmp_path: Path) -> None:
    [master] = book(tmp_path, [SPEECH], replace(EVERY, formats=("flac", "opus"))).masters
    path = master.files["opus"]
    run = subprocess.run([tool("opusinfo"), path], capture_output=True, text=True, check=True)
    assert "WARNING" not in run.stdout + run.stderr
    assert "may cause problems" not in run.stdout
    assert "Pre-skip: 312" in run.stdout
    plain = tmp_path / "plain.wav"
    subprocess.run([tool("opusdec"), "--quiet", "--float", path, plain], capture_output=True, check=True)
    wave, rate = soundfile.read(plain)
    assert abs(len(wave) - master.frames * rate / master.sample_rate) < 1
    assert abs(lag(soxr.resample(sound(master), master.sample_rate, rate), wave)) < 0.0003 * rate


@pytest.mark.parametrize("kind", profiles.FORMATS)
def test_the_same_sound_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    profile = replace(EVERY, formats=(kind,))
    one, two = (book(tmp_path / name, [[Said()]], profile).masters[0].files[kind] for name in ("a", "b"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("rate", "kbps"), [(44100, one) for one in mpeg.bit_rates(44100)] + [(22050, 32), (22050, 160)]
)
def test_mp3_keeps_level_length_and_place_at_every_bit_rate(tmp_path: Path, rate: int, kbps: int) -> None:
    wave = (0.3 * np.sin(2 * np.pi * 1000 / rate * np.arange(2 * rate + 77))).astype(np.float32)
    for channels in (1, 2):
        path = tmp_path / f"{channels}.mp3"
        file = Mp3File(path, rate, channels, kbps)
        for block in np.array_split(wave, 5):
            file.write(block)
        file.close()
        read, own_rate = soundfile.read(path, always_2d=True)
        assert (own_rate, read.shape) == (rate, (wave.size, channels))
        middle = slice(3000, -3000)
        power = [float(np.sqrt(np.mean(one[middle] ** 2))) for one in (wave, read[:, 0])]
        assert abs(20 * math.log10(power[1] / power[0])) < 0.02
        assert np.abs(read[middle, 0] - wave[middle]).max() < 0.02, "a sample late would be 0.04"


def test_opus_keeps_the_level(tmp_path: Path) -> None:
    [master] = book(tmp_path, [[Said(), Said()]], replace(EVERY, formats=("flac", "opus"), opus_kbps=96)).masters
    power = [float(np.sqrt(np.mean(decoded(path) ** 2))) for path in master.files.values()]
    assert abs(20 * math.log10(power[1] / power[0])) < 0.2


def test_a_sample_rate_that_a_format_does_not_know_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(MasteringError, match="mp3 files cannot have 96000") as error:
        book(tmp_path, [[Said()]], replace(EVERY, sample_rate=96000))
    assert "44100" in error.value.fix
    assert not list((tmp_path / "chapters").glob("*"))


@pytest.mark.parametrize("kind", profiles.FORMATS)
def test_a_disk_that_is_full_when_the_tags_are_written_leaves_nothing(tmp_path: Path, kind: str) -> None:
    profile = replace(EVERY, formats=(kind,))
    made = book(tmp_path / "free", [[Said()]], profile, cover=None).masters[0].files[kind]
    with small_disk(tmp_path / "small", made.stat().st_size // 1024 + 24 + 150) as small:
        (small / "takes").symlink_to(tmp_path / "takes")
        (tmp_path / "takes").mkdir()
        with pytest.raises(BookFolderError, match="disk is full"):
            book(small, [[Said()]], profile, cover=bytes(300_000))
        assert not list((small / "chapters").iterdir())
