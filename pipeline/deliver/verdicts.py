"""A mastered chapter held against its profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.deliver.chapter_sound import ChapterSound
from pipeline.mastering import limits
from pipeline.mastering.limits import Limit
from pipeline.mastering.profiles import Profile
from pipeline.nouns import Master

TOLERANCE = 0.5
"""LU or dB on either side of a target that limits.yaml does not know, a cast file's own (EBU R 128's)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """measure   "integrated" (LUFS), "rms", "sample_peak", "noise_floor" (dBFS), "true_peak" (dBTP) or "seconds"; where the
              profile limits them, also "head", "tail" and "digital_silence" (seconds)
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
    """Every measure of a chapter. The true peak is the highest of its files, each decoded when it was mastered; the others
    are those of the file that was read into `sound`."""
    found = {
        "integrated": sound.integrated + (profile.channels_db if profile.measure == "lufs" else 0.0),
        "rms": sound.rms, "true_peak": master.true_peak, "sample_peak": sound.sample_peak,
        "noise_floor": sound.noise_floor, "seconds": sound.seconds,
    }  # fmt: skip
    head, tail = sound.edges()
    edges = {"head": head, "tail": tail, "digital_silence": sound.digital_silence}
    limits_of = allowed(profile)
    found |= {name: value for name, value in edges.items() if name in limits_of}
    return tuple(
        Verdict(name, value, limits_of[name].least, limits_of[name].most) if name in limits_of else Verdict(name, value)
        for name, value in found.items()
    )


def allowed(profile: Profile) -> Mapping[str, Limit]:
    """What `shuoshu verify` asks for, by measure; where the cast file asks for something else, that."""
    known = limits.load(profile.name).of(profile.channels) if profile.name in limits.names() else {}
    level = "rms" if profile.measure == "rms" else "integrated"
    own = {
        level: Limit(profile.loudness - TOLERANCE, profile.loudness + TOLERANCE),
        "true_peak": Limit(most=profile.true_peak),
    }
    target = {level: profile.loudness, "true_peak": profile.true_peak}
    kept = {name for name, value in target.items() if name in known and known[name].allows(value)}
    return {**known, **{name: limit for name, limit in own.items() if name not in kept}}
