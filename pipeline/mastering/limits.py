"""What a finished file must keep to, by mastering profile. The figures are data, in limits.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pipeline import shipped
from pipeline.errors import MasteringError, did_you_mean
from pipeline.mastering.profiles import Profile

TOLERANCE = 0.5
"""LU or dB on either side of a target that limits.yaml does not know, a cast file's own (EBU R 128's)."""

Value = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Limit:
    """`least` and `most` are allowed themselves; None = no such bound. `one_of`, where given, lists all allowed values."""

    least: float | None = None
    most: float | None = None
    one_of: tuple[Value, ...] = ()
    source: str = field(default="", compare=False)

    def allows(self, value: Value) -> bool:
        """Numbers count to two decimals, as they are shown; None (does not apply to this file) is allowed, nan is not."""
        if value is None:
            return True
        if self.one_of:
            return value in self.one_of
        number = round(float(value), 2)
        least = self.least is None or number >= self.least
        return least and (self.most is None or number <= self.most)


@dataclass(frozen=True, slots=True)
class Limits:
    """A profile's limits by measure (a field of `Measured`), for mono and for stereo and more; and the measures in which the
    files of a set must be `alike`."""

    name: str
    mono: Mapping[str, Limit]
    stereo: Mapping[str, Limit]
    alike: tuple[str, ...]
    source: str

    def of(self, channels: int) -> Mapping[str, Limit]:
        """The limits for a file with so many channels."""
        return self.mono if channels == 1 else self.stereo


@cache
def _table() -> dict[str, dict[str, Any]]:
    return shipped.yaml_of(__package__, "limits.yaml")


def names() -> tuple[str, ...]:
    """Every profile that has limits."""
    return tuple(_table())


def load(name: str) -> Limits:
    """The limits of a profile. Raises MasteringError for one that has none: `custom`, or no profile at all."""
    if name not in _table():
        hint = did_you_mean(name, names())
        raise MasteringError(
            f"no limits are known for a profile named {name!r}.{hint}", fix=f"Here: {', '.join(names())}."
        )
    row = _table()[name]
    mono, stereo = (
        {measure: _limit(raw.get(layout, raw)) for measure, raw in row["limits"].items()}
        for layout in ("mono", "stereo")
    )
    return Limits(name, mono, stereo, tuple(row["alike"]), row["source"])


def _limit(raw: dict[str, Any]) -> Limit:
    return Limit(raw.get("min"), raw.get("max"), tuple(raw.get("one_of", ())), raw["source"])


def allowed(profile: Profile) -> Mapping[str, Limit]:
    """What `shuoshu verify` asks for of a profile's files, by measure; where the cast file asks for something else, that."""
    known = load(profile.name).of(profile.channels) if profile.name in names() else {}
    level = "rms" if profile.measure == "rms" else "integrated"
    own = {
        level: Limit(profile.loudness - TOLERANCE, profile.loudness + TOLERANCE),
        "true_peak": Limit(most=profile.true_peak),
    }
    target = {level: profile.loudness, "true_peak": profile.true_peak}
    kept = {name for name, value in target.items() if name in known and known[name].allows(value)}
    return {**known, **{name: limit for name, limit in own.items() if name not in kept}}
