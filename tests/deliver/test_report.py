"""The quality report: a clean book gives no alarm, every planted fault gives exactly the finding it is, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile

from pipeline.deliver import chapter_sound, line_checks, report
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.finding import Finding
from pipeline.deliver.make import make
from pipeline.deliver.quality import analyse
from pipeline.errors import MasteringError
from pipeline.listening import results
from pipeline.mastering import measured, record
from pipeline.nouns import Segment
from tests.conftest import CAST_EN, CAST_ZH, DEMO_EN, DEMO_ZH, ROOT, shuoshu
from tests.deliver.producing import produced

_Edit = Callable[[np.ndarray, list[Segment], int], object]


def demo_of(manuscript: Path, cast: Path, output: Path, only: str) -> FinishedBook:
    return produced(manuscript, output, cast=cast, chapters=only, formats="flac,mp3", deliver="timeline")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> FinishedBook:
    """Two chapters of the Chinese demo; shared, so do not change its files."""
    return demo_of(DEMO_ZH, CAST_ZH, tmp_path_factory.mktemp("demo"), "1-2")


@pytest.fixture
def copy(demo: FinishedBook, tmp_path: Path) -> FinishedBook:
    """A copy of it to plant faults in."""
    folder = tmp_path / demo.folder.name
    shutil.copytree(demo.folder, folder)
    return of_folder(demo, folder)


def of_folder(book: FinishedBook, folder: Path) -> FinishedBook:
    masters = [record.load(folder / "chapters", one.stem) for one in book.masters]
    return replace(book, folder=folder, takes=folder / "takes", masters=tuple(one for one in masters if one))


def with_sound(book: FinishedBook, edit: _Edit) -> FinishedBook:
    """The book after `edit` has changed the samples of its first chapter's lossless file."""
    master = book.masters[0]
    wave, rate = soundfile.read(master.files["flac"], dtype="float32")
    edit(wave, list(book.timeline(master).segments), rate)
    soundfile.write(master.files["flac"], wave, rate)
    return book


def a_line(segments: list[Segment], seconds: float) -> Segment:
    """A plain line in the middle of a chapter, of at least that length."""
    return next(one for one in segments[5:-5] if not one.delivery and one.frames > seconds * 44100)


def told(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(one.kind, one.line) for one in findings]


def test_clean_books_in_both_languages_give_no_alarm(demo: FinishedBook, tmp_path: Path) -> None:
    for book in (demo, demo_of(DEMO_EN, CAST_EN, tmp_path, "2")):
        quality = analyse(book)
        assert quality.findings == ()
        assert quality.passed
        for one, master in zip(quality.chapters, book.masters, strict=True):
            measured = {each.measure: each.measured for each in one.verdicts}
            assert measured["integrated"] == pytest.approx(master.loudness.integrated, abs=0.01)
            assert measured["rms"] == pytest.approx(master.loudness.rms, abs=0.01)
            assert measured["sample_peak"] == pytest.approx(master.loudness.peak, abs=0.01)
            assert measured["noise_floor"] == pytest.approx(book.profile.room_tone_db, abs=1)
        assert sum(one.seconds for one in quality.shares) < quality.seconds
        assert quality.lines == sum(len(timeline.segments) for _, timeline, _ in book.timelines())


def test_a_lossy_chapter_measures_as_its_lossless_twin(demo: FinishedBook) -> None:
    master = demo.masters[0]
    lossy = replace(master, files={"mp3": master.files["mp3"]})
    one, two = chapter_sound.measure(master), chapter_sound.measure(lossy)
    assert two.integrated == pytest.approx(one.integrated, abs=0.1)
    assert two.seconds == pytest.approx(one.seconds, abs=0.01)


