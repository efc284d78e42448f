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
    """How a book writes the names that were found in simplified characters. Costs next to nothing for a simplified book."""

    def __init__(self, book: Book) -> None:
        texts = [one.text for chapter in book.chapters for one in chapter.paragraphs] if book.language == "zh" else []
        traditional = [simplified(text) is not text for text in texts]
        self._simple = [text for text, other in zip(texts, traditional, strict=True) if not other]
        self._written = "\n".join(text for text, other in zip(texts, traditional, strict=True) if other)
        self._read = simplified(self._written)
        self._known: dict[str, str] = {}

    def written(self, name: str) -> str:
        """`name` as the book mostly writes it; as it is where it does not stand there."""
        if not self._read or name.isascii():
            return name
        if name not in self._known:
            seen: Counter[str] = Counter()
            at = self._read.find(name)
            while at >= 0 and seen.total() < _SEEN:
                seen[self._written[at : at + len(name)]] += 1
                at = self._read.find(name, at + 1)
            if seen.keys() - {name}:
                seen[name] += sum(text.count(name) for text in self._simple)
            self._known[name] = seen.most_common(1)[0][0] if seen else name
        return self._known[name]
