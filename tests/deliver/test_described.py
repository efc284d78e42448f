"""The table of deliverables: every file's own title, and a length only where something plays, as long as ffmpeg finds it."""

from dataclasses import replace
from pathlib import Path

import mutagen
import pytest

from pipeline.deliver.book import FinishedBook
from pipeline.deliver.described import described
from pipeline.deliver.make import Made, make
from pipeline.errors import MasteringError
from tests.deliver.synthetic import PODCAST, Said, book, decoded

QUICK = replace(PODCAST, formats=("flac", "mp3", "m4a"))
KINDS = ("m4b", "mp3", "sample", "stems", "srt", "edl", "words", "feed", "report")
FIRST = [
    Said("heading", seconds=1.0),
    *(
        Said("narration" if at % 2 else "dialogue", "narrator" if at % 2 else "林晚", 8.0, 1 + at)
        for at in range(1, 10)
    ),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[FinishedBook, list[Made]]:
    one = book(tmp_path_factory.mktemp("two"), [FIRST, [Said()]], QUICK, titles=["一 雨. 夜", "二"])
    one = replace(one, settings={"feed": {"url": "https://example.org/b/", "email": "me@example.org"}})
    return one, [make(one, kind) for kind in KINDS]


def test_every_file_has_its_own_title(made: tuple[FinishedBook, list[Made]]) -> None:
    one, kinds = made
    titles = {str(path.relative_to(one.folder)): title for kind in kinds for path, title, _ in described(one, kind)}
    assert titles == {
        "雨夜.m4b": "雨夜", "雨夜.mp3": "雨夜", "雨夜 sample.mp3": "雨夜（试听）", "雨夜.srt": "雨夜", "雨夜.words.json": "雨夜",
        "report.html": "雨夜", "report.json": "雨夜",
        "雨夜 stems/01/narrator.flac": "一 雨. 夜 · narrator", "雨夜 stems/01/林晚.flac": "一 雨. 夜 · 林晚",
        "雨夜 stems/01/room tone.flac": "一 雨. 夜 · room tone", "雨夜 stems/02/narrator.flac": "二 · narrator",
        "雨夜 stems/02/room tone.flac": "二 · room tone",
        "chapters/01.srt": "一 雨. 夜", "chapters/02.srt": "二", "雨夜 edl/01.edl": "一 雨. 夜", "雨夜 edl/02.edl": "二",
        "雨夜 feed/feed.xml": "雨夜", "雨夜 feed/cover.jpg": "雨夜",
        **{f"雨夜 feed/001.{suffix}": "一 雨. 夜" for suffix in ("mp3", "vtt", "srt", "json", "chapters.json")},
        **{f"雨夜 feed/002.{suffix}": "二" for suffix in ("mp3", "vtt", "srt", "json", "chapters.json")},
    }  # fmt: skip


def test_audio_is_as_long_as_ffmpeg_decodes_it_and_nothing_else_has_a_length(
    made: tuple[FinishedBook, list[Made]],
) -> None:
    one, kinds = made
    lengths = {path: seconds for kind in kinds for path, _, seconds in described(one, kind)}
    audio = {path for path in lengths if path.suffix in (".mp3", ".m4b", ".flac")}
    assert {path for path, seconds in lengths.items() if seconds is not None} == audio
    for path in audio:
        judge = decoded(path).size / mutagen.File(path).info.sample_rate
        assert lengths[path] == pytest.approx(judge, abs=0.06), path
    assert lengths[one.path(" sample.mp3")] < one.masters[0].seconds < lengths[one.path(".m4b")]


def test_a_part_of_a_chapter_has_its_title(made: tuple[FinishedBook, list[Made]]) -> None:
    one, _ = made
    part = Made("edl", (one.folder / "雨夜 edl/02 (2).edl",), False)
    assert [title for _, title, _ in described(one, part)] == ["二"]


def test_damaged_audio_is_named(made: tuple[FinishedBook, list[Made]], tmp_path: Path) -> None:
    broken = tmp_path / "雨夜.m4b"
    broken.write_bytes(made[0].path(".m4b").read_bytes()[:40])
    with pytest.raises(MasteringError) as caught:
        list(described(made[0], Made("m4b", (broken,), False)))
    assert caught.value.where == str(broken)