def test_a_line_that_falls_out_of_level_is_found_once_and_a_whisper_is_not(copy: FinishedBook) -> None:
    planted: list[Segment] = []

    def quieter(wave: np.ndarray, segments: list[Segment], _: int) -> None:
        planted.append(a_line(segments, 2))
        wave[planted[0].start : planted[0].end] *= 0.3

    [found] = analyse(with_sound(copy, quieter)).findings
    assert (found.kind, found.line) == ("jump", planted[0].line_id)
    assert found.measured == pytest.approx(20 * np.log10(0.3), abs=3)
    assert found.start == pytest.approx(planted[0].start / 44100)
    _rewritten(copy, planted[0], replace(planted[0], delivery=("whisper",)))
    assert analyse(copy).findings == ()


def _rewritten(book: FinishedBook, line: Segment, by: Segment) -> None:
    master = book.masters[0]
    timeline = book.timeline(master)
    segments = tuple(by if one.line_id == line.line_id else one for one in timeline.segments)
    record.write(master, replace(timeline, segments=segments), book.folder / "chapters")


def test_a_hole_in_a_line_is_found(copy: FinishedBook) -> None:
    planted: list[Segment] = []

    def hole(wave: np.ndarray, segments: list[Segment], rate: int) -> None:
        planted.append(a_line(segments, 5))
        wave[planted[0].start + 2 * rate : planted[0].start + 4 * rate] = 0

    found = {one.kind: one for one in analyse(with_sound(copy, hole)).findings if one.line == planted[0].line_id}
    assert found["silence"].measured == pytest.approx(2, abs=0.2)
    assert "inside" in found["silence"].english


def test_what_the_takes_checks_doubted_is_told_with_the_line(copy: FinishedBook) -> None:
    segments = copy.timeline(copy.masters[0]).segments
    flags = {"clipped": segments[6], "truncated": segments[8], "runaway": segments[10], "silent": segments[12]}
    with sqlite3.connect(copy.takes / "index.sqlite") as index:
        for flag, one in flags.items():
            index.execute("UPDATE takes SET flags=? WHERE key=?", (flag, one.take))
    index.close()
    found = analyse(copy).findings
    assert sorted(told(found)) == sorted((flag, one.line_id) for flag, one in flags.items())
    assert {one.kind for one in found if one.severity == "error"} == {"silent"}


def test_a_take_that_leaves_words_out_is_an_outlier_among_its_speakers(copy: FinishedBook) -> None:
    """As if a take had been asked for twice the words that it says."""
    line = next(
        one for one in copy.timeline(copy.masters[0]).segments[3:]
        if one.speaker == "narrator" and line_checks.syllables(one.text) >= 12
    )  # fmt: skip
    with sqlite3.connect(copy.takes / "index.sqlite") as index:
        [(text,)] = index.execute("SELECT ingredients FROM takes WHERE key=?", (line.take,)).fetchall()
        asked = json.loads(text)
        index.execute(
            "UPDATE takes SET ingredients=? WHERE key=?",
            (json.dumps({**asked, "text": asked["text"] * 2}, ensure_ascii=False), line.take),
        )
    index.close()
    [found] = analyse(copy).findings
    assert (found.kind, found.line) == ("fast", line.line_id)


def test_a_pace_that_was_asked_for_is_no_outlier(copy: FinishedBook) -> None:
    sound = chapter_sound.measure(copy.masters[0])
    line = line_checks.heard(a_line(list(copy.timeline(copy.masters[0]).segments), 3), sound, 44100)
    asked = {"text": line.segment.text}
    plain = line_checks.speech_rate(line, asked)
    assert line_checks.speech_rate(line, {**asked, "speed": 2.0}) == pytest.approx(plain / 2)
    assert np.isnan(line_checks.speech_rate(line, {**asked, "duration": 9.0}))
    hurried = replace(line, segment=replace(line.segment, delivery=("fast",)))
    assert np.isnan(line_checks.speech_rate(hurried, asked))


def test_outliers_are_measured_by_median_and_deviation() -> None:
    """Iglewicz & Hoaglin (1993): 0.6745 (x - median) / MAD."""
    logs = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8]
    own = line_checks.usual(list(np.exp(logs)))
    assert own is not None
    assert own.score(float(np.exp(2.4))) == pytest.approx((2.4 - 1.4) * 0.6745 / 0.2, rel=1e-3)
    assert line_checks.usual([4.0] * 7) is None
    steady = line_checks.usual([4.0] * 8)
    assert steady is not None
    assert abs(steady.score(5.0)) < line_checks.OUTLIER < abs(steady.score(5.6))


