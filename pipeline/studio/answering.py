"""What the studio's addresses share: the workspace that is served, and how a room's refusal becomes an answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from pipeline.cast.listening import heard, remarks
from pipeline.errors import BookHeldError, ConflictError, ShuoshuError
from pipeline.studio.desk import Desk
from pipeline.studio.jobs import Jobs
from pipeline.studio.workspace import Workspace
from pipeline.wording import chinese_of

log = logging.getLogger("shuoshu.studio")


@dataclass(slots=True)
class Studio:
    """A workspace that is served, its jobs, and the books on the desk."""

    workspace: Workspace
    jobs: Jobs
    _desks: dict[str, Desk] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def desk(self, name: str) -> Desk:
        """A book's desk, the same for every tab. Raises StudioError where there is no such book."""
        folder = self.workspace.book(name)
        with self._lock:
            return self._desks.setdefault(name, Desk(folder))

    def begin(self, request: Request, book: str, verb: str, *arguments: str, watched: bool = False) -> str:
        """Start a job for a visitor, in whose language it speaks; see `Jobs.start`."""
        language = "zh" if chinese(request) else "en"
        return self.jobs.start(book, verb, *arguments, watched=watched, language=language, who=visitor(request))

    @property
    def auditions(self) -> Path:
        return self.workspace.folder("output") / ".audition"


def answered(call: Callable[..., Any]) -> Callable[..., Any]:
    """`call` with what it refuses as an answer: 409 for what somebody else holds or changed, 400 for the rest."""

    @wraps(call)
    def run(*arguments: Any, **named: Any) -> Any:
        try:
            return call(*arguments, **named)
        except ShuoshuError as error:
            request = next(one for one in (*arguments, *named.values()) if isinstance(one, Request))
            status = 409 if isinstance(error, BookHeldError | ConflictError) else 400
            log.info("refused: %s (%s)", error.what, request.url.path)
            zh = chinese(request)
            told = {
                name: chinese_of(text) if zh else str(text)
                for name, text in (("error", error.what), ("fix", error.fix))
            }
            return JSONResponse(told, status)

    return run


def chinese(request: Request) -> bool:
    """Whether the visitor reads Chinese: what the page says, or else the browser."""
    told = request.query_params.get("lang") or request.headers.get("accept-language", "")
    return told.lower().startswith("zh")


def visitor(request: Request) -> str:
    """Who asks, so that everybody has their turn: by name where there are users, else by address."""
    return str(request.scope.get("visitor") or (request.client.host if request.client else ""))


def clip_told(path: Path, zh: bool) -> dict[str, Any]:
    """What is measured of a clip."""
    found = heard(path)
    said = [chinese_of(one) if zh else str(one) for one in remarks(path)]
    return {
        "seconds": round(found.seconds, 2),
        "level_db": round(found.level, 1),
        "contrast_db": round(found.contrast, 1),
        "remarks": said,
    }
