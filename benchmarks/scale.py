"""Whether planning and tracking stand a catalogue: the real code from manuscript to morning, on a simulated GPU.

    python -m benchmarks.scale --plot scale.svg                  # the law: books and queues of growing size, 10 minutes
    python -m benchmarks.scale --lines "" --books 1000 --queue-lines 10000 --shared     # ten million lines tracked: an hour, 20 GB
    python -m benchmarks.scale --lines "" --books 1000 --queue-lines 10000              # and planned, every one: four hours
    python -m benchmarks.scale --lines "" --books 500 --queue-lines 10000 --first 500   # its second half, beside the first

Each size runs in a process of its own. Times are of processor, so one core's. `simulated.py` says what is simulated (sound and
its time) and what is not (all the rest); with --shared the first book's plan stands for all (`shared.py`). Exit code 1 when a
bar is missed: 2 ms a line for script, plan and batches together, 1 GB, and growth of no step by more than the power of 1.1.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from math import log
from pathlib import Path
from typing import Any, TypeVar

from benchmarks import plot, simulated
from benchmarks.simulated import CLOCK

PLAN_MS, MEMORY_MB, EXPONENT = 2.0, 1000, 1.1
PLANNING = ("script", "plan", "batches")
REPEAT_S = 15.0
"""Small sizes are measured again until so much time is spent, at most 3 times; the fastest counts."""
T = TypeVar("T")


@dataclass
class Measured:
    """What one size cost: by step, seconds of processor and of wall clock; the process's peak memory, MB."""

    size: int
    lines: int
    cpu: dict[str, float] = field(default_factory=dict)
    wall: dict[str, float] = field(default_factory=dict)
    peak: dict[str, int] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)

    def step(self, name: str, work: Callable[[], T]) -> T:
        wall, cpu = time.perf_counter(), time.process_time()
        done = work()
        self.cpu[name], self.wall[name] = time.process_time() - cpu, time.perf_counter() - wall
        self.peak[name] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return done


# --- one size, in a process of its own -------------------------------------------------------------------------------


def book(home: Path, lines: int, *_: int) -> Measured:
    """Every step of one book."""
    from pipeline import chapters, rendering
    from pipeline.chapters import master as master_chapter
    from pipeline.folder import folder_for
    from pipeline.opening import open_book, reopen
    from pipeline.progress import unobserved
    from pipeline.reading import write_script
    from pipeline.render.plan import direction_of
    from pipeline.request import Request
    from pipeline.takes import take_key

    crew = simulated.SimulatedCrew()
    request = Request(
        simulated.write_book(home / "book.txt", lines), engine="simulated", output=home / "output", formats="m4a"
    )
    folder = folder_for(request.manuscript, request.output)
    _, sync = (found := Measured(lines, 0)).step("script", lambda: write_script(folder, request))
    found.lines = len(sync.lines)
    opened = open_book(request)
    production = found.step("plan", opened.__enter__)
    assert len(production.plan.due) == found.lines, "a line that is no take of its own"

    def keys() -> None:
        for line in production.plan.lines:
            direction = direction_of(line, production.cast, production.engine)
            assert direction is not None
            take_key(direction)

    def render(batch: Any) -> Callable[[], float | None]:
        seconds = rendering.render(production, batch, crew)
        return lambda: seconds

    def master(number: int) -> Callable[[], Any]:
        made = master_chapter(production, number, crew)
        return lambda: made

    found.step("keys", keys)
    found.step("batches", lambda: sum(1 for _ in rendering.batches_of(production)))
    found.step("takes", lambda: rendering.render_in_turn(production, render, crew, unobserved))
    found.step("chapters", lambda: chapters.master_in_turn(production, master, crew, unobserved, []))
    opened.__exit__(None, None, None)
    again = reopen(folder)
    production = found.step("index", again.__enter__)
    assert not production.plan.due, "a take that is not found again"
    found.told["index_bytes"] = (folder.takes / "index.sqlite").stat().st_size
    found.told["table_bytes"] = folder.script.stat().st_size + (folder.path / ".script-base.json").stat().st_size
    again.__exit__(None, None, None)
    return found