def test_a_chapter_that_misses_the_profile_fails_and_says_by_how_much(copy: FinishedBook) -> None:
    def quieter(wave: np.ndarray, _segments: list[Segment], _rate: int) -> None:
        wave *= 0.7

    book = with_sound(copy, quieter)
    hard = tuple(replace(one, reduction_db=7.0 if at else 0.0) for at, one in enumerate(book.masters))
    quality = analyse(replace(book, masters=hard))
    assert [one.passed for one in quality.chapters] == [False, True]
    assert [(one.kind, one.severity, one.chapter) for one in quality.findings] == [
        ("level", "error", 1),
        ("limiter", "warning", 2),
    ]
    assert re.search(r"is -22\.[012]\d LUFS", quality.findings[0].english)


def test_the_acx_profile_is_judged_by_rms_floor_and_length(demo: FinishedBook) -> None:
    profile = replace(demo.profile, name="acx", measure="rms", loudness=-21.5, true_peak=-3.2)
    quality = analyse(replace(demo, profile=profile))
    verdicts = {one.measure: one for one in quality.chapters[0].verdicts}
    assert (verdicts["rms"].least, verdicts["rms"].most, verdicts["rms"].passed) == (-23, -18, True)
    assert verdicts["integrated"].least is None
    assert (verdicts["noise_floor"].most, verdicts["seconds"].most) == (-60, 7200)
    assert not verdicts["sample_peak"].passed
    heard = measured.measure(demo.masters[0].files["flac"])
    for name, least, most in (("head", 0.5, 1), ("tail", 1, 5), ("digital_silence", None, 0.48)):
        assert (verdicts[name].least, verdicts[name].most) == (least, most)
        assert verdicts[name].measured == pytest.approx(getattr(heard, name), abs=0.021), "as `verify` has it"


def test_two_names_of_one_character_count_as_one_by_the_casts_name(demo: FinishedBook) -> None:
    assert demo.aliases["小女孩"] == "小满"
    shares = {one.speaker: one for one in analyse(demo).shares}
    apart = {one.speaker: one for one in analyse(replace(demo, aliases={})).shares}
    assert "小女孩" not in shares
    assert shares["小满"].lines == apart["小满"].lines + apart["小女孩"].lines
    assert shares["小满"].seconds == pytest.approx(apart["小满"].seconds + apart["小女孩"].seconds)


def test_what_the_cast_file_asks_for_is_what_counts(demo: FinishedBook) -> None:
    for name, loudness, least, most in (
        ("podcast", -19, -20, -18),
        ("podcast", -24, -24.5, -23.5),
        ("custom", -19, -19.5, -18.5),
    ):
        quality = analyse(replace(demo, profile=replace(demo.profile, name=name, loudness=loudness)))
        verdicts = {one.measure: one for one in quality.chapters[0].verdicts}
        assert (verdicts["integrated"].least, verdicts["integrated"].most) == (least, most)
        assert verdicts["integrated"].passed == (loudness == -19)


def test_a_line_heard_otherwise_is_listed_while_its_take_is_in_use(copy: FinishedBook) -> None:
    one, two = copy.timeline(copy.masters[0]).segments[3:5]
    doubts = [
        results.Doubt(one.line_id, one.take, 0.5, 4, one.text, "别的话"),
        results.Doubt(two.line_id, "gone", 1, 9, "", ""),
    ]
    made = make(copy, "report")
    assert make(copy, "report").now is False
    results.write(copy.folder, results.Results("test", 9, 0.1, {each.take: each for each in doubts}))
    again = make(copy, "report")
    assert (made.now, again.now) == (True, True)
    [found] = json.loads((copy.folder / "report (1-2).json").read_text(encoding="utf-8"))["findings"]
    assert (found["kind"], found["line"], found["measured"]) == ("misheard", one.line_id, 0.5)
    assert "别的话" in found["chinese"]


