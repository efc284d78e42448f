"""Who speaks in Chinese passages of many shapes."""

from __future__ import annotations

import pytest
from hypothesis import given as example_of
from hypothesis import settings
from hypothesis import strategies as st

from pipeline.script.attribution import Unit, attribute
from pipeline.script.names import Names
from pipeline.script.names_zh import given, learn

PEOPLE: Names = given({"林晚": ["小晚"], "陈默": ["老陈"]}, {"林晚": "female", "陈默": "male"})
PIECES = [
    "林晚说：",
    "“你来了？”",
    "他问。",
    "她没有回答。",
    "“小晚，走吧。”",
    "陈默看着林晚。",
    "“我是陈默。”",
    "夜深了。",
    "",
]


def speakers(*units: tuple[str, int]) -> list[str]:
    """Of the speech among (text, paragraph) units."""
    read = [Unit(text, text.startswith("“"), paragraph) for text, paragraph in units]
    found = attribute(read, PEOPLE, "zh")
    return [decision.speaker for unit, decision in zip(read, found, strict=True) if unit.speech]


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ((("林晚说：", 1), ("“走吧。”", 1)), ["林晚"]),
        ((("“走吧。”", 1), ("陈默说。", 1)), ["陈默"]),
        ((("陈默和林晚坐下来。", 1), ("她问：", 2), ("“几点了？”", 2)), ["林晚"]),
        ((("陈默和林晚坐下来。", 1), ("他对小晚说：", 2), ("“几点了？”", 2)), ["陈默"]),
        (
            (("林晚道：", 1), ("“你饿吗？”", 1), ("陈默道：", 2), ("“不饿。”", 2), ("“真的？”", 3)),
            ["林晚", "陈默", "林晚"],
        ),
        ((("小晚答道：", 1), ("“好。”", 1)), ["林晚"]),
    ],
)
def test_shapes(units: tuple[tuple[str, int], ...], expected: list[str]) -> None:
    assert speakers(*units) == expected


def test_nobody_near_is_unknown() -> None:
    assert speakers(("夜深了。", 1), ("“谁？”", 2)) == ["unknown"]


def test_forms_of_a_learnt_name_are_one_person() -> None:
    names = learn(
        [("林晚说：", True), ("林晚问：", True), ("林晚道：", True), ("小晚笑道：", True), ("小晚说：", True)] * 2
    )
    assert names.canonical("小晚") == "林晚"


@settings(max_examples=60, deadline=None)
@example_of(st.lists(st.tuples(st.sampled_from(PIECES), st.integers(0, 2), st.booleans()), max_size=25))
def test_any_chapter_gets_one_decision_a_unit(rows: list[tuple[str, int, bool]]) -> None:
    units, paragraph = [], 1
    for text, step, ends in rows:
        paragraph += step
        units.append(Unit(text, text.startswith("“"), paragraph, ends_conversation=ends))
    once = attribute(units, PEOPLE, "zh")
    assert len(once) == len(units)
    assert once == attribute(units, PEOPLE, "zh")
    assert all(0 <= decision.confidence <= 1 for decision in once)
