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
        (
            "'I saw \"The Birds\" yesterday,' said Tom. 'It was dull.'",
            ["'I saw \"The Birds\" yesterday,'", "'It was dull.'"],
            "en",
        ),
        ("'It's the boys' turn to pay,' said Tom.", ["'It's the boys' turn to pay,'"], "en"),
        ("'Then let them pay', said Anne.", ["'Then let them pay'"], "en"),
        ("'Rock 'n' roll is dead,' Tom said. 'Take 'em away.'", ["'Rock 'n' roll is dead,'", "'Take 'em away.'"], "en"),
        ("He took 'em home, and the dogs', too.", [], "en"),
        ("\"You said, 'Never again,' \" Tom whispered.", ["\"You said, 'Never again,' \""], "en"),
        (
            '"\'Twas a dark night," said Tom, "and the dog said \'woof.\'"',
            ['"\'Twas a dark night,"', "\"and the dog said 'woof.'\""],
            "en",
        ),
        ('"The so-called "soldier" had no boots," said Anne.', ['"The so-called "soldier" had no boots,"'], "en"),
        ('Tom sat down. The so-called "soldier" had no boots.', [], "en"),
        ('The sign read: "Trespassers will be shot."', [], "en"),
        ('A sign over the door said "The Black Swan," and Tom went in.', [], "en"),
        ('"Dear Tom," the letter said, "I am safe. Yours, Anne."', [], "en"),
        ("“Keep out,” read the notice on the gate.", [], "en"),
        ("He pointed at the sign and said, “Read it.”", ["“Read it.”"], "en"),
        ("The man with the letter said, “Read it.”", ["“Read it.”"], "en"),
        ("Seeing the sign, Tom said, “We are here.”", ["“We are here.”"], "en"),
        ("“I burned it,” said the letter writer.", ["“I burned it,”"], "en"),
    ],
)
def test_what_is_speech(text: str, spoken: list[str], language: Language) -> None:
    found = spans(text, speech(language).verb)
    assert [text[span.start : span.end] for span in found if span.speech] == spoken
    assert "".join(text[span.start : span.end] for span in found) == text


@pytest.mark.parametrize(
    "text",
    [
        "“The Last Light” was the title of her book.",
        "He said “yes” to everything she asked.",
        "To Nora’s surprise he said “yes.”",
        "It was what the Square would call “showy.”",
        "It was that friendly thing in trade, “an old account.”",
    ],
)
def test_english_words_that_the_sentence_is_about_are_no_speech(text: str) -> None:
    assert not any(span.speech for span in spans(text, speech("en").verb))


@pytest.mark.parametrize(
    "text",
    ["“Good Night” whispered Nora.", "“Poor Old Tom!” was all she said.", "He suggested “tomorrow.”", "Nora took his hand, “and so you came.”"],
)  # fmt: skip
def test_short_english_speech_is_speech(text: str) -> None:
    assert any(span.speech for span in spans(text, speech("en").verb))