def test_the_page_needs_nothing_escapes_everything_and_plays_the_files_beside_it(copy: FinishedBook) -> None:
    evil = "<script>alert(1)</script>\"'&"
    line = a_line(list(copy.timeline(copy.masters[0]).segments), 2)
    _rewritten(copy, line, replace(line, text=evil, speaker=evil))
    with sqlite3.connect(copy.takes / "index.sqlite") as index:
        index.execute("UPDATE takes SET flags='clipped' WHERE key=?", (line.take,))
    index.close()
    book = replace(copy, record=replace(copy.record, title=evil), name=evil)
    html = report.write(book)[0].read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 5
    assert "http:" not in html
    assert "https:" not in html
    assert "default-src 'none'" in html
    played = [unquote(part.split('"')[0].split("#")[0]) for part in html.split('data-play="')[1:]]
    assert set(played) == {f"chapters/{one.stem}.mp3" for one in book.masters}
    assert f"#t={line.start / 44100 - 0.3:.2f},{line.end / 44100 + 0.3:.2f}" in html
    assert "shuoshu rerender" in html


def test_the_json_is_as_documented(copy: FinishedBook) -> None:
    results.write(copy.folder, results.Results("test", 9, 0.1, {}))
    with sqlite3.connect(copy.takes / "index.sqlite") as index:
        index.execute("UPDATE takes SET flags='clipped'")
    index.close()
    docs = (ROOT / "docs/quality-report.md").read_text(encoding="utf-8")

    def keys(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value) | set().union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()

    found = json.loads(report.write(copy)[1].read_text(encoding="utf-8"))
    assert found["format"] == report.FORMAT
    assert found["findings"]
    assert found["engines"].pop("espeak") == found["lines"]
    assert [key for key in keys(found) if f"`{key}`" not in docs] == []


def test_a_page_of_many_findings_stays_light(copy: FinishedBook) -> None:
    from pipeline.deliver.report_page import MOST, page

    quality = analyse(copy)
    found = Finding(
        "clipped", "warning", "It clips.", "削波。", 1, 1, 2, None, "c01-abcdef", "林晚", "很长的一句话。" * 5
    )
    html = page(replace(quality, findings=(found,) * 45_000), None)
    assert html.count("It clips.") == MOST
    assert "43000 more" in html
    assert len(html.encode()) < 2_500_000


def test_a_damaged_chapter_file_is_named(copy: FinishedBook) -> None:
    path = copy.masters[1].files["flac"]
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(MasteringError) as caught:
        analyse(copy)
    assert str(path) in str(caught.value)


def test_the_command_writes_both_reports_of_the_chapters_that_are_mastered(
    finished: FinishedBook, demo: FinishedBook
) -> None:
    done = shuoshu("report", finished.folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(finished.folder / "script-report.html"), str(finished.folder / "report.html")]
    assert (finished.folder / "report.html").is_file()
    assert json.loads(shuoshu("report", finished.folder, "--json").stdout)["quality"].endswith("/report.html")
    part = shuoshu("report", demo.folder, SHUOSHU_LANG="en")
    pages = [str(demo.folder / name) for name in ("script-report.html", "report (1-2).html")]
    assert (part.returncode, part.stdout.splitlines()) == (0, pages)
    assert "not in the quality report, not mastered: chapter 3, 4" in part.stderr
    told = json.loads((demo.folder / "report (1-2).json").read_text(encoding="utf-8"))
    assert [one["chapter"] for one in told["chapters"]] == [1, 2]
    found = json.loads(shuoshu("report", demo.folder, "--json").stdout)
    assert (found["quality"], found["not_mastered"]) == (pages[1], [3, 4])


def test_the_command_of_a_book_that_is_only_read_writes_the_script_report(book: Path, tmp_path: Path) -> None:
    assert shuoshu("script", book, "--output", tmp_path).returncode == 0
    done = shuoshu("report", "small", "--output", tmp_path, SHUOSHU_LANG="en")
    assert (done.returncode, done.stdout.split()) == (0, [str(tmp_path / "small/script-report.html")])
    assert "quality" not in done.stderr
