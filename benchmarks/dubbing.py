"""How exactly a dub meets its cues: generated subtitles, Chinese and English, spoken by the embedded engine and measured on
the decoded AAC track.

    python -m benchmarks.dubbing --slots 300

Prints the largest error of a cue, how many lines were rendered again, stretched, over their slots, cut, and whether any
overlap another.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import math
import random
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RATE = 44100
ZH = "清晨的街道上|他推开窗|外面下着小雨|钟表铺亮着灯|我们走吧|谁也没有说话|她慢慢地站起来|风从北边吹过来|那封信还在桌上|火车已经开走了|请你再说一遍|孩子们在河边玩耍"
EN = "the street was quiet|he opened the window|it was raining again|a lamp burned in the shop|let us go now|nobody said a word|she stood up slowly|the wind came from the north|the letter lay on the table|the train had left|please say that again|children played by the river"
ZH_S, EN_S = 0.21, 0.062
"""Rough seconds of a Chinese character and of an English letter in the embedded engine's speech."""


def subtitles(count: int, seed: int = 7) -> str:
    """An SRT file of `count` cues of 0.6 to 8 s, half of them Chinese; a quarter follow the one before at once. Text is drawn
    for 0.4 to 1.7 times its slot."""
    drawn, rows, at = random.Random(seed), [], 1.0
    for number in range(1, count + 1):
        slot = round(math.exp(drawn.uniform(math.log(0.6), math.log(8.0))), 3)
        chinese = number % 2 == 0
        wished, parts = slot * drawn.uniform(0.4, 1.7), [""]
        while not parts[-1] or sum(map(len, parts)) * (ZH_S if chinese else EN_S) < wished:
            parts = [one for one in parts if one] + [drawn.choice((ZH if chinese else EN).split("|"))]
        text = "，".join(parts) + "。" if chinese else ", ".join(parts).capitalize() + "."
        name = drawn.choice(("林晚：", "老王：", "")) if chinese else drawn.choice(("Anna: ", "Mr. Hale: ", ""))
        rows.append(f"{number}\n{_clock(at)} --> {_clock(at + slot)}\n{name}{text}\n")
        at = round(at + slot + drawn.choice((0.0, 0.08, 0.3, 1.0)), 3)
    return "\n".join(rows)


