"""queue.yaml: read with errors that name the line, edited without touching what a person wrote."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ShuoshuError
from pipeline.queue import edit
from pipeline.queue.file import load

WRITTEN = """\
# the night's work
window: "22:00-07:00, weekends all day"   # the office is empty then
timezone: Asia/Shanghai

books:
  # the series
  - manuscript: one.txt      # first
    priority: 5
    # deadline moved twice
    deadline: 2026-12-01

  - two.txt

  # for later
  - {manuscript: three.txt, paused: true}  # tired
# the end
"""


def queue(folder: Path, text: str) -> Path:
    path = folder / "queue.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_books_are_in_order_of_priority_deadline_and_file(tmp_path: Path) -> None:
    text = """
timezone: Europe/Berlin
books:
  - a.txt
  - {manuscript: b.txt, deadline: 2026-12-02}
  - {manuscript: c.txt, deadline: 2026-12-01 07:00}
  - {manuscript: d.txt, priority: 3}
  - {manuscript: e.txt, priority: -1, deadline: 2026-01-01}
  - f.txt
"""
    found = load(queue(tmp_path, text))
    assert [one.name for one in found.in_order()] == ["d", "c", "b", "a", "f", "e"]
    b, c = found.books[1].deadline, found.books[2].deadline
    zone = ZoneInfo("Europe/Berlin")
    assert b == datetime(2026, 12, 3, tzinfo=zone), "a day is over at its midnight"
    assert c == datetime(2026, 12, 1, 7, tzinfo=zone)


def test_paths_begin_at_the_queue_and_the_usual_cast_is_found(tmp_path: Path) -> None:
    (tmp_path / "casts").mkdir()
    (tmp_path / "casts/one.yaml").write_text("")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/two.yaml").write_text("")
    found = load(
        queue(
            tmp_path,
            "books: [one.txt, in/two.txt, {manuscript: ../three.txt, cast: /c.yaml, on_failure: silence}]\nworkers: 2\ndask: tcp://host:8786\n",
        )
    )
    assert [one.request.cast for one in found.books] == [
        tmp_path / "casts/one.yaml", tmp_path / "in/two.yaml", Path("/c.yaml"),
    ]  # fmt: skip
    assert found.books[2].request.manuscript == tmp_path.parent / "three.txt"
    assert {one.request.output for one in found.books} == {tmp_path / "output"}
    assert {(one.request.workers, one.request.dask) for one in found.books} == {(2, "tcp://host:8786")}
    assert found.books[2].request.on_failure == "silence"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("window: at night\n", 1, "the window 'at night' cannot be read"),
        ("\ntimezone: Asia/Shangai\n", 2, "Did you mean Asia/Shanghai?"),
        ("books:\n  - manuscript: a.txt\n    prioritty: 3\n", 3, "Did you mean priority?"),
        ("books:\n  - cast: a.yaml\n", 2, "has no manuscript"),
        ("books:\n  - a.txt\n  - b/a.epub\n", 3, "would share the folder"),
        ("books:\n  - {manuscript: a.txt, deadline: soon}\n", 2, "Write 2026-12-01"),
        ("books:\n  - {manuscript: a.txt, priority: high}\n", 2, "whole number"),
        ("books: a.txt\n", 1, "must be a list"),
        ("books:\n\t- a.txt\n", 2, "a tab indents this line"),
        ("paused: maybe\n", 1, "true or false"),
        ("price_per_hour: cheap\n", 1, "must be a number"),
    ],
)
def test_an_error_names_file_line_and_fix(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = queue(tmp_path, text)
    with pytest.raises(ShuoshuError) as caught:
        load(path)
    assert caught.value.where == f"{path}, line {line}"
    assert says in str(caught.value)


def test_an_alias_inside_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShuoshuError, match="unfolds into too much"):
        load(queue(tmp_path, "books:\n  - &a [*a]\n"))


def test_edits_change_their_lines_alone() -> None:
    text = edit.add(WRITTEN, [{"manuscript": "书 稿.epub", "priority": 2}, {"manuscript": "x, y.txt"}])
    assert text.replace('  - manuscript: 书 稿.epub\n    priority: 2\n  - manuscript: "x, y.txt"\n', "") == WRITTEN
    text = edit.put(WRITTEN, 0, "priority", 7)
    assert text == WRITTEN.replace("priority: 5", "priority: 7")
    text = edit.put(WRITTEN, 1, "paused", True)
    assert text == WRITTEN.replace("- two.txt", "- {manuscript: two.txt, paused: true}")
    text = edit.put(WRITTEN, 2, "paused", False)
    assert text == WRITTEN.replace("paused: true", "paused: false")
    text = edit.put(WRITTEN, None, "paused", True)
    assert text == WRITTEN.replace("timezone", "paused: true\ntimezone")
    text = edit.remove(WRITTEN, 0)
    for comment in ("# the series", "# deadline moved twice", "# for later", "# tired", "# the end"):
        assert comment in text
    assert [one if isinstance(one, str) else one["manuscript"] for one in yaml.safe_load(text)["books"]] == [
        "two.txt",
        "three.txt",
    ]


def test_other_layouts_are_edited_too() -> None:
    assert yaml.safe_load(edit.add("", [{"manuscript": "a"}])) == {"books": [{"manuscript": "a"}]}
    assert (
        edit.add("books:   # none\nworkers: 2\n", [{"manuscript": "a"}])
        == "books:   # none\n  - manuscript: a\nworkers: 2\n"
    )
    assert edit.add("books: []  # none", [{"manuscript": "a"}]) == "books:   # none\n  - manuscript: a\n"
    assert edit.add("books: [a, b]\n", [{"manuscript": "c"}]) == "books: [a, b, {manuscript: c}]\n"
    assert edit.remove("books: [a, b, c]\n", 1) == "books: [a, c]\n"
    assert edit.remove("books:\n- a # one\n# two\n", 0) == "books:\n# two\n"
    assert edit.add("books:\r\n- a\r\n", [{"manuscript": "c"}]) == "books:\r\n- a\r\n- manuscript: c\r\n"
    assert (
        edit.put("books:\n-\n  manuscript: a\n  paused:\n", 0, "paused", True)
        == "books:\n-\n  manuscript: a\n  paused: true\n"
    )
    with pytest.raises(ShuoshuError, match="cannot change"):
        edit.remove("books: [a, # one\n b]\n", 1)


comments = st.lists(st.sampled_from(["# note", "  # indented", "", "# - manuscript: gone.txt"]), max_size=2)
ENTRIES = [
    "- {m}",
    "- manuscript: {m}",
    "- manuscript: {m}\n    priority: 3  # high",
    "- {{manuscript: {m}, priority: 1}}",
]
entries = st.lists(st.tuples(comments, st.sampled_from(ENTRIES)), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(comments, entries, comments, st.data())
def test_whatever_the_file_looks_like_comments_survive_every_edit(
    before: list[str], items: list[tuple[list[str], str]], after: list[str], data: st.DataObject
) -> None:
    rows = [*before, "window: 22:00-07:00  # night", "books:"]
    for number, (above, item) in enumerate(items):
        rows += [*above, "  " + item.format(m=f"book{number}.txt")]
    text = "\n".join([*rows, *after]) + "\n"
    at = data.draw(st.integers(0, len(items) - 1))
    for changed in (
        edit.add(text, [{"manuscript": "new.txt", "priority": 4}]),
        edit.put(text, at, "paused", True),
        edit.put(text, None, "paused", True),
        edit.put(text, at, "priority", 9),
        edit.remove(text, at),
    ):
        left = iter(changed.splitlines())
        alone = [row for row in text.splitlines() if row.lstrip().startswith("#")]
        assert all(any(row == one for one in left) for row in alone), "comments on lines of their own, in their order"
    grown = edit.add(text, [{"manuscript": "new.txt"}])
    assert edit.remove(grown, len(items)) == text


def test_a_wrong_edit_writes_nothing(tmp_path: Path) -> None:
    path = queue(tmp_path, WRITTEN)
    with pytest.raises(ShuoshuError) as caught:
        edit.edit(path, edit.with_books([{"manuscript": "other/one.epub"}]))
    assert str(path) in caught.value.where
    assert path.read_text(encoding="utf-8") == WRITTEN
    found = edit.edit(path, edit.paused(True))
    assert found.paused
    assert load(path) == found
    assert sorted(one.name for one in tmp_path.iterdir()) == ["nights", "queue.yaml"]


def test_edits_at_the_same_time_each_change_the_book_they_mean(tmp_path: Path) -> None:
    path = queue(tmp_path, "books:\n" + "".join(f"  - book{number}.txt\n" for number in range(24)))
    with ThreadPoolExecutor(12) as threads:
        changes = [edit.without(f"book{number}") for number in range(0, 24, 2)]
        list(threads.map(lambda change: edit.edit(path, change), changes))
    assert [one.name for one in load(path).books] == [f"book{number}" for number in range(1, 24, 2)]
