"""How fast this machine works, measured by every run and kept in the cache folder (``speeds.json``)."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field
from functools import cache
from pathlib import Path

from pipeline.files import cache_home, explained, write_text

KEEP = 0.9
"""What a measurement still weighs when the next one comes: figures follow a machine that changes, over some ten runs."""
_PRIOR = 0.3
"""What the default of the fixed seconds weighs, in measurements: little against runs of many sizes, much where all are
alike."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of a piece of work: `fixed`, and `each` for every unit of its amount."""

    fixed: float
    each: float
    measured: bool = False

    def seconds(self, amount: float) -> float:
        return self.fixed + self.each * amount


DEFAULTS: Mapping[str, Cost] = {
    "open": Cost(0.3, 3e-5),
    "render espeak": Cost(2.0, 1.2e-3),
    "render": Cost(20.0, 0.12),
    "speech zh": Cost(0.0, 0.23),
    "speech en": Cost(0.0, 0.068),
    "master": Cost(0.5, 0.012),
    "deliver report": Cost(0.5, 0.008),
    "deliver": Cost(0.3, 0.001),
    "rest": Cost(2.0, 0.0),
}
"""Where nothing is measured yet (docs/scheduling.md): of two cores, and of a neural engine at twice real time. Amounts are
characters of script (open, render, speech) or seconds of audio (master, deliver); `speech` gives seconds of audio."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Decayed sums over measurements (amount x, seconds y): their weight, x, y, x², xy."""

    weight: float = 0.0
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    xy: float = 0.0

    def learned(self, amount: float, seconds: float) -> Figure:
        fresh = (1.0, amount, seconds, amount * amount, amount * seconds)
        return Figure(*(KEEP * old + new for old, new in zip(astuple(self), fresh, strict=True)))

    def cost(self, default: Cost) -> Cost:
        """The line that fits the measurements best in least squares, its fixed part drawn towards the default's by ridge
        regression (Hoerl and Kennard 1970), so that runs of one size tell both parts apart. Neither part is negative."""
        if self.weight == 0:
            return default
        weight, y = self.weight + _PRIOR, self.y + _PRIOR * default.fixed
        if self.xx == 0:
            return Cost(y / weight, default.each, True)
        determinant = weight * self.xx - self.x**2  # > 0 by Cauchy and Schwarz
        fixed = (y * self.xx - self.x * self.xy) / determinant
        each = (weight * self.xy - self.x * y) / determinant
        if fixed < 0 or each < 0:
            return Cost(0.0, self.xy / self.xx, True)
        return Cost(fixed, each, True)


@dataclass(frozen=True, slots=True)
class Measured:
    """A piece of work that was done, by the name of its kind (see `DEFAULTS`; more words make a kind narrower)."""

    kind: str
    amount: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Speeds:
    """This machine's figures by kind of work."""

    figures: Mapping[str, Figure] = field(default_factory=dict)

    def cost(self, kind: str) -> Cost:
        """What work of a kind costs, by its figures or the default that names it best."""
        words = kind.split()
        names = (" ".join(words[:count]) for count in range(len(words), 0, -1))
        default = next(DEFAULTS[name] for name in names if name in DEFAULTS)
        return self.figures[kind].cost(default) if kind in self.figures else default

    def learned(self, work: Iterable[Measured]) -> Speeds:
        figures = dict(self.figures)
        for one in work:
            figures[one.kind] = figures.get(one.kind, Figure()).learned(one.amount, one.seconds)
        return Speeds(figures)


@cache
def machine() -> str:
    """This machine's name for its figures: host, cores and GPUs."""
    from pipeline.render.pool import cores, visible_gpus

    return f"{platform.node()}, {cores()} cores" + (f", {len(visible_gpus())} GPUs" if visible_gpus() else "")


def _file() -> Path:
    return cache_home() / "speeds.json"


def load() -> Speeds:
    """This machine's figures; none where nothing was measured or the file cannot be read, since it can be made again."""
    return Speeds({kind: Figure(*sums) for kind, sums in _all().get(machine(), {}).items()})


def learn(work: Iterable[Measured]) -> None:
    """Add what a run measured. Raises BookFolderError when the cache folder cannot be written."""
    import fcntl

    path = _file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_suffix(".lock").open("a+b")
    except OSError as error:
        raise explained(error, path) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = load().learned(work)
        figures = _all() | {machine(): {kind: list(astuple(one)) for kind, one in found.figures.items()}}
        write_text(path, json.dumps(figures, ensure_ascii=False, indent=1))


def _all() -> dict[str, dict[str, list[float]]]:
    try:
        found = json.loads(_file().read_text(encoding="utf-8"))
        for figures in found.values():
            for sums in figures.values():
                Figure(*map(float, sums))
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    return dict(found)
