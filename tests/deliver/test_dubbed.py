"""What subtitles and editors get of a timed script, whose takes begin behind their silence and may play faster."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import opentimelineio
import pytest
import rpp
import soundfile

from pipeline.deliver import edl, reaper, subtitles, words
from pipeline.deliver.book import FinishedBook
from pipeline.dubbing import Dub
from pipeline.mastering import record
from pipeline.nouns import Segment, Word
from tests import test_dub
from tests.deliver.producing import produced
from tests.deliver.strange import RATE, Part, Said, book_of

CLIP = test_dub.CLIP.replace("，先喝杯热茶，", "。先喝杯热茶。").replace(
    "05,000 --> 00:00:06,800", "08,000 --> 00:00:09,800"
)


@pytest.fixture(scope="module")
def dub(tmp_path_factory: pytest.TempPathFactory) -> FinishedBook:
    """Of its lines the third plays faster."""
    path = tmp_path_factory.mktemp("dub") / "clip.srt"
    path.write_text(CLIP, encoding="utf-8")
    return produced(path, path.parent / "out", formats="flac", dub=Dub())


def segments(book: FinishedBook) -> tuple[Segment, ...]:
    [master] = book.masters
    return book.timeline(master).segments


def test_the_words_of_a_dub_are_where_they_are_heard(dub: FinishedBook) -> None:
    """A line's first word begins with its sound in the track."""
    wave, rate = soundfile.read(dub.masters[0].files["flac"])
    assert [one.tempo > 1.05 for one in segments(dub)] == [False, False, True, False]
    assert all(one.lead > 0 for one in segments(dub))
    [path] = words.write(dub)
    hop = rate // 200
    for line, one in zip(json.loads(path.read_text(encoding="utf-8"))["lines"], segments(dub), strict=True):
        sound = wave[one.start : one.end]
        power = np.square(sound[: sound.size // hop * hop]).reshape(-1, hop).mean(axis=1)
        loud = one.start / rate + np.flatnonzero(power > power.max() * 1e-4) * hop / rate
        assert line["words"][0]["start"] == pytest.approx(loud[0], abs=0.03), line["text"]


def test_words_are_counted_from_behind_the_lead_at_the_lines_tempo(tmp_path: Path) -> None:
    told = (Word("走", 0.2, 0.45), Word("了", 0.7, 1.5), Word("吗", 1.5, 2.4))
    book = book_of(tmp_path, [Part("", [Said("林晚", "走了吗", 2 * RATE, RATE, told)])])
    [master] = book.masters
    laid = book.timeline(master)
    [one] = laid.segments
    record.write(master, replace(laid, segments=(replace(one, lead=11025, tempo=1.25),)), tmp_path / "chapters")
    [line] = json.loads(words.write(book)[0].read_text(encoding="utf-8"))["lines"]
    times = [(word["start"], word["end"]) for word in line["words"]]
    assert times == [(1.0, 1.0), (1.16, 1.8), (1.8, 2.52)], "half a second of 22,050 Hz left out, then a quarter faster"


def test_captions_of_a_line_that_plays_faster_change_where_its_words_do(dub: FinishedBook) -> None:
    book = replace(dub, settings={"srt": {"width": 16, "rows": 1}})
    path = next(path for path in subtitles.write_srt(book) if path.parent == dub.folder)
    blocks = [block.split("\n") for block in path.read_text(encoding="utf-8").strip().split("\n\n")]
    [line] = [
        one for one in json.loads(words.write(dub)[0].read_text(encoding="utf-8"))["lines"] if "热茶" in one["text"]
    ]
    begins = next(word["start"] for word in line["words"] if word["text"] == "先")
    shown = next(block for block in blocks if block[2].startswith("先喝"))
    assert seconds(shown[1].split(" --> ")[0]) == pytest.approx(begins, abs=0.0015)


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def test_reaper_plays_the_takes_of_a_dub_as_they_were_mastered(dub: FinishedBook) -> None:
    [path] = reaper.write(dub)
    tracks = rpp.loads(path.read_text(encoding="utf-8")).findall("./TRACK")
    items = [item for track in tracks[:-1] for item in track.findall("./ITEM")]
    items.sort(key=lambda item: float(told(item, "POSITION")[0]))
    for item, one in zip(items, segments(dub), strict=True):
        take, rate = soundfile.read(dub.take_file(one.take), dtype="float32")
        left_out = float(told(item, "SOFFS")[0])
        assert left_out == pytest.approx(one.lead / rate, abs=1e-6)
        assert np.abs(take[: round(left_out * rate)]).max() < 0.05 * np.abs(take).max(), "it is silence"
        assert float(told(item, "PLAYRATE")[0]) == one.tempo
        assert told(item, "PLAYRATE")[1] == "1", "its pitch is kept"
    assert {told(item, "SOFFS")[0] for item in tracks[-1].findall("./ITEM")} == {"0"}


def told(item: rpp.Element, name: str) -> list[str]:
    return next(row for row in item if isinstance(row, list) and row[0] == name)[1:]


def test_an_edit_list_begins_behind_the_lead_and_tells_the_speed(dub: FinishedBook) -> None:
    [path] = edl.write(dub)
    clips = list(opentimelineio.adapters.read_from_file(str(path), rate=25).find_clips())
    rows = [row.split() for row in path.read_text(encoding="utf-8").splitlines() if row[:3].isdigit()]
    for row, clip, one in zip(rows, clips, segments(dub), strict=True):
        rate = soundfile.info(str(dub.take_file(one.take))).samplerate
        assert frames(row[4]) == pytest.approx(one.lead / rate * 25, abs=0.51)
        source, record = (frames(row[at + 1]) - frames(row[at]) for at in (4, 6))
        assert source == pytest.approx(record * one.tempo, abs=0.51)
        speeds = [effect.time_scalar for effect in clip.effects]
        assert speeds == ([pytest.approx(one.tempo, abs=0.003)] if source != record else [])
    assert sum("\nM2 " in event for event in path.read_text(encoding="utf-8").split("\n\n")) == 1


def frames(timecode: str) -> int:
    hours, minutes, whole, rest = map(int, timecode.split(":"))
    return ((hours * 60 + minutes) * 60 + whole) * 25 + rest
