"""The house that the chaos run breaks things in: a small disk, a Prefect server, a served queue, a speech server, a clock.

All are real: a loop mount, `prefect server start`, `shuoshu schedule serve`, an HTTP server of `benchmarks.remote`, and the wall
clock of every process of the house, which `turned_clock.c` turns (not their stopwatches).
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from benchmarks import remote
from benchmarks.books import write_book

HERE = Path(__file__).parent.parent
OPENS, CLOSES = 22, 6
"""Hours of the window, UTC."""
BACK_S = 3.0
"""After so long a service manager starts again what died."""
FORMATS, DELIVER = "flac,m4a", "m4b,srt,report"


class SpeechServer(remote.Server):
    """Resets its connections while its switch is on."""

    def __init__(self, slots: int, port: int, resets: Any) -> None:
        super().__init__(slots, (), port)
        self.resets = resets

    def process_request(self, request: Any, client_address: Any) -> None:
        if self.resets.value:
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closed with a reset
            request.close()
        else:
            super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no news here."""


def _speak(slots: int, port: int, resets: Any) -> None:
    SpeechServer(slots, port, resets).serve_forever()


class House:
    """Everything that runs. `log` writes to chaos.log; `progress` are the moments (of the stopwatch) at which a line was
    rendered, a chapter mastered or a deliverable made."""

    def __init__(self, work: Path, disk_mb: int, workers: int) -> None:
        self.work, self.workers = work, workers
        self.home = work / "disk"
        self.home.mkdir(parents=True)
        self.manuscripts = work / "manuscripts"
        self.manuscripts.mkdir()
        self.rendered = work / "rendered.log"
        self.rendered.touch()
        self._clock, library = work / "clock", work / "turned_clock.so"
        self._clock.write_bytes(bytes(8))
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(HERE / "benchmarks/turned_clock.c")], check=True
        )
        image = work / "disk.img"
        with image.open("wb") as file:
            file.truncate(disk_mb << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", str(image)], check=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(self.home)], check=True)
        self.port, self.speech_port = _free_ports(2)
        self.environment = {
            **os.environ, "PREFECT_HOME": str(work / "prefect"), "XDG_CACHE_HOME": str(work / "cache"), "LANG": "C.UTF-8",
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api", "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_UI_ENABLED": "false", "PREFECT_RUNNER_POLL_FREQUENCY": "2", "PYTHONPATH": str(HERE),
            "SHUOSHU_RENDER_LOG": str(self.rendered), "TURNED_CLOCK": str(self._clock), "LD_PRELOAD": str(library),
        }  # fmt: skip
        self.offset = 0.0
        self.turn_clock(self.evening())
        self.progress: list[float] = []
        self.nights, self.deaths, self.books = 0, 0, list[str]()
        self.resets = multiprocessing.get_context("spawn").Value("i", 0)
        self._log = (work / "chaos.log").open("a", encoding="utf-8")
        self._over = threading.Event()
        self._began = time.monotonic()
        self.prefect: subprocess.Popen[bytes] | None = None
        self.served: subprocess.Popen[bytes] | None = None
        self.speech: Any = None
        self.wanted = True  # whether the service manager keeps the queue served

    def log(self, text: str) -> None:
        self._log.write(f"{time.monotonic() - self._began:8.1f} {self.now():%m-%d %H:%M:%S} {text}\n")
        self._log.flush()

    # --- clock ---

    def now(self) -> datetime:
        """What the house's clocks show."""
        return datetime.now(UTC) + timedelta(seconds=self.offset)

    def evening(self) -> datetime:
        """Just before the next opening of the window."""
        opens = self.now().replace(hour=OPENS, minute=0, second=0, microsecond=0)
        return (opens if opens > self.now() else opens + timedelta(days=1)) - timedelta(seconds=2)

    def closing(self) -> datetime:
        """Just after the next closing of the window."""
        closes = self.now().replace(hour=CLOSES, minute=0, second=0, microsecond=0)
        return (closes if closes > self.now() else closes + timedelta(days=1)) + timedelta(seconds=1)

    def turn_clock(self, to: datetime) -> None:
        """Turn all clocks forward."""
        self.offset += (to - self.now()).total_seconds()
        with self._clock.open("r+b") as file:
            file.write(struct.pack("=q", round(self.offset * 1e9)))

    # --- what runs ---

    def start(self) -> None:
        (self.home / "queue.yaml").write_text(
            f'window: "{OPENS}:00-{CLOSES:02d}:00"\ntimezone: UTC\nworkers: {self.workers}\nprice_per_hour: 1\nbooks:\n',
            encoding="utf-8",
        )
        speech = {
            "hosts": [f"http://127.0.0.1:{self.speech_port}/v1"], "model": "local", "voice": "v", "concurrency": 8,
            "timeout_s": 15, "patience_s": 120,
        }  # fmt: skip
        (self.home / "shuoshu.yaml").write_text(json.dumps({"speech": speech}), encoding="utf-8")
        self.start_speech()
        self.start_prefect()
        self.serve()
        for work in (self._watch, self._manage):
            threading.Thread(target=work, daemon=True).start()

    def _started(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.work / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *command], cwd=self.home, env=self.environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def start_prefect(self) -> None:
        self.prefect = self._started("prefect", "prefect", "server", "start", "--port", str(self.port))
        for _ in range(240):
            with contextlib.suppress(OSError), urllib.request.urlopen(self.api("health"), timeout=2):
                return
            time.sleep(0.5)
        raise SystemExit(f"Prefect's server does not start: {self.work / 'prefect.log'}")

    def api(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/api/{path}"

    def serve(self) -> None:
        self.served = self._started("serve", "pipeline.cli", "schedule", "serve")

    def start_speech(self) -> None:
        self.resets.value = 0
        self.speech = multiprocessing.get_context("spawn").Process(
            target=_speak, args=(8, self.speech_port, self.resets), daemon=True
        )
        self.speech.start()

    def night(self) -> psutil.Process | None:
        """The process of the night that is at work: the one that holds the queue."""
        with contextlib.suppress(OSError, psutil.Error):
            inode = (self.home / "nights/.night").stat().st_ino
            for line in Path("/proc/locks").read_text().splitlines():
                told = line.split()
                if told[1] == "FLOCK" and told[5].endswith(f":{inode}"):
                    return psutil.Process(int(told[4]))
        return None

    def render_workers(self) -> list[psutil.Process]:
        night = self.night()
        found = []
        with contextlib.suppress(psutil.Error):
            found = [one for one in (night.children() if night else ()) if "spawn_main" in " ".join(one.cmdline())]
        return found

    def _manage(self) -> None:
        """The service manager: what died is started again."""
        while not self._over.wait(0.5):
            if self.wanted and self.served and self.served.poll() is not None:
                self.deaths += 1
                self.log(f"serve ended ({self.served.returncode}), is started again")
                time.sleep(BACK_S)
                if self.wanted:
                    self.serve()

    def _watch(self) -> None:
        before = self._made()
        while not self._over.wait(0.2):
            after = self._made()
            if after != before:
                self.progress.append(time.monotonic())
            before = after

    def _made(self) -> tuple[int, tuple[tuple[str, int], ...]]:
        found = []
        with contextlib.suppress(OSError):
            for chapters in self.home.glob("output/*/chapters"):
                with os.scandir(chapters) as entries:
                    found += [
                        (entry.path, entry.stat().st_mtime_ns)
                        for entry in entries
                        if entry.name.endswith(".json") and ".part" not in entry.name
                    ]
        return self.rendered.stat().st_size, tuple(sorted(found))

    def close(self) -> None:
        """End everything that still runs, and let the disk go."""
        self.wanted = False
        self._over.set()
        for process in (self.served, self.prefect):
            if process:
                kill_tree(process.pid)
                process.wait()
        night = self.night()
        if night:
            kill_tree(night.pid)
        if self.speech:
            self.speech.kill()
        for _ in range(20):
            if not subprocess.run(["umount", str(self.home)], capture_output=True, check=False).returncode:
                break
            time.sleep(0.5)

    # --- books and commands ---

    def shuoshu(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command as a user gives it in this house."""
        return subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *arguments], cwd=self.home, env=self.environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip

    def add_book(self, lines: int) -> None:
        """Queue one more book; every third is spoken by the remote engine."""
        number = len(self.books)
        kind, wish = ("far", ["--engine", "openai", "--on-failure", "placeholder"]) if number % 3 == 1 else ("near", [])
        path = write_book(self.manuscripts / f"{kind}{number:03d}.txt", lines, lines_a_chapter=max(20, lines // 4))
        text = path.read_text(encoding="utf-8").replace("。", f"，{number}号。").replace("(chóng)", "")
        path.write_text(text, encoding="utf-8")
        made = ["--formats", FORMATS, "--deliver", DELIVER, *wish]
        done = self.shuoshu("schedule", "add", str(path), *made)
        if done.returncode == 0:
            self.books.append(path.stem)
            self.log(f"{path.stem} is queued, {lines} lines")
        else:
            self.log(f"{path.stem} could not be queued: {done.stderr.strip()}")

    def last_night(self) -> dict[str, Any]:
        """The record of the last night; {} without one."""
        found = sorted((self.home / "nights").glob("????-??-??.json"))
        with contextlib.suppress(OSError, ValueError):
            told: dict[str, Any] = json.loads(found[-1].read_text(encoding="utf-8")) if found else {}
            return told
        return {}

    def undone(self) -> list[str]:
        """Books that the queue does not count as finished, by the record of the last night."""
        done = {one["book"] for one in self.last_night().get("books", ()) if one["outcome"] in ("done", "unchanged")}
        return [one for one in self.books if one not in done]


def kill_tree(pid: int) -> None:
    """SIGKILL for a process and all that it started."""
    with contextlib.suppress(psutil.Error):
        one = psutil.Process(pid)
        for process in [one, *one.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                process.kill()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in probes:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in probes]


@contextlib.contextmanager
def house(work: Path, disk_mb: int, workers: int) -> Iterator[House]:
    one = House(work, disk_mb, workers)
    try:
        one.start()
        yield one
    finally:
        one.close()
