"""The studio: a page in the browser that hears, fixes and casts. It calls the rooms that the command line calls, and holds
no truth of its own: what it shows is read from the book's folder, what is changed there goes through the same functions.

`workspace` is the folder it may touch, `audition` one sentence in one voice, `desk` a book's lines, `jobs` long work in
processes of its own; `gate` stands before everything, `page` is what is seen, `serve` the server.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI


def mount(app: FastAPI, path: str, workspace: Path = Path()) -> FastAPI:
    """Serve the studio of a workspace under `path` of a FastAPI app of yours, which then answers for who may come in.

    Raises StudioError for a workspace that is none, and where the extra packages are missing.
    """
    from pipeline.studio.serve import mounted

    return mounted(app, path, workspace)
