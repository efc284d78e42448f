"""The lexicon that a series shares, under the cast's own."""

import os
from pathlib import Path

import pytest

from pipeline import cast as room
from pipeline.errors import CastError
from pipeline.nouns import Line
from pipeline.render.plan import direction_of

CAST = """language: zh
narrator: {voice: calm}
voices: {calm: {engine: espeak}}
lexicon_file: ../series.yaml
lexicon: {长安: chang2 an1, sql: sequel}
"""
SERIES = "长安: zhang3 an1\nSQL: ess cue ell\n乐平: yue4 ping2\n'007': 零零七\n"


def loaded(tmp_path: Path, series: str | bytes | None = SERIES, text: str = CAST) -> room.Cast:
    book = tmp_path / "book"
    book.mkdir(exist_ok=True)
    if series is not None:
        (tmp_path / "series.yaml").write_bytes(series.encode() if isinstance(series, str) else series)
    (book / "cast.yaml").write_text(text, encoding="utf-8")
    return room.load(book / "cast.yaml")


def said(cast: room.Cast, text: str) -> str:
    found = direction_of(Line("c01-1", 1, 1, 1, "narration", "旁白", text), cast)
    return found.text if found else ""


def test_the_casts_own_terms_win_over_the_series(tmp_path: Path) -> None:
    cast = loaded(tmp_path)
    assert cast.lexicon == {"乐平": "yue4 ping2", "007": "零零七", "长安": "chang2 an1", "sql": "sequel"}
    assert said(cast, "长安与乐平都用SQL") == "长(chang2)安(an1)与乐(yue4)平(ping2)都用sequel"


def test_replacements_that_look_a_little_like_readings_are_taken(tmp_path: Path) -> None:
    cast = loaded(tmp_path, "SQL: ess cue ell\nB2: bee two\nMP3: m p 3\nand/or: and or\n1984: nineteen eighty-four\n")
    assert cast.lexicon["MP3"] == "m p 3"


def test_only_lines_with_a_changed_term_are_spoken_otherwise(tmp_path: Path) -> None:
    lines = ["他住在乐平。", "他住在长安。"]
    before = [said(loaded(tmp_path), text) for text in lines]
    after = [said(loaded(tmp_path, SERIES.replace("yue4", "le4")), text) for text in lines]
    assert before[0] != after[0]
    assert before[1] == after[1]


@pytest.mark.parametrize(
    ("series", "says", "at"),
    [
        ("甲: jia3\n乙: [yi3]\n", "乙 must be a reading or a replacement, not a list", 2),
        ("甲: jia3\n乙:\n", "乙 must be a reading or a replacement, not nothing", 2),
        ("林晚: lin2\n", "林晚: lin2 has 1 syllables for 2 characters", 1),
        ("长安: chang9 an1\n", "chang9 is no Mandarin syllable", 1),
        ("重新: chong2xin1\n", "leave a space between syllables", 1),
        ("Siobhan: /zzzz\n", "is no IPA: that stands between two slashes", 1),
        ("Siobhan: /ʃɪˈvɔːn/ extra\n", "is no IPA", 1),
        ("甲: true\n", "甲 must be a reading or a replacement, not true or false", 1),
        ("甲: jia3\n甲: jia4\n", "'甲' stands twice, on lines 1 and 2", 2), ("- 甲\n", "a lexicon file is a list of `key: value`", 1),
        ("甲: jia3\n\t乙: yi3\n", "a tab indents this line", 2), ("甲: [jia3\n", "this is not YAML", 2),
        ("甲: jia3\n乙".encode() + b"\xff: x\n", "the file is not UTF-8", 2), ("", "the lexicon file is empty", 0),
        ("甲: " + "a" * (1 << 20), "bytes, more than any lexicon file", 0),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_file_is_named_there(tmp_path: Path, series: str | bytes, says: str, at: int) -> None:
    with pytest.raises(CastError) as error:
        loaded(tmp_path, series)
    assert says in error.value.what
    assert error.value.where == f"{tmp_path / 'series.yaml'}" + (f", line {at}" if at else "")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("nowhere.yaml", "'nowhere.yaml' is not there"), ("..", "'..' is no plain file"), ("pipe", "'pipe' is no plain file"),
        ("https://example.org/lexicon.yaml", "is an address, not a file"), ("[a, b]", "must be the path of a YAML file"),
        ("''", "must be the path of a YAML file"),
    ],
)  # fmt: skip
def test_a_path_that_cannot_be_read_is_named_in_the_cast(tmp_path: Path, path: str, says: str) -> None:
    (tmp_path / "book").mkdir()
    os.mkfifo(tmp_path / "book" / "pipe")
    with pytest.raises(CastError) as error:
        loaded(tmp_path, text=CAST.replace("../series.yaml", path))
    assert says in error.value.what
    assert error.value.where == f"{tmp_path / 'book' / 'cast.yaml'}, line 4"
