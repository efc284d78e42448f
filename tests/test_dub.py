"""Dubbing on real components: cues met on the decoded track, lines fitted by rule, the track in a video."""

from __future__ import annotations

import csv
import itertools
import json
import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from benchmarks.dubbing import decoded, measured, overlaps, subtitles
from pipeline import chapters, produce, rendering, script
from pipeline.dubbing import Dub, fit, report
from pipeline.dubbing.report import Row
from pipeline.dubbing.wish import parsed_seconds
from pipeline.engines.stretch import stretched
from pipeline.errors import MasteringError, ScriptError
from pipeline.files import sha256_file
from pipeline.folder import find
from pipeline.mastering import profiles, record, sounding, timed
from pipeline.mastering.timed import Fit, Timing
from pipeline.nouns import Line, Master, Take, Timeline
from pipeline.opening import Production, open_book
from pipeline.produce import Result
from pipeline.request import Request
from pipeline.retake import Retake, open_retake
from tests.conftest import shuoshu

RATE = 44100
PROFILE = profiles.load("podcast")
CLIP = """1
00:00:00,500 --> 00:00:02,000
林晚：你来了，坐吧。

2
00:00:02,200 --> 00:00:03,700
老王：外面下着大雨呢。

3
00:00:04,000 --> 00:00:04,600
林晚：我知道你不容易，先喝杯热茶，暖和暖和身子。

4
00:00:05,000 --> 00:00:06,800
老王：好。
"""


def dubbed(path: Path, dub: Dub, formats: str = "flac") -> tuple[Result, list[Row]]:
    """Dub a manuscript in this process; the result, and the report's rows."""
    with open_book(Request(path, output=path.parent / "out", formats=formats, dub=dub)) as production:
        result = produce.nothing_to_do(production) or finished(production)
        return result, report.rows(production)


