"""Books of made-up takes, mastered for real: fast, and with clicks where a test wants them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest
import soundfile

from pipeline.deliver.book import FinishedBook
from pipeline.files import sha256_file
from pipeline.folder import Record
from pipeline.mastering import chapter, profiles, record, timeline
from pipeline.mastering.profiles import Profile
from pipeline.mastering.tags import Tags
from pipeline.nouns import Line, LineKind, Master, Take
from pipeline.takes import TakeStore
from pipeline.takes.journal import Rendered

PODCAST = profiles.load("podcast")
COVER = subprocess.run(
    [imageio_ffmpeg.get_ffmpeg_exe(), *"-v error -f lavfi -i color=c=teal:s=64x64 -frames:v 1 -f mjpeg -".split()],
    capture_output=True, check=True,
).stdout  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A line: what it is, who says it, for how long; a click of 4 ms `click` seconds into it, over speech
    at `bed` of its own level; `level` full scale = 1."""

    kind: LineKind = "narration"
    speaker: str = "narrator"
    seconds: float = 2.0
    paragraph: int = 1
    click: float | None = None
    bed: float = 0.001
    level: float = 0.3
    flags: tuple[str, ...] = ()


def voice(said: Said, seed: int, rate: int) -> np.ndarray:
    """Noise with the rhythm of syllables."""
    at = np.arange(round(said.seconds * rate)) / rate
    noise = np.convolve(np.random.default_rng(seed).standard_normal(at.size), np.hanning(16), "same")
    wave = noise * (0.1 + np.abs(np.sin(2 * np.pi * 2.3 * at)))
    wave *= said.level / np.abs(wave).max()
    if said.click is not None:
        burst = np.hanning(round(0.004 * rate)) * np.sin(np.arange(round(0.004 * rate)))
        wave *= said.bed
        wave[round(said.click * rate) :][: burst.size] += burst * said.level
    return wave.astype(np.float32)


def book(
    folder: Path, chapters: Sequence[Sequence[Said]], profile: Profile = PODCAST, *, rate: int = 22050, language="zh",
    titles: Sequence[str] = (), cover: bytes | None = COVER,
) -> FinishedBook:  # fmt: skip
    """A finished book with its takes in a store, its masters, and their records."""
    masters = []
    titles = titles or [f"第{number}章" for number in range(1, len(chapters) + 1)]
    with TakeStore(folder / "takes") as store:
        for number, (lines, title) in enumerate(zip(chapters, titles, strict=True), 1):
            script = [
                Line(f"c{number}-{at}", number, at, one.paragraph, one.kind, one.speaker, "一句话。")
                for at, one in enumerate(lines, 1)
            ]
            takes = {}
            for at, (line, said) in enumerate(zip(script, lines, strict=True)):
                key = hashlib.sha256(f"{number} {said} {at}".encode()).hexdigest()
                path, wave = store.path_of(key), voice(said, number * 100 + at, rate)
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, wave, rate, subtype="PCM_16")
                takes[line.id] = Take(key, path, sha256_file(path), rate, len(wave), "espeak", 0, "now", said.flags)
                store.record([Rendered(takes[line.id], path.stat().st_size, key, {}, (line.id,))])
            laid = timeline.build(number, title, script, takes, profile)
            tags = Tags(title, "作者", "书名", language, number, len(chapters))
            made, laid = chapter.master(laid, takes, profile, folder / "chapters", f"{number:02d}", tags, "f", cover, "image/jpeg")  # fmt: skip
            music = chapter.music_of(laid, profile)
            record.write(made, laid, folder / "chapters", music.playing if music else ())
            masters.append(made)
    about = Record("雨夜", "余华", language, "book.txt", "0", chapters=tuple(enumerate(titles, 1)))
    return FinishedBook(folder, "雨夜", about, profile, tuple(masters), folder / "takes", cover, "image/jpeg")


def again(one: FinishedBook, times: int) -> FinishedBook:
    """A long book: the first chapter's files, `times` times."""
    masters = [replace(one.masters[0], chapter=number, title=f"第{number}章") for number in range(1, times + 1)]
    return replace(one, masters=tuple(masters), record=replace(one.record, chapters=()))


def with_settings(one: FinishedBook, kind: str, **values: object) -> FinishedBook:
    return replace(one, settings={kind: values})


def decoded(path: Path) -> np.ndarray:
    """The whole file by the ffmpeg program, mono, at its own rate."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-ac", "1", "-f", "f32le", "-"]
    run = subprocess.run(command, capture_output=True, check=True)
    assert not run.stderr, run.stderr.decode()
    return np.frombuffer(run.stdout, "<f4")


def decoded_at(path: Path, start: float, seconds: float) -> np.ndarray:
    """A stretch of an MP4 file, found by seeking: every decoded frame is put where its time stamp says."""
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        rate = stream.rate
        wave = np.zeros(round(seconds * rate), np.float32)
        file.seek(round((start - 1) / stream.time_base), stream=stream)
        for frame in file.decode(stream):
            at = round((float(frame.pts * stream.time_base) - start) * rate)
            if at >= wave.size:
                return wave
            one = frame.to_ndarray().mean(axis=0)
            low, high = max(at, 0), min(at + one.size, wave.size)
            if low < high:
                wave[low:high] = one[low - at : high - at]
    return wave


def metadata(path: Path) -> list[str]:
    """What the ffmpeg program reads of a file's tags and chapters, in its own ini format."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-f", "ffmetadata", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode().splitlines()


def sound(master: Master) -> np.ndarray:
    """The master's own FLAC."""
    return soundfile.read(master.files["flac"], dtype="float32", always_2d=True)[0].mean(axis=1)


def tool(name: str) -> str:
    """One of Debian's programs, which judge our files."""
    path = shutil.which(name)
    if not path:
        pytest.skip(f"{name} is not installed (Debian has it)")
    return path


def lag(known: np.ndarray, wave: np.ndarray) -> int:
    """By how many samples `wave` comes after `known`, from where they are most alike."""
    size = 1 << (known.size + wave.size).bit_length()
    alike = np.fft.irfft(np.fft.rfft(wave, size) * np.conj(np.fft.rfft(known, size)))
    at = int(alike.argmax())
    return at if at < size // 2 else at - size


def told(*command: str | Path) -> str:
    """What a program prints."""
    return subprocess.run([str(one) for one in command], capture_output=True, text=True, check=True).stdout
