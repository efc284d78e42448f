"""What it costs to make a script table of a manuscript: processor time and memory of `shuoshu script`, by length.

    python -m benchmarks.analysis MANUSCRIPT… [--language zh]

Each runs in a process of its own, pinned to one core where the system can. The first manuscript is what the others are
compared with: 1.0 means that a character costs as much in the longer book. Books are brought by you.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manuscripts", nargs="+", type=Path)
    given = parser.parse_args()
    print(
        f"{'manuscript':28} {'characters':>11} {'lines':>8} {'wall s':>8} {'cpu s':>8} {'s a million':>12} {'peak MB':>8} {'ratio':>6}"
    )
    first = 0.0
    for path in given.manuscripts:
        characters, lines, wall, cpu, peak = _measure(path)
        rate = cpu / characters * 1e6
        first = first or rate
        print(
            f"{path.name:28} {characters:11,} {lines:8,} {wall:8.1f} {cpu:8.1f} {rate:12.2f} {peak:8.0f} {rate / first:6.2f}",
            flush=True,
        )


def _measure(path: Path) -> tuple[int, int, float, float, float]:
    """Characters, lines, wall seconds, processor seconds, peak resident MB."""
    from pipeline.script import table

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = [sys.executable, "-m", "pipeline.cli", "script", str(path), "--output", folder, "--json"]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=_one_core)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        if status:
            raise SystemExit(f"{path}: the command failed")
        lines = table.read(next(Path(folder).glob("*/script.csv")))
    characters = sum(len(line.text) for line in lines)
    return characters, len(lines), wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def _one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


if __name__ == "__main__":
    main()
