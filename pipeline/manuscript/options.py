"""How a manuscript is to be read, and the pieces that readers hand to the chapter finder."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.nouns import ParagraphKind, Source


@dataclass(frozen=True, slots=True)
class Options:
    """Reading options: `pattern` of a chapter heading, `include_matter`, `encoding` of a text file."""

    pattern: re.Pattern[str] | None = None
    include_matter: bool = False
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A paragraph as a reader found it. `level` is a heading's (1 = highest), 0 for what the format does not mark."""

    text: str
    kind: ParagraphKind
    source: Source
    level: int = 0
