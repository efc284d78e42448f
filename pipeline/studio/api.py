"""What the page asks the server for, as JSON. Every function calls a room; what a room refuses becomes an answer with
`error` and
`fix` in the visitor's language. Here: books, uploads, jobs and finished files; `api_lines` and `api_voices` have the rest."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, UploadFile
from fastapi.responses import FileResponse, Response

from pipeline.deliver.kinds import KINDS
from pipeline.errors import StudioError
from pipeline.folder import folder_for
from pipeline.studio import api_lines, api_voices
from pipeline.studio import asked as asked_for
from pipeline.studio.answering import Studio, answered, chinese, clip_told
from pipeline.wording import Wording

SERVED = {
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".opus": "audio/ogg",
    ".srt": "text/plain",
    ".vtt": "text/vtt",
    ".lrc": "text/plain",
    ".csv": "text/csv",
    ".json": "application/json",
    ".epub": "application/epub+zip",
    ".txt": "text/plain",
    ".rpp": "text/plain",
    ".edl": "text/plain",
    ".xml": "text/xml",
}
"""What is handed out, and as what: nothing that a browser would run. Of pages, only a book's own report, in a sandbox."""
SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:;"
    " media-src data: blob: 'self'"
)
"""For a report: its scripts run in a place of their own, apart from the studio."""


def routes(studio: Studio) -> APIRouter:
    """The studio's own addresses."""
    router = APIRouter()
    for add in (_books, api_lines.add, api_voices.add):
        add(router, studio)
    return router


def _books(router: APIRouter, studio: Studio) -> None:
    work = studio.workspace

    @router.get("/api/books")
    @answered
    def books(request: Request) -> Any:
        return {
            "books": work.books(),
            "manuscripts": work.names(
                "manuscripts", (".epub", ".txt", ".md", ".html", ".docx", ".srt", ".vtt", ".ass")
            ),
            "casts": work.names("casts", (".yaml", ".yml")),
        }

    @router.post("/api/upload/{kind}")
    @answered
    def upload(request: Request, kind: str, file: UploadFile) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / ("upload" + Path(file.filename or "").suffix.lower()[:10])
            with path.open("wb") as out:
                while piece := file.file.read(1 << 20):
                    out.write(piece)
            if kind == "clip":
                kept = work.take_clip(path, file.filename or "clip")
                return {"name": kept.name, **clip_told(kept, chinese(request))}
            return {"name": work.take_manuscript(path, file.filename or "book").name}

    @router.post("/api/run")
    @answered
    def run(request: Request, asked: asked_for.Run) -> Any:
        """Make a manuscript, or bring a book up to date with its table and cast."""
        if asked.book:
            book = work.book(asked.book).path.name
            manuscript = Path(work.book(book).read().source)
            if not manuscript.resolve().is_relative_to(work.root):
                raise StudioError(
                    Wording("this book's manuscript is not in the workspace", "这本书的书稿不在工作区里"),
                    where=str(manuscript), fix=Wording("Run it on the command line.", "请在命令行里制作。"),
                )  # fmt: skip
            return {"job": studio.begin(request, book, "run", str(work.book(book).path), watched=True), "book": book}
        manuscript = work.path("manuscripts", asked.manuscript)
        more = ["--deliver", "m4b,srt,report"]
        if asked.cast:
            more += ["--cast", str(work.path("casts", asked.cast))]
        book = folder_for(manuscript, work.folder("output")).path.name
        return {"job": studio.begin(request, book, "run", str(manuscript), *more, watched=True), "book": book}

    @router.post("/api/deliver/{book}")
    @answered
    def deliver(request: Request, book: str, asked: asked_for.Deliver) -> Any:
        """Make one more deliverable of a book that is mastered."""
        return {"job": studio.begin(request, book, "deliver", str(work.book(book).path), asked.kind)}

    @router.get("/api/jobs/{book}")
    @answered
    def jobs(request: Request, book: str) -> Any:
        return {"jobs": [asdict(one) for one in studio.jobs.of(book)[:10]]}

    @router.get("/api/job/{name}")
    @answered
    def job(request: Request, name: str, wait: float = 0.0) -> Any:
        told = studio.jobs.wait(name, min(max(wait, 0.0), 5.0))
        if told.state == "done":
            with suppress(StudioError):  # a scene that is no book yet
                studio.desk(told.book).refresh()
        return asdict(told)

    @router.get("/api/files/{book}")
    @answered
    def files(request: Request, book: str) -> Any:
        folder = work.book(book).path
        found = [
            path
            for path in (*folder.iterdir(), *(folder / "chapters").glob("*"))
            if path.suffix.lower() in SERVED and path.is_file()
        ]
        told = [
            {"name": str(path.relative_to(folder)), "bytes": path.stat().st_size}
            for path in sorted(found)
            if not path.name.startswith(".")
        ]
        return {"files": told, "report": (folder / "report.html").is_file(), "kinds": list(KINDS)}

    @router.get("/files/{book}/{name:path}")
    @answered
    def one_file(request: Request, book: str, name: str) -> Response:
        folder = work.book(book).path
        path = work.path("output", f"{folder.name}/{name}")
        if name == "report.html" and path.is_file() and not path.is_symlink():
            return FileResponse(path, media_type="text/html", headers={"Content-Security-Policy": SANDBOX})
        if (
            not path.resolve().is_relative_to(folder.resolve())
            or not path.is_file()
            or path.suffix.lower() not in SERVED
        ):
            raise StudioError(
                Wording("this file is not there", "没有这个文件"),
                fix=Wording("Choose one that the page lists.", "请选页面上列出的文件。"),
            )
        return FileResponse(path, media_type=SERVED[path.suffix.lower()], filename=path.name)
