"""English speech marked by dashes at the beginning of its paragraphs: where its tags are, and where it is none."""

from pathlib import Path

import pytest

from pipeline.nouns import Book, Chapter, Paragraph
from pipeline.script import analyse, dashes_en


def cut(text: str) -> list[str]:
    found = dashes_en.spans(text)
    assert "".join(text[one.start : one.end] for one in found) == text
    return [("" if one.speech else "*") + text[one.start : one.end].strip() for one in found]


def analysed(*paragraphs: str) -> list[tuple[str, str, str]]:
    book = Book("B", "A", "en", (Chapter(1, "", tuple(Paragraph(text) for text in paragraphs)),), Path("b.txt"), "")
    return [(line.kind, line.speaker, line.text) for line in analyse(book)]


@pytest.mark.parametrize(
    ("paragraph", "wanted"),
    [
        ("— The boat is in, — said Nora.", ["— The boat is in, —", "*said Nora."]),
        ("— The boat, — said Nora, — is in.", ["— The boat, —", "*said Nora, —", "is in."]),
        ("—The boat is in, said Nora.", ["—The boat is in,", "*said Nora."]),
        ("―Is it in? asked old Ferris from the stairs.", ["―Is it in?", "*asked old Ferris from the stairs."]),
        ("—I know, Nora said. It came at six.", ["—I know,", "*Nora said.", "It came at six."]),
        ("—I know, Nora said. She took the lamp.", ["—I know,", "*Nora said. She took the lamp."]),
        ("—I know, said Nora, turning round, and I do not care.", ["—I know,", "*said Nora, turning round,", "and I do not care."]),
        ("—Do you know, he said, when it came?", ["—Do you know,", "*he said,", "when it came?"]),
        ("—Is it in? asked Ben Pike, the ferryman.", ["—Is it in?", "*asked Ben Pike, the ferryman."]),
        ("—I know, said Nora, the boat is in.", ["—I know,", "*said Nora,", "the boat is in."]),
        ("— I — I forgot. — She shut the door.", ["— I — I forgot. —", "*She shut the door."]),
        ("—Yesterday, she said she was ill.", ["—Yesterday, she said she was ill."]),
        ("—No, said the man with Mr. Crane. It is mine.", ["—No,", "*said the man with Mr. Crane.", "It is mine."]),
    ],
)  # fmt: skip
def test_a_tag_stands_behind_a_dash_or_a_comma(paragraph: str, wanted: list[str]) -> None:
    assert cut(paragraph) == wanted


def test_dashes_have_speakers_as_quotation_marks_do() -> None:
    found = analysed(
        "Nora and Hugh came down to the quay.", "—The boat is in, said Nora.", "—Is it? said Hugh. I see nothing.", "—Look there.",
        "—I do, said Hugh.", "—Then come, Nora said.",
    )  # fmt: skip
    assert [(speaker, text) for kind, speaker, text in found if kind == "dialogue"] == [
        ("Nora", "—The boat is in,"), ("Hugh", "—Is it?"), ("Hugh", "I see nothing."), ("Nora", "—Look there."),
        ("Hugh", "—I do,"), ("Nora", "—Then come,"),
    ]  # fmt: skip


def test_a_dash_in_a_chapter_of_quotation_marks_opens_no_speech() -> None:
    found = analysed(
        "“The boat is in,” said Nora.", "“I see it.”", "—and so they stood on the quay and waited.", "Rain fell."
    )
    assert [kind for kind, _, _ in found] == ["dialogue", "narration", "dialogue", "narration", "narration"]


def test_one_line_of_verse_is_signed_and_not_spoken() -> None:
    assert [kind for kind, _, _ in analysed("The sea is wide.", "— Nora Blake", "They came down.")] == ["narration"] * 3
