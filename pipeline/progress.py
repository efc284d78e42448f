"""What long work tells whoever watches: a stage, how far it is, and how much audio that made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["read", "ask", "plan", "start", "render", "master", "deliver", "listen"]


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of a stage (lines, chapters, files); `seconds` of audio made by this step; `note` names
    the thing at hand."""

    stage: Stage
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    note: str = ""


Observer = Callable[[Progress], None]


def unobserved(_: Progress) -> None:
    """Nobody watches."""
