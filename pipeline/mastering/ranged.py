"""Settings that know what values make sense."""

from __future__ import annotations

from typing import ClassVar

from pipeline.errors import MasteringError


class Ranged:
    """Base of frozen dataclasses of numbers. `ranges`: (lowest, highest) by field; outside them is a MasteringError."""

    ranges: ClassVar[dict[str, tuple[float, float]]]

    def __post_init__(self) -> None:
        for name, (low, high) in self.ranges.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise MasteringError(
                    f"{type(self).__name__.removesuffix('Settings')}: {name} is {value!r}",
                    fix=f"Give a number from {low:g} to {high:g}.",
                )
