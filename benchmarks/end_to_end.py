"""The whole run against the shell way, and how time and memory grow with a book.

    python -m benchmarks.end_to_end                     # everything; about half an hour on 2 cores
    python -m benchmarks.end_to_end --only shell        # against the shell way
    python -m benchmarks.end_to_end --only growth       # 1,000 to 50,000 lines, 1 to 30 hours

The shell way: espeak-ng once per line (Debian's program, the script's own text), ffmpeg's concat demuxer, two-pass loudnorm,
AAC. It makes one M4B without chapters. Both work on the same script of the same book in the same run; ours is the command
as users call it, Prefect included.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from benchmarks.books import write_book


class Memory(threading.Thread):
    """Samples the memory of a process and all its children: proportional set size (shared pages counted once), MB."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        super().__init__(daemon=True)
        self.process, self.peak = process, 0.0

    def run(self) -> None:
        while self.process.poll() is None:
            total = 0
            try:
                top = psutil.Process(self.process.pid)
                for one in (top, *top.children(recursive=True)):
                    try:
                        total += one.memory_full_info().pss
                    except psutil.Error:
                        continue
            except psutil.Error:
                break
            self.peak = max(self.peak, total / 1e6)
            time.sleep(0.25)


def ours(book: Path, output: Path, *more: str) -> dict[str, float]:
    """Run the command on a book: wall seconds, peak memory, lines, audio seconds."""
    command = [sys.executable, "-m", "pipeline.cli", "run", str(book), "--output", str(output), "--json", *more]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    watch = Memory(process)
    watch.start()
    text, _ = process.communicate()
    wall = time.perf_counter() - began
    if process.returncode:
        sys.exit(f"the run failed with exit code {process.returncode}")
    told = json.loads(text)
    audio = next(one["seconds"] for one in told["deliverables"] if one["path"].endswith(".m4b"))
    return {"wall": wall, "memory": watch.peak, "lines": told["lines"], "audio": audio}


def shell_way(book: Path, output: Path, work: Path) -> float:
    """The same script, the shell way: wall seconds."""
    from pipeline import script
    from pipeline.folder import folder_for

    texts = [line.text for line in script.load(folder_for(book, output).path) if line.text]
    work.mkdir()
    ffmpeg = shutil.which("ffmpeg") or "ffmpeg"
    began = time.perf_counter()
    names = []
    for number, text in enumerate(texts):
        name = work / f"{number:06d}.wav"
        subprocess.run(["espeak-ng", "-v", "cmn", "-w", str(name), text], check=True, stderr=subprocess.DEVNULL)
        names.append(f"file '{name}'")
    (work / "list.txt").write_text("\n".join(names))
    joined = work / "joined.wav"
    quiet = [ffmpeg, "-hide_banner", "-y", "-nostats"]
    subprocess.run(
        [*quiet, "-f", "concat", "-safe", "0", "-i", work / "list.txt", "-c", "copy", joined],
        check=True,
        capture_output=True,
    )
    target = "loudnorm=I=-19:TP=-1:LRA=11"
    first = subprocess.run(
        [*quiet, "-i", joined, "-af", f"{target}:print_format=json", "-f", "null", "-"],
        check=True,
        capture_output=True,
        text=True,
    ).stderr
    found = json.loads(re.findall(r"\{[^{}]*\}", first)[-1])
    second = f"{target}:measured_I={found['input_i']}:measured_TP={found['input_tp']}:measured_LRA={found['input_lra']}:measured_thresh={found['input_thresh']}:linear=true"
    subprocess.run(
        [*quiet, "-i", joined, "-af", second, "-ar", "44100", "-c:a", "aac", "-b:a", "64k", work / "book.m4b"],
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - began


def against_the_shell(folder: Path, lines: int) -> None:
    book = write_book(folder / "shell.txt", lines)
    everything = ours(book, folder / "a")
    only_m4b = ours(book, folder / "b", "--formats", "m4a")
    shell = shell_way(book, folder / "a", folder / "shell")
    print(f"\n## Against the shell way: {everything['lines']:.0f} lines, {everything['audio'] / 3600:.2f} h of audio\n")
    print("| way | makes | wall s | ratio |\n|---|---|---|---|")
    print(f"| shell | one M4B, no chapters | {shell:.1f} | 1 |")
    print(f"| shuoshu | M4B with chapters | {only_m4b['wall']:.1f} | {only_m4b['wall'] / shell:.2f} |")
    print(
        f"| shuoshu | M4B with chapters, and a FLAC and an MP3 of each | {everything['wall']:.1f} | {everything['wall'] / shell:.2f} |"
    )


def growth(folder: Path, sizes: list[int], start: float) -> None:
    """`start`: wall seconds of a run of 20 lines, taken off before the time a line is compared."""
    print(f"\n## Growth (M4B only; {start:.1f} s of start taken off)\n")
    print(
        "| lines | audio h | wall s | ms a line | against the first | peak MB, all processes |\n|---|---|---|---|---|---|"
    )
    first = 0.0
    for size in sizes:
        book = write_book(folder / f"grow{size}.txt", size, longest=24)
        row = ours(book, folder / "grow", "--formats", "m4a")
        shutil.rmtree(folder / "grow" / f"grow{size}")
        each = (row["wall"] - start) / row["lines"] * 1000
        first = first or each
        print(
            f"| {row['lines']:.0f} | {row['audio'] / 3600:.2f} | {row['wall']:.1f} | {each:.2f} | {each / first:.2f} | {row['memory']:.0f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=("shell", "growth"))
    parser.add_argument("--lines", type=int, default=1500, help="of the book told the shell way")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 1650, 50_000])
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as name:
        ours(write_book(Path(name) / "warm.txt", 20), Path(name) / "warm")  # Prefect's database, file caches
        start = ours(write_book(Path(name) / "start.txt", 20), Path(name) / "start", "--formats", "m4a")["wall"]
        if options.only != "growth":
            against_the_shell(Path(name), options.lines)
        if options.only != "shell":
            growth(Path(name), options.sizes, start)


if __name__ == "__main__":
    main()
