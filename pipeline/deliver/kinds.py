"""Every kind of deliverable: its name, what makes it, and the settings it takes in the cast file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import MasteringError, did_you_mean

if TYPE_CHECKING:
    from pipeline.deliver.book import FinishedBook


@dataclass(frozen=True, slots=True)
class Kind:
    """name      as written after --deliver and in the cast file
    call      ``module:function`` in this room
    about     (English, Chinese) for people
    needs     chapter formats that must be there, such as m4a; () = any
    settings  name -> rule: ("str",), ("bool",), ("int", low, high), ("float", low, high), ("choice", a, b …)
    """

    name: str
    call: str
    about: tuple[str, str]
    needs: tuple[str, ...] = ()
    settings: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def writer(self) -> Callable[[FinishedBook], list[Path]]:
        """The function that makes it; its module is imported now."""
        module, function = self.call.split(":")
        write: Callable[[FinishedBook], list[Path]] = getattr(import_module(f"pipeline.deliver.{module}"), function)
        return write


KINDS: dict[str, Kind] = {
    one.name: one
    for one in (
        Kind(
            "m4b",
            "m4b:write",
            ("audiobook with chapter marks", "带章节标记的有声书"),
            ("m4a",),
            {"split_hours": ("float", 1, 100), "split_mb": ("int", 1, 1_000_000)},
        ),
        Kind(
            "mp3", "mp3:write", ("the whole book in one MP3 with chapter marks", "整本书一个 MP3，带章节标记"), ("mp3",)
        ),
        Kind(
            "sample",
            "sample:write",
            ("retail sample, one to five minutes", "试听样本，一到五分钟"),
            (),
            {"minutes": ("float", 1, 5), "chapter": ("int", 1, 100_000)},
        ),
        Kind("stems", "stems:write", ("every character's lines in a file of their own", "每个角色一条分轨"), ()),
        Kind("timeline", "timeline:write", ("every line's place, CSV and JSON", "每一行的起止，CSV 与 JSON")),
    )
}


def chosen(text: str) -> tuple[str, ...]:
    """The kinds that ``m4b,srt`` names, in the order of `KINDS`. Raises MasteringError for one that is not made here."""
    wanted = [part.strip().lower() for part in text.split(",") if part.strip()]
    for one in wanted:
        if one not in KINDS:
            raise MasteringError(
                f"no deliverable is named {one!r}.{did_you_mean(one, KINDS)}", fix=f"Here: {', '.join(KINDS)}."
            )
    return tuple(one for one in KINDS if one in wanted)
