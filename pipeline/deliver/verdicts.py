"""A mastered chapter held against its profile."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.deliver.chapter_sound import ChapterSound
from pipeline.mastering.profiles import Profile
from pipeline.nouns import Master

LUFS_TOLERANCE = 0.5
"""LU (EBU R 128-2023)."""
RMS_TOLERANCE = 2.5
"""dB: ACX's -23 to -18 dB is 2.5 dB on either side of our target."""
ACX_FLOOR, ACX_LONGEST_S = -60.0, 7200.0
"""dBFS, and 120 minutes (ACX Audio Submission Requirements)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """measure   "integrated" (LUFS), "rms", "sample_peak", "noise_floor" (dBFS), "true_peak" (dBTP) or "seconds"
    measured  -inf for silence, nan where it cannot be measured
    least, most  allowed themselves, to two decimals; None = no such bound
    """

    measure: str
    measured: float
    least: float | None = None
    most: float | None = None

    @property
    def passed(self) -> bool:
        value = round(self.measured, 2)
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


def judged(master: Master, sound: ChapterSound, profile: Profile) -> tuple[Verdict, ...]:
    """Every measure of a chapter. The true peak is the one found when it was mastered, the others are the file's own."""
    target, acx = profile.loudness, profile.name == "acx"
    if profile.measure == "rms":
        level = Verdict("rms", sound.rms, target - RMS_TOLERANCE, target + RMS_TOLERANCE)
        other = Verdict("integrated", sound.integrated)
    else:
        found = sound.integrated + profile.channels_db
        level = Verdict("integrated", found, target - LUFS_TOLERANCE, target + LUFS_TOLERANCE)
        other = Verdict("rms", sound.rms)
    return (
        level,
        other,
        Verdict("true_peak", master.loudness.true_peak, most=profile.true_peak),
        Verdict("sample_peak", sound.sample_peak, most=profile.true_peak),
        Verdict("noise_floor", sound.noise_floor, most=ACX_FLOOR if acx else None),
        Verdict("seconds", sound.seconds, most=ACX_LONGEST_S if acx else None),
    )