def _clock(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3600000:02d}:{ms // 60000 % 60:02d}:{ms // 1000 % 60:02d},{ms % 1000:03d}"


@dataclass(frozen=True)
class Cue:
    """A line of a dub and where it begins on the decoded track: `error` in seconds, by its onset where silence is before it,
    else by the likeness of its loudness to its take's."""

    line: str
    start: float
    error: float
    by: str


def decoded(path: Path, stream: int = 0) -> np.ndarray:
    """A sound track of any file, by the ffmpeg program: mono, 44.1 kHz."""
    import imageio_ffmpeg

    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-map", f"0:a:{stream}", "-ac", "1"]
    done = subprocess.run([*command, "-ar", str(RATE), "-f", "f32le", "-"], capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.float32)


def measured(track: np.ndarray, folder: Path) -> list[Cue]:
    """Where the lines of a dub begin on its decoded track. `folder` is the book's."""
    asked = {row["id"]: float(row["start"]) for row in _rows(folder / "script.csv") if row["start"]}
    found, before, there = [], 0.0, _loudness(track)
    for row in _rows(next((folder / "chapters").glob("*.timeline.csv"))):
        start, end = asked[row["id"]], float(row["end"])
        if start - before >= 0.03:
            found.append(Cue(row["id"], start, _onset(track, start, end, before), "onset"))
        else:
            found.append(Cue(row["id"], start, _lag(there, start, row, folder), "likeness"))
        before = end
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _onset(track: np.ndarray, start: float, end: float, before: float) -> float:
    """Seconds from a cue to the first 2 ms in which its line is heard, 40 dB under its loudest ones or louder."""
    hop = round(0.002 * RATE)
    first = round(max(start - 0.2, before + 0.005) * RATE)
    part = track[first : round(end * RATE)]
    level = np.square(part[: part.size // hop * hop].reshape(-1, hop)).mean(axis=1)
    return float((first + np.flatnonzero(level > level.max() * 1e-4)[0] * hop) / RATE - start)


def _lag(there: np.ndarray, start: float, row: dict[str, str], folder: Path) -> float:
    """Seconds by which a line's take, its loudness in time as it is played, lies behind its cue: where the two are most
    alike within 60 ms."""
    import soundfile
    import soxr

    wave, rate = soundfile.read(folder / "takes" / row["take"][:2] / f"{row['take']}.flac", dtype="float32")
    take, tempo = soxr.resample(wave[int(row["lead_frames"]) :], rate, RATE), float(row["tempo"])
    count = round(min(float(row["end"]) - start, 0.8) * 1000)
    own = _loudness(take)
    wanted = np.interp(np.arange(count) * tempo, np.arange(own.size), own)
    at = round(start * 1000)
    lags = range(-60, 61)
    likeness = [np.corrcoef(wanted, there[at + lag : at + lag + count])[0, 1] for lag in lags]
    return lags[int(np.argmax(likeness))] / 1000


def _loudness(wave: np.ndarray) -> np.ndarray:
    """RMS over 10 ms at every millisecond."""
    power = np.concatenate([[0.0], np.cumsum(np.square(wave, dtype=np.float64))])
    at = np.arange(0, wave.size * 1000 // RATE) * RATE // 1000
    low, high = np.maximum(at - 220, 0), np.minimum(at + 220, wave.size)
    return np.sqrt((power[high] - power[low]) / (high - low))


def overlaps(folder: Path) -> int:
    """How many lines of the timeline begin before the one in front of them ends."""
    rows = _rows(next((folder / "chapters").glob("*.timeline.csv")))
    spans = [(int(row["start_frame"]), int(row["start_frame"]) + int(row["frames"])) for row in rows]
    return sum(two[0] < one[1] for one, two in itertools.pairwise(spans))


def main() -> None:
    """Run as a script."""
    import time

    from pipeline.dubbing import Dub, report
    from pipeline.opening import open_book
    from pipeline.produce import finish
    from pipeline.request import Request

    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--slots", type=int, default=300)
    options.add_argument("--seed", type=int, default=7)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.srt"
        clip.write_text(subtitles(asked.slots, asked.seed), encoding="utf-8")
        began = time.perf_counter()
        with open_book(Request(clip, output=Path(folder), formats="m4a", dub=Dub())) as production:
            result = finish(production)
            rows = report.rows(production)
        spent = time.perf_counter() - began
        cues = measured(decoded(result.folder / "chapters/01.m4a"), result.folder)
        errors = np.array([abs(one.error) for one in cues])
        again = sum(abs(one.ratio - 1) > 0.001 for one in rows)
        print(f"{len(rows)} lines, {rows[-1].start:.0f} s, made in {spent:.1f} s; {result.rendered} takes")
        print(f"cue error: largest {errors.max() * 1000:.1f} ms, median {np.median(errors) * 1000:.1f} ms;"
              f" {sum(one.by == 'onset' for one in cues)} by onset, others by likeness")  # fmt: skip
        for one in sorted(cues, key=lambda cue: -abs(cue.error))[:5]:
            print(f"   {one.line} at {one.start:.3f}: {one.error * 1000:+.1f} ms by {one.by}")
        print(f"rendered again at another length {again}, stretched {sum(one.stretched != 1 for one in rows)},")
        print(f"over their slots {sum(one.over > 0 for one in rows)}, of them cut {sum(one.cut > 0 for one in rows)}")
        print(f"overlaps {overlaps(result.folder)}")


if __name__ == "__main__":
    main()
