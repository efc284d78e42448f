"""What the chaos run breaks, and how each is mended again as its world would: a service manager, an operator, time itself."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.chaos_house import BACK_S, House, kill_tree

TIMES = 3
"""A file is damaged in so many places."""
FINISHED_S = 5.0
"""A deliverable that did not change for so long is finished: its hash is in its record."""


@dataclass
class Chaos:
    """The faults, drawn by `chance`. Each returns what it did, or "" where there was nothing to break just then; it returns at
    the fault's end."""

    house: House
    chance: random.Random
    damaged: dict[Path, str] = field(default_factory=dict)
    """Files that were damaged, and how."""

    def kinds(self) -> dict[str, tuple[int, Callable[[], str]]]:
        """Name -> (weight, fault)."""
        return {
            "worker killed": (6, self.worker), "take damaged": (5, self.take), "deliverable damaged": (2, self.deliverable),
            "remote engine cut": (4, self.remote), "disk full": (1, self.disk), "Prefect server killed": (2, self.prefect),
            "serving process killed": (2, self.serving), "clock past the window": (1, self.clock),
        }  # fmt: skip

    def worker(self) -> str:
        there = self.house.render_workers()
        if not there:
            return ""
        one = self.chance.choice(there)
        with contextlib.suppress(psutil.Error):
            one.kill()
            return f"worker {one.pid}"
        return ""

    def take(self) -> str:
        book = self._book()
        takes = sorted(book.glob("takes/??/*.flac")) if book else []
        return self._damage(self.chance.choice(takes)) if takes else ""

    def deliverable(self) -> str:
        """Damage a chapter's file or a deliverable; the operator hears of it and repairs the book, unless it is being made."""
        book = self._book()
        if not book:
            return ""
        patterns = ("chapters/[!.]*.flac", "chapters/[!.]*.m4a", "[!.]*.m4b", "[!.]*.srt")
        there = [path for pattern in patterns for path in book.glob(pattern)]
        files = [path for path in there if time.time() - path.stat().st_mtime > FINISHED_S]
        if not files:
            return ""
        what = self._damage(self.chance.choice(sorted(files)))
        done = self.house.shuoshu("repair", book.name)
        return f"{what}; repair: {done.returncode} {done.stderr.strip().splitlines()[:1] if done.returncode else ''}"

    def remote(self) -> str:
        """The speech server is gone, resets its connections, or hangs."""
        house, how = self.house, self.chance.choice(("gone", "resets", "hangs"))
        seconds = self.chance.uniform(2, 12)
        if how == "gone":
            house.speech.kill()
            house.speech.join()
        elif how == "resets":
            house.resets.value = 1
        else:
            os.kill(house.speech.pid, signal.SIGSTOP)
        time.sleep(seconds)
        if how == "gone":
            house.start_speech()
        elif how == "resets":
            house.resets.value = 0
        else:
            os.kill(house.speech.pid, signal.SIGCONT)
        return f"{how} for {seconds:.1f} s"

    def disk(self) -> str:
        """Somebody else's file fills the disk to its last block, for some seconds."""
        filler, seconds = self.house.home / "filler.bin", self.chance.uniform(2, 10)
        began, size = time.monotonic(), 0
        with filler.open("wb") as file:
            while time.monotonic() - began < seconds:
                step = _free(self.house.home)
                while step >= 4096:  # by ever smaller pieces, as others write meanwhile
                    try:
                        os.posix_fallocate(file.fileno(), size, step)
                        size += step
                        step = _free(self.house.home)
                    except OSError:
                        step //= 2
                time.sleep(0.2)
        filler.unlink()
        return f"for {time.monotonic() - began:.1f} s"

    def prefect(self) -> str:
        house, seconds = self.house, self.chance.uniform(1, 10)
        if house.prefect:
            kill_tree(house.prefect.pid)
            house.prefect.wait()
        time.sleep(seconds)
        house.start_prefect()
        return f"back after {seconds:.1f} s"

    def serving(self) -> str:
        """The process that serves the queue, alone or with all that it started (as systemd does it), or the night's process
        alone. What serves is started again."""
        house, how = self.house, self.chance.choice(("serve", "serve and all", "night"))
        night = house.night()
        if how == "night":
            if not night:
                return ""
            with contextlib.suppress(psutil.Error):
                night.kill()
            return f"{how} {night.pid}"
        if not house.served or house.served.poll() is not None:
            return ""
        if how == "serve":
            house.served.kill()
        else:
            kill_tree(house.served.pid)
            if night:  # an orphan of an earlier one
                kill_tree(night.pid)
        time.sleep(BACK_S + 1)
        return how

    def clock(self) -> str:
        """Past the window's end; once the night has stopped, on to the next evening."""
        house = self.house
        if not house.night():
            return ""
        house.turn_clock(house.closing())
        began = time.monotonic()
        while house.night() and time.monotonic() - began < 180:
            time.sleep(0.2)
        took = time.monotonic() - began
        still = " (it did NOT stop)" if house.night() else ""
        time.sleep(self.chance.uniform(0, 3))
        house.turn_clock(house.evening())
        return f"the night stopped after {took:.1f} s{still}"

    def _book(self) -> Path | None:
        there = sorted(self.house.home.glob("output/*"))
        return self.chance.choice(there) if there else None

    def _damage(self, path: Path) -> str:
        """Overwrite bytes, or cut the file short."""
        try:
            before = path.stat()
            how = self.chance.choice(("cut short", "overwritten", "overwritten, its time as before"))
            with path.open("r+b") as file:
                if how == "cut short":
                    file.truncate(self.chance.randrange(before.st_size))
                for _ in range(TIMES if how != "cut short" else 0):
                    file.seek(self.chance.randrange(before.st_size))
                    file.write(self.chance.randbytes(self.chance.randint(1, 64)))
                    file.truncate(before.st_size)
                if how.endswith("before"):
                    file.flush()
                    os.utime(file.fileno(), ns=(before.st_atime_ns, before.st_mtime_ns))
        except (OSError, ValueError) as error:
            return f"{path.name} was in the way ({error})"
        self.damaged[path] = how
        return f"{path.relative_to(self.house.home)} {how}"


def _free(folder: Path) -> int:
    told = os.statvfs(folder)
    return told.f_bavail * told.f_frsize
