"""A log for machines: one JSON object a line, on standard error, in a file, or both.

Every row has `time` (ISO 8601 with its offset), `level`, `event`, and what of book, chapter, line (or lines) and figures it is
about. Neither a manuscript's text nor keys come here: lines are named by their ids, chapters by their numbers, and what may
quote them (an engine's error) by its kind.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Literal

from pipeline.errors import EngineError, ManuscriptError, RenderError, ScriptError, ShuoshuError
from pipeline.files import explained
from pipeline.progress import Progress

Level = Literal["info", "warning", "error"]

QUOTING = (EngineError, ManuscriptError, RenderError, ScriptError)
"""Errors whose words may hold a manuscript's."""
_NOTES = {
    "read": "manuscript", "start": "note", "deliver": "kind", "retry": "why", "failed": "on_failure", "lost": "how",
    "outcome": "outcome",
}  # fmt: skip
"""What a step's note is called, where it is no text of a manuscript."""
_WARNINGS = ("retry", "lost")


class Log:
    """Writes events, from any thread, to standard error (`console`) and into `file`; an observer of steps.

    Raises BookFolderError for a file that cannot be written; one that cannot be written later costs its rows, not the run.
    """

    def __init__(self, console: bool, file: Path | None) -> None:
        self._console, self._file, self._lock = console, -1, threading.Lock()
        self._book = ""
        if file:
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            except OSError as error:
                raise explained(error, file) from error

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __call__(self, step: Progress) -> None:
        if step.stage == "book":
            self._book = step.book
        level: Level = "warning" if step.stage in _WARNINGS else "info"
        if step.stage == "failed":
            level = "error" if step.note == "stop" else "warning"
        if step.stage == "outcome" and step.note in ("failed", "held"):
            level = "error" if step.note == "failed" else "warning"
        fields: dict[str, object] = {"book": step.book or self._book, "chapter": step.chapter}
        fields |= {"line": step.lines[0]} if len(step.lines) == 1 else {"lines": list(step.lines)}
        if step.total:
            fields |= {"done": step.done, "total": step.total}
        fields |= {"audio_s": round(step.seconds, 3), _NOTES.get(step.stage, ""): step.note}
        said = {name: one for name, one in fields.items() if name and (one not in ("", 0, []) or name == "done")}
        self.event(step.stage, level, **said)
        if step.stage in ("outcome", "night"):
            self._book = ""

    def error(self, error: BaseException) -> None:
        """What ended the work."""
        if isinstance(error, KeyboardInterrupt):
            self.event("interrupted", "warning", book=self._book)
        elif isinstance(error, ShuoshuError):
            told = {} if isinstance(error, QUOTING) else {"what": str(error.what), "fix": str(error.fix)}
            kind = type(error).__name__
            self.event("error", "error", kind=kind, where=error.where, book=self._book, **told)
        else:
            self.event("crashed", "error", kind=type(error).__name__, book=self._book)

    def event(self, event: str, level: Level = "info", **fields: object) -> None:
        """Write one row."""
        now = datetime.now().astimezone().isoformat(timespec="milliseconds")
        row = {"time": now, "level": level, "event": event} | {name: one for name, one in fields.items() if one != ""}
        text = _without_secrets(json.dumps(row, ensure_ascii=False, default=str)) + "\n"
        with self._lock, suppress(OSError):
            if self._console:
                sys.stderr.write(text)
                sys.stderr.flush()
            if self._file >= 0:
                os.write(self._file, text.encode())


class Records(logging.Handler):
    """Passes another program's log records on, in the same shape, with those of their attributes that `context` names. What
    follows the first bracket of a message, above INFO also the first colon or quotation mark, is left out, and so are
    tracebacks: it may quote a line."""

    def __init__(self, log: Log, context: Sequence[str]) -> None:
        super().__init__(logging.INFO)
        self._log, self._context = log, context

    def emit(self, record: logging.LogRecord) -> None:
        plain = record.levelno <= logging.INFO
        message = re.split(r"[(\n]" if plain else r"[(:\n\"'“‘]", record.getMessage())[0].strip()
        level: Level = "info" if plain else "warning" if record.levelno < logging.ERROR else "error"
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        told = {
            name.removesuffix("_name"): str(getattr(record, name)) for name in self._context if hasattr(record, name)
        }
        self._log.event("log", level, logger=record.name, message=message, kind=kind, **told)


_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|AUTH", re.IGNORECASE)
_LOGIN = re.compile(r"://[^/\s\"@]+@")


def _without_secrets(text: str) -> str:
    """A row without the values of environment variables that are named as keys are, and without logins in addresses."""
    for name, value in os.environ.items():
        if len(value) >= 8 and _SECRET.search(name):
            text = text.replace(value, "***")
    return _LOGIN.sub("://***@", text)
