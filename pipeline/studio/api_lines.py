"""A book's lines: listed, changed, rendered again, their takes compared and chosen; and its characters."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from pipeline.errors import StudioError
from pipeline.studio import asked as asked_for
from pipeline.studio import casting
from pipeline.studio.answering import Studio, answered, chinese, visitor
from pipeline.studio.desk import as_row, speakers_of
from pipeline.wording import Wording

FEW = 20
"""Takes that one process makes at once, without a flow: a flow's own start takes as long."""


def add(router: APIRouter, studio: Studio) -> None:
    """Add the addresses."""
    _lines(router, studio)
    _takes(router, studio)
    _cast(router, studio)


def _lines(router: APIRouter, studio: Studio) -> None:
    @router.post("/api/lines/{book}")
    @answered
    def lines(request: Request, book: str, asked: asked_for.Lines) -> Any:
        view = studio.desk(book).view()
        places = view.matching(asked.filter)
        zh = chinese(request)
        rows = [as_row(view.lines[at], zh) for at in places[asked.first : asked.first + asked.count]]
        return {
            "title": view.title,
            "language": view.language,
            "count": len(places),
            "all": len(view.lines),
            "first": asked.first,
            "rows": rows,
            "speakers": speakers_of(view.lines),
            "chapters": [[number, title] for number, title in view.titles.items()],
            "stale": sum(bool(one.stale) for one in view.lines),
            "mastered": sorted(view.mastered),
            "stamp": hash(view.stamp),
        }

    @router.get("/api/stamp/{book}")
    @answered
    def stamp(request: Request, book: str) -> Any:
        return {"stamp": hash(studio.desk(book).view().stamp)}

    @router.post("/api/change/{book}")
    @answered
    def change(request: Request, book: str, asked: asked_for.Change) -> Any:
        studio.desk(book).change(list(asked.seen), asked.column, asked.value, asked.seen, visitor(request))
        return {"changed": list(asked.seen)}

    @router.post("/api/undo/{book}")
    @answered
    def undo(request: Request, book: str) -> Any:
        return {"changed": studio.desk(book).undo(visitor(request))}


def _takes(router: APIRouter, studio: Studio) -> None:
    @router.post("/api/rerender/{book}")
    @answered
    def rerender(request: Request, book: str, asked: asked_for.Rerender) -> Any:
        folder = studio.workspace.book(book)
        known = {one.line.id for one in studio.desk(book).view().lines}
        ids = [one for one in asked.lines if one in known]
        if not ids:
            raise StudioError(
                Wording("no line is chosen", "没有选中任何一行"), fix=Wording("Choose a line.", "请选一行。")
            )
        few = ("--plain", "--workers", "1") if len(ids) * asked.takes <= FEW else ()
        more = (str(folder.path), *ids, "--takes", str(asked.takes), *few)
        return {"job": studio.begin(request, book, "rerender", *more, watched=True)}

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
    def choose(request: Request, book: str, asked: asked_for.Choose) -> Any:
        folder = studio.workspace.book(book)
        known = {one.key for one in studio.desk(book).takes(asked.line)}
        if asked.take not in known:
            raise StudioError(
                Wording("this line has no such take", "这一行没有这条录音"),
                fix=Wording("Choose one that is listed.", "请选列出的录音。"),
            )
        more = (str(folder.path), asked.line, asked.take, "--workers", "1")
        return {"job": studio.begin(request, book, "choose", *more, watched=True)}

    @router.get("/take/{book}/{key}.flac")
    @answered
    def take(request: Request, book: str, key: str) -> Response:
        path = studio.desk(book).take_file(key)
        return FileResponse(
            path, media_type="audio/flac", headers={"Cache-Control": "private, max-age=31536000, immutable"}
        )


def _cast(router: APIRouter, studio: Studio) -> None:
    @router.get("/api/characters/{book}")
    @answered
    def characters(request: Request, book: str) -> Any:
        return {"characters": casting.characters(studio.desk(book))}

    @router.post("/api/rename/{book}")
    @answered
    def rename(request: Request, book: str, asked: asked_for.Rename) -> Any:
        verb = "merge" if asked.merge else "rename"
        folder = studio.workspace.book(book)
        return {"job": studio.begin(request, book, verb, str(folder.path), "--", asked.old, asked.new)}

    @router.post("/api/give/{book}")
    @answered
    def give(request: Request, book: str, asked: asked_for.Give) -> Any:
        return {"saved": casting.give_voice(studio.workspace, studio.desk(book), asked)}
