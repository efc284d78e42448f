"""The judge of the chaos run: looks at what lies on disk with other tools than those that made it (sqlite3, soundfile, ffmpeg),
and holds it against a run without faults."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from benchmarks.chaos_house import DELIVER, FORMATS, House
from benchmarks.remote import samples_of

SILENT_DBFS = -60.0
MEDIA = (".flac", ".m4a", ".m4b")


@dataclass
class Verdict:
    """`breaches` are sentences; the rest counts what was looked at."""

    breaches: list[str] = field(default_factory=list)
    lines: int = 0
    takes: int = 0
    chapters: int = 0
    media: int = 0
    seconds: float = 0.0
    compared: int = 0


def judge(house: House) -> Verdict:
    """Every book of the house, against the contract."""
    verdict = Verdict()
    for name in house.books:
        folder = house.home / "output" / name
        verdict.breaches += [f"{name}: {one}" for one in _book(folder, verdict)]
    verdict.breaches += [f"left over: {one.relative_to(house.home)}" for one in _leftovers(house.home)]
    verdict.breaches += list(_against_a_quiet_run(house, verdict))
    verdict.breaches += [f"not done in the queue: {one}" for one in house.undone()]
    listed = json.loads(house.shuoshu("schedule", "list", "--json").stdout)
    states = {one["book"]: one["state"] for one in listed["books"]}
    verdict.breaches += [f"not whole by `schedule list`: {one} is {states.get(one)}" for one in house.books if states.get(one) != "unchanged"]  # fmt: skip
    return verdict


def _book(folder: Path, verdict: Verdict) -> Iterator[str]:
    with (folder / "script.csv").open(encoding="utf-8-sig", newline="") as file:
        spoken = [row["id"] for row in csv.DictReader(file) if row["kind"] != "pause"]
    with closing(sqlite3.connect(folder / "takes/index.sqlite")) as index:
        chosen = index.execute("SELECT line, key FROM chosen").fetchall()
        known = {row[0]: row[1:] for row in index.execute("SELECT key, sha256, frames, flags, ingredients FROM takes")}
    by_line: dict[str, list[str]] = {}
    for line, key in chosen:
        by_line.setdefault(line, []).append(key)
    verdict.lines += len(spoken)
    for line in spoken:
        if len(by_line.get(line, ())) != 1:
            yield f"line {line} has {len(by_line.get(line, ()))} chosen takes"
    heard: dict[str, str] = {}
    for key in sorted({key for keys in by_line.values() for key in keys}):
        verdict.takes += 1
        if key not in known:
            yield f"take {key[:12]} is chosen and not in the index"
            continue
        yield from _take(folder / "takes" / key[:2] / f"{key}.flac", *known[key])
    yield from _chapters(folder, heard, verdict)
    if list(heard) != spoken:
        lost, more = set(spoken) - set(heard), set(heard) - set(spoken)
        yield f"the chapters do not have the script's lines in order: {len(lost)} lost, {len(more)} more"
    for line, key in heard.items():
        if by_line.get(line) != [key]:
            yield f"line {line} is heard in another take than the chosen one"
    yield from _deliverables(folder, verdict)


def _take(path: Path, sha256: str, frames: int, flags: str, ingredients: str) -> Iterator[str]:
    told = json.loads(ingredients)
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            yield f"take {path.stem[:12]} is not the file that the index knows"
        wave, _ = soundfile.read(path, dtype="int16")
    except (OSError, soundfile.LibsndfileError) as error:
        yield f"take {path.stem[:12]} cannot be read ({error})"
        return
    if len(wave) != frames:
        yield f"take {path.stem[:12]} has {len(wave)} frames, the index says {frames}"
    level = 20 * math.log10(max(float(np.sqrt(np.mean((wave / 32768.0) ** 2))) if len(wave) else 0.0, 1e-9))
    if level < SILENT_DBFS:
        yield f"take {path.stem[:12]} is silent"
    if "stand_in" in flags:
        yield f"take {path.stem[:12]} only stands in for its line"
    if told["engine"] == "openai" and not np.array_equal(wave, samples_of(told["text"])):
        yield f"take {path.stem[:12]} is not what the server said"


def _chapters(folder: Path, heard: dict[str, str], verdict: Verdict) -> Iterator[str]:
    """The masters against their timelines. Fills `heard`: line -> take, in the order of the chapters."""
    for path in sorted((folder / "chapters").glob("[!.]*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        stem = path.with_suffix("")
        verdict.chapters += 1
        with Path(f"{stem}.timeline.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if row["id"] in heard:
                yield f"line {row['id']} is heard twice"
            heard[row["id"]] = row["take"]
        ends = max(int(row["start_frame"]) + int(row["frames"]) for row in rows)
        frames = soundfile.info(f"{stem}.flac").frames
        verdict.seconds += frames / told["sample_rate"]
        if frames != told["frames"] or ends > frames:
            yield f"{path.stem} has {frames} frames, its timeline {told['frames']}, its lines end at {ends}"
        if sorted(told["files"]) != sorted(FORMATS.split(",")):
            yield f"{path.stem} is there as {sorted(told['files'])}"
        yield from _as_recorded(folder / "chapters", told)


def _deliverables(folder: Path, verdict: Verdict) -> Iterator[str]:
    made = set()
    for path in sorted((folder / "chapters").glob(".*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        made.add(path.stem.rsplit(".", 1)[-1])
        yield from _as_recorded(folder, told)
        for name, size in told["files"].items():
            if not size or (folder / name).stat().st_size != size:
                yield f"{name} has not its size"
    if made != set(DELIVER.split(",")):
        yield f"deliverables are {sorted(made)}"
    files = sorted(path for path in folder.rglob("*") if path.suffix in MEDIA and "takes" not in path.parts)
    verdict.media += len(files)
    with ThreadPoolExecutor(2) as pool:
        for path, told in zip(files, pool.map(_decoded, files), strict=True):
            if told:
                yield f"{path.name} does not decode: {told}"


def _as_recorded(folder: Path, told: dict[str, Any]) -> Iterator[str]:
    for name, sha256 in told["sha256"].items():
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            yield f"{name} is not the file that was made"


def _decoded(path: Path) -> str:
    """What ffmpeg complains of as it decodes a whole file; "" = nothing."""
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-xerror",
        "-err_detect",
        "crccheck+explode",
        "-nostdin",
        "-i",
        str(path),
        "-map",
        "0:a",
        "-f",
        "null",
        "-",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip()[:200] or ("" if done.returncode == 0 else f"exit {done.returncode}")


def _leftovers(home: Path) -> list[Path]:
    return [one for one in home.rglob("*") if ".part" in one.name or one.name.endswith((".tmp", ".former", "~"))]


def _against_a_quiet_run(house: House, verdict: Verdict) -> Iterator[str]:
    """The embedded engine is deterministic, and so are masters: the same books without faults and without Prefect."""
    quiet = house.work / "quiet"
    environment = {
        name: text for name, text in house.environment.items() if name not in ("SHUOSHU_RENDER_LOG", "LD_PRELOAD")
    }
    for name in (one for one in house.books if one.startswith("near")):
        command = [
            sys.executable, "-m", "pipeline.cli", "run", str(house.manuscripts / f"{name}.txt"), "--plain", "--formats", FORMATS,
            "--deliver", DELIVER, "--output", str(quiet), "--workers", str(house.workers),
        ]  # fmt: skip
        subprocess.run(command, env=environment, check=True, capture_output=True, cwd=house.work)
        ours, theirs = (_sounds(place / name) for place in (house.home / "output", quiet))
        verdict.compared += len(theirs)
        for path in sorted(theirs.keys() - ours.keys()):
            yield f"{name}: {path} is missing beside the quiet run's"
        for path in sorted(theirs.keys() & ours.keys()):
            if ours[path] != theirs[path]:
                yield f"{name}: {path} differs from the quiet run's"


def _sounds(folder: Path) -> dict[str, str]:
    """Takes and chapters by their bytes, the audiobook by its packets."""
    found = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for pattern in ("takes/??/*.flac", "chapters/*.flac", "chapters/*.m4a", "*.srt")
        for path in folder.glob(pattern)
    }
    for path in folder.glob("*.m4b"):
        command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a", "-c", "copy", "-f", "md5", "-"]
        found[path.name] = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return found
