"""The law of the script, whatever the text: no character lost, doubled or moved, and linear time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipeline import manuscript, script
from pipeline.nouns import Book, Chapter, Language, Paragraph
from pipeline.script.markup import _PAUSE, _SPEAKER

_ALPHABET = st.one_of(
    st.sampled_from(list("“”‘’「」『』\"'＂[]［］【】|｜（）()—…。，！？：；.,!?:; \t\u3000")),
    st.sampled_from(["\u200b", "\u200d", "\ufeff", "\u2060", "\u202e", "\u202c", "\u2066", "\u2069", "\u200f", "👩‍👩‍👧", "🇨🇳", "e\u0301"]),
    st.sampled_from(["林晚", "老王", "他说", "道：", "said", " Anne ", "Mr.", "他", "her", "……", "[pause 2s]", "[停顿 1秒]", "重(chóng)新"]),
    st.characters(exclude_categories=("Cs", "Cc")),
)  # fmt: skip
_PARAGRAPHS = st.lists(st.lists(_ALPHABET, max_size=40).map("".join), min_size=1, max_size=6)


def book(paragraphs: list[str], language: Language) -> Book:
    chapter = Chapter(1, "", tuple(Paragraph(text) for text in paragraphs))
    return Book("t", "a", language, (chapter,), Path("t.txt"), "0" * 64)


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def without_markup(text: str) -> str:
    return _PAUSE.sub("", _SPEAKER.sub("", text, count=1))


@pytest.mark.parametrize("language", ["zh", "en"])
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(paragraphs=_PARAGRAPHS)
def test_no_character_is_lost_doubled_or_moved(language: Language, paragraphs: list[str]) -> None:
    paragraphs = [text for text in paragraphs if not _SPEAKER.match(text)]  # its emotion may be none, which is an error
    lines = script.analyse(book(paragraphs, language))
    for number, text in enumerate(paragraphs, 1):
        joined = "".join(line.text for line in lines if line.paragraph == number)
        assert bare(joined) == bare(without_markup(text))
    assert [line.order for line in lines] == list(range(1, len(lines) + 1))
    assert len({line.id for line in lines}) == len(lines)
    assert [line.paragraph for line in lines] == sorted(line.paragraph for line in lines)


@settings(max_examples=60, deadline=None)
@given(body=st.lists(_ALPHABET, max_size=40).map("".join), speaker=st.sampled_from(["林晚", "", "Anne"]))
def test_mark_up_goes_and_the_rest_stays(body: str, speaker: str) -> None:
    text = f"[{speaker}|愤怒:0.5]{body}"
    lines = script.analyse(book([text], "zh"))
    assert bare("".join(line.text for line in lines)) == bare(without_markup(text))


_WRITTEN = st.one_of(
    _ALPHABET.filter(lambda text: not re.search("[\u2028\u2029]", text)),  # which end a line, as \\n does
    st.sampled_from(["  ", " \t ", "\u3000\u3000", "\xa0", "e\u0301", "\xad", "\u200e", "中 文", "one  two"]),
)
_DROPPED = re.compile("[\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\xad]")
"""As docs/manuscripts.md lists them."""
_BEGINNINGS = {"zh": "林晚走到桥头，", "en": "Anne walked down to the old bridge and "}
"""Before every paragraph, so that none is a heading, a scene break, a title or mark-up."""


@pytest.mark.parametrize("language", ["zh", "en"])
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(paragraphs=st.lists(st.lists(_WRITTEN, max_size=40).map("".join), min_size=1, max_size=6), wrapped=st.booleans())
def test_a_written_file_is_read_out_whole_and_in_order(
    tmp_path: Path, language: Language, paragraphs: list[str], wrapped: bool
) -> None:
    """From bytes to lines: every line is a stretch of the file, to the space, and between two lines there is only white space.
    Composed forms, dropped characters and folded white space are as docs/manuscripts.md says."""
    written = [_BEGINNINGS[language] + text for text in paragraphs]
    path = tmp_path / "book.txt"
    breaks = (lambda text: text.replace("the old", "the\nold")) if wrapped else str
    path.write_text("\n\n".join(map(breaks, written)), encoding="utf-8", newline="")
    book = manuscript.read(path, encoding="utf-8")
    assume(book.language == language)
    folded = (" ".join(unicodedata.normalize("NFC", _DROPPED.sub("", text)).split()) for text in written)
    rest = "\n".join(_PAUSE.sub(" ", text) for text in folded)
    for line in script.analyse(book):
        if line.kind != "pause":
            rest = rest.lstrip()
            assert rest.startswith(line.text)
            rest = rest[len(line.text) :]
    assert not rest.strip()


_SHAPES = {
    "opening quotes": "“", "closing quotes": "”", "mixed openings": "“「『‘", "dashes": "—", "hyphens": "-", "pairs": "“”",
    "straight quotes": '"', "single straight": "'", "single words": " 'a", "said": "said ", "他说": "他说", "brackets": "[",
    "pauses begun": "[pause ", "pauses with room": "[  ", "spaces": " ", "dots": ".", "dotted letters": "A.", "ellipsis": "…",
    "one word": "a", "one sign": "中", "quoted": "“你好。”", "quoted and said": "“嗯，”他说。", "exclamations": "！", "nested": "“「",
    "names": "林晚道：“来。”", "english": '"Yes," said Anne. ', "commas": "，", "semicolons": "；", "colons": "：", "line signs": "\u2028",
    "abbreviations": "Mr. ", "initials": "A. ", "goes on": "a. b", "ellipsis goes on": "…a", "apostrophes": "a'b ",
    "single then words": " 'a'b", "open and comma": "“a,", "end marks": "。”", "brackets and bars": "[a|", "digits": "1,",
    "deep, then a foreign closer": ("“「", "』"), "deep, then closers": ("“「", "”"), "deep, then straight": ("“「", '"'),
    "letters, then quotes": ("a", "“a”"), "verbs, then quotes": ("said ", "“嗯”"), "spaces in brackets": ("[pause", " "),
}  # fmt: skip


def shaped(shape: str, size: int) -> str:
    """About `size` characters: one unit repeated, or one for the first half and another for the second."""
    units = _SHAPES[shape]
    parts = (units,) if isinstance(units, str) else units
    return "".join(unit * (size // len(parts) // len(unit)) for unit in parts)


def cpu_seconds(shape: str, size: int, language: Language, runs: int = 3) -> float:
    """The least CPU time of some runs on one paragraph of `size` characters."""
    text, times = shaped(shape, size), []
    for _ in range(runs):
        began = time.process_time()
        script.analyse(book([text], language))
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("shape", _SHAPES)
def test_no_shape_takes_quadratic_time(shape: str, language: Language) -> None:
    told = []
    for _ in range(3):  # a loaded machine slows either side, whatever clock is read; quadratic time fails every try
        one, four = cpu_seconds(shape, 20_000, language), cpu_seconds(shape, 80_000, language)
        if four < 0.1 or four / one <= 8:
            return
        told.append(f"{one:.3f} s for 20 kB, {four:.3f} s for 80 kB")
    pytest.fail("; ".join(told))


@pytest.mark.parametrize(
    ("shape", "language"),
    [
        ("opening quotes", "zh"), ("dashes", "zh"), ("pairs", "zh"), ("said", "en"), ("他说", "zh"), ("brackets", "zh"),
        ("abbreviations", "en"), ("deep, then a foreign closer", "zh"),
    ],
)  # fmt: skip
def test_a_single_line_of_a_megabyte_takes_linear_time(shape: str, language: Language) -> None:
    told = []
    for _ in range(3):
        third, one = cpu_seconds(shape, 333_000, language, runs=1), cpu_seconds(shape, 1_000_000, language, runs=1)
        if one / third <= 4.5:  # quadratic time would be nine times as much
            return
        told.append(f"{third:.2f} s for 333 kB, {one:.2f} s for 1 MB")
    pytest.fail("; ".join(told))


def test_the_same_script_in_every_process(tmp_path: Path) -> None:
    """Sets come in another order in another process; no line may depend on it. Three who share two characters of their names:
    who was learnt once hung on which of them came first."""
    people = (("林晚轻", 20), ("林晚月", 3), ("林晚星", 3), ("王强", 8))
    said = [f"{name}说：“天黑了，走吧。”\n\n“谁去？”" for name, count in people for _ in range(count)]
    (tmp_path / "book.txt").write_text("\n\n".join(["第一章 桥头", *said]), encoding="utf-8")
    told = (
        "from pathlib import Path; from pipeline import manuscript, script\n"
        "print([(line.speaker, line.confidence) for line in script.analyse(manuscript.read(Path('book.txt')))])"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", told], capture_output=True, text=True, check=True, cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(Path(script.__file__).parents[2])},
        ).stdout
        for seed in range(4)
    }  # fmt: skip
    assert len(seen) == 1
