"""Synthetic chapters mastered under every profile and measured, after encoding, by ffmpeg.

    python -m benchmarks.masters                    # 200 chapters: 195 of 5 s to 3 minutes, five of 1 to 2 hours
    python -m benchmarks.masters --chapters 20 --longest 3

Voices lie between -40 and -6 LUFS, a fifth of the lines are whispers or shouts, some takes are silent. A chapter passes when each
of its files (FLAC, MP3, AAC) meets its profile by ffmpeg's own meters: loudness within 0.5 (RMS where the profile asks for it, in
short chapters within what is allowed: -23 to -18 dB), true peak (sample peak for acx) under the ceiling, no sample at full scale. The limiter's greatest reduction is told.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.mastering import TAGS, _ffmpeg, spoken
from pipeline.files import sha256_file
from pipeline.mastering import chapter, profiles, timeline
from pipeline.mastering.levelling import energy, loudness
from pipeline.mastering.limits import allowed
from pipeline.nouns import Line, Take

NAMES = ("podcast", "acx", "ebu_r128", "streaming_zh", "podcast_stereo", "loud")
TOLERANCE = 0.5


@dataclass(frozen=True)
class Outcome:
    number: int
    profile: str
    seconds: float
    reduction: float
    worst_loudness: float
    worst_peak: float
    faults: tuple[str, ...]


def takes_at_levels(folder: Path) -> list[tuple[Take, str]]:
    """(take, delivery): real speech brought to levels from -40 to -6 LUFS, and silence."""
    chance, found = random.Random(5), []
    for number, take in enumerate(spoken(folder)):
        wave, rate = soundfile.read(take.path, dtype="float32")
        level = chance.uniform(-40, -6)
        wave = wave * 10 ** ((level - loudness(energy(wave, rate).weighted)) / 20)
        if number % 12 == 11:
            wave = np.zeros_like(wave)
        path = folder / f"level{number}.flac"
        soundfile.write(path, np.clip(wave, -1, 1), rate, subtype="PCM_16")  # a voice at -6 LUFS arrives clipped
        how = ("", "", "", "", "", "", "", "", "whisper", "shout")[number % 10]
        found.append((Take(path.stem, path, sha256_file(path), rate, wave.size, "espeak", 0, "now"), how))
    return found


def mastered(job: tuple[int, float, list[tuple[Take, str]], Path]) -> Outcome:
    number, seconds, voices, folder = job
    chance, profile = random.Random(number), profiles.load(NAMES[number % len(NAMES)])
    lines, takes, at = [], {}, 0.0
    while at < seconds or not lines:
        take, how = chance.choice(voices)
        line = Line(
            f"c{number}-{len(lines)}",
            1,
            len(lines),
            len(lines) // 3,
            "dialogue",
            f"voice{chance.randrange(4)}",
            "一句话。",
            delivery=how,
        )
        lines.append(line)
        takes[line.id] = take
        at += take.seconds + 0.55
    if not any(soundfile.read(take.path)[0].any() for take in {take.key: take for take in takes.values()}.values()):
        takes[lines[0].id] = voices[0][0]
    laid = timeline.build(1, "Chapter", lines, takes, profile)
    made, _ = chapter.master(laid, takes, profile, folder, f"{number:03d}", TAGS, "f")
    faults, levels, peaks = [], [], []
    for kind, path in made.files.items():
        level, peak, sample = measured(path, profile)
        levels.append(abs(level - profile.loudness))
        peaks.append(peak - profile.true_peak if profile.name != "acx" else sample + 3)
        near = levels[-1] <= TOLERANCE or (profile.measure == "rms" and allowed(profile)["rms"].allows(level))
        if not near:
            faults.append(f"{kind}: loudness {level:.2f}, not {profile.loudness}")
        if peaks[-1] > 0.05:
            faults.append(f"{kind}: peak {peak:.2f} dBTP, {sample:.2f} dB")
        if sample >= 0:
            faults.append(f"{kind}: clipped")
        path.unlink()
    return Outcome(number, profile.name, made.seconds, made.reduction_db, max(levels), max(peaks), tuple(faults))


def measured(path: Path, profile: profiles.Profile) -> tuple[float, float, float]:
    """(LUFS or RMS, dBTP, sample peak in dB) by ffmpeg, of a file as a listener's player decodes it."""
    command = [
        _ffmpeg(),
        "-hide_banner",
        "-nostats",
        "-i",
        str(path),
        "-map",
        "0:a",
        "-af",
        "ebur128=peak=true,astats=measure_perchannel=none",
        "-f",
        "null",
        "-",
    ]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    integrated = float(re.findall(r"I:\s+(-?[\d.]+) LUFS", told)[-1])
    true_peak = float(re.findall(r"Peak:\s+(-?[\d.]+|-inf) dBFS", told)[-1])
    rms = float(re.findall(r"RMS level dB: (-?[\d.]+)", told)[-1])
    sample = float(re.findall(r"Peak level dB: (-?[\d.]+)", told)[-1])
    return (rms if profile.measure == "rms" else integrated), true_peak, sample


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chapters", type=int, default=200)
    parser.add_argument(
        "--longest", type=float, default=120, help="minutes; five chapters lie between half of it and it"
    )
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    chance = random.Random(1)
    lengths = [chance.uniform(5, 180) for _ in range(options.chapters - 5)]
    lengths += [options.longest * 60 * share for share in (0.5, 0.625, 0.75, 0.875, 1.0)]
    with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(options.workers) as pool:
        voices = takes_at_levels(Path(name))
        jobs = [(number, seconds, voices, Path(name)) for number, seconds in enumerate(lengths)]
        outcomes = list(pool.map(mastered, jobs))
    print(
        "| profile | chapters | hours | passed | worst loudness | worst peak against the ceiling | limiter, most | over 6 dB |\n|---|---|---|---|---|---|---|---|"
    )
    for profile in dict.fromkeys(one.profile for one in outcomes):
        theirs = [one for one in outcomes if one.profile == profile]
        print(
            f"| {profile} | {len(theirs)} | {sum(one.seconds for one in theirs) / 3600:.2f} | {sum(not one.faults for one in theirs)} |"
            f" {max(one.worst_loudness for one in theirs):.2f} | {max(one.worst_peak for one in theirs):+.2f} |"
            f" {max(one.reduction for one in theirs):.1f} | {sum(one.reduction >= 6 for one in theirs)} |"
        )
    for one in outcomes:
        for fault in one.faults:
            print(f"chapter {one.number} ({one.profile}, {one.seconds:.0f} s): {fault}")
    sys.exit(any(one.faults for one in outcomes))


if __name__ == "__main__":
    main()
