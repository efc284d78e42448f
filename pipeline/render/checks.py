"""Automatic checks of a take: is it silent, clipped, cut short, or running on?

They flag, they do not judge: a flagged take is tried again with another seed where the engine draws by chance, and
otherwise kept and listed for a listen.
"""

from __future__ import annotations

import re

import numpy as np

from pipeline.nouns import Waveform

SILENT_DBFS = -60.0
CLIPPED_RUN = 8
"""Consecutive samples at full scale that count as clipping."""
SYLLABLES_PER_SECOND = (0.8, 14.0)
"""Slowest and fastest plausible speech. Mandarin is read at about 5.2 syllables a second and English at about 6.2
(Pellegrino et al., "A cross-language perspective on speech information rate", 2011); the bounds leave a factor of two
and more for speed and emotion."""

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_VOWELS = re.compile(r"[aeiouyàáâäèéêëìíîïòóôöùúûü]+", re.IGNORECASE)
_READING = re.compile(r"\([a-zü]+[1-5]\)", re.IGNORECASE)


def syllables(text: str) -> int:
    """Roughly how many syllables a spoken text has: one a Han character, one a vowel group in Latin words."""
    text = _READING.sub("", text)
    return len(_HAN.findall(text)) + len(_VOWELS.findall(text))


def flags(wave: Waveform, sample_rate: int, text: str, speed: float = 1.0) -> tuple[str, ...]:
    """What is suspicious about a take of `text`: any of "silent", "clipped", "truncated", "runaway".

    wave: shape (frames,), full scale [-1, 1].
    """
    if not wave.size:
        return ("silent",)
    found = []
    level = 10 * np.log10(float(np.mean(np.square(wave, dtype=np.float64))) + 1e-12)
    if level < SILENT_DBFS:
        found.append("silent")
    if _longest_run(np.abs(wave) >= 0.999) >= CLIPPED_RUN:
        found.append("clipped")
    count, seconds = syllables(text), wave.size / sample_rate * speed
    if count >= 4:
        slowest, fastest = SYLLABLES_PER_SECOND
        if count / seconds > fastest:
            found.append("truncated")
        if count / seconds < slowest:
            found.append("runaway")
    return tuple(found)


def _longest_run(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))
