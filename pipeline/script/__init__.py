"""The script: Book -> lines with kind, speaker, emotion and pauses; the table people edit; merging their edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pandas import DataFrame

    from pipeline.nouns import Book, Character, Line
    from pipeline.script.merge import Sync

VERSION = "9"
"""Changes when the same text would give other lines, or other names of its characters."""


def analyse(book: Book, *, max_characters: int = 120) -> list[Line]:
    """The lines of a whole book, in order, with ids. `max_characters` is of Chinese; English lines may have three times
    as many. Raises ScriptError for mark-up with an unknown emotion."""
    from pipeline.script.lines import lines_of

    return lines_of(book, max_characters)


def characters(lines: Sequence[Line], book: Book) -> list[Character]:
    """Who speaks, most lines first, with hints of gender and age."""
    from pipeline.script.people import found_in

    return found_in(lines, book)


def sync(folder: Path, fresh: Sequence[Line]) -> Sync:
    """Merge freshly analysed lines with the table in `folder`, keeping hand edits; see `pipeline.script.merge`."""
    from pipeline.script import merge

    return merge.sync(folder, fresh)


def resync(folder: Path) -> Sync:
    """The table in `folder` as it stands, with hand edits, without a manuscript."""
    from pipeline.script import merge

    return merge.resync(folder)


def load(folder: Path) -> list[Line]:
    """The lines to be heard: the table in `folder`, hand edits included."""
    return list(resync(folder).lines)


def frame(folder: Path) -> DataFrame:
    """The table in `folder`, hand edits included, as a pandas DataFrame, one row a line, for notebooks."""
    from dataclasses import asdict

    import pandas

    return pandas.DataFrame([asdict(line) for line in load(folder)])


def edit(folder: Path, ids: Sequence[str], values: Mapping[str, object]) -> None:
    """Write cells into the user's table, as if by hand. Raises ScriptError for values the table refuses."""
    from pipeline.script import merge

    merge.edit(folder, ids, values)


def edit_each(folder: Path, cells: Mapping[str, Mapping[str, str]]) -> None:
    """As `edit`, with cells of their own for every line (id -> column -> text), in one write."""
    from pipeline.script import merge

    merge.edit_each(folder, cells)


def export_xlsx(folder: Path, path: Path) -> None:
    """Write the table as a spreadsheet."""
    from pipeline.script import table

    table.write(path, load(folder))


def import_xlsx(folder: Path, path: Path) -> int:
    """Take the edits of a spreadsheet into the user's table; how many cells changed."""
    from pipeline.script import merge

    return merge.take(folder, path)
