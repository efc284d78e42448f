"""The contract between the pipeline and a voice engine.

An engine turns directions into waveforms. Another package adds one by exposing a class with this shape under the
entry-point group ``shuoshu.engines``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from pipeline.nouns import Direction, Waveform, Word


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do.

    sample_rate          Hz of every waveform it returns
    languages            languages it speaks, alone or mixed in one line
    clones               takes its timbre from a reference clip
    emotions             ways of asking for an emotion: any of "weights", "words" (see `ReadsWords`), "reference"
    deliveries           of `pipeline.nouns.DELIVERIES`, those it can do
    duration             meets a wished duration
    pace                 shortest and longest duration that still sounds well, as ratios of a line's natural length: dubbing
                         asks for nothing beyond
    pinyin               honours readings written as 重(chong2)新
    deterministic        same direction (seed included), same samples
    seeded               another seed gives another take; False for an engine without chance
    max_characters       longest text in one direction
    processes_per_device how many processes may render at once on one device (0 = one per CPU core)
    batch_size           directions that one batch should hold
    slowest              seconds it may need for a second of speech, at worst, on the slowest machine it is meant for: a worker
                         that says nothing for longer is taken for hung
    parameters           a voice's own settings in the cast file: name -> (type name, lowest, highest) for
                         numbers, ("choice", *names), or ("str",)
    """

    sample_rate: int
    languages: frozenset[str]
    clones: bool
    emotions: frozenset[str]
    duration: bool
    pinyin: bool
    deterministic: bool
    max_characters: int
    processes_per_device: int
    batch_size: int
    parameters: Mapping[str, tuple[str | float, ...]]
    seeded: bool = False
    deliveries: frozenset[str] = frozenset()
    pace: tuple[float, float] = (0.75, 1.33)
    slowest: float = 60.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """A rendered direction: its index in the batch, its sound, what the engine itself doubts about it, of the flags that
    `pipeline.render.checks` knows ("silent", "truncated", "runaway"), and where its words are, in order; () where the
    engine does not know."""

    index: int
    wave: Waveform
    doubts: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()


@runtime_checkable
class Engine(Protocol):
    """Renders directions. Constructed without arguments and cheap to construct; loads on the first `render`."""

    name: ClassVar[str]
    version: ClassVar[str]
    """Changes whenever the same direction would sound different."""
    capabilities: ClassVar[Capabilities]

    def fingerprint(self) -> str:
        """Identifies the weights or data behind the voice; part of every take's key. Must not load them."""
        ...

    def render(self, batch: Sequence[Direction]) -> Iterator[Spoken]:
        """Yield each as it is done, in any order; every index exactly once.

        Raises EngineError for a direction it cannot speak, with `line` set to its line_id: the others of the batch are then
        asked for again without it. DeviceError for a device that failed, such as one without memory: the batch is then given
        to another process, elsewhere if there is a second device. Other EngineErrors end the run.
        """
        ...

    def close(self) -> None:
        """Free what was loaded."""
        ...


@runtime_checkable
class ReadsWords(Protocol):
    """What an engine also has that takes emotions by "words"."""

    def reader(self) -> str:
        """Identifies what reads an emotion's `words`; part of the key of the takes that have some. "" where nothing does on
        this machine: then such an emotion comes as `weights`. Must not load it.

        Raises EngineError for one that is there and out of order.
        """
        ...
