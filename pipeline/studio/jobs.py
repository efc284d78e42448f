"""Long work for the page: each piece is a command in a process of its own, which goes on when the tab is closed, the page
is loaded again or the server is stopped. What it does is read from its log; nothing of it lives in the page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

from pipeline.errors import StudioError
from pipeline.files import write_text
from pipeline.wording import Wording

State = Literal["waiting", "running", "done", "failed"]
AT_ONCE = 2
MOST_WAITING = 20
KEPT = 200


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work: `book` is whose, `verb` what. `stage`, `at` of `total` and `audio_s` are how far it is; `said` is
    what it said at its end (its JSON), `error` why it failed."""

    id: str
    book: str
    verb: str
    state: State
    stage: str = ""
    at: int = 0
    total: int = 0
    audio_s: float = 0.0
    said: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


class Jobs:
    """Runs commands of `shuoshu` in `root`, `AT_ONCE` at a time, those of one book one after the other, each user's fairly
    in turn."""

    def __init__(self, root: Path) -> None:
        self._root, self._logs = root, root / "output" / ".studio"
        self._waiting: SimpleQueue[tuple[Callable[[], None], Future[None]]] = SimpleQueue()
        for _ in range(AT_ONCE):  # daemons: the server ends at once, and what is at work goes on in its own process
            threading.Thread(target=self._work_on, daemon=True, name="studio-job").start()
        self._lock = threading.Lock()
        self._books: dict[str, threading.Lock] = {}
        self._jobs: OrderedDict[str, tuple[str, str, Future[None]]] = OrderedDict()
        self._ended: dict[str, Job] = {}
        self._number = time.time_ns()

    def start(self, book: str, verb: str, *arguments: str, watched: bool = False) -> str:
        """Begin ``shuoshu VERB ARGUMENTS`` for a book, when its turn comes; the job's id. `watched`: the verb writes a log.
        Raises StudioError when too much waits."""
        with self._lock:
            waiting = sum(not future.done() for _, _, future in self._jobs.values())
            if waiting >= MOST_WAITING:
                raise StudioError(
                    Wording(f"{waiting} jobs are waiting already", f"已有 {waiting} 件工作在排队"),
                    fix=Wording("Wait for some of them to end.", "请等几件做完。"),
                )
            self._number += 1
            name = f"{self._number:x}"
            lock = self._books.setdefault(book, threading.Lock())
            future: Future[None] = Future()
            self._jobs[name] = book, verb, future
            self._waiting.put((self._work(name, book, verb, [verb, *arguments], watched, lock), future))
            while len(self._jobs) > KEPT:
                self._ended.pop(self._jobs.popitem(last=False)[0], None)
        return name

    def _work_on(self) -> None:
        while True:
            work, future = self._waiting.get()
            try:
                work()
                future.set_result(None)
            except Exception as error:  # noqa: BLE001 - told where the job is asked for; the next one still has its turn
                future.set_exception(error)

    def _work(
        self, name: str, book: str, verb: str, command: Sequence[str], watched: bool, lock: threading.Lock
    ) -> Callable[[], None]:
        def run() -> None:
            with lock:
                self._logs.mkdir(parents=True, exist_ok=True)
                log = self._log(name)
                more = ["--log-file", str(log)] if watched else []
                ran = [sys.executable, "-m", "pipeline.cli", *command, "--json", *more]
                log.touch()
                done = subprocess.run(
                    ran,
                    cwd=self._root,
                    capture_output=True,
                    text=True,
                    check=False,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                    env={**os.environ, "COLUMNS": "200"},
                )
                said: Any = {}
                with suppress(ValueError):
                    said = json.loads(done.stdout)
                error = "" if not done.returncode else done.stderr.strip()[-2000:] or f"exit code {done.returncode}"
                state: State = "failed" if error else "done"
                job = self._with_progress(
                    Job(name, book, verb, state, said=said if isinstance(said, dict) else {"rows": said}, error=error)
                )
                write_text(log.with_suffix(".json"), json.dumps(asdict(job), ensure_ascii=False))
                self._ended[name] = job

        return run

    def job(self, name: str) -> Job:
        """How a job is. Raises StudioError for an id that is none."""
        if name in self._ended:
            return self._ended[name]
        with self._lock:
            found = self._jobs.get(name)
        if found is None:
            raise StudioError(
                Wording("there is no such job", "没有这件工作"), fix=Wording("Load the page again.", "请刷新页面。")
            )
        book, verb, future = found
        if future.done() and future.exception():
            return Job(name, book, verb, "failed", error=str(future.exception()))
        return self._with_progress(Job(name, book, verb, "running" if self._log(name).exists() else "waiting"))

    def of(self, book: str) -> list[Job]:
        """A book's jobs of this server, the newest first."""
        with self._lock:
            names = [name for name, (whose, _, _) in self._jobs.items() if whose == book]
        return [self.job(name) for name in reversed(names)]

    def wait(self, name: str, seconds: float) -> Job:
        """The job when it has ended, or as it is after so many seconds."""
        with self._lock:
            future = self._jobs[name][2] if name in self._jobs else None
        if future:
            with suppress(TimeoutError):
                future.exception(seconds)
        return self.job(name)

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.jsonl"

    def _with_progress(self, job: Job) -> Job:
        """With the last step that its log tells of."""
        from dataclasses import replace

        for row in reversed(_tail(self._log(job.id))):
            with suppress(ValueError, KeyError):
                told = json.loads(row)
                if told["event"] in ("read", "plan", "render", "master", "deliver"):
                    return replace(
                        job, stage=told["event"], at=int(told.get("done", 0)), total=int(told.get("total", 0)),
                        audio_s=float(told.get("audio_s", 0)),
                    )  # fmt: skip
        return job


def _tail(path: Path, size: int = 8192) -> list[str]:
    """The last whole rows of a log."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - size))
            return file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
