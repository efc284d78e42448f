"""What the page asks the server for: a book's lines, changes, jobs, sounds and files, as JSON. Every function calls a room;
what a room refuses becomes an answer with `error` and `fix` in the visitor's language."""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Body, Request, UploadFile
from fastapi.responses import FileResponse, JSONResponse, Response

from pipeline.cast.listening import heard, remarks
from pipeline.errors import BookHeldError, ShuoshuError, StudioError
from pipeline.nouns import EMOTIONS
from pipeline.studio import audition, casting
from pipeline.studio.desk import Desk, as_row, speakers_of
from pipeline.studio.jobs import Jobs
from pipeline.studio.workspace import Workspace
from pipeline.wording import Wording, chinese_of

AT_ONCE = 400
"""Lines in one answer."""
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
"""What is handed out, and as what: nothing that a browser would run. Pages of ours go through `report`."""
SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:;"
    " media-src data: blob: 'self'"
)
"""For a report: its scripts run in a place of their own, apart from the studio."""
log = logging.getLogger("shuoshu.studio")
Asked = Annotated[dict[str, Any], Body()]


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

    @property
    def auditions(self) -> Path:
        return self.workspace.folder("output") / ".audition"


def answered(call: Callable[..., Any]) -> Callable[..., Any]:
    """`call` with what it refuses as an answer: 409 for what somebody else holds or changed, 400 for the rest."""
    from functools import wraps

    @wraps(call)
    def run(*arguments: Any, **named: Any) -> Any:
        try:
            return call(*arguments, **named)
        except ShuoshuError as error:
            request = next(one for one in (*arguments, *named.values()) if isinstance(one, Request))
            status = 409 if isinstance(error, BookHeldError) or "changed meanwhile" in str(error.what) else 400
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


def routes(studio: Studio) -> APIRouter:
    """The studio's own addresses."""
    router = APIRouter()
    for add in (_books, _lines, _sounds, _auditions, _cast):
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
    def run(request: Request, asked: Asked) -> Any:
        manuscript = work.path("manuscripts", str(asked.get("manuscript", "")))
        more = ["--deliver", "m4b,srt,report"]
        if asked.get("cast"):
            more += ["--cast", str(work.path("casts", str(asked["cast"])))]
        from pipeline.folder import folder_for

        name = folder_for(manuscript, work.folder("output")).path.name
        return {"job": studio.jobs.start(name, "run", str(manuscript), *more, watched=True), "book": name}

    @router.get("/api/jobs/{book}")
    @answered
    def jobs(request: Request, book: str) -> Any:
        return {"jobs": [asdict(one) for one in studio.jobs.of(book)[:10]]}

    @router.get("/api/job/{name}")
    @answered
    def job(request: Request, name: str, wait: float = 0.0) -> Any:
        return asdict(studio.jobs.wait(name, min(max(wait, 0.0), 20.0)))

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
        return {"files": told, "report": (folder / "report.html").is_file()}

    @router.get("/files/{book}/{name:path}")
    @answered
    def one_file(request: Request, book: str, name: str) -> Response:
        folder = work.book(book).path
        path = work.path("output", f"{folder.name}/{name}")
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

    @router.get("/report/{book}")
    @answered
    def report(request: Request, book: str) -> Response:
        path = work.book(book).path / "report.html"
        if not path.is_file():
            raise StudioError(
                Wording("there is no report yet", "还没有报告"), fix=Wording("Make the book.", "请先制作这本书。")
            )
        return FileResponse(path, media_type="text/html", headers={"Content-Security-Policy": SANDBOX})


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


