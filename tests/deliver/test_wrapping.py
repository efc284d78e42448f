"""Captions: whole, short enough, and cut where a reader would."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.deliver.clock import on_one_line
from pipeline.deliver.wrapping import Layout, columns, cut

ZH, EN = Layout(40, 2), Layout(42, 2)


def rows(text: str, layout: Layout) -> list[tuple[str, ...]]:
    return [piece.rows for piece in cut(text, layout)]


@given(
    st.text(alphabet=st.sampled_from("ab c，。“”\"'!?—林晚走 e\u0301שלم😀-,."), max_size=200).map(on_one_line),
    st.integers(16, 50),
    st.integers(1, 3),
)
@settings(max_examples=150, deadline=None)
def test_pieces_hold_the_whole_text_in_order_and_fit(text: str, width: int, most: int) -> None:
    pieces = cut(text, Layout(width, most))
    assert "".join(text[one.start : one.end] for one in pieces) == text
    for one in pieces:
        assert 1 <= len(one.rows) <= most
        assert all(row and columns(row) <= width for row in one.rows)
        assert "".join(one.rows).replace(" ", "") == text[one.start : one.end].replace(" ", "")


def test_chinese_is_cut_behind_sentences_and_commas() -> None:
    text = "长安城下了三天的雨，城里的人都说这是三十年来最大的一场。林晚推开门，看见老王站在雨里，手里拿着一封信。"
    assert rows(text, ZH) == [
        ("长安城下了三天的雨，", "城里的人都说这是三十年来最大的一场。"),
        ("林晚推开门，看见老王站在雨里，", "手里拿着一封信。"),
    ]


def test_english_is_cut_between_words_best_behind_punctuation() -> None:
    text = (
        "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness."
    )
    assert rows(text, EN) == [
        ("It was the best of times,", "it was the worst of times,"),
        ("it was the age of wisdom,", "it was the age of foolishness."),
    ]


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("“" + "走" * 17 + "，”" + "林晚" * 12 + "。", ("“", "，", "”", "。")),
        ("他说：" + "走" * 15 + "“" + "来" * 20 + "。”", ("“",)),
    ],
)
def test_no_row_begins_with_a_closing_or_ends_with_an_opening_sign(text: str, never: tuple[str, ...]) -> None:
    cut_rows = [row for piece in rows(text, ZH) for row in piece]
    assert len(cut_rows) > 1
    assert not any(row.startswith(("，", "。", "”")) or row.endswith("“") for row in cut_rows)
    assert all(sign in text for sign in never)


def test_an_abbreviations_stop_is_no_sentences_end() -> None:
    text = "She had not expected that old and tired Mr. Bennet would come to see her at that hour of the night at all."
    assert not any(row.endswith("Mr.") for piece in rows(text, EN) for row in piece)


def test_a_word_wider_than_a_row_is_torn_and_nothing_else() -> None:
    text = "See https://example.org/" + "a" * 60 + " for more."
    found = [row for piece in rows(text, EN) for row in piece]
    assert "".join(found).replace(" ", "") == text.replace(" ", "")
    assert all(columns(row) <= 42 for row in found)


def test_combining_signs_take_no_column_and_stay_with_their_letter() -> None:
    assert columns("e\u0301") == 1
    assert columns("林a") == 3
    text = "e\u0301" * 60
    assert all(not row.startswith("\u0301") for piece in rows(text, EN) for row in piece)


def test_two_thousand_characters_are_cut() -> None:
    text = "她走到窗前，看着外面的雨。" * 154
    pieces = cut(text, ZH)
    assert all(piece.rows[-1].endswith(("。", "，")) for piece in pieces)
