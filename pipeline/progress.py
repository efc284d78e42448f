"""What long work tells whoever watches: a stage, how far it is, how much audio that made, and what went wrong meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal[
    "read", "ask", "plan", "start", "render", "master", "deliver", "listen",
    "retry", "failed", "lost", "night", "book", "outcome",
]  # fmt: skip
INCIDENTS = frozenset({"retry", "failed", "lost", "night", "book", "outcome"})
"""Stages that are no progress of a book. They may be told from any thread.

retry    `lines` are tried again, one id for each take; `note` says why: "flagged" by a check of the take, "refused" by the
         engine, "disk" (it was away for a moment), "lost" (their worker was)
failed   a take could not be rendered, `lines` are all that asked for it; `note` is what became of them, of `nouns.OnFailure`
lost     a worker was lost and is replaced; `note` says how: "ended", "silent", or "device" where the engine said so
night    a night begins (`done` 0) or ends, of `total` books
book     a book's turn begins, after `done` others
outcome  what became of it: `note`, of `queue.record.Outcome`
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of a stage (lines, chapters, files); `seconds` of audio made by this step; `note` names
    the thing at hand; `chapter` is the number of the one at hand, 0 = none; `lines` are ids; `book` is the name of a book's
    folder."""

    stage: Stage
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    note: str = ""
    chapter: int = 0
    lines: tuple[str, ...] = ()
    book: str = ""


Observer = Callable[[Progress], None]


def together(*observers: Observer) -> Observer:
    """One observer that tells all of them."""

    def tell(step: Progress) -> None:
        for one in observers:
            one(step)

    return tell


def unobserved(_: Progress) -> None:
    """Nobody watches."""
