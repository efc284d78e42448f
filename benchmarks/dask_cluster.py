"""A book on a Dask cluster whose workers are killed, against the same book in processes of this machine, in the same run.

    python -m benchmarks.dask_cluster                                  # 10,000 lines, 4 workers, one killed every 20 s
    python -m benchmarks.dask_cluster --lines 2000 --kill-every 5
    python -m benchmarks.dask_cluster --only scaling --lines 1000      # one worker against two
    python -m benchmarks.dask_cluster --apart                          # each worker in a network of its own (root, iproute2)

Prints seconds, how many workers were killed, and whether takes and chapters are the same bytes.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from distributed import Client

from benchmarks import busy
from pipeline.files import sha256_file
from pipeline.opening import open_book
from pipeline.produce import finish
from pipeline.progress import Observer, Progress, unobserved
from pipeline.request import Request

HERE = Path(__file__).parents[1]
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


def made(
    book: Path, output: Path, workers: int = 0, dask: str = "", engine: str = "espeak", observe: Observer = unobserved
) -> tuple[float, dict[str, str]]:
    """Wall seconds, and the hash of every take and chapter by its name."""
    began = time.perf_counter()
    request = Request(book, output=output, formats="flac", deliver="timeline", engine=engine)
    with open_book(request) as production:
        folder = finish(production, workers, observe, dask).folder
    spent = time.perf_counter() - began
    return spent, {path.name: sha256_file(path) for path in folder.rglob("*.flac")}


@contextmanager
def cluster(workers: int, *, apart: bool = False) -> Iterator[tuple[str, list[psutil.Process]]]:
    """A scheduler and its workers under nannies, as a user starts them: the address, and the nannies. `apart`: a nanny
    with one worker in each of so many networks of their own; otherwise one nanny with all of them."""
    started = list[subprocess.Popen[bytes]]()
    with networks(workers if apart else 0) as (host, spaces), tempfile.TemporaryDirectory() as scratch:
        port = _free_port()
        address = f"tcp://{host}:{port}"
        worker = ["dask_worker", address, "--nworkers", "1" if apart else str(workers), "--nthreads", "1"]
        commands = [_dask("dask_scheduler", "--host", host, "--port", str(port))]
        commands += [["ip", "netns", "exec", one, *_dask(*worker)] for one in spaces] if apart else [_dask(*worker)]
        try:
            for number, command in enumerate(commands):
                with (Path(scratch) / f"{number}.log").open("wb") as log:
                    started.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=scratch, env=_environment()))
            with Client(address, timeout=60, set_as_default=False) as client:
                client.wait_for_workers(workers, timeout=120)
            yield address, [psutil.Process(one.pid) for one in started[1:]]
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait()


def _dask(part: str, *options: str) -> list[str]:
    return [sys.executable, "-m", f"distributed.cli.{part}", *options, "--no-dashboard"]


@contextmanager
def networks(count: int) -> Iterator[tuple[str, list[str]]]:
    """So many network namespaces on a bridge: this machine's address there, and their names. Without any: the loopback."""
    if not count:
        yield "127.0.0.1", []
        return
    tag = f"shuo{os.getpid() % 10_000}"
    spaces = [f"{tag}n{number}" for number in range(count)]

    def ip(*arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True)

    try:
        ip("link", "add", tag, "type", "bridge")
        ip("addr", "add", "10.77.0.1/24", "dev", tag)
        ip("link", "set", tag, "up")
        for number, space in enumerate(spaces):
            ip("netns", "add", space)
            ip("link", "add", f"{space}a", "type", "veth", "peer", "name", f"{space}b")
            ip("link", "set", f"{space}a", "master", tag, "up")
            ip("link", "set", f"{space}b", "netns", space)
            for setting in (
                ["addr", "add", f"10.77.0.{number + 2}/24", "dev", f"{space}b"],
                ["link", "set", f"{space}b", "up"],
            ):
                ip("-n", space, *setting)
            ip("-n", space, "link", "set", "lo", "up")
        yield "10.77.0.1", spaces
    finally:
        for space in spaces:
            subprocess.run(["ip", "netns", "del", space], check=False)
        subprocess.run(["ip", "link", "del", tag], check=False)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def killing(nannies: list[psutil.Process], every: float) -> Iterator[list[int]]:
    """A worker drawn by chance is killed every so many seconds; its nanny starts another. The list of those killed."""
    killed, over, drawn = list[int](), threading.Event(), random.Random(2)

    def kill() -> None:
        while not over.wait(every):
            below = [one for nanny in nannies for one in nanny.children()]
            alive = [one for one in below if "spawn_main" in " ".join(one.cmdline())]
            if alive:
                one = drawn.choice(alive)
                one.kill()
                killed.append(one.pid)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def faults(folder: Path, lines: int, workers: int, every: float, *, apart: bool) -> None:
    book = manuscript(folder, lines)
    here, ours = made(book, folder / "here", 1)
    print(f"{lines} lines, {len(ours)} files; one process {here:.0f} s", flush=True)
    with cluster(workers, apart=apart) as (address, nannies), killing(nannies, every) as killed:
        there, theirs = made(book, folder / "there", dask=address)
    where = ", each in a network of its own" if apart else ""
    print(f"{workers} Dask workers{where} {there:.0f} s, {len(killed)} times one was killed")
    print(
        f"missing {len(ours.keys() - theirs.keys())}, more {len(theirs.keys() - ours.keys())},"
        f" different {sum(ours[name] != theirs[name] for name in ours.keys() & theirs.keys())}"
    )


def scaling(folder: Path, lines: int) -> None:
    """The embedded engine, and one that computes as much as a neural one: the lines, and the whole run."""
    busy.install(folder / "site")
    for engine, count in (("espeak", lines), ("busy", lines // 2)):
        whole, rendering = dict[int, float](), dict[int, float]()
        for workers in (1, 2):
            told = list[float]()

            def note(step: Progress, told: list[float] = told) -> None:
                if step.stage == "render":
                    told.append(time.perf_counter())

            with cluster(workers) as (address, _):
                made(manuscript(folder, 50), folder / f"{engine}warm{workers}", 0, address, engine)
                book = manuscript(folder, count)
                whole[workers], _ = made(book, folder / f"{engine}{workers}", 0, address, engine, note)
            rendering[workers] = told[-1] - told[0]
        print(f"{engine}, {count} lines, {1000 * rendering[1] / count:.0f} ms a line")
        for what, spent in (("lines", rendering), ("whole run, mastering included", whole)):
            print(
                f"  {what}: 1 worker {spent[1]:.1f} s, 2 workers {spent[2]:.1f} s: {spent[1] / spent[2]:.2f} times",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kill-every", type=float, default=20)
    parser.add_argument("--only", choices=("faults", "scaling"))
    parser.add_argument(
        "--apart", action="store_true", help="each worker in a network namespace of its own; needs root"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if options.only != "scaling":
            faults(Path(name), options.lines, options.workers, options.kill_every, apart=options.apart)
        if options.only != "faults":
            scaling(Path(name), options.lines)


if __name__ == "__main__":
    main()
