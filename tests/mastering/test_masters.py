import math
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pyloudnorm
import pytest
import soundfile

from pipeline.deliver import m4b
from pipeline.deliver.book import FinishedBook
from pipeline.errors import BookFolderError, MasteringError
from pipeline.files import sha256_file
from pipeline.folder import Record
from pipeline.mastering import chapter, profiles, record, sound, timeline
from pipeline.mastering.limits import allowed
from pipeline.mastering.measured import measure
from pipeline.mastering.tags import Tags
from pipeline.nouns import Line, Master, Take
from tests.disks import small_disk
from tests.peak_memory import peak_kib

RATE = 22050
PROFILE = profiles.load("podcast")
TAGS = Tags("第一章", "作者", "书名", "zh", 1, 2)


def take(folder: Path, name: str, wave: np.ndarray, rate: int = RATE) -> Take:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.flac"
    soundfile.write(path, wave, rate, subtype="PCM_16")
    return Take(name, path, sha256_file(path), rate, len(wave), "espeak", 0, "now")


def voice(seconds: float, seed: int = 1, level: float = 0.3) -> np.ndarray:
    """Noise with the rhythm of syllables."""
    at = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).standard_normal(at.size)
    wave = np.convolve(noise, np.hanning(16), "same") * (0.1 + np.abs(np.sin(2 * np.pi * 2.3 * at)))
    return (wave / np.abs(wave).max() * level).astype(np.float32)


def lines(*texts: str, **more) -> list[Line]:
    return [Line(f"c01-{n}", 1, n, n, "narration", "narrator", text, **more) for n, text in enumerate(texts, 1)]


def mastered(
    folder: Path, number: int = 1, waves: list[np.ndarray] | None = None, profile=PROFILE, rate: int = RATE
) -> Master:
    waves = waves or [voice(3, seed) for seed in range(4)]
    script = lines(*["一句话。" for _ in waves])
    takes = {
        line.id: take(folder / "takes", f"{number}-{line.id}", wave, rate)
        for line, wave in zip(script, waves, strict=True)
    }
    laid = timeline.build(number, f"第{number}章", script, takes, profile)
    made, _ = chapter.master(laid, takes, profile, folder / "chapters", f"{number:02d}", TAGS, "f")
    return made


def mono(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0][:, 0]


def finished(folder: Path, masters: list[Master], cover: bytes | None = None) -> FinishedBook:
    about = Record("书名", "作者", "zh", "book.txt", "0")
    return FinishedBook(folder, "书", about, PROFILE, tuple(masters), folder / "takes", cover, "image/jpeg")


def decoded(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)]).astype(np.float32)


FIGURED = [name for name in profiles.names() if name != "custom"]


