"""The user's own audio, of any format ffmpeg reads, as a mono stream at the rate of the masters."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import MasteringError
from pipeline.mastering import mp4_reading
from pipeline.nouns import Waveform
from pipeline.wording import Wording

FIX = Wording("Give a WAV, FLAC, MP3, M4A or OGG file.", "请给出 WAV、FLAC、MP3、M4A 或 OGG 文件。")
_FRAMES = 1 << 16
"""Handed on at once; codecs give about a thousand, which costs time."""


def mono(path: Path, rate: int) -> Generator[Waveform]:
    """The file's first audio stream in blocks (none is empty), float32, channels averaged, resampled to `rate` Hz.

    Raises MasteringError for a file that is missing, not audio, or damaged.
    """
    with _explained(path):
        for wave in _at_rate(((planes.mean(axis=0), own) for planes, own in _frames(path)), rate):
            if wave.size:
                yield wave


def channels(path: Path) -> Iterator[Waveform]:
    """The same at the file's own rate, every channel for itself: blocks of shape (frames, channels)."""
    with _explained(path):
        for planes, _ in _frames(path):
            yield planes.T


def own_aac(path: Path) -> Iterator[Waveform]:
    """The same of an m4a file as `aac_file` writes them, with its priming and what its edit list hides at the end. ffmpeg's
    reader of MP4 keeps some eighty bytes a frame, 8 MB for every hour; a size takes four.

    Raises MasteringError for any other file."""
    with _explained(path):
        for block, _ in _gathered(_decoded(mp4_reading.read_aac(path))):
            yield block.T


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    import av

    if not path.is_file():
        raise MasteringError("the file is not there", where=str(path), fix="Mend the path, or leave it out.")
    try:
        yield
    except (av.FFmpegError, OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise MasteringError(
            Wording(f"the file cannot be read as audio ({why})", f"无法作为音频读取（{why}）"), where=str(path), fix=FIX
        ) from error


def _at_rate(frames: Iterator[tuple[Waveform, int]], rate: int) -> Iterator[Waveform]:
    import soxr

    stream = None
    for wave, own_rate in frames:
        if own_rate == rate:
            yield wave
            continue
        stream = stream or soxr.ResampleStream(own_rate, rate, 1, dtype="float32", quality="HQ")
        yield stream.resample_chunk(wave)
    if stream:
        yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def _frames(path: Path) -> Iterator[tuple[Waveform, int]]:
    """Decoded blocks, shape (channels, frames), each with the file's rate."""
    import av

    with av.open(str(path)) as container:
        if not container.streams.audio:
            raise ValueError("no audio stream")
        yield from _gathered(container.decode(audio=0))


def _decoded(aac: mp4_reading.AacFile) -> Iterator[Any]:
    import av

    codec: Any = av.CodecContext.create("aac", "r")
    codec.extradata = aac.configuration
    codec.thread_count = 1
    with aac.path.open("rb") as file:
        file.seek(aac.offset)
        for size in aac.sizes:
            yield from codec.decode(av.Packet(file.read(size)))
    yield from codec.decode(None)


def _gathered(frames: Iterable[Any]) -> Iterator[tuple[Waveform, int]]:
    import av

    gathered, as_floats = av.AudioFifo(), av.AudioResampler("fltp")
    for frame in frames:
        for floats in [frame] if frame.format.name == "fltp" else as_floats.resample(frame):
            floats.pts = None  # the gaps of a damaged file are no matter here
            gathered.write(floats)
        while gathered.samples >= _FRAMES:
            yield _block(gathered.read(_FRAMES))
    if gathered.samples:
        yield _block(gathered.read())


def _block(frame: Any) -> tuple[Waveform, int]:
    return np.asarray(frame.to_ndarray(), np.float32), frame.sample_rate
