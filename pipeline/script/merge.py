"""Hand edits: what a person wrote into the table wins, for ever.

Two files lie in a book's folder. ``script.csv`` is the user's. ``.script-base.json`` is what the machine last wrote
there, by which an edit is known: a cell of script.csv that differs from the base. A new analysis takes the base's ids
where sentences are the same (`aligned`), edits are laid over it, and both files are written.

A kill between the two writes must not turn the machine's changes into edits. So the base keeps two versions for that
moment, each with the hash of the script.csv it belongs to: the one to come is added before script.csv is replaced, and
the one whose hash fits the file is the one that counts (see `_base_of`).
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.errors import ScriptError, did_you_mean
from pipeline.files import write_bytes, write_text
from pipeline.nouns import Line
from pipeline.script import table
from pipeline.script.align import carried_ids
from pipeline.script.table import COLUMNS, EDITABLE, Row
from pipeline.wording import Wording

TABLE, BASE, ORPHANS = "script.csv", ".script-base.json", "script-orphans.csv"
_FIRST_COLUMNS = tuple(name for name in COLUMNS if name not in ("delivery", "start"))
"""Of a base written before it named its columns."""


@dataclass(frozen=True, slots=True)
class Sync:
    """A merged table. `lines` are to be heard, in order; `edited` counts hand-edited cells; `deleted` are ids of rows
    the user took out; `orphans` ids whose sentence is gone from the manuscript and whose edits wait in
    ``script-orphans.csv``; `added` and `removed` count lines against the last time."""

    lines: tuple[Line, ...]
    edited: int = 0
    deleted: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    added: int = 0
    removed: int = 0

    def remarks(self) -> list[Wording]:
        """What the user should know."""
        said = []
        if self.edited:
            said.append(
                Wording(
                    f"{self.edited} hand-edited cells of script.csv are honoured",
                    f"script.csv 中手改的 {self.edited} 个单元格照用",
                )
            )
        if self.deleted:
            some = _some(self.deleted)
            said.append(
                Wording(
                    f"{len(self.deleted)} lines deleted from script.csv stay out: {some}",
                    f"从 script.csv 删去的 {len(self.deleted)} 行不读：{some}",
                )
            )
        if self.orphans:
            some = _some(self.orphans)
            said.append(
                Wording(
                    f"{len(self.orphans)} edited lines are gone from the manuscript; their edits wait in {ORPHANS}: {some}",
                    f"{len(self.orphans)} 个改过的行已不在书稿中，改动留在 {ORPHANS}：{some}",
                )
            )
        return said


@dataclass(slots=True)
class _Edits:
    """What the user did to the last table: cells by id, and rows taken out."""

    cells: dict[str, dict[str, str]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)


def sync(folder: Path, fresh: Sequence[Line]) -> Sync:
    """Lay the user's edits over a fresh analysis and write the table. Raises ScriptError for a broken table."""
    base = _base(folder)
    if base is None:
        if (folder / TABLE).exists():
            raise ScriptError(
                Wording(
                    f"{TABLE} is there, but {BASE} beside it is not, so edits cannot be told from the machine's rows",
                    f"有 {TABLE}，但旁边没有 {BASE}，分不清哪些是手改的",
                ),
                where=str(folder),
                fix=Wording(
                    f"Bring {BASE} back, or move {TABLE} away to begin anew.",
                    f"请找回 {BASE}，或移走 {TABLE} 重新开始。",
                ),
            )
        edits, old = _Edits(), []
    else:
        old = base
        edits = _edits(base, _user_rows(folder, base))
    lines = carried_ids(fresh, [(row["id"], row["text"], int(row["chapter"])) for row in old])
    waiting = _orphans(folder)
    new_ids = {line.id for line in lines}
    for name, cells in waiting.items():
        if name in new_ids:
            edits.cells.setdefault(name, cells)
    gone = {name: cells for name, cells in edits.cells.items() if name not in new_ids}
    still = {name: cells for name, cells in waiting.items() if name not in new_ids} | gone
    merged = _merged(lines, edits)
    _write(folder, [table.row_of(line) for line in lines], [table.row_of(line) for line in merged])
    _write_orphans(folder, still, {row["id"]: row for row in old})
    old_ids = {row["id"] for row in old}
    return Sync(
        lines=tuple(merged), edited=_count(edits, new_ids), deleted=tuple(sorted(edits.deleted & new_ids)),
        orphans=tuple(still), added=len(new_ids - old_ids), removed=len(old_ids - new_ids),
    )  # fmt: skip


