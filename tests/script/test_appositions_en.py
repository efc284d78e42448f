"""English people told by what they are and by name: joined where the narration puts the two together."""

import pytest

from pipeline.script import names_en
from pipeline.script.lines import _units
from pipeline.script.names import Names


def learnt(*paragraphs: str) -> Names:
    found = [unit for number, text in enumerate(paragraphs, 1) for unit in _units(text, number, "en")]
    spoken = {unit.paragraph for unit in found if unit.speech}
    return names_en.learn([(unit.text, unit.paragraph in spoken) for unit in found if not unit.speech])


SPEECH = (
    "“Come in,” said the gardener.",
    "“No,” said Hugh Crane.",
    "“Well,” said Nora Blake.",
    "“Come,” said the old man.",
)


@pytest.mark.parametrize(
    ("told", "role"),
    [
        ("Hugh Crane, the gardener, lived there.", "the gardener"),
        ("They asked the gardener, Hugh Crane.", "the gardener"),
        ("But Hugh Crane, an under gardener of the Hall, came by.", "the gardener"),
        ("There was a gardener named Hugh Crane.", "the gardener"),
        ("The gardener’s name was Hugh Crane.", "the gardener"),
        ("They met an old man, whose name was Hugh Crane.", "the old man"),
    ],
)  # fmt: skip
def test_somebody_called_by_what_he_is_has_the_name_beside_it(told: str, role: str) -> None:
    assert learnt(told, *SPEECH).canonical(role) == "Hugh Crane"


@pytest.mark.parametrize(
    "told",
    [
        "Hugh Crane saw the gardener.",
        "They saw Hugh Crane, the gardener, and Nora Blake, the gardener.",
        "They saw Nora Blake, Hugh Crane, the gardener, and the dog.",
        "Hugh Crane, the old man, and the dog came by.",
    ],
)  # fmt: skip
def test_who_only_stands_near_is_another(told: str) -> None:
    names = learnt(told, *SPEECH)
    assert names.canonical("the gardener") == "the gardener"
    assert names.canonical("the old man") == "the old man"


def test_an_old_man_met_all_through_a_book_is_not_the_one_named_once() -> None:
    far = ["The rain fell on the roofs all day, and nothing else went on."] * 200
    told = ["An old man named Hugh Crane came by.", *SPEECH, *far, *["“Stay,” said the old man."] * 4]
    assert learnt(*told).canonical("the old man") == "the old man"


@pytest.mark.parametrize(
    "told",
    [
        "Nora Hale, now Mrs. Blake, came in.",
        "Mrs. Blake — Nora — came in.",
        "It was Mrs. Blake, whose maiden name was Nora Hale.",
        "There stood Nora Hale, better known as Mrs. Blake.",
    ],
)
def test_a_second_name_that_the_narration_gives_is_the_same_person(told: str) -> None:
    speech = ("“Come in,” said Nora Hale.", "“No,” said Hugh.", "“Well,” said Mrs. Blake.", "“Go,” said Nora.")
    assert learnt(told, *speech).canonical("Mrs. Blake") == learnt(told, *speech).canonical("Nora")
    assert learnt("They met Nora Hale and Mrs. Blake.", *speech).canonical("Mrs. Blake") == "Mrs. Blake"


def test_a_man_in_brackets_is_not_the_woman_before_him() -> None:
    names = learnt("Nora Hale (Hugh) came in.", "“Come in,” said Nora Hale.", "“No,” said Hugh.")
    assert names.canonical("Hugh") == "Hugh"
