"""One quotation to decide, as the language's reader sees it and the model scores it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LINKS = (
    "start", "same-paragraph", "continued", "interrupted", "adjacent", "answer", "tag-between", "led", "led-on", "led-answer",
    "action-between", "far",
)  # fmt: skip
"""How a quotation hangs to the one before it. "answer": adjacent to one that ends in a question mark; "interrupted": only
narration that ends in a comma between; "tag-between": only a tag; "led": narration that ends in a colon; "led-on" and
"led-answer": such a one that names nobody who acts (又道：, 回答：)."""


@dataclass(frozen=True, slots=True)
class Case:
    """`unit`: index in the chapter. `candidates`: who may speak, at most ten in a conversation. `features`: for each
    candidate its named evidence. `link` (of `LINKS`): how the quotation hangs to the case before; "start" and "far" begin
    a conversation. `kind`, `tag`: as in `Decision`. `evidence`: for each candidate a few words for people. `lead`: whom the
    words beside the quotation make its speaker, "" for somebody who is none of the candidates, None where they do not tell."""

    unit: int
    candidates: tuple[str, ...]
    features: tuple[Mapping[str, float], ...]
    link: str
    kind: str
    tag: str
    evidence: tuple[str, ...]
    lead: str | None = field(default=None, kw_only=True)
