"""The script table on disk: CSV (UTF-8 with BOM, so that spreadsheets open it) or XLSX, one row a line.

Text that begins like a formula (=, +, -, @) is stored as it is: CSV has no types, and the XLSX writer marks every cell as
text. Columns may come in any order, and columns of the user's own are passed over.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from pipeline.errors import ScriptError, did_you_mean
from pipeline.files import write_bytes, written_beside
from pipeline.nouns import NARRATOR, UNKNOWN, Line, LineKind
from pipeline.script import delivery, emotion
from pipeline.wording import Wording

COLUMNS = (
    "id", "chapter", "order", "paragraph", "kind", "speaker", "text", "spoken", "emotion", "delivery", "speed",
    "duration", "pause_after", "confidence", "why", "note", "start",
)  # fmt: skip
EDITABLE = (
    "kind", "speaker", "text", "spoken", "emotion", "delivery", "speed", "duration", "pause_after", "note", "start",
)  # fmt: skip
"""Columns in which a hand edit counts; the others are the machine's."""
MARKED = ("emotion", "delivery")
"""Columns that are the author's own word in a line with mark-up, empty or not."""
_NEEDED = ("id", "kind", "speaker", "text")
_KINDS = get_args(LineKind)

Row = dict[str, str]
N = TypeVar("N", int, float)


def row_of(line: Line) -> Row:
    """A line as the table's texts."""
    row = {name: _shown(getattr(line, name)) for name in COLUMNS}
    row["confidence"] = f"{line.confidence:.2f}"
    return row


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.9g}" if isinstance(value, float) else str(value)  # milliseconds of a day, and nothing behind them


def write(path: Path, lines: Iterable[Line]) -> None:
    """Write lines to a .csv or .xlsx file, whole or not at all."""
    if path.suffix.lower() == ".xlsx":
        _write_xlsx(path, [row_of(line) for line in lines])
    else:
        write_bytes(path, csv_bytes(row_of(line) for line in lines))


