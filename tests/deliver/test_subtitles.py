"""SubRip and WebVTT, read back by other people's parsers and held against the timeline."""

import html
import itertools
import json
import re
import shutil
import subprocess
import tracemalloc
from pathlib import Path

import imageio_ffmpeg
import pysubs2
import pytest
import webvtt

from pipeline.deliver import subtitles, word_times
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.clock import on_one_line
from pipeline.deliver.kinds import KINDS
from pipeline.deliver.make import make
from pipeline.errors import MasteringError
from pipeline.nouns import Word
from tests.deliver.strange import AWKWARD, RATE, Part, Said, awkward, book_of, long

LONG = "长安城下了三天的雨，城里的人都说这是三十年来最大的一场。林晚推开门，看见老王站在雨里，手里拿着一封信。"


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", on_one_line(text))


def lines(book: FinishedBook) -> list[tuple[float, float, str]]:
    """(start, end, text) of every line in the joined book, in milliseconds."""
    return [
        ((first + one.start) * 1000 / timeline.sample_rate, (first + one.end) * 1000 / timeline.sample_rate, one.text)
        for _, timeline, first in book.timelines()
        for one in timeline.segments
    ]


def held(cues: list[tuple[int, int, str]], book: FinishedBook) -> None:
    """Cues, in order, are the lines: no word missing, within a millisecond, none over another."""
    assert all(start < end for start, end, _ in cues)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(cues))
    waiting = list(cues)
    for start, end, text in lines(book):
        told, first, last = "", waiting[0][0], 0
        while len(told) < len(squeezed(text)):
            _, last, part = waiting.pop(0)
            told += squeezed(part)
        assert told == squeezed(text)
        assert abs(first - start) <= 1
        assert abs(last - end) <= 1
    assert not waiting


def in_ms(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))) * 1000)


def srt_cues(path: Path) -> list[tuple[int, int, str]]:
    events = pysubs2.load(str(path), encoding="utf-8", keep_unknown_html_tags=True)
    return [(one.start, one.end, one.text.replace("\\N", "\n")) for one in events]


def vtt_cues(path: Path) -> list[tuple[int, int, str]]:
    return [(in_ms(one.start), in_ms(one.end), html.unescape(one.text)) for one in webvtt.read(str(path))]


def test_subrip_of_the_book_is_the_timeline(finished: FinishedBook) -> None:
    whole, *chapters = subtitles.write_srt(finished)
    held(srt_cues(whole), finished)
    assert [path.stem for path in chapters] == [master.stem for master in finished.masters]
    starts = [start * 1000 / finished.masters[0].sample_rate for start in finished.starts()]
    joined = [(start, text) for start, _, text in srt_cues(whole)]
    split = [
        (start + offset, text)
        for path, offset in zip(chapters, starts, strict=True)
        for start, _, text in srt_cues(path)
    ]
    assert [text for _, text in joined] == [text for _, text in split]
    assert all(abs(one - two) <= 1 for (one, _), (two, _) in zip(joined, split, strict=True))


def test_webvtt_of_the_book_is_the_timeline_and_names_the_speakers(finished: FinishedBook) -> None:
    whole, *_ = subtitles.write_vtt(finished)
    held(vtt_cues(whole), finished)
    voices = [one.voice for one in webvtt.read(str(whole))]
    assert voices[:4] == ["旁白", "旁白", "林晚", "林晚"]
    assert "AI-generated speech" in whole.read_text(encoding="utf-8")


def test_ffmpeg_reads_both(finished: FinishedBook) -> None:
    for path in (subtitles.write_srt(finished)[0], subtitles.write_vtt(finished)[0]):
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-f", "srt", "-"]
        done = subprocess.run(command, capture_output=True, check=True)
        assert not done.stderr
        assert done.stdout.decode().count(" --> ") == len(lines(finished))


def test_awkward_texts_come_back_whole(tmp_path: Path) -> None:
    book = awkward(tmp_path)
    held(vtt_cues(subtitles.write_vtt(book)[0]), book)
    whole = subtitles.write_srt(book)[0].read_text(encoding="utf-8")
    blocks = [block.split("\n", 2) for block in whole.strip().split("\n\n")]
    assert [block[0] for block in blocks] == [str(number) for number in range(1, 9)]
    for block, text in zip(blocks, AWKWARD, strict=False):
        assert squeezed(block[2]) == squeezed(text).replace("-->", "→")


def test_mark_up_in_texts_and_names_is_escaped_in_webvtt(tmp_path: Path) -> None:
    text = subtitles.write_vtt(awkward(tmp_path))[1].read_text(encoding="utf-8")
    assert '<v 旁白>R&amp;D &lt;i&gt;is&lt;/i&gt; "fine" --&gt; 5 &lt; 6 &amp; 7 &gt; 3;' in text
    assert "&amp;amp; a tag" in text
    assert '<v A&lt;b&gt;&amp;"c>第一行 第二行 第三行 尾' in text
    assert text.count(" --> ") == len(AWKWARD)
    unknown = next(block for block in text.split("\n\n") if "שלום" in block)
    assert "<v" not in unknown  # nobody knows who says it


