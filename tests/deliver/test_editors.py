"""Labels, cue list, Reaper project and edit lists, read back and held against the timeline."""

import csv
import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import opentimelineio
import pytest
import rpp
import soundfile

from pipeline.deliver import edl, labels, reaper
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.clock import milliseconds, on_one_line, timecode
from pipeline.mastering.music import Music
from pipeline.nouns import Segment
from tests.deliver import synthetic
from tests.deliver.strange import AWKWARD, RATE, Part, Said, awkward, book_of, long
from tests.deliver.synthetic import PODCAST


def placed(book: FinishedBook) -> list[tuple[int, int, Segment]]:
    """(first frame, last + 1 in the joined book, line)."""
    return [(first + one.start, first + one.end, one) for _, laid, first in book.timelines() for one in laid.segments]


def test_milliseconds_and_timecodes() -> None:
    assert [milliseconds(frame, 44100) for frame in (0, 22, 23, 44100, 44100 * 36_000)] == [0, 0, 1, 1000, 36_000_000]
    assert milliseconds(1, 2000) == 1  # a half goes up
    assert [timecode(count, 25) for count in (0, 24, 25, 25 * 86_399)] == [
        "00:00:00:00", "00:00:00:24", "00:00:01:00", "23:59:59:00",
    ]  # fmt: skip


def test_labels_place_every_line(finished: FinishedBook, tmp_path: Path) -> None:
    for book in (finished, awkward(tmp_path)):
        [path] = labels.write_labels(book)
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        rate = book.masters[0].sample_rate
        for (start, end, text), (first, last, one) in zip(rows, placed(book), strict=True):
            assert abs(float(start) - first / rate) < 1e-6
            assert abs(float(end) - last / rate) < 1e-6
            assert text.endswith(on_one_line(one.text))
    assert rows[0][2].startswith("旁白：")


def test_the_cue_list_tells_places_as_clock_and_samples(finished: FinishedBook, tmp_path: Path) -> None:
    for book in (finished, awkward(tmp_path / "a"), long(tmp_path / "b")):
        [path] = labels.write_cues(book)
        rows = list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))
        for row, (first, last, one) in zip(rows, placed(book), strict=True):
            assert (row["id"], int(row["in_samples"]), int(row["out_samples"])) == (one.line_id, first, last)
            assert row["text"] == on_one_line(one.text)
            for clock, frame in ((row["in"], first), (row["out"], last)):
                hours, minutes, seconds = clock.split(":")
                told = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
                assert abs(told - frame / book.masters[0].sample_rate) <= 0.0005001
    assert rows[-1]["in"] == "11:00:02.000"


# --- Reaper ---------------------------------------------------------------------------------------------------------


def project(book: FinishedBook) -> rpp.Element:
    [path] = reaper.write(book)
    return rpp.loads(path.read_text(encoding="utf-8"))


def values(element: rpp.Element, name: str) -> list[str]:
    return next(row for row in element if isinstance(row, list) and row[0] == name)[1:]


def test_reaper_items_are_the_takes_at_their_places_with_their_gains(finished: FinishedBook) -> None:
    root = project(finished)
    tracks = root.findall("./TRACK")
    speakers = dict.fromkeys(one.speaker for *_, one in placed(finished))
    names = ["旁白" if name == "narrator" else name for name in speakers]
    assert [values(track, "NAME")[0] for track in tracks] == [*names, "Master"]
    rate = finished.masters[0].sample_rate
    items = sorted(
        (float(values(item, "POSITION")[0]), item) for track in tracks[:-1] for item in track.findall("./ITEM")
    )
    for (at, item), (first, last, one) in zip(items, placed(finished), strict=True):
        assert abs(at - first / rate) < 1e-8
        assert abs(float(values(item, "LENGTH")[0]) - (last - first) / rate) < 1e-8
        assert abs(20 * math.log10(float(values(item, "VOLPAN")[0])) - one.gain_db) < 1e-4
        assert values(item, "NAME") == [one.text]
        [source] = item.findall("./SOURCE")
        file = finished.folder / values(source, "FILE")[0]
        assert (source.attrib, file) == (["FLAC"], finished.take_file(one.take))
        assert 0 <= (last - first) / rate - soundfile.info(str(file)).duration < 1 / rate


def test_reaper_chapters_are_regions_and_the_masters_lie_muted_beneath(finished: FinishedBook) -> None:
    root = project(finished)
    markers = [row[1:] for row in root if isinstance(row, list) and row[0] == "MARKER"]
    rate = finished.masters[0].sample_rate
    for number, (master, start) in enumerate(zip(finished.masters, finished.starts(), strict=True)):
        opening, end = markers[2 * number : 2 * number + 2]
        assert opening[2] == master.title
        assert abs(float(opening[1]) - start / rate) < 1e-8
        assert abs(float(end[1]) - (start + master.frames) / rate) < 1e-8
        assert opening[3] == end[3] == "1"  # a region, not a marker
    muted = root.findall("./TRACK")[-1]
    assert values(muted, "MUTESOLO")[0] == "1"
    files = [finished.folder / values(item.findall("./SOURCE")[0], "FILE")[0] for item in muted.findall("./ITEM")]
    assert files == [master.files["flac"] for master in finished.masters]


