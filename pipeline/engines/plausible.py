"""What speech can plausibly be: how fast, how loud. For the checks of a take, and for engines that look at themselves."""

from __future__ import annotations

import re

import numpy as np

from pipeline.nouns import Waveform

SILENT_DBFS = -60.0
SYLLABLES_PER_SECOND = (0.8, 14.0)
"""Slowest and fastest plausible speech. Mandarin is read at about 5.2 syllables a second and English at about 6.2
(Pellegrino et al., "A cross-language perspective on speech information rate", 2011); the bounds leave a factor of two
and more for speed and emotion."""
USUAL_SYLLABLES_PER_SECOND = {"zh": 5.2, "en": 6.2}
"""Read at a usual pace (the same)."""
PAUSE_SHARE = 1.15
"""A line with its own commas and full stops lasts so many times its syllables."""
FEWEST = 4
"""Syllables from which on a rate says something. Of fewer, the silence around them is too large a part of the length."""

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_VOWELS = re.compile(r"[aeiouyàáâäèéêëìíîïòóôöùúûü]+", re.IGNORECASE)
_READING = re.compile(r"\([a-zü]+[1-5]\)", re.IGNORECASE)


def syllables(text: str) -> int:
    """Roughly how many syllables a spoken text has: one a Han character, one a vowel group in Latin words."""
    text = _READING.sub("", text)
    return len(_HAN.findall(text)) + len(_VOWELS.findall(text))


def usual_seconds(text: str, language: str) -> float:
    """About how long a spoken text lasts at speed 1; at least 0.3 s."""
    return max(0.3, PAUSE_SHARE * syllables(text) / USUAL_SYLLABLES_PER_SECOND[language])


def level(wave: Waveform) -> float:
    """RMS in dBFS, at least −120. wave: shape (frames,), full scale [-1, 1], not empty."""
    return float(10 * np.log10(float(np.mean(np.square(wave, dtype=np.float64))) + 1e-12))


def haste(count: int, seconds: float) -> str:
    """ "truncated" or "runaway" for `count` syllables said in `seconds` that no one would need, "" otherwise.

    Under `FEWEST` syllables the longest is a second a syllable and one more for the silence around them, which is the
    slowest rate at four. (eSpeak's lines of one to three syllables last 0.09 to 0.78 s at every speed.) Nothing is said of
    a line without any that can be counted ("Hm!").
    """
    slowest, fastest = SYLLABLES_PER_SECOND
    longest = count / slowest if count >= FEWEST else count + 1.0
    return "" if not count else "truncated" if count > fastest * seconds else "runaway" if seconds > longest else ""
