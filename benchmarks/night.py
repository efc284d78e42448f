"""A simulated night: a catalogue made through a Prefect server by the window's own cron, the forecast against what it took,
the morning's sums against what is on disk, and what nights with nothing stale cost.

    python -m benchmarks.night                                  # 8 books, 1,600 lines: minutes
    python -m benchmarks.night --books 50 --lines 40000         # the whole one: within an hour on 2 cores
    python -m benchmarks.night --database postgresql+asyncpg://postgres@/prefect?host=/tmp

Books differ in length by up to seven times. A first night of `--learn` books, as short as the shortest, as the mean and as
the longest, measures this machine; then comes the forecast, then the night.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import soundfile

from benchmarks.books import write_book

HERE = Path(__file__).parent.parent


@contextlib.contextmanager
def server(home: Path, database: str) -> Iterator[dict[str, str]]:
    """A Prefect server that stays, all its services included; the environment of its clients."""
    port = 4300 + os.getpid() % 400
    environment = {
        **os.environ, "PREFECT_HOME": str(home / "prefect"), "XDG_CACHE_HOME": str(home / "cache"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api", "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_ENABLED": "false",
    }  # fmt: skip
    if database:
        environment["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database
    with (home / "server.log").open("wb") as log:
        command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            for _ in range(240):
                with (
                    contextlib.suppress(OSError),
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2),
                ):
                    break
                time.sleep(0.5)
            yield environment
        finally:
            process.terminate()
            process.wait(30)


def catalogue(home: Path, books: int, lines: int) -> list[str]:
    """Manuscripts of different lengths that have `lines` script lines together, and the names of their files."""
    chance = random.Random(6)
    shares = [chance.uniform(0.3, 2.0) for _ in range(books)]
    whole = sum(shares)
    names = []
    for number, share in enumerate(shares):
        path = write_book(home / f"book{number:03d}.txt", max(20, round(lines * share / whole)), lines_a_chapter=200)
        text = path.read_text(encoding="utf-8")  # no two books share a sentence, as no two of a catalogue do
        path.write_text(
            text.replace("，", f"，{chr(0x5341 + number)}", 1).replace("。", f"，{number}号。"), encoding="utf-8"
        )
        names.append(path.name)
    return names


def queue_file(home: Path, books: list[str], workers: int, opens: datetime, hours: float) -> None:
    ends = opens + timedelta(hours=hours)
    rows = "".join(f"  - manuscript: {name}\n    deliver: m4b,report\n" for name in books)
    (home / "queue.yaml").write_text(
        f'window: "{opens:%H:%M}-{ends:%H:%M}"\ntimezone: UTC\nworkers: {workers}\nprice_per_hour: 1\nbooks:\n{rows}',
        encoding="utf-8",
    )


def shuoshu(home: Path, environment: dict[str, str], *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments, "--json"], cwd=home, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return json.loads(done.stdout)


def night(home: Path, environment: dict[str, str], books: list[str], workers: int, hours: float) -> tuple[Any, float]:
    """One night, begun by Prefect as the window opens; the morning's report, and seconds from the opening to the end."""
    utc = datetime.now().astimezone().utctimetuple()
    opens = datetime(*utc[:5]) + timedelta(minutes=2 if utc.tm_sec > 30 else 1)
    queue_file(home, books, workers, opens, hours)
    for one in (home / "nights").glob("????-??-??.*"):
        one.unlink()  # several nights of a day would be one
    command = [sys.executable, "-m", "pipeline.cli", "schedule", "serve"]
    with (home / "serve.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log)
        try:
            while True:
                time.sleep(1)
                told = [
                    json.loads(one.read_text(encoding="utf-8")) for one in (home / "nights").glob("????-??-??.json")
                ]
                if told and told[0]["ended"]:
                    break
                if process.poll() is not None:
                    raise SystemExit((home / "serve.log").read_text())
        finally:
            process.terminate()
            process.wait(30)
    took = datetime.fromisoformat(told[0]["ended"]).replace(tzinfo=None) - opens
    return shuoshu(home, environment, "morning"), took.total_seconds()


def from_disk(home: Path, book: str) -> tuple[float, int, int, float]:
    """Of one book, read from its files alone: seconds of its chapters, takes, spoken lines, seconds of its takes."""
    folder = home / "output" / book
    audio = sum(soundfile.info(path).duration for path in (folder / "chapters").glob("*.flac"))
    takes = [soundfile.info(path).duration for path in (folder / "takes").glob("*/*.flac")]
    with (folder / "script.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = sum(row["kind"] != "pause" for row in csv.DictReader(file))
    return audio, len(takes), lines, sum(takes)


def checked(home: Path, report: Any, fresh: bool) -> None:
    """Hold every book's row, and the sums, against the files."""
    audio = speech = 0.0
    for row in report["books"]:
        seconds, takes, lines, spoken = from_disk(home, row["book"])
        assert abs(row["audio_s"] - seconds) < 0.05, (row["book"], row["audio_s"], seconds)
        assert row["lines"] >= lines, (row["book"], row["lines"], lines)  # credits are lines in no table
        if fresh:
            assert row["rendered"] == takes, (row["book"], row["rendered"], takes)
            assert abs(row["speech_s"] - spoken) < 0.05 + 1e-4 * takes, (row["book"], row["speech_s"], spoken)
        audio, speech = audio + seconds, speech + spoken
    if fresh:
        assert abs(report["sums"]["audio_h"] - audio / 3600) < 1e-3
        assert abs(report["sums"]["speech_h"] - speech / 3600) < 1e-3
    print(f"the morning's sums are what is on disk: {audio / 3600:.3f} h of chapters, {speech / 3600:.3f} h of takes")


def files(home: Path) -> dict[str, tuple[int, int]]:
    return {
        str(one): (one.stat().st_size, one.stat().st_mtime_ns) for one in (home / "output").rglob("*") if one.is_file()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--books", type=int, default=8)
    parser.add_argument("--lines", type=int, default=1600)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--learn", type=int, default=3, help="books of the first night, which measures the machine")
    parser.add_argument("--hours", type=float, default=4.0, help="length of the window")
    parser.add_argument("--quiet-nights", type=int, default=1, help="nights with nothing stale, after it")
    parser.add_argument("--database", default="", help="Prefect's database (SQLite)")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        names = catalogue(home, options.books, options.lines)
        with server(home, options.database) as environment:
            by_size = sorted(names, key=lambda one: (home / one).stat().st_size)
            places = [round(at * (len(names) - 1) / max(1, options.learn - 1)) for at in range(options.learn)]
            first = [shutil.copyfile(home / by_size[at], home / f"learn{at}.txt").name for at in places]
            if first:
                queue_file(home, first, options.workers, datetime(2000, 1, 1), options.hours)
                expected = shuoshu(home, environment, "schedule", "list")
                report, _ = night(home, environment, first, options.workers, options.hours)
                took = sum(one["work_s"] for one in report["books"])
                print(
                    f"first night, {len(first)} books, by the defaults: expected {expected['work_seconds']:.0f} s, took {took:.0f}"
                )
            queue_file(home, names, options.workers, datetime(2000, 1, 1), options.hours)
            expected = shuoshu(home, environment, "schedule", "list")
            report, wall = night(home, environment, names, options.workers, options.hours)
            took = sum(one["work_s"] for one in report["books"])
            lines = sum(one["lines"] for one in report["books"])
            counts = {name: count for name, count in report["sums"]["counts"].items() if count}
            print(
                f"the night: {counts}, {lines} lines, {report['sums']['audio_h']:.2f} h of audio, {options.workers} workers"
            )
            off = took / expected["work_seconds"] - 1
            print(
                f"forecast {expected['work_seconds']:.0f} s, took {took:.0f} s ({off:+.1%}), {wall:.0f} s from the opening on"
            )
            by_book = [one["work_s"] / one["estimate_s"] - 1 for one in report["books"] if one["estimate_s"]]
            print(f"each book against what was expected when it was opened: {min(by_book):+.1%} to {max(by_book):+.1%}")
            checked(home, report, fresh=True)
            before = files(home)
            for _ in range(options.quiet_nights):
                report, _ = night(home, environment, names, options.workers, options.hours)
                slowest = max(one["work_s"] for one in report["books"])
                kinds = {one["outcome"] for one in report["books"]}
                print(
                    f"nothing stale: {kinds}, slowest book {slowest:.3f} s, files of books touched: {files(home) != before}"
                )
            checked(home, report, fresh=False)


if __name__ == "__main__":
    main()