def queue(home: Path, books: int, lines: int, shared: int = 0, first: int = 0) -> Measured:
    """A queue of so many books of `lines` lines: forecast, made night by night, looked at in the morning. shared: see `shared.py`;
    the first book is then no part of it. first: the number of the first book, each number a text of its own."""
    from benchmarks.shared import standing_for_all
    from pipeline.queue import morning, night, record, speeds
    from pipeline.queue.file import load
    from pipeline.queue.forecast import forecast
    from pipeline.request import Request

    found, path = Measured(books, 0), home / "queue.yaml"
    numbers = range(first, first + books)
    for number in numbers:
        simulated.write_book(home / f"book{number:05d}.txt", lines, number)
    rows = "".join(
        f"  - manuscript: book{number:05d}.txt\n    engine: simulated\n    formats: m4a\n    deliver: timeline\n"
        f"    priority: {number % 7}\n    deadline: 2027-{1 + number % 12:02d}-28\n"
        for number in numbers
    )
    path.write_text(f"timezone: Asia/Shanghai\nprice_per_hour: 3\ncurrency: EUR\nbooks:\n{rows}", encoding="utf-8")
    found.step("queue", lambda: load(path).in_order())
    foreseen = found.step("forecast", lambda: list(forecast(load(path), CLOCK.now(), speeds.load())))
    assert all(one.state == "due" for one in foreseen)
    window, made, nights = load(path).window, None, []

    def one_night() -> Any:
        CLOCK.until(window.opens(CLOCK.now()))
        closes = window.closes(CLOCK.now())
        done = night.work(path, closes, simulated.make, clock=CLOCK.now, stopwatch=CLOCK.seconds)
        CLOCK.until(closes + timedelta(minutes=1))
        return done

    def all_nights() -> None:
        while not nights or any(one.outcome not in ("done", "unchanged") for one in nights[-1].books):
            nights.append(one_night())
            assert not any(one.outcome == "failed" for one in nights[-1].books), nights[-1].books
            if lines * books > 10**6:
                kinds = {name: count for name, count in morning.sums(nights[-1]).counts.items() if count}
                print(
                    f"night {len(nights)}: {kinds}, {time.process_time():.0f} s of processor",
                    file=sys.stderr,
                    flush=True,
                )

    if shared:
        first = simulated.write_book(home / "planned.txt", lines, numbers.stop)
        with standing_for_all(
            Request(first, engine="simulated", formats="m4a", deliver="timeline", output=home / "output")
        ):
            found.step("nights", all_nights)
    else:
        found.step("nights", all_nights)
        found.step("quiet", one_night)
        again = found.step("forecast2", lambda: list(forecast(load(path), CLOCK.now(), speeds.load())))
        assert all(one.state == "unchanged" for one in again)

    def report() -> Any:
        made = record.load(home / "nights", nights[-1].name)
        assert made is not None
        morning.write_page(made, home / "nights", "en")
        assert not morning.changed_since(made, home / "output")
        return made

    made = found.step("morning", report)
    rows = [one for single in nights for one in single.books]
    found.lines = sum(one.lines for one in made.books)
    assert sum(one.rendered for one in rows) == found.lines, "a line that nobody tracked"
    audio = sum(one.audio_s for one in made.books)
    found.told = {
        "nights": len(nights), "audio_h": audio / 3600, "gpu_h": sum(one.gpu_s for one in rows) / 3600,
        "night_bytes": (home / "nights" / f"{made.name}.json").stat().st_size,
        "foreseen_h": sum(one.estimate.seconds for one in foreseen if one.estimate) / 3600,
        "took_h": sum(one.work_s for one in rows) / 3600,
    }  # fmt: skip
    return found


# --- all sizes -------------------------------------------------------------------------------------------------------


