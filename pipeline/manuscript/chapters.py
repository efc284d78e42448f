"""The one chapter finder for formats without a table of contents of their own: pieces -> chapters.

A heading is a line that the format marks as one, or that looks like one (headings.yaml), or matches the user's pattern.
A volume's heading directly over a chapter's joins its title ("第一卷 风起 · 第一章 雨夜"); with text of its own it is a
chapter. A run of headings without text, each of which comes again later, is a table of contents and skipped. A heading
that repeats the one it stands under (a running head, a page's foot) begins no chapter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.manuscript.options import Options, Piece
from pipeline.manuscript.rules import rules
from pipeline.nouns import Chapter, Paragraph, Skipped


@dataclass(slots=True)
class _Draft:
    title: str
    level: int
    pieces: list[Piece] = field(default_factory=list)

    @property
    def has_body(self) -> bool:
        return any(piece.kind in ("body", "note") and piece.text for piece in self.pieces)

    @property
    def characters(self) -> int:
        return sum(len(piece.text) for piece in self.pieces)


def split(
    pieces: Sequence[Piece], options: Options, book_title: str
) -> tuple[tuple[Chapter, ...], tuple[Skipped, ...]]:
    """Chapters in order, and what was skipped. Text before the first heading is a chapter of its own, titled like the
    book; so is a whole text without headings."""
    drafts = _drafts(pieces, _levels(pieces, options), book_title)
    drafts, skipped = _without_contents(drafts)
    drafts = _joined_volumes(drafts)
    kept: list[_Draft] = []
    for draft in drafts:
        if not options.include_matter and rules().is_matter(draft.title):
            skipped.append(Skipped(draft.title, "front or back matter", draft.characters, draft.pieces[0].source))
        elif draft.pieces:
            kept.append(draft)
    chapters = tuple(
        Chapter(number, draft.title, tuple(Paragraph(piece.text, piece.kind, piece.source) for piece in draft.pieces))
        for number, draft in enumerate(kept, 1)
    )
    return chapters, tuple(skipped)


def _levels(pieces: Sequence[Piece], options: Options) -> list[int]:
    """For every piece: its heading level, 0 for text, -1 for a heading inside a chapter."""
    if options.pattern:
        return [1 if piece.kind != "break" and options.pattern.search(piece.text) else 0 for piece in pieces]
    marked = Counter(piece.level for piece in pieces if piece.level)
    if marked:
        chapter_level = next((level for level in sorted(marked) if marked[level] >= 2), max(marked))
        return [(piece.level if piece.level <= chapter_level else -1) if piece.level else 0 for piece in pieces]
    return [rules().level(piece.text) if piece.kind == "body" else 0 for piece in pieces]


def _drafts(pieces: Sequence[Piece], levels: Sequence[int], book_title: str) -> list[_Draft]:
    drafts = [_Draft(book_title, 0)]
    for piece, level in zip(pieces, levels, strict=True):
        if level > 0 and not (drafts[-1].level and _name(piece.text) == _name(drafts[-1].title)):
            drafts.append(_Draft(piece.text, level))
        heading = level != 0
        drafts[-1].pieces.append(Piece(piece.text, "heading", piece.source) if heading else piece)
    return drafts if drafts[0].pieces else drafts[1:]


def _without_contents(drafts: list[_Draft]) -> tuple[list[_Draft], list[Skipped]]:
    later = Counter(_name(draft.title) for draft in drafts if draft.has_body)
    kept, skipped = [], []
    for draft in drafts:
        if draft.level and not draft.has_body and later[_name(draft.title)]:
            skipped.append(draft)
        else:
            kept.append(draft)
    if not skipped:
        return kept, []
    count = sum(draft.characters for draft in skipped)
    return kept, [Skipped(f"{len(skipped)} headings", "table of contents", count, skipped[0].pieces[0].source)]


def _name(title: str) -> str:
    return "".join(sign for sign in title if sign.isalnum())


def _joined_volumes(drafts: list[_Draft]) -> list[_Draft]:
    joined: list[_Draft] = []
    for draft in drafts:
        over = joined[-1] if joined else None
        if over and over.level and not over.has_body and draft.level > over.level:
            joined[-1] = _Draft(f"{over.title} · {draft.title}", draft.level, over.pieces + draft.pieces)
        else:
            joined.append(draft)
    return joined
