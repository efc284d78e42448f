"""Time stretch without a change of pitch: ffmpeg's `atempo` filter (WSOLA), in process."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from pipeline.nouns import Waveform


def stretched(wave: Waveform, frames: int, sample_rate: int) -> Waveform:
    """`wave` made `frames` long, to the sample. Shape (frames,). Ratios from 0.5 to 2 sound natural.

    The filter comes within a few milliseconds; the rest is trimmed, or padded with silence, at the end.
    """
    if wave.size == frames or not wave.size:
        return fitted(wave, frames)
    import av
    from av.filter import Graph

    graph = Graph()
    source = graph.add_abuffer(sample_rate=sample_rate, format="flt", layout="mono", time_base=Fraction(1, sample_rate))
    tempo = graph.add("atempo", f"{wave.size / frames:.9f}")
    sink = graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
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


def fitted(wave: Waveform, frames: int) -> Waveform:
    """`wave` cut or padded with silence to `frames`; a cut ends in a 3 ms fade."""
    if wave.size < frames:
        return np.concatenate([wave, np.zeros(frames - wave.size, np.float32)])
    cut = wave[:frames].astype(np.float32, copy=True)
    fade = min(66, frames)
    if wave.size > frames and fade:
        cut[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return cut
