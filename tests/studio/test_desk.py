"""A book on the desk: lines found, changed, undone, rendered again, chosen; what others changed meanwhile is not overwritten."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pipeline import script
from pipeline.errors import StudioError
from pipeline.folder import BookFolder
from pipeline.studio.desk import Desk
from pipeline.studio.jobs import Jobs


def desk_of(workspace: Path) -> Desk:
    return Desk(BookFolder(workspace / "output/story"))


def cell(workspace: Path, line: str, column: str) -> str:
    return str(getattr(next(one for one in script.load(workspace / "output/story") if one.id == line), column) or "")


def test_lines_are_found_by_who_speaks_and_what_is_said(workspace: Path) -> None:
    view = desk_of(workspace).view()
    said = [view.lines[at].line.text for at in view.matching({"speaker": "林晚"})]
    assert said == ["“你终于来了。”", "“喝杯热茶吧，暖和一下。”"]
    assert len(view.matching({"text": "银行"})) == 1
    assert {view.lines[at].line.chapter for at in view.matching({"chapter": "2"})} == {2}
    assert len(view.matching({"emotion": True})) == 4
    assert view.matching({"stale": True}) == []
    assert view.mastered == {1, 2}
    assert desk_of(workspace).characters()[0] == {
        "name": "narrator",
        "lines": 8,
        "doubt": 0,
        "sample": view.lines[0].line.id,
        "text": "第一章 雨夜",
    }


def test_a_change_goes_into_the_table_and_may_be_taken_back(workspace: Path) -> None:
    desk = desk_of(workspace)
    line = next(one.line for one in desk.view().lines if one.line.text == "“走吧。”")
    desk.change([line.id], "emotion", "sad:0.6", {line.id: ""})
    assert cell(workspace, line.id, "emotion") == "sad:0.6"
    stale = [one for one in desk.view().lines if one.stale]
    assert [one.line.id for one in stale] == [line.id]
    assert desk.view().mastered == {1}
    assert desk.undo() == (line.id,)
    assert cell(workspace, line.id, "emotion") == ""
    assert not [one for one in desk.view().lines if one.stale]
    assert desk.undo() == ()


def test_what_was_changed_meanwhile_is_not_overwritten(workspace: Path) -> None:
    one, other = desk_of(workspace), desk_of(workspace)
    line = one.view().lines[2].line
    other.view()
    other.change([line.id], "spoken", "你总算来了。", {line.id: ""})
    with pytest.raises(StudioError, match="was changed meanwhile"):
        one.change([line.id], "spoken", "你可来了。", {line.id: ""})
    assert cell(workspace, line.id, "spoken") == "你总算来了。"
    script.edit(workspace / "output/story", [line.id], {"spoken": "来了？"})
    with pytest.raises(StudioError, match="was changed meanwhile"):
        other.undo()
    assert cell(workspace, line.id, "spoken") == "来了？"
    until = time.monotonic() + 20
    while one.view().lines[2].line.spoken != "来了？":
        assert time.monotonic() < until, "a change on disk is seen"
        time.sleep(0.1)


def test_only_the_pages_columns_are_changed_and_bad_values_refused(workspace: Path) -> None:
    desk = desk_of(workspace)
    line = desk.view().lines[0].line
    with pytest.raises(StudioError, match="not changed here"):
        desk.change([line.id], "id", "x", {line.id: line.id})
    before = (workspace / "output/story/script.csv").read_bytes()
    with pytest.raises(Exception, match="unknown emotion"):
        desk.change([line.id], "emotion", "zzz", {line.id: ""})
    with pytest.raises(StudioError, match="no longer there"):
        desk.change(["c09-nobody"], "emotion", "sad", {"c09-nobody": ""})
    assert (workspace / "output/story/script.csv").read_bytes() == before


def test_a_line_is_rendered_again_by_a_job_and_its_chapter_mastered(workspace: Path) -> None:
    desk, jobs = desk_of(workspace), Jobs(workspace)
    line = next(one.line for one in desk.view().lines if one.line.text == "“走吧。”")
    first = next(one.take for one in desk.view().lines if one.line.id == line.id)
    desk.change([line.id], "emotion", "sad:0.6", {line.id: ""})
    name = jobs.start("story", "rerender", str(workspace / "output/story"), line.id, "--plain", "--workers", "1")
    done = jobs.wait(name, 120)
    assert (done.state, done.error) == ("done", "")
    view = desk.view()
    now = next(one for one in view.lines if one.line.id == line.id)
    assert now.take != first
    assert not now.stale
    assert view.mastered == {1, 2}
    assert desk.take_file(now.take).is_file()
    assert [take.key for take in desk.takes(line.id)] == [first, now.take]

    chosen = jobs.wait(jobs.start("story", "choose", str(workspace / "output/story"), line.id, first), 120)
    assert chosen.state == "done", chosen.error
    assert next(one.take for one in desk.view().lines if one.line.id == line.id) == first
    failed = jobs.wait(jobs.start("story", "choose", str(workspace / "output/story"), line.id, "no-such-take"), 120)
    assert failed.state == "failed"
    assert "no-such-take" in failed.error
    assert [one.verb for one in jobs.of("story")] == ["choose", "choose", "rerender"]
