"""A book's own characters, traditional or simplified: the analysis reads all Chinese as simplified."""

from __future__ import annotations

from collections import Counter

from pipeline.nouns import Book, Language
from pipeline.simplified import simplified

_SEEN = 20
"""Places from which a name's spelling is told."""


def plain(text: str, language: Language) -> str:
    """`text` as the analysis reads it, as long as it is."""
    return simplified(text) if language == "zh" else text


class Spelling:
    """How a book writes the names that were found in simplified characters. Costs nothing for a simplified book."""

    def __init__(self, book: Book) -> None:
        written = [one.text for chapter in book.chapters for one in chapter.paragraphs] if book.language == "zh" else []
        read = [simplified(one) for one in written]
        traditional = any(one is not two for one, two in zip(written, read, strict=True))
        self._written, self._read = ("\n".join(written), "\n".join(read)) if traditional else ("", "")
        self._known: dict[str, str] = {}

    def written(self, name: str) -> str:
        """`name` as the book mostly writes it where it first stands; as it is where it does not stand there."""
        if not self._read or name.isascii():
            return name
        if name not in self._known:
            seen: Counter[str] = Counter()
            at = self._read.find(name)
            while at >= 0 and seen.total() < _SEEN:
                seen[self._written[at : at + len(name)]] += 1
                at = self._read.find(name, at + 1)
            self._known[name] = seen.most_common(1)[0][0] if seen else name
        return self._known[name]