def resync(folder: Path) -> Sync:
    """The user's table as it stands; nothing is written. Raises ScriptError when it is missing or broken."""
    base = _base(folder)
    if base is None or not (folder / TABLE).is_file():
        raise _no_table(folder)
    edits = _edits(base, _user_rows(folder, base))
    lines = [table.line_of(row, f"{BASE}, {row['id']}") for row in base]
    orphans = tuple(_orphans(folder))
    ids = {line.id for line in lines}
    return Sync(tuple(_merged(lines, edits)), _count(edits, ids), tuple(sorted(edits.deleted)), orphans)


def edit(folder: Path, ids: Sequence[str], values: Mapping[str, object]) -> None:
    """Write cells into the user's table as if by hand; every other cell stays as it is."""
    edit_each(folder, {name: {column: table._shown(value) for column, value in values.items()} for name in ids})


def edit_each(folder: Path, cells: Mapping[str, Mapping[str, str]]) -> None:
    """Write cells (id -> column -> text) into the user's table in one go. Raises ScriptError, having written nothing, for a
    value the table refuses."""
    base = _base(folder)
    rows = _user_rows(folder, base or [])
    for row in rows:
        if row["id"] in cells:
            row.update(cells[row["id"]])
            table.line_of(row, f"{TABLE}, {row['id']}")
    write_bytes(folder / TABLE, table.csv_bytes(rows))


def take(folder: Path, path: Path) -> int:
    """Take the edits of a spreadsheet into the user's table; how many cells changed. Raises ScriptError for ids that are
    not in the book."""
    base = _base(folder)
    if base is None:
        raise _no_table(folder)
    theirs = {row["id"]: row for row in table.rows(path)}
    _check_ids(list(theirs.values()), base, path.name)
    for number, row in enumerate(theirs.values(), 2):
        table.line_of(row, f"{path.name}, row {number}")
    changed = 0
    rows = _user_rows(folder, base)
    for row in rows:
        new = theirs.get(row["id"], row)
        for name in EDITABLE:
            if row[name] != new.get(name, row[name]):
                row[name] = new[name]
                changed += 1
    write_bytes(folder / TABLE, table.csv_bytes(rows))
    return changed


# --- edits -----------------------------------------------------------------------------------------------------------


def _user_rows(folder: Path, base: Sequence[Row]) -> list[Row]:
    path = folder / TABLE
    if not path.is_file():
        return [dict(row) for row in base]
    found = table.rows(path)
    _check_ids(found, base, TABLE)
    for number, row in enumerate(found, 2):
        table.line_of(row, f"{TABLE}, row {number}")
    written = {row["id"]: row for row in base}
    return [written[row["id"]] | row for row in found]  # a column that an older or trimmed table lacks holds no edit


def _check_ids(found: Sequence[Row], base: Sequence[Row], name: str) -> None:
    known = {row["id"] for row in base}
    for number, row in enumerate(found, 2):
        if row["id"] not in known:
            hint = did_you_mean(row["id"], known)
            raise ScriptError(
                Wording(
                    f"no line of this book has the id {row['id']!r}.{hint}",
                    f"书中没有编号为 {row['id']} 的行。{hint.chinese}",
                ),
                where=f"{name}, row {number}",
                fix=Wording(
                    "Ids are the machine's: put the old one back, or delete the row.",
                    "编号不能改：请恢复原来的编号，或删去这一行。",
                ),
            )


def _edits(base: Sequence[Row], user: Sequence[Row]) -> _Edits:
    edits, theirs = _Edits(), {row["id"]: row for row in user}
    for row in base:
        mine = theirs.get(row["id"])
        if mine is None:
            edits.deleted.add(row["id"])
            continue
        cells = {name: mine[name] for name in EDITABLE if _differ(name, row[name], mine[name])}
        if cells:
            edits.cells[row["id"]] = cells
    return edits


def _differ(name: str, one: str, two: str) -> bool:
    """Whether two cells differ in what they say: a spreadsheet writes 1.0 as 1 and changes line ends."""
    if one == two:
        return False
    if name in ("speed", "duration", "pause_after", "start"):
        return (float(one) if one.strip() else None) != (float(two) if two.strip() else None)
    return one.replace("\r\n", "\n").strip() != two.replace("\r\n", "\n").strip()


