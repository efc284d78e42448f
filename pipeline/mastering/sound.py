"""A timeline's sound as a stream of blocks: takes read, resampled and placed; and the room tone to lay under them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np

from pipeline.errors import MasteringError
from pipeline.files import sha256_file
from pipeline.nouns import Segment, Take, Timeline, Waveform

BLOCK = 1 << 16
EDGE_S = 0.004
CUT_S = 0.03
"""The fade that ends a take of which more is there: long enough that a word does not break off with a click."""
_ROOM_S = 11


def blocks(timeline: Timeline, takes: Mapping[str, Take]) -> Iterator[Waveform]:
    """The chapter's lines with their gains, in blocks of `BLOCK` frames (the last may be shorter), float32, silence between.

    takes: by line id. Raises MasteringError for a take that cannot be read.
    """
    segments = iter(timeline.segments)
    waiting = next(segments, None)
    carried: list[tuple[int, Waveform]] = []
    for start in range(0, timeline.frames, BLOCK):
        end = min(start + BLOCK, timeline.frames)
        block = np.zeros(end - start, np.float32)
        while waiting is not None and waiting.start < end:
            carried.append((waiting.start, placed(waiting, takes[waiting.line_id], timeline.sample_rate)))
            waiting = next(segments, None)
        still = []
        for at, wave in carried:
            low, high = max(at, start), min(at + wave.size, end)
            if low < high:
                block[low - start : high - start] += wave[low - at : high - at]
            if at + wave.size > end:
                still.append((at, wave))
        carried = still
        yield block


def placed(segment: Segment, take: Take, rate: int) -> Waveform:
    """A take at the master's rate and its segment's gain, exactly `segment.frames` long: without DC, edges faded over 4 ms,
    what is left out of it over 30. In a timed script it begins at its `lead` and plays at its `tempo`."""
    wave = read(take)[segment.lead :]
    if take.sample_rate != rate:
        import soxr

        wave = soxr.resample(wave, take.sample_rate, rate, quality="HQ")
    if segment.tempo != 1.0:
        from pipeline.engines.stretch import stretched

        wave = stretched(wave, round(wave.size / segment.tempo), rate)
    out = np.zeros(segment.frames, np.float32)
    count = min(wave.size, segment.frames)
    out[:count] = wave[:count]
    out[:count] -= out[:count].mean(dtype=np.float64).astype(np.float32)
    fade = min(round(EDGE_S * rate), count // 2)
    if fade:
        ramp = np.linspace(0, 1, fade, dtype=np.float32)
        out[:fade] *= ramp
        out[count - fade : count] *= ramp[::-1]
    left_out = min(round(CUT_S * rate), count) if wave.size - count > EDGE_S * rate else 0
    if left_out:
        out[count - left_out : count] *= np.linspace(1, 0, left_out, dtype=np.float32)
    if segment.gain_db:
        out *= np.float32(10 ** (segment.gain_db / 20))
    return out


class Steps:
    """A gain that is another for every segment, from its first frame to the next one's.

    gains: dB, one a segment. A step falls where a line begins, which every take does from silence.
    """

    def __init__(self, timeline: Timeline, gains: Sequence[float]) -> None:
        self._starts = np.array([one.start for one in timeline.segments])
        self._factors = np.concatenate([[1.0], 10 ** (np.array(gains) / 20)]).astype(np.float32)
        self._at = 0

    def take(self, count: int) -> Waveform:
        """The factors of the next `count` frames."""
        frames = np.arange(self._at, self._at + count)
        self._at += count
        return self._factors[np.searchsorted(self._starts, frames, "right")]


def read(take: Take) -> Waveform:
    """A take's samples, mono float32, at its own rate. Raises MasteringError for a missing or damaged file. A chapter's takes
    are looked at before it is begun (`damaged`), but it may take minutes, and each is read several times."""
    import soundfile

    try:
        data = take.path.read_bytes()
        if hashlib.sha256(data).hexdigest() != take.sha256:
            raise damaged_error(take)
        wave, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise damaged_error(take, str(error)) from error
    if rate != take.sample_rate or len(wave) != take.frames:
        raise damaged_error(take, f"{len(wave)} frames at {rate} Hz, not {take.frames} at {take.sample_rate}")
    mono: Waveform = wave[:, 0] if wave.shape[1] == 1 else wave.mean(axis=1)
    return mono


def damaged(takes: Iterable[Take]) -> list[Take]:
    """Those of the takes whose file is gone or is not, by its hash, the one that was rendered."""

    def sound(take: Take) -> bool:
        try:
            return sha256_file(take.path) == take.sha256
        except OSError:
            return False

    return [take for take in {one.key: one for one in takes}.values() if not sound(take)]


def damaged_error(take: Take, why: str = "") -> MasteringError:
    """What is to be said of a take whose file is gone or is not the one that was rendered; `why` as a library has it."""
    return MasteringError(
        f"a take is damaged or gone{f' ({why})' if why else ''}", where=str(take.path),
        fix="`shuoshu repair BOOK`, then `shuoshu run` on the manuscript: it is rendered anew.",
    )  # fmt: skip


@lru_cache(maxsize=4)
def room_tone(rate: int, level_db: float) -> Waveform:
    """Eleven seconds of quiet room, level in dBFS RMS, shape (11 * rate,), that repeat without a seam.

    Noise that falls 6 dB an octave above 200 Hz and is cut below 40 Hz, made in the frequency domain (so periodic) from
    a fixed seed (so the same in every run).
    """
    count = _ROOM_S * rate
    frequency = np.fft.rfftfreq(count, 1 / rate)
    shape = 1 / np.maximum(frequency, 200.0) * (frequency > 40)
    phase = np.random.default_rng(20260301).uniform(0, 2 * np.pi, frequency.size)
    tone = np.fft.irfft(shape * np.exp(1j * phase), count)
    level: Waveform = (tone * (10 ** (level_db / 20) / np.sqrt(np.mean(tone**2)))).astype(np.float32)
    return level