def csv_bytes(rows: Iterable[Row]) -> bytes:
    """Rows as the bytes of a CSV file."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + stream.getvalue().encode("utf-8")


def _write_xlsx(path: Path, rows: Sequence[Row]) -> None:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("script")
    sheet.freeze_panes = "B2"
    sheet.append(list(COLUMNS))
    for row in rows:
        sheet.append([_text_cell(sheet, row[name]) for name in COLUMNS])
    with written_beside(path) as beside:
        book.save(beside)


def _text_cell(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    cell.number_format = "@"
    return cell


def read(path: Path) -> list[Line]:
    """The lines of a table. Raises ScriptError naming file and row for whatever is wrong with it."""
    return [line_of(row, f"{path.name}, row {number}") for number, row in enumerate(rows(path), 2)]


def rows(path: Path) -> list[Row]:
    """The rows of a .csv or .xlsx table as texts, checked for columns, quoting and double ids. A column that the file
    does not have is not in the rows: it says nothing, not even that its cells are empty."""
    raw = _xlsx_rows(path) if path.suffix.lower() == ".xlsx" else _csv_rows(path)
    if not raw:
        raise ScriptError(
            Wording("the script table is empty", "脚本表是空的"),
            where=path.name,
            fix=Wording("Delete it; the next run writes it again.", "请删除它；下次运行会重写。"),
        )
    header = [name.strip() for name in raw[0]]
    for name in _NEEDED:
        if name not in header:
            hint = did_you_mean(name, [one for one in header if one not in COLUMNS])
            raise ScriptError(
                Wording(
                    f"column {name!r} is missing.{hint.replace('Did you mean', 'Was it renamed to')}",
                    f"缺少 {name} 列。{hint.chinese.replace('是不是', '是不是改名成了')}",
                ),
                where=f"{path.name}, row 1",
                fix=Wording(
                    f"The table needs at least {', '.join(_NEEDED)}.", f"脚本表至少要有 {', '.join(_NEEDED)} 列。"
                ),
            )
    found: list[Row] = []
    seen: dict[str, int] = {}
    for number, cells in enumerate(raw[1:], 2):
        row = {name: "" for name in header if name in COLUMNS} | {
            name: cell for name, cell in zip(header, cells, strict=False) if name in COLUMNS
        }
        if not any(row.values()):
            continue
        if row["id"] in seen:
            raise ScriptError(
                Wording(
                    f"id {row['id']!r} stands twice, in rows {seen[row['id']]} and {number}",
                    f"编号 {row['id']} 出现两次，在第 {seen[row['id']]} 行和第 {number} 行",
                ),
                where=f"{path.name}, row {number}",
                fix=Wording("Remove one of the rows.", "请删去其中一行。"),
            )
        seen[row["id"]] = number
        found.append(row)
    return found


def _csv_rows(path: Path) -> list[list[str]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ScriptError(
            Wording(f"the script table cannot be read: {error.strerror}", f"脚本表无法读取：{error.strerror}"),
            where=str(path),
        ) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:  # Excel on a Chinese Windows saves CSV so
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise ScriptError(
                Wording("the script table is neither UTF-8 nor GB18030", "脚本表既不是 UTF-8 也不是 GB18030 编码"),
                where=path.name,
                fix=Wording("Save it as CSV UTF-8.", "请另存为 UTF-8 编码的 CSV。"),
            ) from error
    first = text[: text.find("\n")]
    separator = next((one for one in ",;\t" if one in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found: list[list[str]] = []
    try:
        for cells in reader:
            if found and cells and len(cells) > len(found[0]) and any(cells[len(found[0]) :]):
                raise csv.Error("it has more cells than the header")
            found.append(cells)
    except csv.Error as error:
        raise ScriptError(
            Wording(
                f"the quoting is broken near line {reader.line_num} of the file: {error}",
                f"文件第 {reader.line_num} 行附近的引号不成对：{error}",
            ),
            where=f"{path.name}, row {len(found) + 1}",
            fix=Wording(
                'A cell with a comma, a quote or a line break stands in "…", quotes inside doubled.',
                '含逗号、引号或换行的单元格要写在 "…" 里，其中的引号写两遍。',
            ),
        ) from error
    return found


def _xlsx_rows(path: Path) -> list[list[str]]:
    import zipfile

    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheet = book.active
        return [[_shown(cell) for cell in row] for row in sheet.iter_rows(values_only=True)] if sheet else []
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ScriptError(
            Wording(f"the spreadsheet cannot be read ({error})", f"电子表格无法读取（{error}）"),
            where=str(path),
            fix=Wording("Save it as .xlsx.", "请另存为 .xlsx。"),
        ) from error


def speaker_named(name: str) -> str:
    """A speaker as people write it: 旁白 is the narrator, 未知 unknown; any other name is itself, stripped."""
    name = name.strip()
    return {"旁白": NARRATOR, "未知": UNKNOWN, "narrator": NARRATOR, "unknown": UNKNOWN}.get(name.lower(), name)


def _speaker(row: Row, where: str) -> str:
    name = speaker_named(row["speaker"])
    if not name and row["kind"] in ("dialogue", "thought", "letter"):
        raise ScriptError(
            Wording(f"a line of {row['kind']} has no speaker", f"这一行是 {row['kind']}，却没有写说话人"),
            where=f"{where}, column speaker",
            fix=Wording(
                f"Write a name, {NARRATOR} or {UNKNOWN}.",
                f"请写上角色名、{NARRATOR}（旁白）或 {UNKNOWN}（未知）。",
            ),
        )
    return name or NARRATOR


def line_of(row: Row, where: str) -> Line:
    """A row as a line; columns that are not there are empty. Raises ScriptError for a value that a column does not take."""
    row = dict.fromkeys(COLUMNS, "") | row
    if row["kind"] not in _KINDS:
        hint = did_you_mean(row["kind"], _KINDS)
        raise ScriptError(
            Wording(f"unknown kind {row['kind']!r}.{hint}", f"没有“{row['kind']}”这种类别。{hint.chinese}"),
            where=where,
            fix=Wording(f"Use {', '.join(_KINDS)}.", f"可用：{', '.join(_KINDS)}。"),
        )
    emotion.parse(row["emotion"], where=where)
    voice = delivery.shown(delivery.parse(row["delivery"], where=where))
    return Line(
        id=row["id"], chapter=_number(row, "chapter", where, int) or 0, order=_number(row, "order", where, int) or 0,
        paragraph=_number(row, "paragraph", where, int) or 0, kind=cast(LineKind, row["kind"]),
        speaker=_speaker(row, where), text=row["text"], spoken=row["spoken"], emotion=row["emotion"].strip(),
        delivery=voice,
        speed=_number(row, "speed", where, float, 0.5, 2.0), duration=_number(row, "duration", where, float, 0.05, 600.0),
        pause_after=_number(row, "pause_after", where, float, 0.0, 600.0), by_hand=MARKED if row["why"] == "markup" else (),
        confidence=_number(row, "confidence", where, float, 0.0, 1.0) or 0.0, why=sys.intern(row["why"]), note=row["note"],
        start=_number(row, "start", where, float, 0.0, 360_000.0),
    )  # fmt: skip


def _number(row: Row, name: str, where: str, kind: Callable[[str], N], low: float = 0, high: float = 1e9) -> N | None:
    text = row[name].strip()
    if not text:
        return None
    value: N | None
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        raise ScriptError(
            Wording(
                f"{name} must be a number from {low:g} to {high:g}, not {text!r}",
                f"{name} 应为 {low:g} 到 {high:g} 的数，而不是“{text}”",
            ),
            where=where,
            fix=Wording("Empty means: not set.", "留空表示不设定。"),
        )
    return value
