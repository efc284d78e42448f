"""The beginning of an audio clip of any kind, for all who listen to clips: by libsndfile, or by ffmpeg for what that does not
know (M4A, WMA …)."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from pipeline.nouns import Waveform

LONGEST_S = 601.0
"""What ffmpeg decodes of a clip at most: a small file may hold hours of silence."""


class NoAudio(Exception):
    """It is no audio, or none that can be decoded; the text says why."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """`wave`: (frames,) float32, the channels' mean; `rate` in Hz; `seconds`: how long the whole clip is, up to `LONGEST_S`
    where ffmpeg decodes it."""

    wave: Waveform
    rate: int
    seconds: float


def beginning(source: Path | bytes, seconds: float) -> Beginning:
    """The first `seconds` of a file, or of a file's bytes. Raises NoAudio, and OSError for a file that cannot be opened."""
    import soundfile

    if isinstance(source, Path) and not source.is_file():
        raise FileNotFoundError(f"there is no file {source}")
    try:
        with soundfile.SoundFile(BytesIO(source) if isinstance(source, bytes) else str(source)) as file:
            data = file.read(round(seconds * file.samplerate), dtype="float32", always_2d=True)
            found = Beginning(np.ascontiguousarray(data.mean(1)), int(file.samplerate), file.frames / file.samplerate)
    except soundfile.LibsndfileError:
        found = _by_ffmpeg(source, seconds)
    if not np.isfinite(found.wave).all():
        raise NoAudio("some of its samples are no numbers (NaN or infinite)")
    return found


def _by_ffmpeg(source: Path | bytes, seconds: float) -> Beginning:
    import av

    parts: list[Waveform] = []
    rate = count = 0
    try:
        with av.open(BytesIO(source) if isinstance(source, bytes) else str(source), mode="r") as container:
            if not container.streams.audio:
                raise NoAudio("it holds no audio")
            resampler = av.AudioResampler(format="fltp")
            for frame in container.decode(audio=0):
                rate = frame.sample_rate
                for piece in resampler.resample(frame):
                    parts.append(piece.to_ndarray().mean(0))
                    count += piece.samples
                if count >= LONGEST_S * rate:
                    break
    except (av.FFmpegError, ValueError) as error:  # PyAV: ValueError where the format changes midway
        raise NoAudio(str(error)) from error
    if not count:
        raise NoAudio("it holds no sound")
    return Beginning(np.concatenate(parts)[: round(seconds * rate)].astype(np.float32), rate, count / rate)
