"""Mastering against the ffmpeg way and against pydub with pyloudnorm, on the same takes in the same run; and its memory.

    python -m benchmarks.mastering                    # one hour of chapters, all three ways; memory from 10 minutes to 10 hours
    python -m benchmarks.mastering --minutes 10 --only time
    python -m benchmarks.mastering --only memory

The ffmpeg way: the lines and their pauses as WAV files joined by the concat demuxer, an ebur128 pass, loudnorm measured and
applied (two passes), encoded at the same rates. The pydub way: the same WAV files as AudioSegments,
joined, measured by pyloudnorm over the whole chapter, gained, exported to the same formats by pydub's ffmpeg. Neither levels
lines by character, limits true peaks or lays room tone under. Ours and pydub work in one
process; ffmpeg spreads over the cores.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from pipeline.engines.espeak import EspeakEngine
from pipeline.files import sha256_file
from pipeline.mastering import chapter, profiles, timeline
from pipeline.mastering.tags import Tags
from pipeline.nouns import Direction, Line, Take, Timeline, Voice
from pipeline.render.pool import Workers

PROFILE = profiles.load("podcast")
TAGS = Tags("Chapter", "Author", "Book", "zh", 1, 1)
TEXTS = (
    "长安城下了三天的雨，青石板路上积着水。", "林晚推开门，看见桌上放着一封信。", "信封没有署名，只画着一只蓝色的鸟。",
    "她记得这只鸟，小时候祖母的窗上也有一只。", "你终于来了，我等了你整整十年。", "路不好走，雨又大，桥也断了。",
)  # fmt: skip


ENCODED = {
    "flac": ["-c:a", "flac"], "mp3": ["-c:a", "libmp3lame", "-b:a", "96k"], "m4a": ["-c:a", "aac", "-b:a", "64k"],
}  # fmt: skip


def spoken(folder: Path) -> list[Take]:
    """A few dozen takes of real speech by the embedded engine."""
    engine = EspeakEngine()
    voices = [Voice(name, "espeak", {"variant": name}) for name in ("f2", "f3", "m1", "m3")]
    takes = []
    for voice in voices:
        batch = [Direction(f"{voice.name}{n}", text, "zh", voice) for n, text in enumerate(TEXTS)]
        for one in engine.render(batch):
            path = folder / f"{voice.name}{one.index}.flac"
            rate = engine.capabilities.sample_rate
            soundfile.write(path, one.wave, rate, subtype="PCM_16")
            takes.append(Take(path.stem, path, sha256_file(path), rate, one.wave.size, "espeak", 0, "now"))
    return takes


def laid_out(takes: list[Take], minutes: float) -> tuple[Timeline, dict[str, Take]]:
    """A chapter of these takes, in turns, as long as asked for."""
    lines, chosen, at = [], {}, 0.0
    while at < minutes * 60:
        take = takes[len(lines) % len(takes)]
        line = Line(f"c01-{len(lines)}", 1, len(lines), len(lines) // 3, "dialogue", take.key[:2], "一句话。")
        lines.append(line)
        chosen[line.id] = take
        at += take.seconds + 0.55
    return timeline.build(1, "Chapter", lines, chosen, PROFILE), chosen


def ours(
    laid: Timeline, takes: dict[str, Take], folder: Path, formats: tuple[str, ...] = ("flac", "mp3", "m4a")
) -> float:
    """Wall seconds of one chapter."""
    began = time.perf_counter()
    chapter.master(laid, takes, replace(PROFILE, formats=formats), folder, "ours", TAGS, "f")
    return time.perf_counter() - began


def pieces(laid: Timeline, takes: dict[str, Take], folder: Path) -> list[Path]:
    """What the other ways join: a WAV of every take and of every pause. Not timed."""
    folder.mkdir()
    for take in {take.key: take for take in takes.values()}.values():
        wave, rate = soundfile.read(take.path)
        soundfile.write(folder / f"{take.key}.wav", wave, rate, subtype="PCM_16")
    rate, at, files = next(iter(takes.values())).sample_rate, 0, []
    for one in laid.segments:
        gap = (one.start - at) * rate // laid.sample_rate
        pause = folder / f"pause{gap}.wav"
        if gap and not pause.is_file():
            soundfile.write(pause, np.zeros(gap, np.float32), rate, subtype="PCM_16")
        files += [pause] * bool(gap) + [folder / f"{takes[one.line_id].key}.wav"]
        at = one.end
    return files


def ffmpeg_way(files: list[Path], folder: Path, formats: tuple[str, ...]) -> float:
    """Wall seconds: ebur128, loudnorm measured, loudnorm applied and encoded."""
    ffmpeg = _ffmpeg()
    listed = folder / "list.txt"
    began = time.perf_counter()
    listed.write_text("".join(f"file '{path}'\n" for path in files))
    joined = ["-hide_banner", "-nostats", "-f", "concat", "-safe", "0", "-i", str(listed)]
    _run([ffmpeg, *joined, "-af", "ebur128=peak=true", "-f", "null", "-"])
    told = _run([ffmpeg, *joined, "-af", "loudnorm=I=-19:TP=-1:LRA=11:print_format=json", "-f", "null", "-"])
    found = json.loads(re.findall(r"\{[^{}]*\}", told)[-1])
    applied = (
        f"loudnorm=I=-19:TP=-1:LRA=11:linear=true:measured_I={found['input_i']}:measured_TP={found['input_tp']}"
        f":measured_LRA={found['input_lra']}:measured_thresh={found['input_thresh']}:offset={found['target_offset']}"
    )
    split = "".join(f"[{name}]" for name in formats)
    outputs = ["-filter_complex", f"[0:a]{applied},aresample=44100,asplit={len(formats)}{split}"]
    for name in formats:
        outputs += ["-map", f"[{name}]", *ENCODED[name], "-y", str(folder / f"f.{name}")]
    _run([ffmpeg, *joined, *outputs])
    return time.perf_counter() - began


def pydub_way(files: list[Path], folder: Path, formats: tuple[str, ...]) -> float:
    """Wall seconds: the whole chapter as one AudioSegment, pyloudnorm over it, exports."""
    import pyloudnorm
    from pydub import AudioSegment

    AudioSegment.converter = _ffmpeg()
    began = time.perf_counter()
    sounds = {path: AudioSegment.from_wav(path) for path in dict.fromkeys(files)}
    whole = next(iter(sounds.values()))._spawn(b"".join(sounds[path].raw_data for path in files)).set_frame_rate(44100)
    wave = np.array(whole.get_array_of_samples(), np.float64) / 32768
    whole = whole.apply_gain(-19 - pyloudnorm.Meter(44100).integrated_loudness(wave))
    for name in formats:
        container, rate = {"flac": ("flac", None), "mp3": ("mp3", "96k"), "m4a": ("ipod", "64k")}[name]
        whole.export(folder / f"p.{name}", format=container, bitrate=rate)
    return time.perf_counter() - began


def _ffmpeg() -> str:
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def _run(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """(wall, processor) seconds of a call, its child processes included."""
    wall, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    return time.perf_counter() - wall, sum(after[:4]) - sum(before[:4])


def time_table(minutes: float, chapters: int, formats: tuple[str, ...]) -> None:
    """All three ways in turns, chapter by chapter."""
    totals = {way: [0.0, 0.0] for way in ("ours", "ffmpeg", "pydub + pyloudnorm")}
    audio = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        takes = spoken(folder)
        ours(*laid_out(takes, 0.1), folder, formats)  # imports
        for number in range(chapters):
            laid, chosen = laid_out(takes, minutes / chapters)
            audio += laid.frames / laid.sample_rate
            files = pieces(laid, chosen, folder / f"pieces{number}")
            for way, work in (
                ("ours", partial(ours, laid, chosen, folder, formats)),
                ("ffmpeg", partial(ffmpeg_way, files, folder, formats)),
                ("pydub + pyloudnorm", partial(pydub_way, files, folder, formats)),
            ):
                totals[way] = [had + more for had, more in zip(totals[way], spent(work), strict=True)]
    print(
        f"{chapters} chapters, {audio / 60:.1f} minutes of audio, {' + '.join(formats)}; seconds for an hour of audio"
    )
    print("| way | wall | processor | ours / it, wall | processor |\n|---|---|---|---|---|")
    for way, (wall, cpu) in totals.items():
        print(
            f"| {way} | {wall / audio * 3600:.1f} | {cpu / audio * 3600:.1f} | {totals['ours'][0] / wall:.2f} |"
            f" {totals['ours'][1] / cpu:.2f} |", flush=True,
        )  # fmt: skip


def memory_table(lengths: list[float]) -> None:
    """Peak resident memory of the worker process that masters one chapter of so many minutes."""
    print("| one chapter of | peak MB | s |\n|---|---|---|")
    for minutes in lengths:
        command = [sys.executable, "-m", "benchmarks.mastering", "--one", str(minutes)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        peak, seconds = told.split()
        print(f"| {minutes:g} minutes | {float(peak):.0f} | {float(seconds):.1f} |", flush=True)


def one(minutes: float) -> None:
    """Speak and master one chapter as a production does, each stage in a fresh worker process; print the peak memory in MB of the
    one that masters, and the seconds it took."""
    with tempfile.TemporaryDirectory() as name, Workers(1) as workers:
        takes = workers.run(partial(spoken, Path(name)))
        workers.at_most()  # as between the stages of a production
        seconds, peak = workers.run(partial(_mastered, *laid_out(takes, minutes), Path(name)))
    print(peak, seconds)


def _mastered(laid: Timeline, takes: dict[str, Take], folder: Path) -> tuple[float, float]:
    return ours(laid, takes, folder), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--chapters", type=int, default=4)
    parser.add_argument("--only", choices=("time", "memory"))
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return one(options.one)
    if options.only != "memory":
        for formats in (("m4a",), ("flac", "mp3", "m4a")):
            time_table(options.minutes, options.chapters, formats)
    if options.only != "time":
        memory_table([10, 60, 600])
    return None


if __name__ == "__main__":
    main()