def measured(
    kind: str, size: int, lines: int = 0, disk: Path | None = None, shared: bool = False, first: int = 0
) -> Measured:
    """The fastest of up to three runs, step by step."""
    runs: list[Measured] = []
    began = time.monotonic()
    while not runs or (len(runs) < 3 and time.monotonic() - began < REPEAT_S):
        with tempfile.TemporaryDirectory(dir=disk) as home:
            command = [sys.executable, "-m", "benchmarks.scale", "--one", kind, home]
            command += [str(one) for one in (size, lines, int(shared), first)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        runs.append(Measured(**json.loads(done.stdout)))
    best = runs[0]
    for name in best.cpu:
        best.cpu[name] = min(one.cpu[name] for one in runs)
        best.wall[name] = min(one.wall[name] for one in runs)
    return best


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The exponent of growth: slope of the least-squares line through the logarithms."""
    xs, ys = [log(x) for x, _ in points], [log(max(y, 1e-6)) for _, y in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum((x - mean_x) ** 2 for x in xs)


def table(name: str, found: Sequence[Measured], told: list[str]) -> dict[str, plot.Points]:
    """Print a table of steps; their points for the plot. Bars that are missed are added to `told`."""
    sizes = [f"{one.size:,}" for one in found]
    print(f"\n| {name} | " + " | ".join(sizes) + " | peak MB | exponent | at the end |")
    print("|---" * (len(sizes) + 4) + "|")
    drawn: dict[str, plot.Points] = {}
    for step in found[0].cpu:
        points = [(one.size, max(one.cpu[step], 1e-4)) for one in found]
        grown = (slope(points), slope(points[-2:])) if len(points) > 1 else (0.0, 0.0)
        cells = " | ".join(f"{one.cpu[step] / one.lines * 1000:.4f}" for one in found)
        print(f"| {step} | {cells} | {found[-1].peak[step]} | {grown[0]:.2f} | {grown[1]:.2f} |")
        drawn[f"{step}  n^{grown[0]:.2f}"] = points
        if max(grown) > EXPONENT:
            told.append(f"{step} grows by the power of {max(grown):.2f}")
    print(
        f"lines: {', '.join(f'{one.lines:,}' for one in found)}; ms of processor a line\n{json.dumps(found[-1].told)}"
    )
    told += [f"{max(one.peak.values())} MB at {one.size}" for one in found if max(one.peak.values()) > MEMORY_MB]
    return drawn


def planned(found: Sequence[Measured]) -> list[str]:
    """The books whose planning costs more than it may."""
    costs = {one.size: sum(one.cpu[step] for step in PLANNING) / one.lines * 1000 for one in found}
    print(f"script, plan and batches together, ms a line: {', '.join(f'{cost:.2f}' for cost in costs.values())}")
    return [f"{cost:.2f} ms a line to plan {size} lines" for size, cost in costs.items() if cost > PLAN_MS]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lines", default="100,1000,10000,30000", help="of the books (%(default)s)")
    parser.add_argument("--books", default="10,100,1000", help="of the queues (%(default)s)")
    parser.add_argument("--queue-lines", type=int, default=100, help="of each book in a queue")
    parser.add_argument(
        "--first", type=int, default=0, help="number of a queue's first book: parts of a catalogue side by side"
    )
    parser.add_argument("--shared", action="store_true", help="plan one book and let it stand for all of a queue")
    parser.add_argument("--plot", type=Path, help="SVG file")
    parser.add_argument("--disk", type=Path, help="folder for what is written meanwhile")
    parser.add_argument("--one", nargs=6, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        kind, home, *sizes = options.one
        simulated.plug_in(Path(home))
        json.dump(asdict({"book": book, "queue": queue}[kind](Path(home), *map(int, sizes))), sys.stdout)
        return 0
    print(f"{platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    told: list[str] = []
    panels = {}
    books = [measured("book", int(size), disk=options.disk) for size in options.lines.split(",") if size]
    if books:
        panels["One book"] = "lines", "seconds of processor", table("book of lines", books, told)
        told += planned(books[1:])
    queues = [
        measured("queue", int(size), options.queue_lines, options.disk, options.shared, options.first)
        for size in options.books.split(",") if size
    ]  # fmt: skip
    if queues:
        grown = table(f"queue of books of {options.queue_lines:,} lines", queues, told)
        panels[f"A queue of books of {options.queue_lines:,} lines"] = "books", "seconds of processor", grown
    if options.plot:
        plot.write(options.plot, panels)
    for one in told:
        print(f"MISSED: {one}")
    return 1 if told else 0


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())
