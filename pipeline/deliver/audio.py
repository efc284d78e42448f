"""A chapter's sound, read back from its files as blocks: from the lossless one, or else from the best of the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import MasteringError
from pipeline.nouns import Master, Waveform

BLOCK = 1 << 16
PREFERENCE = ("flac", "wav", "mp3", "m4a", "opus")
"""Formats from best to worst: the lossless ones, then by the bit rate that profiles give them."""


def blocks(master: Master, start: int = 0, frames: int | None = None) -> Iterator[Waveform]:
    """Frames [start, start + frames) of a chapter (None = up to its end) at the master's rate: mono, float32, in blocks of
    at most `BLOCK` frames.

    Raises MasteringError for a file that is missing, damaged, or ends before they do.
    """
    kind = next((one for one in PREFERENCE if one in master.files), None)
    if kind is None:
        raise MasteringError(
            f"chapter {master.chapter} has no audio file", fix="Run again: the chapter is mastered anew."
        )
    path, end = master.files[kind], master.frames if frames is None else start + frames
    at = start
    for wave in _lossless(path, start) if kind in ("flac", "wav") else _decoded(master, path, start):
        block = wave[: end - at]
        if block.size:
            yield block
        at += block.size
        if at == end:
            return
    raise _damaged(master, path, f"it ends at frame {at}, not {end}")


def read(master: Master, start: int, frames: int) -> Waveform:
    """The same as one array, shape (frames,)."""
    return np.concatenate([np.zeros(0, np.float32), *blocks(master, start, frames)])


def _lossless(path: Path, start: int) -> Iterator[Waveform]:
    import soundfile

    try:
        with soundfile.SoundFile(str(path)) as file:
            file.seek(start)
            for block in file.blocks(BLOCK, dtype="float32", always_2d=True):
                yield block.mean(axis=1)
    except (soundfile.LibsndfileError, OSError) as error:
        raise _unreadable(path, error) from error


def _decoded(master: Master, path: Path, start: int) -> Iterator[Waveform]:
    """Decoded from the beginning, since only there the codec's own delay is known; what lies before `start` is dropped."""
    import av

    at, want = 0, start
    try:
        with av.open(str(path)) as file:
            for wave in _at_rate(file, master.sample_rate):
                low = min(max(want - at, 0), wave.size)
                at += wave.size
                if low < wave.size:
                    yield wave[low:]
                    want = at
    except (av.FFmpegError, OSError) as error:
        raise _unreadable(path, error) from error


def _at_rate(file: Any, rate: int) -> Iterator[Waveform]:
    """The file's frames, mono, at the master's rate: Opus has its own."""
    own = file.streams.audio[0].rate
    stream = None
    if own != rate:
        import soxr

        stream = soxr.ResampleStream(own, rate, 1, "float32", "HQ")
    for frame in file.decode(audio=0):
        planes = frame.to_ndarray()
        if not frame.format.is_planar:
            planes = planes.reshape(-1, frame.layout.nb_channels).T
        wave = planes.mean(axis=0, dtype=np.float32)
        yield stream.resample_chunk(wave) if stream else wave
    if stream:
        yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def _damaged(master: Master, path: Path, why: str) -> MasteringError:
    return MasteringError(
        f"the sound of chapter {master.chapter} is not whole: {why}", where=str(path),
        fix="Delete the file and run again: the chapter is mastered anew.",
    )  # fmt: skip


def _unreadable(path: Path, error: Exception) -> MasteringError:
    return MasteringError(
        f"this audio file cannot be read ({error})", where=str(path),
        fix="Delete the file and run again: the chapter is mastered anew.",
    )  # fmt: skip
