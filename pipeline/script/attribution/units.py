"""What attribution reads and what it returns."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.nouns import NARRATOR


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of a paragraph as `attribute` sees it. `paragraph` counts in the chapter; `open` is a quotation that
    goes on in the next paragraph; headings and breaks end a conversation."""

    text: str
    speech: bool
    paragraph: int
    open: bool = False
    ends_conversation: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """For one unit: `speaker`, `confidence` 0..1 (how often such a decision is right), `why` (the evidence in a few
    words), what `kind` of line it is, and the words of the tag (for the emotion tagger)."""

    speaker: str
    confidence: float
    why: str
    kind: str = "dialogue"
    tag: str = ""


NARRATION = Decision(NARRATOR, 1.0, "narration", "narration")
