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
    reads     files of the book's folder that go into it, beside the masters, where they are there
    settings  name -> rule: ("str",), ("bool",), ("int", low, high), ("float", low, high), ("choice", a, b …)
    """

    name: str
    call: str
    about: tuple[str, str]
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    settings: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def writer(self) -> Callable[[FinishedBook], list[Path]]:
        """The function that makes it; its module is imported now."""
        module, function = self.call.split(":")
        write: Callable[[FinishedBook], list[Path]] = getattr(import_module(f"pipeline.deliver.{module}"), function)
        return write


KINDS: dict[str, Kind] = {
    one.name: one
    for one in (
        Kind("m4b", "m4b:write", ("audiobook with chapter marks", "带章节标记的有声书"), ("m4a",)),
        Kind("timeline", "timeline:write", ("every line's place, CSV and JSON", "每一行的起止，CSV 与 JSON")),
        Kind(
            "report",
            "report:write",
            ("quality report, one page and JSON", "质量报告，单页网页与 JSON"),
            reads=("listening.json",),
        ),
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