def _lines(router: APIRouter, studio: Studio) -> None:
    @router.post("/api/lines/{book}")
    @answered
    def lines(request: Request, book: str, asked: Asked) -> Any:
        view = studio.desk(book).view()
        places = view.matching(asked.get("filter") or {})
        first = max(0, int(asked.get("first", 0)))
        zh = chinese(request)
        rows = [as_row(view.lines[at], zh) for at in places[first : first + min(int(asked.get("count", 100)), AT_ONCE)]]
        return {
            "title": view.title, "count": len(places), "all": len(view.lines), "first": first, "rows": rows,
            "speakers": speakers_of(view.lines), "chapters": [[number, title] for number, title in view.titles.items()],
            "stale": sum(bool(one.stale) for one in view.lines), "mastered": sorted(view.mastered), "stamp": hash(view.stamp),
        }  # fmt: skip

    @router.get("/api/stamp/{book}")
    @answered
    def stamp(request: Request, book: str) -> Any:
        return {"stamp": hash(studio.desk(book).view().stamp)}

    @router.post("/api/change/{book}")
    @answered
    def change(request: Request, book: str, asked: Asked) -> Any:
        seen = {str(one): str(value) for one, value in dict(asked["seen"]).items()}
        studio.desk(book).change(list(seen), str(asked["column"]), str(asked["value"]), seen)
        return {"changed": list(seen)}

    @router.post("/api/undo/{book}")
    @answered
    def undo(request: Request, book: str) -> Any:
        return {"changed": studio.desk(book).undo()}

    @router.post("/api/rerender/{book}")
    @answered
    def rerender(request: Request, book: str, asked: Asked) -> Any:
        folder = studio.workspace.book(book)
        known = {one.line.id for one in studio.desk(book).view().lines}
        ids = [str(one) for one in asked["lines"] if str(one) in known][:200]
        if not ids:
            raise StudioError(
                Wording("no line is chosen", "没有选中任何一行"), fix=Wording("Choose a line.", "请选一行。")
            )
        takes = min(max(int(asked.get("takes", 1)), 1), 5)
        return {
            "job": studio.jobs.start(
                book, "rerender", str(folder.path), *ids, "--takes", str(takes), "--plain", "--workers", "1"
            )
        }

    @router.get("/api/takes/{book}/{line}")
    @answered
    def takes(request: Request, book: str, line: str) -> Any:
        desk = studio.desk(book)
        used = next((one.take for one in desk.view().lines if one.line.id == line), "")
        rows = [
            {
                "key": one.key,
                "seconds": round(one.seconds, 2),
                "engine": one.engine,
                "flags": list(one.flags),
                "used": one.key == used,
            }
            for one in desk.takes(line)
        ]
        return {"takes": rows}

    @router.post("/api/choose/{book}")
    @answered
    def choose(request: Request, book: str, asked: Asked) -> Any:
        folder = studio.workspace.book(book)
        known = {one.key for one in studio.desk(book).takes(str(asked["line"]))}
        if asked["take"] not in known:
            raise StudioError(
                Wording("this line has no such take", "这一行没有这条录音"),
                fix=Wording("Choose one that is listed.", "请选列出的录音。"),
            )
        return {"job": studio.jobs.start(book, "choose", str(folder.path), str(asked["line"]), str(asked["take"]))}


def _sounds(router: APIRouter, studio: Studio) -> None:
    @router.get("/take/{book}/{key}.flac")
    @answered
    def take(request: Request, book: str, key: str) -> Response:
        path = studio.desk(book).take_file(key)
        return FileResponse(
            path, media_type="audio/flac", headers={"Cache-Control": "private, max-age=31536000, immutable"}
        )

    @router.get("/audition/{key}.flac")
    @answered
    def sound(request: Request, key: str) -> Response:
        if len(key) != 64 or not key.isalnum():
            raise StudioError(Wording("this take is not there", "没有这条录音"))
        path = studio.auditions / key[:2] / f"{key}.flac"
        if not path.is_file():
            raise StudioError(
                Wording("this take is not there", "没有这条录音"), fix=Wording("Make it again.", "请再生成一次。")
            )
        return FileResponse(path, media_type="audio/flac", headers={"Cache-Control": "private, max-age=3600"})

    @router.get("/clip/{name}")
    @answered
    def clip(request: Request, name: str) -> Response:
        path = studio.workspace.path("clips", name)
        if not path.is_file():
            raise StudioError(
                Wording("this clip is not there", "没有这段录音"), fix=Wording("Upload it again.", "请再上传一次。")
            )
        return FileResponse(path, headers={"Content-Disposition": f"inline; filename*=utf-8''{quote(path.name)}"})


def _auditions(router: APIRouter, studio: Studio) -> None:
    @router.post("/api/audition")
    @answered
    def make(request: Request, asked: Asked) -> Any:
        wish = casting.wish_of(studio.workspace, asked)
        sound = audition.heard(wish, studio.auditions)
        return {
            "key": sound.take.key,
            "seconds": round(sound.take.seconds, 3),
            "lufs": round(sound.lufs, 1),
            "spoken": sound.spoken,
            "flags": list(sound.take.flags),
        }

    @router.get("/api/voices")
    @answered
    def voices(request: Request) -> Any:
        return {
            "voices": casting.voices(studio.workspace),
            "emotions": list(EMOTIONS),
            "engines": casting.engines_told(),
        }

    @router.post("/api/voice")
    @answered
    def save(request: Request, asked: Asked) -> Any:
        return {"saved": casting.save_voice(studio.workspace, asked)}


def _cast(router: APIRouter, studio: Studio) -> None:
    @router.get("/api/characters/{book}")
    @answered
    def characters(request: Request, book: str) -> Any:
        return {"characters": casting.characters(studio.desk(book))}

    @router.post("/api/rename/{book}")
    @answered
    def rename(request: Request, book: str, asked: Asked) -> Any:
        verb = "merge" if asked.get("merge") else "rename"
        folder = studio.workspace.book(book)
        return {"job": studio.jobs.start(book, verb, str(folder.path), "--", str(asked["old"]), str(asked["new"]))}
