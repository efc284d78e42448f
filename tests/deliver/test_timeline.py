import csv
import itertools
import json

import soundfile

from pipeline.deliver import timeline
from pipeline.deliver.book import FinishedBook


def test_the_timeline_places_every_line_to_the_sample_and_one_after_the_other(finished: FinishedBook) -> None:
    table, tree = timeline.write(finished)
    rows = list(csv.DictReader(table.open(encoding="utf-8-sig")))
    told = json.loads(tree.read_text(encoding="utf-8"))
    lines = [line for chapter in told["chapters"] for line in chapter["lines"]]
    assert [row["id"] for row in rows] == [line["id"] for line in lines]
    assert [int(row["end_frame"]) for row in rows] == [line["end"] for line in lines]
    assert all(one["end"] <= two["start"] for one, two in itertools.pairwise(lines))
    assert told["frames"] == sum(len(soundfile.SoundFile(one.files["flac"])) for one in finished.masters)
    assert [chapter["start"] for chapter in told["chapters"]] == finished.starts()


def test_a_line_sounds_where_the_timeline_says_and_is_quiet_between(finished: FinishedBook) -> None:
    for master, laid, _ in finished.timelines():
        wave, rate = soundfile.read(master.files["flac"])
        assert rate == laid.sample_rate
        for one, following in zip(laid.segments, laid.segments[1:], strict=False):
            speech = wave[one.start : one.end]
            gap = wave[one.end : following.start]
            assert (speech**2).mean() > 100 * (gap**2).mean(), one.text
