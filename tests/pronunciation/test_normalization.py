"""Numbers and signs as a narrator reads them."""

from __future__ import annotations

import pytest

from pipeline.pronunciation.text import spoken


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Chapter IV", "Chapter four"),
        ("CHAPTER XIX", "CHAPTER nineteen"),
        ("Part I.", "Part one."),
        ("Volume XL", "Volume forty"),
        ("the Book I read", "the Book I read"),
        ("Chapter I'll", "Chapter I'll"),
    ],
)
def test_chapter_numbers(written: str, said: str) -> None:
    assert spoken(written, "en") == said
