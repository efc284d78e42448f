"""Chaos: a served queue of books, while workers, servers, disk, files, network and clock fail at random; then a judge.

    python -m benchmarks.chaos                                  # 30 minutes of faults, seed 1
    python -m benchmarks.chaos --minutes 3 --seed 2             # a quick try
    python -m benchmarks.chaos --work DIR                       # everything is kept there, logs included

As root, on Linux with ffmpeg and a C compiler: a small disk is mounted, and the clocks of the house's own processes are
turned. Books are queued as they are used up; every third is spoken by a local speech server. When
the time is over, faults end, nights go on until every book is done, `shuoshu repair` looks at every book, and nights go on
again. The exit code is 1 when anything was lost, doubled, damaged or not finished.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos_faults import Chaos
from benchmarks.chaos_house import House, house
from benchmarks.chaos_judge import Verdict, judge

GAP_S = 8.0
"""Mean time between the end of a fault and the next."""
AHEAD = 3
"""Books that wait at least, while faults go on."""
SOON_S, LOST_S = 10.0, 150.0
"""So long no night is at work before the next evening comes: after one that ended, and within one that did not."""
END_S = 1800.0
"""So long may it take to finish when faults are over."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that happened: when it began and ended, by the stopwatch."""

    kind: str
    what: str
    began: float
    ended: float


def night_after_night(one: House, over: threading.Event) -> None:
    """Time goes by: when a night has ended before its books were done, the next evening comes. A night that broke off has
    `LOST_S` to be begun again before it counts as lost."""
    rests = time.monotonic()
    while not over.wait(0.5):
        if one.night() or not one.undone():
            rests = time.monotonic()
        elif time.monotonic() - rests > (SOON_S if one.last_night().get("ended") else LOST_S):
            one.nights += 1
            one.log(f"the next evening comes; not done: {', '.join(one.undone())}")
            one.turn_clock(one.evening())
            rests = time.monotonic() + SOON_S


def fed(one: House, over: threading.Event, chance: random.Random) -> None:
    """Keep books waiting."""
    while not over.is_set():
        if len(one.undone()) < AHEAD:
            one.add_book(chance.choice((120, 250, 400, 600)))
        over.wait(0.5)


def shaken(one: House, seconds: float, seed: int) -> list[Fault]:
    """Faults at random for so long."""
    chaos, chance = Chaos(one, random.Random(seed)), random.Random(seed + 1)
    kinds, done = chaos.kinds(), list[Fault]()
    ends = time.monotonic() + seconds
    while (gap := chance.expovariate(1 / GAP_S)) + time.monotonic() < ends:
        time.sleep(gap)
        kind = chance.choices(list(kinds), [weight for weight, _ in kinds.values()])[0]
        began = time.monotonic()
        what = kinds[kind][1]()
        if what:
            done.append(Fault(kind, what, began, time.monotonic()))
            one.log(f"{kind}: {what}")
    return done


def finished(one: House) -> list[str]:
    """Let the queue be served to its end, repair every book, and again; what went wrong with that."""
    breaches, repaired = [], list[str]()
    for time_limit in (END_S, END_S):
        ends = time.monotonic() + time_limit
        while (one.undone() or one.night() or not one.last_night().get("ended")) and time.monotonic() < ends:
            time.sleep(1)
        breaches += [f"not finished after {time_limit:.0f} s: {name}" for name in one.undone()]
        if repaired:
            break
        for name in one.books:
            done = one.shuoshu("repair", name, "--json")
            repaired.append(done.stdout)
            if done.returncode:
                breaches.append(f"{name} cannot be repaired: {done.stderr.strip()}")
        one.log("every book was repaired")
        one.turn_clock(one.evening())
        before = one.last_night().get("began")
        while one.last_night().get("began") == before and time.monotonic() < ends:
            time.sleep(1)
    return breaches


def report(one: House, faults: Sequence[Fault], verdict: Verdict, minutes: float) -> None:
    print("\n| fault | times | recovery s, median | worst |\n|---|---|---|---|")
    moments = sorted(one.progress)
    for kind in dict.fromkeys(fault.kind for fault in sorted(faults, key=lambda one: one.kind)):
        mine = [fault for fault in faults if fault.kind == kind]
        took = [next((at for at in moments if at > fault.ended), float("inf")) - fault.ended for fault in mine]
        print(f"| {kind} | {len(mine)} | {statistics.median(took):.1f} | {max(took):.1f} |")
    there = sum(1 for _ in one.home.glob("output/*/takes/??/*.flac"))
    again = len(one.rendered.read_text(encoding="ascii").split()) - there
    print(
        f"\n{minutes:g} minutes, {len(faults)} faults: {len(one.books)} books, {verdict.lines} lines, {verdict.takes} takes,"
        f" {verdict.chapters} chapters, {verdict.seconds / 3600:.2f} h; {again} times one was rendered again;"
        f" {one.nights} more evenings were needed; what serves the queue was started again {one.deaths} times"
    )
    print(
        f"judged: {verdict.takes} takes by hash and sound, {verdict.media} audio files decoded, {verdict.compared} files"
        f" compared with a run without faults: {len(verdict.breaches)} breaches"
    )
    for breach in verdict.breaches[:50]:
        print(f"- {breach}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--disk-mb", type=int, help="size of the small disk, a sparse file; none = by the minutes")
    parser.add_argument("--work", type=Path, help="folder for everything, kept; none = a temporary one")
    options = parser.parse_args()
    if os.geteuid() or not shutil.which("cc") or not shutil.which("ffmpeg"):
        parser.error("this needs root, ffmpeg and a C compiler")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what runs is ended, the disk let go
    work = options.work or Path(tempfile.mkdtemp(prefix="chaos-"))
    work.mkdir(parents=True, exist_ok=True)
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}, in {work}", flush=True
    )
    over, feeding = threading.Event(), threading.Event()
    size = options.disk_mb or 2000 + round(400 * options.minutes)
    with house(work.resolve(), size, options.workers) as one:
        threading.Thread(target=night_after_night, args=(one, over), daemon=True).start()
        feeder = threading.Thread(target=fed, args=(one, feeding, random.Random(options.seed)), daemon=True)
        feeder.start()
        try:
            faults = shaken(one, options.minutes * 60, options.seed)
            feeding.set()
            feeder.join()
            one.log("faults are over")
            breaches = finished(one)
        finally:
            over.set()
        print(f"load {os.getloadavg()[0]:.1f} at the end", flush=True)
        verdict = judge(one)
        verdict.breaches[:0] = breaches
        report(one, faults, verdict, options.minutes)
    if not options.work:
        shutil.rmtree(work)
    return int(bool(verdict.breaches))


if __name__ == "__main__":
    sys.exit(main())
