"""LRC and words.json: in order, inside their lines, and where the words are heard."""

import itertools
import json
import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pylrc
import soundfile

from pipeline.deliver import lrc, words
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.clock import on_one_line
from pipeline.nouns import Word
from tests.deliver.strange import Part, Said, awkward, book_of, long

_TAG = re.compile(r"<(\d+):(\d\d\.\d\d)>")


def said(book: FinishedBook) -> list[dict]:
    [path] = words.write(book)
    return json.loads(path.read_text(encoding="utf-8"))["lines"]


def test_every_word_lies_in_its_line_and_behind_the_one_before(finished: FinishedBook) -> None:
    lines = said(finished)
    placed = [
        (first + one.start, first + one.end, one) for _, laid, first in finished.timelines() for one in laid.segments
    ]
    rate = finished.masters[0].sample_rate
    assert [line["id"] for line in lines] == [one.line_id for *_, one in placed]
    for line, (start, end, one) in zip(lines, placed, strict=True):
        assert abs(line["start"] - start / rate) < 1e-3
        assert abs(line["end"] - end / rate) < 1e-3
        assert all(line["start"] <= word["start"] < word["end"] <= line["end"] for word in line["words"])
        assert all(first["end"] <= second["start"] + 1e-4 for first, second in itertools.pairwise(line["words"]))
        assert "".join(word["text"] for word in line["words"]) == "".join(sign for sign in one.text if sign.isalnum())


def test_words_are_heard_in_the_master_where_the_file_says(finished: FinishedBook) -> None:
    """A line's first word, and the first behind a pause in it, begin within 60 ms of their sound in the mastered chapter."""
    lines, first, inside = said(finished), 0, 0
    for master, start in zip(finished.masters, finished.starts(), strict=True):
        wave, rate = soundfile.read(master.files["flac"])
        hop = rate // 400
        level = np.sqrt((wave[: len(wave) // hop * hop].reshape(-1, hop) ** 2).mean(axis=1))
        room = np.median(level[: int(0.5 * rate / hop)])  # the chapter begins with room tone alone
        loud = np.flatnonzero(level > 20 * room) * hop / rate + start / rate
        for line in (one for one in lines if one["chapter"] == master.chapter):
            silence = line["start"] - 0.05
            for word in line["words"]:
                if word["start"] - silence >= 0.05:
                    onset = loud[np.searchsorted(loud, (silence + word["start"]) / 2)]
                    assert abs(onset - word["start"]) <= 0.06, (line["text"], word)
                    first += word is line["words"][0]
                    inside += word is not line["words"][0]
                silence = word["end"]
    assert first == len(lines)
    assert inside >= 1


def test_lines_without_word_times_are_listed_without_words(tmp_path: Path) -> None:
    lines = said(awkward(tmp_path))
    assert [line["words"] for line in lines] == [[]] * 8
    assert lines[2]["text"] == "شكراً جزيلاً (thank you) שלום"


def test_lyrics_are_the_chapters_lines_at_their_times(finished: FinishedBook) -> None:
    for path, (master, laid, _) in zip(lrc.write(finished), finished.timelines(), strict=True):
        assert path.parent == next(iter(master.files.values())).parent
        told = pylrc.parse(path.read_text(encoding="utf-8"))
        assert (told.title, told.album) == (master.title, finished.record.title)
        assert len(told) == len(laid.segments)
        for line, one in zip(told, laid.segments, strict=True):
            assert abs(line.time - one.start / laid.sample_rate) <= 0.0051
            assert _TAG.sub("", line.text) == on_one_line(one.text)
            times = [int(minutes) * 60 + float(seconds) for minutes, seconds in _TAG.findall(line.text)]
            assert times == sorted(times)
            assert one.start / laid.sample_rate - 0.006 <= times[0]
            assert times[-1] <= one.end / laid.sample_rate + 0.006
            assert len(times) == 1 + sum(sign.isalnum() for sign in one.text)


def test_ffmpeg_reads_lyrics(finished: FinishedBook) -> None:
    for path, (_, laid, _) in zip(lrc.write(finished), finished.timelines(), strict=True):
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-f", "srt", "-"]
        done = subprocess.run(command, capture_output=True, check=True)
        assert done.stdout.decode().count(" --> ") == len(laid.segments)


def test_english_words_have_a_time_each(tmp_path: Path) -> None:
    text = "“Don't go,” she said in 1998, 'tis well-known."
    spoken = "Don't go she said in nineteen ninety-eight tis well-known".split()
    times = tuple(Word(word, 0.2 * at, 0.2 * at + 0.15) for at, word in enumerate(spoken))
    book = book_of(tmp_path, [Part("One", [Said("Ann", text, words=times)])], "en")
    line = lrc.write(book)[0].read_text(encoding="utf-8").splitlines()[-1]
    assert _TAG.sub("|", line) == "[00:00.50]|“Don't |go,” |she |said |in |1998, '|tis |well-|known.|"
    assert "<00:01.10>she" not in line
    assert "<00:00.90>she" in line


def test_what_players_would_take_for_a_tag_is_replaced(tmp_path: Path) -> None:
    first, second = (path.read_text(encoding="utf-8") for path in lrc.write(awkward(tmp_path)))
    assert "［00:01.00］＜00:02.00＞假的标签" in first
    assert all(re.fullmatch(r"\[(\d\d:\d\d\.\d\d|[a-z]+:[^\[\]]*)\][^\[\]<>]*", line) for line in first.splitlines())
    assert len(first.splitlines()) == 5 + 6
    assert "[ti:Two & ＜three＞ --＞ 'four']" in second


def test_words_and_speakers_are_as_the_cast_file_says(tmp_path: Path) -> None:
    times = (Word("走", 0.1, 0.3), Word("吧", 0.3, 0.5))
    parts = [Part("", [Said("林晚", "走吧。", words=times)])]
    plain = book_of(tmp_path, parts, settings={"lrc": {"words": False, "speakers": True}})
    assert lrc.write(plain)[0].read_text(encoding="utf-8").endswith("[00:00.50]林晚：走吧。\n")
    timed = book_of(tmp_path, parts)
    assert lrc.write(timed)[0].read_text(encoding="utf-8").endswith("[00:00.50]<00:00.60>走<00:00.80>吧。<00:02.50>\n")


def test_minutes_go_on_beyond_ninety_nine(tmp_path: Path) -> None:
    book = long(tmp_path)
    assert "[330:00.00]来了。" in lrc.write(book)[0].read_text(encoding="utf-8")
    assert said(book)[1]["start"] == round(2 * 5.5 * 3600 + 2, 4)
