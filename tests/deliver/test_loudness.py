"""What is said of a chapter that misses its profile, and of files whose peaks are not what their encoders were given."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.deliver import loudness
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.make import make
from pipeline.deliver.quality import analyse
from pipeline.mastering import chapter, profiles, record
from pipeline.mastering.measured import measure
from pipeline.mastering.true_peak import of_file
from tests.conftest import shuoshu
from tests.deliver.synthetic import PODCAST, Said, book

TALK = [Said(seconds=1.5, paragraph=number) for number in range(1, 7)]
LOSSY = replace(PODCAST, loudness=-11, mp3_kbps=48, aac_kbps=48)


def told(one: FinishedBook) -> tuple[list[str], list[str]]:
    """The report's findings about the limiter, and the run's remarks."""
    [(master, timeline, _)] = one.timelines()
    found = [each.english for each in analyse(one).findings if each.kind == "limiter"]
    return found, [str(each) for each in loudness.remarks(master, one.profile, len(timeline.segments))]


def test_a_target_out_of_reach_is_named_as_the_cause(tmp_path: Path) -> None:
    one = book(tmp_path, [TALK], replace(PODCAST, loudness=-6, formats=("flac", "mp3")))
    [master] = one.masters
    assert master.loudness.integrated < -6.5
    assert set(master.pressed) == {f"c1-{number}" for number in range(1, 7)}
    [found], [remark] = told(one)
    assert "-6 LUFS is louder than these voices can be with peaks under -1 dBTP (6 of 6 lines" in found
    assert (
        f"no louder than {master.loudness.integrated:.1f} LUFS, not -6: lower `loudness`, or add a compressor" in remark
    )
    assert f"up to {master.reduction_db:.1f} dB" in remark
    [wording] = loudness.remarks(master, one.profile, 6)
    assert "达不到 -6" in wording.chinese


@pytest.mark.parametrize("level", [0.0, 0.0001], ids=["digital silence", "hiss"])
@pytest.mark.parametrize("name", ["acx", "podcast", "loud"])
def test_a_chapter_of_silent_takes_is_left_silent_and_told(tmp_path: Path, name: str, level: float) -> None:
    profile = replace(profiles.load(name), formats=("flac",), room_tone_db=-62)
    one = book(tmp_path, [[Said(seconds=1.5, paragraph=number, level=level) for number in range(1, 4)]], profile)
    [(master, timeline, _)] = one.timelines()
    assert [segment.gain_db for segment in timeline.segments] == [0.0] * 3
    assert master.loudness.rms < -60
    assert master.reduction_db == 0
    [remark] = loudness.remarks(master, profile, 3)
    assert "every line is silent" in remark
    assert "每行台词都没有声音" in remark.chinese


def test_one_line_far_louder_than_the_others_is_named_and_so_is_music(tmp_path: Path) -> None:
    loud = Said(seconds=3.0, paragraph=7, click=1.0, bed=0.1, level=0.9)
    one = book(tmp_path, [[*TALK, loud]], replace(PODCAST, formats=("flac",)))
    [master] = one.masters
    assert master.reduction_db > 6
    [found], [remark] = told(one)
    assert found.endswith("line c1-7 is far louder than the others.")
    assert remark.endswith("line c1-7 is far louder than the others.")
    [found], _ = told(replace(one, masters=(replace(master, pressed=()),)))
    assert "music" in found


def test_a_chapter_on_target_has_no_remark(tmp_path: Path) -> None:
    assert told(book(tmp_path, [TALK])) == ([], [])


@pytest.mark.parametrize("kind", ["mp3", "m4a", "opus"])
def test_the_true_peak_is_the_files_own_and_never_under_its_samples(tmp_path: Path, kind: str) -> None:
    one = book(tmp_path, [TALK], replace(LOSSY, formats=(kind,)))
    [master] = one.masters
    found = {each.measure: each for each in analyse(one).chapters[0].verdicts}
    by_verify = measure(master.files[kind]).true_peak
    assert found["true_peak"].measured == pytest.approx(by_verify, abs=0.01)
    assert found["true_peak"].measured >= found["sample_peak"].measured - 0.01
    again = record.load(one.folder / "chapters", master.stem)
    assert again is not None
    assert (again.peaks, again.pressed) == (master.peaks, master.pressed)


def test_a_lossy_file_over_the_ceiling_is_made_anew_under_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    careless = replace(LOSSY, loudness=-13, codec_margin=0.0, formats=("flac", "mp3", "m4a"))
    [master] = book(tmp_path / "mended", [TALK], careless).masters
    assert all(of_file(path) <= careless.true_peak for path in master.files.values())
    assert master.loudness.integrated == pytest.approx(-13, abs=0.5)
    monkeypatch.setattr(chapter, "LOWERED", 0)
    one = book(tmp_path / "not mended", [TALK], careless)
    [master] = one.masters
    worst = max(("mp3", "m4a"), key=lambda kind: of_file(master.files[kind]))
    assert of_file(master.files[worst]) > careless.true_peak + 0.1
    [said] = [each for each in told(one)[1] if "true peak" in each]
    assert f"its {worst} file has a true peak of {of_file(master.files[worst]):.2f} dBTP, over -1" in said
    assert not analyse(one).passed


def test_an_alias_makes_anew_only_what_puts_the_lines_of_a_character_together(tmp_path: Path) -> None:
    lines = [Said(), Said("dialogue", "小女孩", 1.4, 2), Said("dialogue", "小满", 1.2, 3)]
    apart = book(tmp_path, [lines], replace(PODCAST, formats=("flac",)))
    one = replace(apart, aliases={"小女孩": "小满"})
    for kind, anew in (("report", True), ("reaper", True), ("stems", True), ("timeline", False)):
        assert [make(apart, kind).now, make(one, kind).now, make(one, kind).now] == [True, anew, False]
    project = make(one, "reaper").files[0].read_text(encoding="utf-8")
    assert [row.split()[1] for row in project.splitlines() if row.startswith("    NAME")] == [
        '"旁白"',
        '"小满"',
        '"Master"',
    ]
    assert [path.stem for path in make(one, "stems").files] == ["narrator", "小满", "room tone"]


def test_a_run_says_so_in_the_users_language_and_again_when_nothing_is_to_do(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("第一章 雨夜\n\n长安城下了三天的雨。", encoding="utf-8")
    (tmp_path / "cast.yaml").write_text(
        "narrator: a\nvoices: {a: {engine: espeak}}\nmastering: {loudness: -8}\n", encoding="utf-8"
    )
    command = ("run", "book.txt", "--cast", "cast.yaml", "--plain", "--formats", "flac", "--deliver", "timeline")
    english = shuoshu(*command, cwd=tmp_path, SHUOSHU_LANG="en")
    assert english.returncode == 0, english.stderr
    assert "chapter 1 (第一章 雨夜): the limiter took away up to" in english.stderr
    chinese = shuoshu(*command, cwd=tmp_path, SHUOSHU_LANG="zh")
    assert "第 1 章 (第一章 雨夜)：限幅器最多压低" in chinese.stderr
