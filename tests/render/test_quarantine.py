"""Many lines that cannot be spoken: poison lines as long as others can, or have failed before."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import EngineError
from pipeline.opening import open_book
from pipeline.produce import Result, finish
from pipeline.quarantine import SYSTEMATIC
from pipeline.request import Request

pytestmark = pytest.mark.usefixtures("troubled")
CAST = "language: zh\nnarrator: {voice: n}\nvoices: {n: {engine: refusing}}\non_failure: silence\n"


def book(tmp_path: Path, lines: int, poison: range, more: str = "") -> Request:
    """One chapter of so many lines, some of which have the word, and a short second chapter."""
    text = "\n".join(f"第{100 + n}句话{'有毒' if n in poison else '没有'}。" for n in range(lines))
    (tmp_path / "b.txt").write_text(f"第一章\n\n{text}\n\n第二章\n\n天亮了。{more}\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text(CAST, encoding="utf-8")
    return Request(tmp_path / "b.txt", tmp_path / "b.yaml", output=tmp_path / "out", formats="flac", deliver="timeline")


def produced(request: Request) -> Result:
    with open_book(request) as production:
        return finish(production, 1)


def test_lines_that_failed_before_stop_no_later_run_though_they_come_all_at_once(tmp_path: Path) -> None:
    poison = range(0, 200, 8)
    assert len(poison) > SYSTEMATIC
    first = produced(book(tmp_path, 200, poison))
    assert (len(first.failed), first.mastered) == (len(poison), (1, 2))
    second = produced(book(tmp_path, 200, poison))
    assert (len(second.failed), second.rendered, second.mastered) == (len(poison), 0, ())
    third = produced(book(tmp_path, 200, poison, "又下雨了。"))
    assert (len(third.failed), third.rendered, third.mastered) == (len(poison), 1, (2,))


def test_a_batch_in_which_others_are_rendered_is_no_broken_engine(tmp_path: Path) -> None:
    poison = range(0, 44, 2)
    assert len(poison) > SYSTEMATIC
    made = produced(book(tmp_path, 44, poison))
    assert (len(made.failed), made.mastered) == (len(poison), (1, 2))


def test_lines_that_fail_anew_stop_the_run_and_leave_what_stands_in_for_the_others(tmp_path: Path) -> None:
    poison = range(0, 200, 8)
    produced(book(tmp_path, 200, poison))
    text = "\n".join(f"第{n}句也有毒。" for n in range(500, 600))
    with pytest.raises(EngineError, match="no such word"):
        produced(book(tmp_path, 200, poison, f"\n{text}"))
    with open_book(book(tmp_path, 200, poison)) as production:
        failures = production.store.failures()
        failed = {line.id for line in production.plan.lines if line.id in failures}
        assert len(failed) == len(poison)
        assert all(failures[line].stand_in for line in failed)