def _merged(lines: Sequence[Line], edits: _Edits) -> list[Line]:
    merged = []
    for line in lines:
        if line.id in edits.deleted:
            continue
        cells = edits.cells.get(line.id)
        if cells:
            line = table.line_of(table.row_of(line) | cells, f"{TABLE}, {line.id}")
            line = replace(line, by_hand=(*line.by_hand, *cells))
            if "speaker" in cells:
                line = replace(line, confidence=1.0, why="hand")
        merged.append(line)
    return merged


def _count(edits: _Edits, ids: set[str]) -> int:
    return sum(len(cells) for name, cells in edits.cells.items() if name in ids)


# --- files -----------------------------------------------------------------------------------------------------------


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _base(folder: Path) -> list[Row] | None:
    """The rows the machine wrote into the script.csv that is there."""
    path = folder / BASE
    if not path.is_file():
        return None
    try:
        versions = json.loads(path.read_text(encoding="utf-8"))["versions"]
        data = (folder / TABLE).read_bytes() if (folder / TABLE).is_file() else b""
        fits = next((one for one in versions if one["written"] == _digest(data)), None)
        # a file that was edited has neither hash: then it came from the last version whose writing was completed
        chosen = fits or next((one for one in versions if one["done"]), versions[-1])
        columns, empty = chosen.get("columns", _FIRST_COLUMNS), dict.fromkeys(COLUMNS, "")
        return [empty | dict(zip(columns, cells, strict=True)) for cells in chosen["rows"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ScriptError(
            Wording(f"{BASE} cannot be read ({error})", f"{BASE} 无法读取（{error}）"),
            where=str(path),
            fix=Wording(
                f"Move {TABLE} and {BASE} away and run again; your table is then the one you moved.",
                f"请移走 {TABLE} 和 {BASE} 后再运行；移走的就是你原来的表。",
            ),
        ) from error


def _write(folder: Path, base: list[Row], user: list[Row]) -> None:
    """Replace both files so that a kill at any moment leaves a pair that fits."""
    data = table.csv_bytes(user)
    path = folder / TABLE
    before = path.read_bytes() if path.is_file() else b""
    cells = [[row[name] for name in COLUMNS] for row in base]
    coming = {"written": _digest(data), "done": True, "columns": list(COLUMNS), "rows": cells}
    old = folder / BASE
    now = json.loads(old.read_text(encoding="utf-8"))["versions"] if old.is_file() else []
    if before == data and now == [coming]:
        return
    if before and before != data:
        last = next((one for one in now if one["written"] == _digest(before)), None) or next(
            (one for one in now if one["done"]), None
        )
        keep = [last] if last else []
        _write_base(folder, [*keep, coming | {"done": False}])
        write_bytes(path, data)
    elif not before:
        _write_base(folder, [coming])
        write_bytes(path, data)
    _write_base(folder, [coming])


def _write_base(folder: Path, versions: list[Mapping[str, object]]) -> None:
    write_text(folder / BASE, json.dumps({"versions": versions}, ensure_ascii=False, separators=(",", ":")))


def _orphans(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / ORPHANS
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        found: dict[str, dict[str, str]] = {}
        for row in csv.DictReader(stream):
            found.setdefault(row["id"], {})[row["column"]] = row["edit"]
        return found


def _write_orphans(folder: Path, waiting: Mapping[str, Mapping[str, str]], old: Mapping[str, Row]) -> None:
    path = folder / ORPHANS
    if not waiting and not path.is_file():
        return
    import io

    texts = _orphan_texts(folder)
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["id", "column", "edit", "sentence"])
    for name, cells in waiting.items():
        sentence = old[name]["text"] if name in old else texts.get(name, "")
        writer.writerows([name, column, text, sentence] for column, text in cells.items())
    data = b"\xef\xbb\xbf" + stream.getvalue().encode("utf-8")
    if not path.is_file() or path.read_bytes() != data:
        write_bytes(path, data)


def _orphan_texts(folder: Path) -> dict[str, str]:
    path = folder / ORPHANS
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return {row["id"]: row["sentence"] for row in csv.DictReader(stream)}


def _no_table(folder: Path) -> ScriptError:
    return ScriptError(
        Wording("there is no script table yet", "还没有脚本表"),
        where=str(folder),
        fix=Wording("`shuoshu run MANUSCRIPT` writes it.", "`shuoshu run 书稿` 会写出它。"),
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
