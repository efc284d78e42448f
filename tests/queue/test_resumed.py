"""Books that are paused and go on within one night."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.opening import Production
from pipeline.produce import Result
from pipeline.progress import Observer
from pipeline.queue import edit, night
from pipeline.request import Request
from tests.queue.conftest import plainly, write_queue, write_story

FAR = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("at_once", [False, True])
def test_a_book_that_is_paused_and_goes_on_has_another_turn_in_the_same_night(home: Path, at_once: bool) -> None:
    (home / "long.txt").write_text("\n".join(f"这是第{n}句话。" for n in range(60)), encoding="utf-8")
    write_story(home, "two")
    queue = write_queue(
        home, "  - {manuscript: long.txt, priority: 1, formats: flac, deliver: timeline}\n  - two.txt\n"
    )
    turns: list[tuple[str, str]] = []

    def make(production: Production, request: Request, observe: Observer) -> Result:
        name, first = request.manuscript.stem, not turns
        if first:
            edit.edit(queue, edit.paused(True, "long"))
        elif name == "two" and not at_once:
            edit.edit(queue, edit.paused(False, "long"))
        result = plainly(production, request, observe)
        if first and at_once:
            edit.edit(queue, edit.paused(False, "long"))
        turns.append((name, "stopped" if result.stopped else "done"))
        return result

    made = night.work(queue, FAR, make)
    assert turns[0] == ("long", "stopped")
    assert sorted(turns[1:]) == [("long", "done"), ("two", "done")]
    assert {one.book: one.outcome for one in made.books} == {"long": "done", "two": "done"}


def test_a_book_that_stays_paused_has_no_other_turn(home: Path) -> None:
    write_story(home, "one")
    write_story(home, "two")
    queue = write_queue(home, "  - {manuscript: one.txt, priority: 1}\n  - two.txt\n")
    turns: list[str] = []

    def make(production: Production, request: Request, observe: Observer) -> Result:
        turns.append(request.manuscript.stem)
        if turns == ["one"]:
            edit.edit(queue, edit.paused(True, "one"))
        return plainly(production, request, observe)

    made = night.work(queue, FAR, make)
    assert turns == ["one", "two"]
    assert [one.outcome for one in made.books] == ["stopped", "done"]