def test_reaper_projects_keep_awkward_names(tmp_path: Path) -> None:
    book = awkward(tmp_path)
    root = project(book)
    names = [values(item, "NAME")[0] for track in root.findall("./TRACK")[:-1] for item in track.findall("./ITEM")]
    texts = [on_one_line(one.text) for *_, one in placed(book)]
    assert sorted(names) == sorted(texts)
    assert len(AWKWARD) == 6
    assert values(root.findall("./TRACK")[1], "NAME") == ['A<b>&"c']
    assert not list(tmp_path.glob(".reaper*"))
    both = [Said("甲", "\"'`"), Said("甲", '`"'), Said("甲", "`")]
    kept = project(book_of(tmp_path / "b", [Part("", both)]))
    items = kept.findall("./TRACK")[0].findall("./ITEM")
    assert [values(item, "NAME")[0] for item in items] == ["\"''", '`"', "`"]


def test_a_reaper_project_is_the_same_every_time(tmp_path: Path) -> None:
    book = awkward(tmp_path)
    assert reaper.write(book)[0].read_bytes() == reaper.write(book)[0].read_bytes()


# --- edit lists -----------------------------------------------------------------------------------------------------


def events(path: Path, fps: int = 25) -> list[tuple[int, int, str]]:
    """(first, last + 1, clip) in video frames, as OpenTimelineIO reads them."""
    told = opentimelineio.adapters.read_from_file(str(path), rate=fps)
    found = []
    for clip in told.find_clips():
        span = clip.range_in_parent()
        found.append((int(span.start_time.value), int(span.end_time_exclusive().value), clip.name))
    return found


def test_an_edit_list_is_the_chapters_lines_to_the_nearest_video_frame(finished: FinishedBook) -> None:
    for path, (master, laid, _) in zip(edl.write(finished), finished.timelines(), strict=True):
        assert path.stem == master.stem
        found = events(path)
        begin = found[0][0] - round(laid.segments[0].start * 25 / laid.sample_rate)  # its own zero is the first event
        for (start, end, name), one in zip(found, laid.segments, strict=True):
            assert abs((start - begin) / 25 - one.start / laid.sample_rate) <= 0.02001
            assert abs((end - begin) / 25 - one.end / laid.sample_rate) <= 0.02001
            assert name == f"{one.take}.flac"
        rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line[:3].isdigit()]
        assert rows[0][6] == timecode(round(laid.segments[0].start * 25 / laid.sample_rate), 25)


def test_edit_lists_follow_the_frame_rate_and_never_overlap(tmp_path: Path) -> None:
    book = awkward(tmp_path, settings={"edl": {"fps": "24"}})
    for path in edl.write(book):
        found = events(path, 24)
        assert all(start < end for start, end, _ in found)
        assert all(one[1] <= two[0] for one, two in itertools.pairwise(found))
    assert len(found) == 2  # of less than a video frame each


def test_a_list_holds_999_events_at_most(tmp_path: Path) -> None:
    book = book_of(tmp_path, [Part("", [Said("林晚", "走。", RATE // 10, RATE // 10)] * 1001)])
    first, second = edl.write(book)
    assert second.name == "01 (2).edl"
    assert "\n999  AX" in first.read_text(encoding="utf-8")
    assert second.read_text(encoding="utf-8").count("  AX  ") == 2


def test_a_chapter_of_many_hours_counts_them(tmp_path: Path) -> None:
    assert "05:30:00:00 05:30:01:00" in edl.write(long(tmp_path))[0].read_text(encoding="utf-8")


def test_music_has_a_track_of_its_own_in_reaper(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "sting.wav", 0.2 * np.sin(2 * np.pi * 220 * np.arange(5 * 22050) / 22050), 22050)
    music = Music(tmp_path / "sting.wav", level=-3, lead=2, fade_in=0.25, fade_out=1.5)
    profile = replace(PODCAST, formats=("flac",), sample_rate=22050, chapter_music=music)
    one = synthetic.book(tmp_path, [[synthetic.Said()], [synthetic.Said()]], profile)
    tracks = project(one).findall("./TRACK")
    assert [values(track, "NAME")[0] for track in tracks] == ["旁白", "Music", "Master"]
    wave = synthetic.sound(one.masters[0])
    for item, start in zip(tracks[1].findall("./ITEM"), one.starts(), strict=True):
        assert float(values(item, "POSITION")[0]) == pytest.approx(start / 22050 + PODCAST.head, abs=1 / 22050)
        assert float(values(item, "LENGTH")[0]) == pytest.approx(5, abs=1e-6)
        assert [values(item, name)[1] for name in ("FADEIN", "FADEOUT")] == ["0.25", "1.5"]
        [source] = item.findall("./SOURCE")
        assert one.folder / values(source, "FILE")[0] == tmp_path / "sting.wav"
    alone = wave[round((PODCAST.head + 0.5) * 22050) :][:22050]
    assert np.abs(alone).max() == pytest.approx(0.2 * float(values(item, "VOLPAN")[0]), rel=0.02), "as loud as mastered"
