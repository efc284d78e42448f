import contextlib
import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import script
from pipeline.errors import ScriptError
from pipeline.nouns import Line
from pipeline.script import merge, table


def lines(*texts: str, chapter: int = 1) -> list[Line]:
    from pipeline.script.lines import _with_ids

    return _with_ids(
        [
            Line("", chapter, 0, n, "dialogue", "林晚", text, confidence=0.9, why="tag")
            for n, text in enumerate(texts, 1)
        ]
    )


def write_cell(folder: Path, row: int, column: str, value: str) -> None:
    """As a spreadsheet would: every row read, one cell changed, everything written again."""
    rows = table.rows(folder / "script.csv")
    rows[row][column] = value
    (folder / "script.csv").write_bytes(table.csv_bytes(rows))


TRICKY = ["=1+1", "+86", "@谁", "-1", 'a "quoted", text', "一行\n两行", "😀", "0012", "TRUE", " 前后 "]


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
def test_the_table_round_trips(tmp_path: Path, name: str) -> None:
    given = lines(*[text.strip() for text in TRICKY])
    given[0] = replace(
        given[0], emotion="angry:0.7", speed=1.25, duration=2.5, pause_after=0.0, note="=note", spoken="重(chong2)新"
    )
    table.write(tmp_path / name, given)
    assert table.read(tmp_path / name) == given


