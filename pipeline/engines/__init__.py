"""Engines: directions become waveforms. Found by entry point, so that another package can add one."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from pipeline.engines.base import Capabilities, Engine, ReadsWords
from pipeline.errors import EngineError, did_you_mean

__all__ = ["Capabilities", "Engine", "ReadsWords", "engine_class", "load", "names", "reader"]

GROUP = "shuoshu.engines"


@cache
def names() -> tuple[str, ...]:
    """Every installed engine's name, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


@cache
def engine_class(name: str) -> type[Engine]:
    """The class of an installed engine, for its capabilities and version, without loading its weights.

    Raises EngineError for a name that is not installed or a package that cannot be imported.
    """
    for point in entry_points(group=GROUP):
        if point.name == name:
            try:
                found: type[Engine] = point.load()
            except ImportError as error:
                raise EngineError(
                    f"engine {name!r} cannot be imported ({error})", fix="`shuoshu doctor` says what is missing."
                ) from error
            return found
    raise EngineError(
        f"no engine is named {name!r}.{did_you_mean(name, names())}", fix=f"Installed: {', '.join(names())}."
    )


def load(name: str) -> Engine:
    """A new engine by name. Raises EngineError as `engine_class`."""
    return engine_class(name)()


@cache
def reader(name: str) -> str:
    """What reads an emotion's words for that engine on this machine, see `ReadsWords.reader`; "" = nothing."""
    engine = load(name)
    return engine.reader() if isinstance(engine, ReadsWords) else ""
