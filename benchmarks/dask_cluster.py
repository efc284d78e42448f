"""A book on a Dask cluster whose workers are killed, against the same book in processes of this machine, in the same run.

    python -m benchmarks.dask_cluster                                  # 10,000 lines, 4 workers, one killed every 20 s
    python -m benchmarks.dask_cluster --lines 2000 --kill-every 5
    python -m benchmarks.dask_cluster --only scaling --lines 1000      # one worker against two

Prints seconds, how many workers were killed, and whether takes and chapters are the same bytes.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distributed import LocalCluster

from pipeline.files import sha256_file
from pipeline.opening import open_book
from pipeline.produce import finish
from pipeline.request import Request

PEOPLE, PLACES = ("林晚", "老王", "阿青", "陈掌柜"), ("桥头", "河边", "城南", "集市", "码头")


def manuscript(folder: Path, lines: int) -> Path:
    """A book of about so many different lines, 100 a chapter."""
    drawn, parts, written = random.Random(1), list[str](), 0
    while written < lines:
        if written % 100 == 0:
            parts.append(f"第{written // 100 + 1}章 {drawn.choice(PLACES)}")
        one, other = drawn.sample(PEOPLE, 2)
        parts.append(f"{one}走到{drawn.choice(PLACES)}，对{other}说：“这是第{written}回了，我们走吧。”")
        written += 2
    path = folder / "book.txt"
    path.write_text("\n\n".join(parts), encoding="utf-8")
    return path


def made(book: Path, output: Path, workers: int = 0, dask: str = "") -> tuple[float, dict[str, str]]:
    """Wall seconds, and the hash of every take and chapter by its name."""
    began = time.perf_counter()
    with open_book(Request(book, output=output, formats="flac", deliver="timeline")) as production:
        folder = finish(production, workers, dask=dask).folder
    spent = time.perf_counter() - began
    return spent, {path.name: sha256_file(path) for path in folder.rglob("*.flac")}


@contextmanager
def killing(cluster: LocalCluster, every: float) -> Iterator[list[int]]:
    """One worker, in turns, is killed every so many seconds; Dask's nannies start others. The list of those killed."""
    killed, over = list[int](), threading.Event()

    def kill() -> None:
        while not over.wait(every):
            nanny = list(cluster.workers.values())[len(killed) % len(cluster.workers)]
            if nanny.process and nanny.process.pid:
                os.kill(nanny.process.pid, signal.SIGKILL)
                killed.append(nanny.process.pid)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def faults(folder: Path, lines: int, workers: int, every: float) -> None:
    book = manuscript(folder, lines)
    here, ours = made(book, folder / "here", 1)
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        killing(cluster, every) as killed,
    ):
        there, theirs = made(book, folder / "there", dask=cluster.scheduler_address)
    print(
        f"{lines} lines, {len(ours)} files; one process {here:.0f} s; {workers} Dask workers {there:.0f} s, of which {len(killed)} killed"
    )
    print(f"missing {len(ours.keys() - theirs.keys())}, more {len(theirs.keys() - ours.keys())},"
          f" different {sum(ours[name] != theirs[name] for name in ours.keys() & theirs.keys())}")  # fmt: skip


def scaling(folder: Path, lines: int) -> None:
    book, spent = manuscript(folder, lines), {}
    for workers in (1, 2):
        with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster:
            made(manuscript(folder, 50), folder / f"warm{workers}", dask=cluster.scheduler_address)
            spent[workers], _ = made(manuscript(folder, lines), folder / f"of{workers}", dask=cluster.scheduler_address)
    print(
        f"{book.name}, {lines} lines: 1 worker {spent[1]:.1f} s, 2 workers {spent[2]:.1f} s: {spent[1] / spent[2]:.2f} times"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kill-every", type=float, default=20)
    parser.add_argument("--only", choices=("faults", "scaling"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if options.only != "scaling":
            faults(Path(name), options.lines, options.workers, options.kill_every)
        if options.only != "faults":
            scaling(Path(name), options.lines)


if __name__ == "__main__":
    main()
