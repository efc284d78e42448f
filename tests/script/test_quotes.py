"""Quotation marks as manuscripts have them, slips included."""

from __future__ import annotations

import pytest

from pipeline.nouns import Language
from pipeline.script.quotes import spans
from pipeline.script.words import speech


@pytest.mark.parametrize(
    ("text", "spoken", "language"),
    [
        ("史进问道：“出了甚事？“李睡兰道：“踏了个空。“", ["“出了甚事？“", "“踏了个空。“"], "zh"),
        ("“他说：“走。””", ["“他说：“走。””"], "zh"),
        ("“走吧，“他说", ["“走吧，“他说"], "zh"),
        ("There can be no doubt of it.” She laughed.", ["There can be no doubt of it.”"], "en"),
        ("The dogs’ dinner. “Eat,” he said.", ["“Eat,”"], "en"),
    ],
)
def test_what_is_speech(text: str, spoken: list[str], language: Language) -> None:
    found = spans(text, speech(language).verb)
    assert [text[span.start : span.end] for span in found if span.speech] == spoken
    assert "".join(text[span.start : span.end] for span in found) == text