def test_the_web_consortiums_parser_finds_no_fault(tmp_path: Path, finished: FinishedBook) -> None:
    script = (
        "const {WebVTTParser} = require('webvtt-parser'), {readFileSync} = require('fs');"
        "console.log(JSON.stringify(process.argv.slice(1).map(f => new WebVTTParser().parse(readFileSync(f, 'utf8')))))"
    )
    if (
        not shutil.which("node")
        or subprocess.run(["node", "-e", "require('webvtt-parser')"], capture_output=True).returncode
    ):
        pytest.skip("npm install webvtt-parser somewhere, and NODE_PATH=somewhere/node_modules")
    files = [*subtitles.write_vtt(awkward(tmp_path)), *subtitles.write_vtt(finished)]
    done = subprocess.run(["node", "-e", script, "--", *map(str, files)], capture_output=True, check=True)
    for path, told in zip(files, json.loads(done.stdout), strict=True):
        assert told["errors"] == [], path
        assert told["cues"]


def test_hours_go_on_beyond_ten(tmp_path: Path) -> None:
    book = long(tmp_path)
    whole = subtitles.write_srt(book)[0].read_text(encoding="utf-8")
    assert "11:00:02,000 --> 11:00:03,000" in whole
    assert "11:00:02.000 --> 11:00:03.000" in subtitles.write_vtt(book)[0].read_text(encoding="utf-8")


def test_a_long_line_is_divided_by_its_characters_where_words_are_unknown(tmp_path: Path) -> None:
    book = book_of(tmp_path, [Part("", [Said("林晚", LONG, 10 * RATE)])])
    cues = srt_cues(subtitles.write_srt(book)[0])
    held(cues, book)
    assert len(cues) == 2
    share = LONG.index("林晚") / len(LONG)
    assert abs(cues[0][1] - (500 + 10_000 * share)) <= 1


def test_a_long_line_is_divided_where_its_words_are(tmp_path: Path) -> None:
    spoken = [sign for sign in LONG if sign.isalnum()]
    times = [0.1 * at if at < 26 else 5 + 0.2 * (at - 26) for at in range(len(spoken))]  # 林 is the 27th
    words = tuple(Word(sign, time, time + 0.1) for sign, time in zip(spoken, times, strict=True))
    assert spoken[26] == "林"
    book = book_of(tmp_path, [Part("", [Said("林晚", LONG, 10 * RATE, words=words)])])
    cues = srt_cues(subtitles.write_srt(book)[0])
    assert len(cues) == 2
    assert cues[0][1] == cues[1][0] == 500 + 5000


def test_what_is_written_otherwise_than_said_lies_between_its_neighbours() -> None:
    words = [Word(sign, at * 0.1, at * 0.1 + 0.1) for at, sign in enumerate("在一九九八年走")]
    times = word_times.starts("在1998年，走", words, 0.8)
    assert times[0] == 0
    assert [round(times["在1998年，走".index(sign)], 3) for sign in "年走"] == [0.5, 0.6]
    assert times == sorted(times)
    assert 0 < times[1] < times[2] < 0.5
    assert times[-1] == 0.8
    english = word_times.starts(
        "“Don't!” he SAID.", [Word("Don't", 0.0, 0.5), Word("he", 1, 1.2), Word("said", 1.2, 1.6)], 2
    )
    assert english["“Don't!” he SAID.".index("he")] == pytest.approx(1)
    assert english["“Don't!” he SAID.".index("SAID")] == pytest.approx(1.2)


def test_speakers_and_layout_are_as_the_cast_file_says(tmp_path: Path) -> None:
    settings = {"srt": {"speakers": True, "width": 16, "rows": 1}}
    book = book_of(tmp_path, [Part("", [Said("林晚", LONG), Said("unknown", "谁？")])], settings=settings)
    text = subtitles.write_srt(book)[0].read_text(encoding="utf-8")
    rows = [block.split("\n")[2] for block in text.strip().split("\n\n")]
    assert rows[0].startswith("林晚：长安城")
    assert sum(row.startswith("林晚：") for row in rows) == 1
    assert rows[-1] == "谁？"
    assert all(len(row) <= 8 for row in rows), "the name counts"


def test_a_take_that_is_gone_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    book = book_of(tmp_path, [Part("", [Said("林晚", "走。")])])
    book.take_file(book.timeline(book.masters[0]).segments[0].take).unlink()
    with pytest.raises(MasteringError, match="the take of line c01-1 cannot be read") as raised:
        subtitles.write_srt(book)
    assert "shuoshu run" in raised.value.fix
    assert not list(tmp_path.glob("**/*.srt"))


def test_they_are_made_once(tmp_path: Path) -> None:
    book = awkward(tmp_path)
    assert make(book, "vtt").now
    assert not make(book, "vtt").now


KINDS_IN_A_STREAM = ("srt", "vtt", "lrc", "words", "labels", "cues", "reaper", "edl")


@pytest.mark.parametrize("kind", KINDS_IN_A_STREAM)
def test_memory_does_not_grow_with_the_book(tmp_path: Path, kind: str) -> None:
    def peak(chapters: int) -> int:
        book = book_of(tmp_path / str(chapters), [Part("", [Said("林晚", "长安城下了三天的雨。")] * 20)] * chapters)
        write = KINDS[kind].writer()
        write(book)
        found = []
        for _ in range(2):  # once in a while the interpreter's own table of names grows meanwhile
            tracemalloc.start()
            write(book)
            found.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        return min(found)

    assert peak(8) < 1.3 * peak(2)