@pytest.mark.parametrize("level", [0.01, 0.3, 0.99])
@pytest.mark.parametrize("name", FIGURED)
def test_every_file_has_the_profiles_loudness_and_peak(tmp_path: Path, name: str, level: float) -> None:
    profile = profiles.load(name)
    made = mastered(tmp_path, waves=[voice(4, seed, level) for seed in range(3)], profile=profile)
    for path in made.files.values():
        wave = decoded(path) if path.suffix != ".flac" else mono(path)
        level = pyloudnorm.Meter(44100).integrated_loudness(wave) + 10 * math.log10(profile.channels)
        if profile.measure == "rms":
            level = 20 * math.log10(np.sqrt(np.mean(wave**2)))
        if profile.measure == "rms":  # its head and tail are a third of it
            assert allowed(profile)["rms"].allows(level), path.name
        else:
            assert level == pytest.approx(profile.loudness, abs=0.3), path.name
        fine = np.abs(np.fft.irfft(np.pad(np.fft.rfft(wave), (0, 3 * wave.size // 2)), wave.size * 4) * 4).max()
        assert 20 * math.log10(fine) <= profile.true_peak + 0.05, path.name
    if profile.measure == "lufs":
        assert made.loudness.integrated == pytest.approx(profile.loudness, abs=0.15)


def test_short_credits_are_no_louder_than_a_chapter_for_the_silence_around_them(tmp_path: Path) -> None:
    """RMS counts head and tail: of ten seconds they are a third, of a chapter nothing."""
    profile = replace(profiles.load("acx"), formats=("flac",))
    lines = [voice(4, seed) for seed in range(8)]
    long, short = (
        mastered(tmp_path / name, waves=waves, profile=profile) for name, waves in (("a", lines), ("b", lines[:2]))
    )
    assert short.loudness.integrated == pytest.approx(long.loudness.integrated, abs=0.7)
    for one in (long, short):
        assert allowed(profile)["rms"].allows(one.loudness.rms)
    asked = replace(profile, name="custom", loudness=-24.0)  # half a dB on either side is allowed
    made = mastered(tmp_path / "c", waves=lines[:1], profile=asked)
    assert made.loudness.rms == pytest.approx(-24.25, abs=0.1)


def test_a_silent_chapter_stays_silent(tmp_path: Path) -> None:
    made = mastered(tmp_path, waves=[np.zeros(RATE, np.float32)])
    wave, _ = soundfile.read(made.files["flac"])
    assert 20 * np.log10(np.sqrt(np.mean(wave**2))) < -70


@pytest.mark.parametrize("rate", [22050, 24000, 44100])
def test_clicks_lie_where_the_timeline_says(tmp_path: Path, rate: int) -> None:
    waves = []
    for seed in range(5):
        wave = voice(1.0 + 0.137 * seed, seed, 0.05)
        wave = np.interp(np.arange(0, wave.size, RATE / rate), np.arange(wave.size), wave).astype(np.float32)
        wave[rate // 2] = 0.9
        waves.append(wave)
    made = mastered(tmp_path, waves=waves, rate=rate)
    script = lines(*["一句话。"] * 5)
    takes = {
        line.id: take(tmp_path / "takes", f"1-{line.id}", wave, rate) for line, wave in zip(script, waves, strict=True)
    }
    laid = timeline.build(1, "第1章", script, takes, PROFILE)
    sound, _ = soundfile.read(made.files["flac"])
    assert len(sound) == laid.frames == made.frames
    for segment in laid.segments:
        piece = np.abs(sound[segment.start : segment.start + segment.frames])
        assert abs(int(piece.argmax()) - 22050) <= 1


def test_pauses_follow_punctuation_paragraphs_speakers_and_wishes() -> None:
    pauses = PROFILE.pauses
    one = Line("a", 1, 1, 1, "narration", "narrator", "一句。")
    after = timeline.pause_after
    assert after(one, replace(one, id="b"), PROFILE) == pauses.sentence
    assert after(replace(one, text="一句，"), replace(one, id="b"), PROFILE) == pauses.clause
    assert after(replace(one, text="林晚道："), replace(one, id="b", speaker="林晚"), PROFILE) == pauses.clause
    assert after(one, replace(one, paragraph=2), PROFILE) == pauses.paragraph
    assert after(replace(one, kind="heading"), replace(one, paragraph=2), PROFILE) == pauses.heading
    assert after(replace(one, pause_after=0.1), replace(one, paragraph=2), PROFILE) == 0.1
    assert after(replace(one, kind="pause", pause_after=2.5), one, PROFILE) == 2.5


def test_the_audiobook_is_gapless_and_its_marks_are_exact(tmp_path: Path) -> None:
    from mutagen.mp4 import MP4

    masters = []
    for number in (1, 2, 3):
        waves = [voice(2.3 + number / 7, number, 0.05)]
        waves[0][RATE] = 0.9
        masters.append(mastered(tmp_path, number, waves))
    cover = b"\xff\xd8\xff\xe0" + b"0" * 100
    [book] = m4b.write(finished(tmp_path, masters, cover))
    file = MP4(book)
    starts = np.cumsum([0.0] + [master.seconds for master in masters])
    assert [mark.title for mark in file.chapters] == ["第1章", "第2章", "第3章"]
    assert np.allclose([mark.start for mark in file.chapters], starts[:-1], atol=0.001)
    assert (file["\xa9nam"], file["\xa9ART"], bytes(file["covr"][0])) == (["书名"], ["作者"], cover)
    assert "AI" in file["\xa9cmt"][0]
    joined = decoded(book)
    assert joined.size == sum(master.frames for master in masters)
    at = 0
    for master in masters:
        here = np.abs(joined[at : at + master.frames])
        there, _ = soundfile.read(master.files["flac"])
        assert abs(int(here.argmax()) - int(np.abs(there).argmax())) <= 44, "within a millisecond"
        at += master.frames
    if shutil.which("ffprobe"):
        told = subprocess.run(
            ["ffprobe", "-v", "error", "-show_chapters", "-of", "csv", str(book)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        ends = [float(row.split(",")[6]) for row in told.splitlines() if row.startswith("chapter")]
        assert np.allclose(ends, starts[1:], atol=0.02)


def test_files_carry_their_tags(tmp_path: Path) -> None:
    import mutagen

    made = mastered(tmp_path)
    flac, mp3 = mutagen.File(made.files["flac"]), mutagen.File(made.files["mp3"])
    assert (flac["title"], flac["artist"], flac["tracknumber"]) == (["第一章"], ["作者"], ["1"])
    assert (str(mp3["TIT2"]), str(mp3["TALB"]), str(mp3["TRCK"])) == ("第一章", "书名", "1/2")
    assert "AI-generated" in flac["comment"][0]
    assert any("AI-generated" in str(frame) for frame in mp3.tags.getall("COMM"))


def test_the_same_takes_give_the_same_bytes(tmp_path: Path) -> None:
    one, two = mastered(tmp_path / "a"), mastered(tmp_path / "b")
    for kind in one.files:
        assert one.files[kind].read_bytes() == two.files[kind].read_bytes()


def test_a_chapters_record_knows_whether_its_files_are_whole(tmp_path: Path) -> None:
    made = mastered(tmp_path)
    script = lines(*["一句话。"] * 4)
    takes = {line.id: take(tmp_path / "t", line.id, voice(1)) for line in script}
    laid = timeline.build(1, "第1章", script, takes, PROFILE)
    record.write(made, laid, tmp_path / "chapters")
    assert record.load(tmp_path / "chapters", "01") == replace(made, files=dict(made.files))
    rows = (tmp_path / "chapters" / "01.timeline.csv").read_text(encoding="utf-8-sig").splitlines()
    assert rows[0].startswith("id,kind,speaker,paragraph,start,end,start_frame,frames,gain_db")
    assert len(rows) == 5
    assert record.load_timeline(tmp_path / "chapters", made) == replace(laid, frames=made.frames)
    os.truncate(made.files["mp3"], 100)
    assert record.load(tmp_path / "chapters", "01") is None


def test_a_take_that_is_another_sound_than_was_rendered_is_not_mastered(tmp_path: Path) -> None:
    """As when its file changes after the chapter's takes were looked at: it decodes, and is as long."""
    one = take(tmp_path, "a", np.full(2000, 0.1, np.float32))
    soundfile.write(one.path, np.full(2000, 0.2, np.float32), RATE, subtype="PCM_16")
    with pytest.raises(MasteringError, match="damaged"):
        sound.read(one)


def test_a_damaged_take_is_named(tmp_path: Path) -> None:
    one = take(tmp_path, "x", voice(1))
    one.path.write_bytes(one.path.read_bytes()[:200])
    laid = timeline.build(1, "", lines("一。"), {"c01-1": one}, PROFILE)
    with pytest.raises(MasteringError) as error:
        chapter.master(laid, {"c01-1": one}, PROFILE, tmp_path / "c", "01", TAGS, "f")
    assert "x.flac" in error.value.where
    assert not list((tmp_path / "c").glob("*"))


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "400k") as small:
        script = lines(*["一句话。"] * 8)
        takes = {line.id: take(tmp_path / "takes", line.id, voice(4)) for line in script}
        laid = timeline.build(1, "", script, takes, PROFILE)
        with pytest.raises(BookFolderError, match="disk is full"):
            chapter.master(laid, takes, PROFILE, small / "chapters", "01", TAGS, "f")
        assert not [path for path in small.rglob("*") if path.is_file()]


def test_memory_does_not_grow_with_the_chapter(tmp_path: Path) -> None:
    """Peak memory of a process that masters 2 minutes, then of one that masters 20."""
    code = (
        "import pathlib; sys.path[:0] = ['tests/mastering']; import test_masters as t\n"
        "folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])\n"
        "one = t.take(folder, 'x', t.voice(20)); script = t.lines(*['一。'] * count)\n"
        "takes = {line.id: one for line in script}\n"
        "laid = t.timeline.build(1, '', script, takes, t.PROFILE)\n"
        "t.chapter.master(laid, takes, t.replace(t.PROFILE, formats=('flac', 'm4a')), folder / 'c', '01', t.TAGS, 'f')\n"
    )
    peaks = [peak_kib(code, str(tmp_path / str(count)), str(count)) for count in (6, 60)]
    assert peaks[1] < 1.1 * peaks[0] + 10_000, peaks


@pytest.mark.parametrize("silence", [0.0, 0.4, 1.2])
def test_the_head_lasts_until_something_is_heard(tmp_path: Path, silence: float) -> None:
    """ACX wants half a second to one second: what a take begins with counts too."""
    profile = replace(profiles.load("acx"), formats=("flac",))
    waves = [np.concatenate([np.zeros(round(silence * RATE), np.float32), voice(3)]), voice(3, 2)]
    made = mastered(tmp_path, waves=waves, profile=profile)
    assert measure(made.files["flac"]).head == pytest.approx(max(profile.head, silence), abs=0.06)
    usual = mastered(tmp_path / "usual", waves=waves, profile=replace(PROFILE, formats=("flac",)))
    assert measure(usual.files["flac"]).head == pytest.approx(PROFILE.head + silence, abs=0.06), "nobody bounds it"
