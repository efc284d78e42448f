"""Time stretch without a change of pitch: ffmpeg's `atempo` filter (WSOLA), in process."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from pipeline.nouns import Waveform


def stretched(wave: Waveform, frames: int, sample_rate: int) -> Waveform:
    """`wave` made `frames` long, to the sample. Shape (frames,). Ratios from 0.5 to 2 sound natural;
    any other is made, too.

    The filter comes within a few milliseconds; the rest is trimmed, or padded with silence, at the end.
    """
    if wave.size == frames or not wave.size:
        return fitted(wave, frames)
    import av
    from av.filter import Graph

    graph = Graph()
    source = graph.add_abuffer(sample_rate=sample_rate, format="flt", layout="mono", time_base=Fraction(1, sample_rate))
    last = source
    for tempo in _tempos(wave.size / frames):
        following = graph.add("atempo", f"{tempo:.9f}")
        last.link_to(following)
        last = following
    last.link_to(graph.add("abuffersink"))
    graph.configure()
    # atempo holds back a window's worth at the end, so it is given silence to push the speech through
    padded = np.concatenate([wave, np.zeros(sample_rate // 4, np.float32)])
    frame = av.AudioFrame.from_ndarray(padded[np.newaxis, :], format="flt", layout="mono")
    frame.sample_rate = sample_rate
    frame.pts = 0
    graph.push(frame)
    graph.push(None)
    parts = []
    while True:
        try:
            parts.append(graph.pull().to_ndarray()[0])
        except (av.BlockingIOError, av.EOFError):
            break
    return fitted(np.concatenate(parts) if parts else wave, frames)


def _tempos(ratio: float) -> list[float]:
    """A ratio as a product of what one filter takes, 0.5 to 100 (ffmpeg's documentation of atempo)."""
    found = [ratio]
    while found[-1] < 0.5:
        found[-1:] = [0.5, found[-1] / 0.5]
    while found[-1] > 100:
        found[-1:] = [100.0, found[-1] / 100]
    return found


def fitted(wave: Waveform, frames: int) -> Waveform:
    """`wave` cut or padded with silence to `frames`; a cut ends in a 3 ms fade."""
    if wave.size < frames:
        return np.concatenate([wave, np.zeros(frames - wave.size, np.float32)])
    cut = wave[:frames].astype(np.float32, copy=True)
    fade = min(66, frames)
    if wave.size > frames and fade:
        cut[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return cut