def finished(production: Production) -> Result:
    """What `produce.finish` does, without processes of its own."""
    for _ in range(2):
        for batch in rendering.batches_of(production):
            rendering.render(production, batch)
        if not rendering.plan_again(production):
            break
    masters = [chapters.master(production, number) for number in production.chapters]
    made = [produce.deliver(production, [one for one, _ in masters], kind) for kind in production.deliver]
    return produce.result_of(production, masters, made)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A subtitle file and a video of seven seconds, with B-frames and sound of its own."""
    folder = tmp_path_factory.mktemp("clip")
    (folder / "clip.srt").write_text(CLIP, encoding="utf-8")
    return folder / "clip.srt", video(folder / "clip.mp4", 7.0)


def video(path: Path, seconds: float, start: float = 0.0) -> Path:
    """A bar that wanders and a tone of 440 Hz."""
    with av.open(str(path), "w") as file:
        pictures = file.add_stream("libx264", rate=25, options={"bf": "2", "g": "30"})
        pictures.width, pictures.height, pictures.pix_fmt = 160, 120, "yuv420p"
        sound = file.add_stream("aac", rate=48000)
        sound.layout = "mono"
        tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * 48000)) / 48000)
        for number in range(round(seconds * 25)):
            picture = np.zeros((120, 160, 3), np.uint8)
            picture[:, number * 3 % 140 : number * 3 % 140 + 20] = 255
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number + round(start * 25), Fraction(1, 25)
            file.mux(pictures.encode(frame))
            part = tone[np.newaxis, number * 1920 : (number + 1) * 1920].astype(np.float32)
            heard = av.AudioFrame.from_ndarray(part, "fltp", "mono")
            heard.sample_rate, heard.pts = 48000, number * 1920 + round(start * 48000)
            file.mux(sound.encode(heard))
        file.mux(pictures.encode(None))
        file.mux(sound.encode(None))
    return path


# --- the whole chain ------------------------------------------------------------------------------------------------


def test_every_cue_is_met_nothing_overlaps_and_what_runs_over_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "many.srt"
    path.write_text(subtitles(40), encoding="utf-8")
    result, rows = dubbed(path, Dub(), "m4a")
    cues = measured(decoded(result.folder / "chapters/01.m4a"), result.folder)
    assert len(cues) == len(rows) == 40
    assert max(abs(one.error) for one in cues) < 0.020
    assert overlaps(result.folder) == 0
    ends = {row["id"]: float(row["end"]) for row in table(result.folder / "chapters/01.timeline.csv")}
    for row, following in zip(
        rows, [*(one.start for one in rows[1:]), rows[-1].start + (rows[-1].slot or 0)], strict=True
    ):
        assert row.slot is not None
        assert ends[row.line] <= following + 1e-6
        needed = row.made * row.stretched
        assert (row.over > 0) is (needed > row.slot + timed.TOLERANCE_S)
        assert row.over == pytest.approx(needed - row.slot if row.over else 0, abs=0.002)
        assert (row.cut > 0) is (ends[row.line] < row.start + needed - timed.TOLERANCE_S)
        if row.over:
            assert row.ratio <= 0.80, "the engine did what it can first"
            assert row.stretched == pytest.approx(1 / 1.08, abs=1e-3)
        if row.natural <= row.slot:
            assert (row.ratio, row.stretched) == (1.0, 1.0), "what fits is left alone"
        assert 0.68 <= row.ratio <= 1.01
    assert {bool(row.over) for row in rows} == {True, False}
    assert sum(1 for row in rows if row.ratio < 0.99 and not row.over) >= 3, (
        "some fit only because they were said faster"
    )


def test_the_track_lies_in_a_copy_of_the_video(clip: tuple[Path, Path], tmp_path: Path) -> None:
    srt, mp4 = clip
    done = shuoshu("dub", srt, "--video", mp4, "--keep-audio", "--output", tmp_path, "--plain", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [one["line"] for one in told["lines_fitted"]] == [one.id for one in script.load(tmp_path / "clip")]
    assert [bool(one["over"]) for one in told["lines_fitted"]] == [False, False, True, False]
    assert [row["line"] for row in table(Path(told["report"]))] == [one["line"] for one in told["lines_fitted"]]
    copy = tmp_path / "clip/clip.dub.mp4"
    assert str(copy) in [one["path"] for one in told["deliverables"]]
    track = decoded(copy)
    assert abs(track.size / RATE - 7.0) < 0.03, "as long as the video"
    assert max(abs(one.error) for one in measured(track, tmp_path / "clip")) < 0.020
    own = np.abs(np.fft.rfft(decoded(copy, 1)[RATE : 2 * RATE]))
    assert own.argmax() == 440, "the video's own sound is the second track"
    assert pictures(copy) == pictures(mp4), "every picture as it was, at its time"
    with av.open(str(copy)) as file:
        assert "AI-generated" in file.metadata["comment"]
        assert file.metadata["title"] == "clip"
    assert len(pictures(copy)) == 175


def test_a_video_that_is_too_short_is_refused_before_anything_is_rendered(
    clip: tuple[Path, Path], tmp_path: Path
) -> None:
    film = video(tmp_path / "film.mp4", 3.0, 0.0)
    done = shuoshu("dub", clip[0], "--video", film, "--output", tmp_path / "out", "--plain")
    assert done.returncode == 2
    assert "begin at 4.000 s, but the whole is 3.000 s long" in " ".join(done.stderr.split())
    assert "right video" in done.stderr
    assert not list(tmp_path.rglob("*.flac"))


@pytest.mark.parametrize(
    ("suffix", "start", "made"), [(".mkv", 0.0, ".mkv"), (".ts", 0.5, ".mkv"), (".mov", 0.0, ".mov")]
)
def test_other_containers(clip: tuple[Path, Path], tmp_path: Path, suffix: str, start: float, made: str) -> None:
    film = video(tmp_path / f"film{suffix}", 7.0, start)
    srt = tmp_path / "clip.srt"
    shutil.copy(clip[0], srt)
    result, _ = dubbed(srt, Dub(video=film), "m4a")
    copy = result.folder / f"clip.dub{made}"
    first, packets = pictures(copy)[0], [content for _, content in pictures(copy)]
    assert packets == [content for _, content in pictures(film)]
    track, begins = decoded(copy), sound_begins(copy)
    assert max(abs(one.error + begins - first[0]) for one in measured(track, result.folder)) < 0.020


def pictures(path: Path) -> list[tuple[float, str]]:
    """(time in seconds, hash of the bytes) of every packet of pictures, in order of decoding, by ffmpeg."""
    import imageio_ffmpeg

    told = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-copyts", "-i", str(path), "-map", "0:v:0", "-f", "framehash", "-"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    (base,) = [line.split()[2] for line in told.splitlines() if line.startswith("#tb 0")]
    rows = [line.split(",") for line in told.splitlines() if line and not line.startswith("#")]
    return [(round(float(int(row[2]) * Fraction(base)), 3), row[5].strip()) for row in rows]


def sound_begins(path: Path) -> float:
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        return float((stream.start_time or 0) * stream.time_base)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# --- a total --------------------------------------------------------------------------------------------------------

TEXT = (
    "清晨的街道上还没有什么人。\n林晚推开窗，看见对面的钟表铺亮着灯。\n今天是个好天气。\n……\n他们一起走过了三条街。\n"
)


@pytest.mark.parametrize("seconds", [18.0, 11.0, 8.444, 4.0])
def test_a_total_is_met_to_the_sample(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "script.txt"
    path.write_text(TEXT, encoding="utf-8")
    result, rows = dubbed(path, Dub(total=seconds))
    (track,) = (result.folder / "chapters").glob("*.flac")
    info = soundfile.info(track)
    assert info.frames == round(seconds * info.samplerate)
    last = rows[-1].start + rows[-1].made * rows[-1].stretched
    assert {one.stretched for one in rows} == {rows[0].stretched}, "one ratio for all"
    if seconds == 4.0:
        assert sum(one.over for one in rows) == pytest.approx(last_end(rows) - 4.0, abs=0.02)
        assert all(one.ratio < 0.78 for one in rows)
    else:
        assert not [one for one in rows if one.over]
        assert last == pytest.approx(seconds, abs=0.002)


def last_end(rows: Sequence[Row]) -> float:
    """Where the last line would end if nothing were cut."""
    heard = [one for one in rows if one.over < one.made * one.stretched - 0.002]
    rest = sum(one.made * one.stretched for one in rows if one not in heard)
    return heard[-1].start + heard[-1].made * heard[-1].stretched + rest


# --- rules ----------------------------------------------------------------------------------------------------------


def take(folder: Path, name: str, seconds: float, rate: int = 22050) -> Take:
    """A tone with 0.1 s of silence before it and 0.2 behind."""
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)
    wave = np.concatenate([np.zeros(rate // 10), tone, np.zeros(rate // 5)]).astype(np.float32)
    path = folder / f"{name}.flac"
    soundfile.write(path, wave, rate, subtype="PCM_16")
    return Take(name, path, sha256_file(path), rate, len(wave), "espeak", 0, "now")


def laid_out(folder: Path, cues: Sequence[tuple[float, float, float]], **more: Any) -> tuple[Timeline, list[Fit]]:
    """Timeline and fits of (start, slot, length of speech) each."""
    lines = [
        Line(f"c01-{n}", 1, n, n, "dialogue", "x", "一句话。", start=start) for n, (start, _, _) in enumerate(cues, 1)
    ]
    takes = {line.id: take(folder, line.id, length) for line, (_, _, length) in zip(lines, cues, strict=True)}
    slots = {line.id: slot for line, (_, slot, _) in zip(lines, cues, strict=True)}
    return timed.build(1, "", lines, takes, PROFILE, Timing(slots, **more))


def test_a_line_that_fits_is_left_alone_and_begins_at_its_cue(tmp_path: Path) -> None:
    timeline, fits = laid_out(tmp_path, [(1.0, 2.0, 1.0), (3.0, 2.0, 0.5)])
    assert [one.start for one in timeline.segments] == [44100, 132300]
    assert [(one.tempo, one.over, one.cut) for one in fits] == [(1.0, 0.0, 0.0)] * 2
    assert timeline.frames == 5 * 44100, "until the last slot ends"
    assert all(abs(one.lead - 0.095 * 22050) < 0.006 * 22050 for one in timeline.segments), (
        "silence before it is left out"
    )


def test_a_line_too_long_is_stretched_then_runs_into_silence_then_is_cut(tmp_path: Path) -> None:
    timeline, fits = laid_out(
        tmp_path, [(0.0, 1.0, 1.04), (2.0, 1.0, 1.3), (4.0, 1.0, 1.6), (5.1, 1.0, 1.0), (6.1, 1.0, 1.5)]
    )
    near, spilled, cut, _, last = fits
    assert 1.03 < near.tempo < 1.08
    assert (near.over, near.cut) == (0.0, 0.0)
    assert spilled.tempo == 1.08
    assert spilled.over == pytest.approx(1.325 / 1.08 - 1, abs=0.01)
    assert spilled.cut == 0.0
    ends = [one.end / RATE for one in timeline.segments]
    assert ends[2] == pytest.approx(5.1 - timed.GUARD_S, abs=1e-3), "a guard before the next line"
    assert cut.cut == pytest.approx(4 + 1.625 / 1.08 - ends[2], abs=0.01)
    assert ends[4] == timeline.frames / RATE or last.cut == 0.0


def test_the_end_of_the_video_ends_the_track(tmp_path: Path) -> None:
    timeline, fits = laid_out(tmp_path, [(1.0, 1.0, 1.5)], length=2.0)
    assert (timeline.frames, timeline.segments[-1].end) == (88200, 88200)
    assert fits[0].cut > 0.3
    assert laid_out(tmp_path, [(1.0, 1.0, 0.5)], length=9.0)[0].frames == 9 * 44100
    with pytest.raises(MasteringError, match=r"begin at 3\.000 s, but the whole is 2\.000 s"):
        laid_out(tmp_path, [(1.0, 1.0, 0.5), (3.0, 1.0, 0.5)], length=2.0)
    with pytest.raises(MasteringError, match="c01-2 is to begin at 1"):
        laid_out(tmp_path, [(1.0, 1.0, 0.5), (1.0, 1.0, 0.5)])


def test_an_engine_is_asked_only_for_what_it_does_well(tmp_path: Path) -> None:
    made = take(tmp_path, "n", 2.0)
    heard = sounding.seconds(made)
    lines = [Line(f"c01-{n}", 1, n, n, "dialogue", "x", "一句话。", start=3.0 * n) for n in range(4)]
    slots = dict(zip([line.id for line in lines], (3.0, heard * 0.9, heard * 0.5, heard * 0.9), strict=True))
    able, unable = fit.Natural(made, heard, (0.75, 1.2)), fit.Natural(made, heard, (1.0, 1.0))
    known = dict(zip(slots, (able, able, able, unable), strict=True))

    def asked(**more: bool) -> list[float | None]:
        found = fit.asked(lines, Timing(slots, **more), known, PROFILE)
        return [one.duration and one.duration / made.seconds for one in found]

    assert asked() == [None, pytest.approx(0.9 * 0.98, abs=1e-3), pytest.approx(0.75, abs=1e-3), None]
    assert asked(fill=True)[0] == pytest.approx(1.2, abs=1e-3)
    unknown = fit.asked(lines, Timing(slots), dict.fromkeys(slots), PROFILE)
    assert [one.duration for one in unknown] == [None] * 4, "freely first"


def test_a_line_with_nothing_to_say_leaves_the_others_in_place(tmp_path: Path) -> None:
    path = tmp_path / "clip.srt"
    path.write_text(CLIP, encoding="utf-8")
    first, rows = dubbed(path, Dub())
    script.edit(first.folder, [rows[1].line], {"spoken": "……"})
    _, left = dubbed(path, Dub())
    assert left == [rows[0], *rows[2:]]


def test_short_lines_are_drawn_out_only_when_asked(tmp_path: Path) -> None:
    _, (alone,) = laid_out(tmp_path, [(0.0, 1.1, 1.0)])
    _, (filled,) = laid_out(tmp_path, [(0.0, 1.1, 1.0)], fill=True)
    _, (far,) = laid_out(tmp_path, [(0.0, 3.0, 1.0)], fill=True)
    assert alone.tempo == 1.0
    assert filled.made / filled.tempo == pytest.approx(1.1, abs=0.002)
    assert far.tempo == pytest.approx(0.92)


def test_in_a_total_pauses_give_way_before_speech(tmp_path: Path) -> None:
    lines = [Line(f"c01-{n}", 1, n, 1, "narration", "x", "一句话。") for n in range(1, 4)]
    takes = {line.id: take(tmp_path, line.id, 1.975) for line in lines}  # 2 s with the edges that are kept
    pause = PROFILE.pauses.sentence

    def built(total: float) -> tuple[list[float], list[float], float]:
        timeline, fits = timed.build(1, "", lines, takes, PROFILE, Timing(total=total, length=total))
        assert timeline.frames == round(total * RATE)
        ends = [(one.start, one.end) for one in timeline.segments]
        silences = [(two[0] - one[1]) / RATE for one, two in itertools.pairwise(ends)]
        return silences, [one.tempo for one in fits], ends[-1][1] / RATE

    speech = 3 * sounding.seconds(takes["c01-1"])
    for total, factor, tempo in (
        (speech + 2 * pause * 1.5, 1.5, 1.0), (speech + 2 * pause * 0.6, 0.6, 1.0), (speech * 0.95 + pause, 0.5, 1 / 0.95),
        (speech * 1.05 + 4 * pause, 2.0, 1 / 1.05),
    ):  # fmt: skip
        silences, tempos, end = built(total)
        assert silences == pytest.approx([factor * pause] * 2, abs=0.002)
        assert tempos == pytest.approx([tempo] * 3, abs=0.001)
        assert end == pytest.approx(total, abs=1 / RATE)


@pytest.mark.parametrize("tempo", [0.92, 1.05, 1.08])
def test_stretching_keeps_pitch_level_and_the_beginning(tempo: float) -> None:
    at = np.arange(RATE * 2) / RATE
    wave = (0.3 * np.sin(2 * np.pi * 200 * at) * (1 + 0.5 * np.sin(2 * np.pi * 3 * at))).astype(np.float32)
    wave[: RATE // 200] = 0
    out = stretched(wave, round(wave.size / tempo), RATE)
    assert out.size == round(wave.size / tempo)
    peak = np.abs(np.fft.rfft(out * np.hanning(out.size))).argmax() * RATE / out.size
    assert abs(peak - 200) < 1.0
    assert abs(20 * np.log10(np.std(out[:-2000]) / np.std(wave))) < 0.5
    assert abs(int(np.flatnonzero(np.abs(out) > 0.05)[0]) - int(np.flatnonzero(np.abs(wave) > 0.05)[0])) < 0.003 * RATE


# --- once more ------------------------------------------------------------------------------------------------------


def test_nothing_is_made_twice_and_edits_of_times_need_no_new_takes(clip: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "clip.srt"
    shutil.copy(clip[0], path)
    first, rows = dubbed(path, Dub())
    asked_again = [one for one in rows if one.ratio < 0.99]
    assert first.rendered == len(rows) + len(asked_again)
    again, same = dubbed(path, Dub())
    assert (again.rendered, again.mastered, same) == (0, (), rows)
    script.edit(first.folder, [rows[3].line], {"start": 5.25})
    moved, _ = dubbed(path, Dub())
    assert (moved.rendered, moved.mastered) == (0, (1,))
    tight = rows[0].line
    script.edit(first.folder, [tight], {"duration": round(rows[0].natural * 0.9, 3)})
    shorter, rows = dubbed(path, Dub())
    assert shorter.rendered == 1
    assert rows[0].ratio < 0.95
    book = find("clip", tmp_path / "out")
    with open_retake(book, Retake((tight,), text="你来了，请你坐下来吧。")) as production:
        retaken = finished(production)
        row = next(one for one in report.rows(production) if one.line == tight)
    assert retaken.rendered == 2, "freely, and then shorter"
    assert row.ratio < 0.99
    assert dubbed(path, Dub())[0].rendered == 0
    timeline = record.load_timeline(book.chapters, master_of(book.chapters))
    assert [one.start for one in timeline.segments][3] == round(5.25 * RATE)


def master_of(chapters: Path) -> Master:
    found = record.load(chapters, "01")
    assert found
    return found


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30.0), ("30", 30.0), ("1:30", 90.0), ("1:00:02.5", 3602.5), ("2.5m", 150.0), ("90秒", 90.0)],
)
def test_lengths_of_time_are_read(text: str, seconds: float) -> None:
    assert parsed_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "0s", "-3", "1:2:3:4"])
def test_lengths_that_are_none(text: str) -> None:
    with pytest.raises(ScriptError, match="no length of time"):
        parsed_seconds(text)


def test_what_cannot_be_dubbed_is_said(clip: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "plain.txt"
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(ScriptError, match="no line of this manuscript has a time"):
        dubbed(path, Dub())
    srt = tmp_path / "clip.srt"
    shutil.copy(clip[0], srt)
    with pytest.raises(ScriptError, match="has a time of its own"):
        dubbed(srt, Dub(total=30))
    with pytest.raises(MasteringError, match="cannot be read as a video"):
        dubbed(srt, Dub(video=path))
    with pytest.raises(MasteringError, match="not there"):
        dubbed(srt, Dub(video=tmp_path / "none.mp4"))
    refused = shuoshu("dub", path, "--output", tmp_path, "--plain")
    assert refused.returncode == 2
    assert "--total" in refused.stderr


def test_a_line_of_which_nothing_is_heard_is_no_success(tmp_path: Path) -> None:
    path = tmp_path / "script.txt"
    path.write_text(TEXT, encoding="utf-8")
    done = shuoshu("dub", path, "--total", "2s", "--output", tmp_path, "--plain")
    assert done.returncode == 1
    assert "not heard at all" in done.stderr
    assert shuoshu("dub", path, "--total", "12s", "--output", tmp_path, "--plain").returncode == 0


def test_music_plays_under_a_timed_script_too(tmp_path: Path) -> None:
    """The chapter's from the beginning, a scene's in its break; no line waits for it, and the length is met."""
    soundfile.write(tmp_path / "sting.wav", 0.3 * np.sin(2 * np.pi * 220 * np.arange(3 * RATE) / RATE), RATE)
    path, cast = tmp_path / "scene.txt", tmp_path / "scene.yaml"
    path.write_text("下了三天的雨。\n\n***\n\n天亮的时候，雨停了。\n", encoding="utf-8")
    told = "language: zh\nnarrator: {voice: n}\nvoices: {n: {engine: espeak}}\n"
    music = "music: {chapter: {file: sting.wav, fade_in: 0}, scene: {file: sting.wav, fade_in: 0, lead: 0}}\n"
    tracks = []
    for more in ("", music):
        cast.write_text(told + more, encoding="utf-8")
        request = Request(path, cast, output=tmp_path / "out", formats="flac", dub=Dub(total=12))
        with open_book(request) as production:
            finished(production)
        folder = tmp_path / "out/scene/chapters"
        master = record.load(folder, next(folder.glob("*.flac")).stem)
        assert master
        tracks.append((soundfile.read(master.files["flac"])[0], record.load_timeline(folder, master)))
    (plain, before), (wave, laid) = tracks
    assert [(one.start, one.frames) for one in laid.segments] == [(one.start, one.frames) for one in before.segments]
    assert wave.size == plain.size == 12 * RATE
    first, second = laid.segments
    [(opening, _), (scene, _)] = laid.music
    assert opening == 0
    assert first.end < scene < second.start
    heard = slice(scene, scene + RATE // 2)
    assert np.abs(plain[heard]).max() < 0.002
    spectrum = np.abs(np.fft.rfft(wave[heard]))
    assert spectrum.argmax() == 110, "220 Hz in half a second"
    assert np.sqrt(np.mean(wave[heard] ** 2)) > 0.01
