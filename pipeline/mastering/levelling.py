"""Every line to its character's level, and the chapter to its target: gains in dB, found before anything is written.

A line's loudness is that of its sounding parts, so that a one-word line has one too: the K-weighted power of 100 ms hops,
gated as ITU-R BS.1770-5 gates its 400 ms blocks. Lines of one character are brought together, so that voices cloned from
quiet and loud clips sit beside each other; whispers and shouts stay apart on purpose.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from pipeline.mastering import sound
from pipeline.mastering.meter import ABSOLUTE_GATE, RELATIVE_GATE, k_weighting
from pipeline.mastering.profiles import Levels, Profile
from pipeline.nouns import Segment, Take, Timeline, Waveform

HOP_S = 0.1
OFFSET_DB = -0.691
"""Makes a 997 Hz sine at 0 dBFS in one channel read -3.01 LKFS (BS.1770-5, annex 1)."""
REFERENCE = -23.0
"""LUFS to which plain lines are brought before the chapter's own gain; any figure would do."""
GAIN_LIMIT_DB = 40.0
"""A take that needs more than this is not speech."""


@dataclass(frozen=True, slots=True)
class Energy:
    """A take's mean square in each hop of 100 ms, K-weighted and plain, shape (hops,) each; 1.0 = full scale."""

    weighted: NDArray[np.float64]
    plain: NDArray[np.float64]


def energy(wave: Waveform, rate: int) -> Energy:
    """Measure a take, mono, at its own rate."""
    from scipy.signal import sosfilt

    hop = round(rate * HOP_S)
    padded = np.zeros(-(-max(1, wave.size) // hop) * hop)
    padded[: wave.size] = wave
    weighted = sosfilt(k_weighting(rate), padded)
    return Energy(*(np.square(one).reshape(-1, hop).mean(axis=1) for one in (weighted, padded)))


def loudness(hops: NDArray[np.float64]) -> float:
    """LUFS of K-weighted hops, gated at -70 LUFS and 10 LU under what is left; -inf for silence."""
    loud = hops[hops > 10 ** ((ABSOLUTE_GATE - OFFSET_DB) / 10)]
    if not loud.size:
        return -math.inf
    gate = loud.mean() * 10 ** (RELATIVE_GATE / 10)
    return float(OFFSET_DB + 10 * np.log10(loud[loud > gate].mean()))


def levelled(timeline: Timeline, takes: Mapping[str, Take], profile: Profile) -> tuple[Timeline, list[float], bool]:
    """The timeline with `gain_db` of every segment: lines levelled, the chapter at the profile's target before limiting.
    How much of each is meant to be heard, dB: what goes behind a compressor, which would take half of it away. And whether any
    line is heard at all: hiss under the gate is not brought to the loudness of speech.

    takes: by line id. Raises MasteringError for a take that cannot be read.
    """
    energies = [energy(sound.read(takes[one.line_id]), takes[one.line_id].sample_rate) for one in timeline.segments]
    measured = [loudness(one.weighted) for one in energies]
    meant = meant_gains(timeline.segments, measured, profile.levels)
    gains = [line_gain(loud, apart) for loud, apart in zip(measured, meant, strict=True)]
    found = _whole(timeline, energies, gains, profile.measure == "rms")
    wanted = profile.loudness - profile.channels_db
    heard = any(map(math.isfinite, measured))
    chapter = min(max(wanted - found, -GAIN_LIMIT_DB), GAIN_LIMIT_DB) if heard and math.isfinite(found) else 0.0
    return raised(timeline, [gain + chapter for gain in gains]), meant, heard


def raised(timeline: Timeline, gains: Sequence[float]) -> Timeline:
    """The timeline with `gains` in dB, one a segment, in place of its own."""
    segments = zip(timeline.segments, gains, strict=True)
    return replace(timeline, segments=tuple(replace(one, gain_db=gain) for one, gain in segments))


def meant_gains(segments: Sequence[Segment], measured: Sequence[float], levels: Levels) -> list[float]:
    """By how much every line is to be louder than a plain one, LU, from its loudness in LUFS; 0 for a silent one.

    A line keeps a part of its difference from the median of its character's lines of the same delivery in the chapter.
    """
    groups: dict[tuple[str, float], list[float]] = {}
    for one, loud in zip(segments, measured, strict=True):
        if math.isfinite(loud):
            groups.setdefault((one.speaker, on_purpose(one, levels)), []).append(loud)
    usual = {key: median(values) for key, values in groups.items()}
    gains = []
    for one, loud in zip(segments, measured, strict=True):
        if not math.isfinite(loud):
            gains.append(0.0)
            continue
        purpose = on_purpose(one, levels)
        own = loud - usual[one.speaker, purpose]
        kept = min(max(levels.keep * own, -levels.most), levels.most)
        gains.append(purpose + levels.characters.get(one.speaker, 0.0) + kept)
    return gains


def line_gain(loud: float, meant: float) -> float:
    """The gain in dB that brings a line of `loud` LUFS to `meant` LU above `REFERENCE`; 0 for a silent one."""
    return min(max(REFERENCE + meant - loud, -GAIN_LIMIT_DB), GAIN_LIMIT_DB) if math.isfinite(loud) else 0.0


def on_purpose(segment: Segment, levels: Levels) -> float:
    """How much quieter or louder than a plain line this one is meant to be, LU."""
    return levels.whisper * ("whisper" in segment.delivery) + levels.shout * ("shout" in segment.delivery)


def _whole(timeline: Timeline, energies: Sequence[Energy], gains: Sequence[float], rms: bool) -> float:
    """What the chapter will measure with these gains: LUFS, or dBFS RMS. Hops are laid on the chapter's own, which moves
    each by up to 50 ms: enough for a first guess, which the master's own measurement mends."""
    hop = timeline.sample_rate * HOP_S
    hops = np.zeros(math.ceil(timeline.frames / hop) + 1)
    for segment, one, gain in zip(timeline.segments, energies, gains, strict=True):
        power = (one.plain if rms else one.weighted) * 10 ** (gain / 10)
        at = round(segment.start / hop)
        count = min(power.size, hops.size - at)
        hops[at : at + count] += power[:count]
    if rms:
        mean = hops.sum() * hop / max(1, timeline.frames)
        return 10 * math.log10(mean) if mean > 0 else -math.inf
    return loudness(np.convolve(hops, np.full(4, 0.25), "valid"))
