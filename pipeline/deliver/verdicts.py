"""A mastered chapter held against its profile."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.deliver.chapter_sound import ChapterSound
from pipeline.mastering.limits import allowed
from pipeline.mastering.profiles import Profile
from pipeline.nouns import Master


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