def test_csv_opens_in_spreadsheets_and_comes_back_from_them(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    table.write(path, lines("甲", "乙"))
    assert path.read_bytes().startswith(b"\xef\xbb\xbfid,")
    text = path.read_text(encoding="utf-8-sig")
    path.write_bytes(text.encode("gb18030"))  # Excel on Chinese Windows
    assert [line.text for line in table.read(path)] == ["甲", "乙"]
    path.write_text(text.replace(",", ";"), encoding="utf-8")  # Excel in Europe
    assert [line.text for line in table.read(path)] == ["甲", "乙"]


def test_edits_survive_a_change_elsewhere_in_the_manuscript(tmp_path: Path) -> None:
    script.sync(tmp_path, lines("一。", "二。", "嗯。", "三。", "嗯。", "四。"))
    write_cell(tmp_path, 4, "speaker", "老王")
    write_cell(tmp_path, 3, "text", "三三。")
    before = {line.id for line in script.load(tmp_path)}
    merged = script.sync(tmp_path, lines("零。", "一。", "二半。", "嗯。", "三。", "嗯。", "四。"))
    assert [(line.text, line.speaker) for line in merged.lines] == [
        ("零。", "林晚"), ("一。", "林晚"), ("二半。", "林晚"), ("嗯。", "林晚"), ("三三。", "林晚"), ("嗯。", "老王"), ("四。", "林晚"),
    ]  # fmt: skip
    assert merged.lines[5].why == "hand"
    assert (merged.edited, merged.added, merged.removed) == (2, 2, 1)
    assert len(before & {line.id for line in merged.lines}) == 5
    assert merged == replace(
        script.sync(tmp_path, lines("零。", "一。", "二半。", "嗯。", "三。", "嗯。", "四。")), added=2, removed=1
    )


def test_a_chapter_put_in_front_changes_no_id(tmp_path: Path) -> None:
    script.sync(tmp_path, lines("一。", "二。"))
    ids = [line.id for line in script.load(tmp_path)]
    merged = script.sync(tmp_path, [*lines("新。", "一。"), *lines("一。", "二。", chapter=2)])
    assert [line.id for line in merged.lines][2:] == ids or [line.id for line in merged.lines][-1] == ids[-1]
    assert len({line.id for line in merged.lines}) == 4


def test_nothing_is_written_when_nothing_changed(tmp_path: Path) -> None:
    script.sync(tmp_path, lines("一。", "二。"))
    write_cell(tmp_path, 0, "note", "mine")
    script.sync(tmp_path, lines("一。", "二。"))
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    script.sync(tmp_path, lines("一。", "二。"))
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_deleted_row_stays_out_and_a_lost_edit_waits(tmp_path: Path) -> None:
    script.sync(tmp_path, lines("一。", "二。", "三。"))
    rows = table.rows(tmp_path / "script.csv")
    rows[2]["emotion"] = "sad"
    (tmp_path / "script.csv").write_bytes(table.csv_bytes([rows[0], rows[2]]))
    merged = script.sync(tmp_path, lines("一。", "二。"))
    assert [line.text for line in merged.lines] == ["一。"]
    assert len(merged.deleted) == 1
    assert len(merged.orphans) == 1
    said = [one.chinese for one in merged.remarks()]
    assert any("删去的 1 行不读" in one for one in said)
    assert any("改动留在 script-orphans.csv" in one for one in said)
    assert "三。" in (tmp_path / "script-orphans.csv").read_text(encoding="utf-8-sig")
    back = script.sync(tmp_path, lines("一。", "二。", "三。"))
    assert [(line.text, line.emotion) for line in back.lines] == [("一。", ""), ("三。", "sad")]


def test_a_kill_between_the_two_writes_loses_no_edit_and_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.sync(tmp_path, lines("一。", "二。", "三。"))
    write_cell(tmp_path, 1, "speaker", "老王")
    fresh = lines("零。", "一。", "二。", "三。")
    wanted = None
    for survive in range(4):
        copy = tmp_path / f"copy{survive}"
        copy.mkdir()
        for name in ("script.csv", ".script-base.json"):
            (copy / name).write_bytes((tmp_path / name).read_bytes())
        writes = 0

        def dying(path: Path, data: bytes, limit: int = survive) -> None:
            nonlocal writes
            if writes == limit:
                raise KeyboardInterrupt
            writes += 1
            path.write_bytes(data)

        with monkeypatch.context() as patch:
            patch.setattr(merge, "write_bytes", dying)
            patch.setattr(merge, "write_text", lambda path, text: dying(path, text.encode()))
            with contextlib.suppress(KeyboardInterrupt):
                script.sync(copy, fresh)
        after = script.sync(copy, fresh)
        found = [(line.text, line.speaker) for line in after.lines]
        wanted = wanted or found
        assert found == [("零。", "林晚"), ("一。", "林晚"), ("二。", "老王"), ("三。", "林晚")]
        assert after.edited == 1


def edited_file(folder: Path, change) -> None:
    script.sync(folder, lines("一。", "二。", "三。"))
    path = folder / "script.csv"
    path.write_text(change(path.read_text(encoding="utf-8-sig")), encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("change", "says", "where"),
    [
        (lambda text: text.replace("c01-", "c09-", 1), "no line of this book has the id", "script.csv, row 2"),
        (lambda text: text.replace("speaker", "who", 1), "column 'speaker' is missing", "row 1"),
        (lambda text: text.replace("二。", '"二。', 1), "quoting is broken", "script.csv"),
        (lambda text: text.replace("dialogue", "dialog", 1), "Did you mean dialogue?", "row 2"),
        (lambda text: text + text.splitlines()[1] + "\r\n", "stands twice, in rows 2 and 5", "row 5"),
        (lambda text: "", "empty", "script.csv"),
    ],
)
def test_a_broken_table_is_named_by_row(tmp_path: Path, change, says: str, where: str) -> None:
    edited_file(tmp_path, change)
    with pytest.raises(ScriptError) as error:
        script.load(tmp_path)
    assert says in error.value.what
    assert where in error.value.where


@pytest.mark.parametrize(
    ("column", "value"), [("speed", "fast"), ("speed", "9"), ("pause_after", "-1"), ("emotion", "angryy:1")]
)
def test_a_wrong_cell_is_named_by_row(tmp_path: Path, column: str, value: str) -> None:
    script.sync(tmp_path, lines("一。", "二。"))
    write_cell(tmp_path, 1, column, value)
    with pytest.raises(ScriptError) as error:
        script.load(tmp_path)
    assert "row 3" in error.value.where


def test_a_spreadsheet_gives_its_edits_back(tmp_path: Path) -> None:
    script.sync(tmp_path, lines("一。", "二。"))
    script.export_xlsx(tmp_path, tmp_path / "t.xlsx")
    edited = table.read(tmp_path / "t.xlsx")
    table.write(tmp_path / "t.xlsx", [edited[0], replace(edited[1], emotion="sad")])
    assert script.import_xlsx(tmp_path, tmp_path / "t.xlsx") == 1
    assert [line.emotion for line in script.load(tmp_path)] == ["", "sad"]


def test_fifty_thousand_lines_align_quickly(tmp_path: Path) -> None:
    import time

    old = lines(*[f"第{n % 30000}句话。" for n in range(50_000)])
    script.sync(tmp_path, old)
    began = time.perf_counter()
    merged = script.sync(
        tmp_path, lines(*["新的。", *[line.text for line in old[:20_000]], *[line.text for line in old[20_100:]]])
    )
    assert time.perf_counter() - began < 30
    assert merged.removed == 100
    assert json.loads((tmp_path / ".script-base.json").read_text())["versions"][0]["done"]


def test_the_table_as_a_data_frame(tmp_path: Path) -> None:
    script.sync(tmp_path, lines("一。", "二。"))
    write_cell(tmp_path, 1, "speaker", "老王")
    found = script.frame(tmp_path)
    assert found.groupby("speaker").size().to_dict() == {"林晚": 1, "老王": 1}


def without_delivery(folder: Path) -> None:
    """Make a folder look as the version before deliveries left it."""
    from pipeline.script.merge import _digest

    rows = table.rows(folder / "script.csv")
    columns = [name for name in table.COLUMNS if name not in ("delivery", "start")]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\r\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    data = b"\xef\xbb\xbf" + stream.getvalue().encode()
    (folder / "script.csv").write_bytes(data)
    version = {"written": _digest(data), "done": True, "rows": [[row[name] for name in columns] for row in rows]}
    (folder / ".script-base.json").write_text(json.dumps({"versions": [version]}), encoding="utf-8")


def with_delivery(*texts: str) -> list[Line]:
    return [replace(line, delivery="whisper") for line in lines(*texts)]


def test_a_table_from_before_deliveries_is_upgraded_and_keeps_its_edits(tmp_path: Path) -> None:
    script.sync(tmp_path, lines("一。", "二。", "三。"))
    without_delivery(tmp_path)
    path = tmp_path / "script.csv"
    path.write_bytes(path.read_bytes().replace(b"\xe6\x9e\x97\xe6\x99\x9a", "老王".encode(), 1))
    assert [line.speaker for line in script.load(tmp_path)] == ["老王", "林晚", "林晚"]
    merged = script.sync(tmp_path, with_delivery("一。", "二。", "三。"))
    assert [(line.speaker, line.delivery) for line in merged.lines] == [
        ("老王", "whisper"), ("林晚", "whisper"), ("林晚", "whisper"),
    ]  # fmt: skip
    assert (merged.edited, merged.orphans, merged.deleted) == (1, (), ())
    assert "delivery" in path.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    assert script.load(tmp_path) == list(merged.lines)


def test_a_spreadsheet_from_before_deliveries_takes_none_away(tmp_path: Path) -> None:
    script.sync(tmp_path, with_delivery("一。", "二。"))
    rows = table.rows(tmp_path / "script.csv")
    (tmp_path / "old.csv").write_text(
        "id,kind,speaker,text\n" + "".join(f"{row['id']},dialogue,老王,{row['text']}\n" for row in rows),
        encoding="utf-8",
    )
    assert script.import_xlsx(tmp_path, tmp_path / "old.csv") == 2
    assert [(line.speaker, line.delivery) for line in script.load(tmp_path)] == [("老王", "whisper")] * 2


def test_a_delivery_is_edited_checked_and_known_as_a_persons(tmp_path: Path) -> None:
    script.sync(tmp_path, with_delivery("一。", "二。", "三。"))
    write_cell(tmp_path, 0, "delivery", "大喊 快")
    write_cell(tmp_path, 1, "delivery", "")
    found = script.load(tmp_path)
    assert [(line.delivery, line.by_hand) for line in found] == [
        ("shout fast", ("delivery",)), ("", ("delivery",)), ("whisper", ()),
    ]  # fmt: skip
    assert list(script.sync(tmp_path, with_delivery("一。", "二。", "三。")).lines) == found
    write_cell(tmp_path, 2, "delivery", "wisper")
    with pytest.raises(ScriptError, match="Did you mean whisper?") as error:
        script.load(tmp_path)
    assert "row 4" in error.value.where


def test_mark_up_stays_the_authors_word_when_the_table_is_read(tmp_path: Path) -> None:
    marked = [replace(line, why="markup", delivery="slow") for line in lines("一。")]
    script.sync(tmp_path, marked)
    assert script.load(tmp_path)[0].by_hand == ("emotion", "delivery")


def test_a_line_of_speech_needs_a_speaker_and_the_narrator_may_be_written_in_chinese(tmp_path: Path) -> None:
    merge.sync(tmp_path, lines("甲", "乙"))
    write_cell(tmp_path, 1, "speaker", "")
    with pytest.raises(ScriptError, match="has no speaker") as error:
        merge.resync(tmp_path)
    assert "row 3, column speaker" in error.value.where
    write_cell(tmp_path, 1, "speaker", "旁白")
    assert [line.speaker for line in merge.resync(tmp_path).lines] == ["林晚", "narrator"]
