"""Long work for the page: each piece is a command in a process of its own, which goes on when the tab is closed, the page is
loaded again or the server is stopped. How far it is stands in its log; nothing of it lives in the page."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import StudioError
from pipeline.wording import Wording

State = Literal["waiting", "running", "done", "failed"]
AT_ONCE = 2
MOST_WAITING, MOST_OF_ONE = 60, 20
"""Jobs that wait, and of one visitor."""
KEPT = 100
"""Jobs that are remembered, and their logs."""
_STAGES = ("read", "plan", "render", "master", "deliver")
log = logging.getLogger("shuoshu.studio")


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


@dataclass(frozen=True, slots=True)
class _Due:
    """A job that was asked for: its command, and what it is told on standard input; `watched`: its verb writes a log;
    `language` of what it says; `who` asked for it."""

    job: Job
    command: tuple[str, ...]
    told: str
    watched: bool
    language: str
    who: str
    ended: Future[Job] = field(default_factory=Future)


class Jobs:
    """Runs commands of `shuoshu` in `root`, `AT_ONCE` at a time, those of one book one after the other; who has none at work
    comes before who has."""

    def __init__(self, root: Path) -> None:
        self._root, self._logs = root, root / "output" / ".studio"
        self._all: OrderedDict[str, _Due] = OrderedDict()
        self._waiting: list[_Due] = []
        self._busy: dict[str, _Due] = {}
        self._changed = threading.Condition()
        self._number = time.time_ns()
        for _ in range(AT_ONCE):  # daemons: the server ends at once, and what is at work goes on in its own process
            threading.Thread(target=self._work_on, daemon=True, name="studio-job").start()

    def start(
        self,
        book: str,
        verb: str,
        *arguments: str,
        told: str = "",
        watched: bool = False,
        language: str = "en",
        who: str = "",
    ) -> str:
        """Begin ``shuoshu VERB ARGUMENTS`` for a book, when its turn comes; the job's id. `told` is its standard input;
        `watched`: the verb writes a log; `language` zh or en, of what it says; `who` asks. Raises StudioError when too much
        waits."""
        with self._changed:
            mine = sum(one.who == who for one in self._waiting)
            if len(self._waiting) >= MOST_WAITING or mine >= MOST_OF_ONE:
                log.warning("refused: a job more, %d wait, %d of them of %s", len(self._waiting), mine, who)
                raise StudioError(
                    Wording("too many jobs are waiting already", "排队的工作太多了"),
                    fix=Wording("Wait for some of them to end.", "请等几件做完。"),
                )
            self._number += 1
            due = _Due(
                Job(f"{self._number:x}", book, verb, "waiting"), (verb, *arguments), told, watched, language, who
            )
            self._all[due.job.id] = due
            self._waiting.append(due)
            for old in [name for name, one in self._all.items() if one.ended.done()][: max(0, len(self._all) - KEPT)]:
                del self._all[old]
                self._log(old).unlink(missing_ok=True)
            self._changed.notify()
        return due.job.id

    def _work_on(self) -> None:
        while True:
            with self._changed:
                while not (due := self._next()):
                    self._changed.wait()
                self._waiting.remove(due)
                self._busy[due.job.book] = due
            try:
                due.ended.set_result(self._done(due))
            except Exception as error:  # noqa: BLE001 - told where the job is asked for; the next one still has its turn
                due.ended.set_result(replace(due.job, state="failed", error=str(error)))
            finally:
                with self._changed:
                    del self._busy[due.job.book]
                    self._changed.notify_all()

    def _next(self) -> _Due | None:
        at_work = {one.who for one in self._busy.values()}
        free = [one for one in self._waiting if one.job.book not in self._busy]
        return min(free, key=lambda one: one.who in at_work, default=None)

    def _done(self, due: _Due) -> Job:
        """The job at its end."""
        self._logs.mkdir(parents=True, exist_ok=True)
        steps = self._log(due.job.id)
        more = ("--log-file", str(steps)) if due.watched else ()
        files = [steps.with_suffix(suffix) for suffix in (".in", ".out", ".err")]
        files[0].write_text(due.told, encoding="utf-8")
        with (
            files[0].open() as told,
            files[1].open("wb") as out,
            files[2].open("wb") as err,
        ):  # no pipes: they end with us
            done = subprocess.run(
                [sys.executable, "-m", "pipeline.cli", due.command[0], *more, "--json", *due.command[1:]], cwd=self._root,
                stdin=told, stdout=out, stderr=err, check=False, start_new_session=True,
                env={**os.environ, "COLUMNS": "200", "SHUOSHU_LANG": due.language},
            )  # fmt: skip
        stdout, stderr = (one.read_text(encoding="utf-8", errors="replace") for one in files[1:])
        said: Any = {}
        with suppress(ValueError):
            said = json.loads(stdout)
        error = "" if not done.returncode else stderr.strip()[-2000:] or f"exit code {done.returncode}"
        error = error.replace(f"{self._root}/", "")
        if error:
            log.warning("failed: %s of %s: %s", due.job.verb, due.job.book, " ".join(error.split())[:300])
        for one in files:
            one.unlink()
        ended = replace(
            due.job, state="failed" if error else "done", said=said if isinstance(said, dict) else {}, error=error
        )
        return self._with_progress(ended)

    def job(self, name: str) -> Job:
        """How a job is. Raises StudioError for an id that is none."""
        due = self._due(name)
        if due.ended.done():
            return due.ended.result()
        at_work = self._busy.get(due.job.book) is due
        return self._with_progress(replace(due.job, state="running")) if at_work else due.job

    def of(self, book: str) -> list[Job]:
        """A book's jobs of this server, the newest first."""
        with self._changed:
            names = [name for name, one in self._all.items() if one.job.book == book]
        return [self.job(name) for name in reversed(names)]

    def wait(self, name: str, seconds: float) -> Job:
        """The job when it has ended, or as it is after so many seconds."""
        with suppress(TimeoutError):
            return self._due(name).ended.result(seconds)
        return self.job(name)

    def _due(self, name: str) -> _Due:
        with self._changed:
            found = self._all.get(name)
        if found is None:
            raise StudioError(
                Wording("there is no such job", "没有这件工作"), fix=Wording("Load the page again.", "请刷新页面。")
            )
        return found

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.jsonl"

    def _with_progress(self, job: Job) -> Job:
        """With the last step that its log tells of."""
        for row in reversed(_tail(self._log(job.id))):
            with suppress(ValueError, KeyError):
                told = json.loads(row)
                if told["event"] in _STAGES:
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
