"""How the lines that are due are dealt out to workers."""

from __future__ import annotations

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from pipeline import engines
from pipeline.cast import Cast, complete, default_cast
from pipeline.nouns import Line
from pipeline.render.plan import Due, batches, said

SIZE = engines.engine_class("espeak").capabilities.batch_size


def due(lengths: list[int]) -> list[Due]:
    return [
        Due(f"{number:04d}", "espeak", Line(f"c01-{number:04d}", 1, number, 1, "narration", "旁白", "字" * length))
        for number, length in enumerate(lengths)
    ]


def cast() -> Cast:
    return complete(default_cast("zh"), [])


@given(st.lists(st.integers(1, 60), min_size=1, max_size=400), st.integers(1, 8))
def test_every_line_is_dealt_out_once_and_every_worker_gets_as_many(lengths: list[int], workers: int) -> None:
    dealt = list(batches(due(lengths), cast(), workers=workers))
    assert sorted(job.key for batch in dealt for job in batch) == [f"{number:04d}" for number in range(len(lengths))]
    sizes = [len(batch) for batch in dealt]
    assert max(sizes) <= SIZE
    assert max(sizes) - min(sizes) <= 1
    if len(lengths) >= workers * ceil(SIZE / 4):
        assert len(dealt) % workers == 0
    else:
        assert len(dealt) == 1 or min(sizes) >= SIZE // 4, "a worker is started for a handful of lines"


def test_a_book_is_given_out_from_its_beginning_and_like_lengths_together() -> None:
    dealt = list(batches(due([5, 40] * (10 * SIZE)), cast(), workers=2))
    assert max(int(job.key) for batch in dealt[:8] for job in batch) < 8 * SIZE
    assert sum(len({len(job.direction.text) for job in batch}) == 1 for batch in dealt) >= len(dealt) - 3


def test_a_heading_of_one_numeral_is_read_as_a_number() -> None:
    english, words = complete(default_cast("en"), []), ("I", "I.", "II", "I am here")
    headings = [said(Line("c01-1", 1, 1, 1, "heading", "narrator", text), english) for text in words]
    assert headings == ["one", "one", "two", "I am here"]
    assert said(Line("c01-1", 1, 1, 1, "dialogue", "narrator", "I"), english) == "I"
