"""The user's own audio, of any format ffmpeg reads, as a mono stream at the rate of the masters."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np

from pipeline.errors import MasteringError
from pipeline.nouns import Waveform

FIX = "Give a WAV, FLAC, MP3, M4A or OGG file."


def mono(path: Path, rate: int) -> Generator[Waveform]:
    """The file's first audio stream in blocks, float32, channels averaged, resampled to `rate` Hz; memory stays flat.

    Raises MasteringError for a file that is missing, not audio, or damaged.
    """
    import av
    import soxr

    if not path.is_file():
        raise MasteringError("the file is not there", where=str(path), fix="Mend the path, or leave it out.")
    try:
        stream = None
        for wave, own_rate in _frames(path):
            if own_rate == rate:
                yield wave
                continue
            stream = stream or soxr.ResampleStream(own_rate, rate, 1, dtype="float32", quality="HQ")
            yield stream.resample_chunk(wave)
        if stream:
            yield stream.resample_chunk(np.zeros(0, np.float32), last=True)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MasteringError(f"the file cannot be read as audio ({error})", where=str(path), fix=FIX) from error


def _frames(path: Path) -> Iterator[tuple[Waveform, int]]:
    """Decoded frames, averaged to mono, each with the rate of the first."""
    import av

    with av.open(str(path)) as container:
        if not container.streams.audio:
            raise ValueError("no audio stream")
        to_float = None
        for frame in container.decode(audio=0):
            to_float = to_float or av.AudioResampler("fltp", frame.layout.name, frame.sample_rate)
            for floats in to_float.resample(frame):
                yield floats.to_ndarray().mean(axis=0), floats.sample_rate
