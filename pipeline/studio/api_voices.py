"""Voices and auditions: what there is, one sentence heard, a voice kept, the sounds themselves."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from pipeline.errors import StudioError
from pipeline.nouns import EMOTIONS
from pipeline.studio import asked as asked_for
from pipeline.studio import audition, casting
from pipeline.studio.answering import Studio, answered, visitor
from pipeline.studio.workspace import CLIPS
from pipeline.wording import Wording


def add(router: APIRouter, studio: Studio) -> None:
    """Add the addresses."""

    @router.post("/api/audition")
    @answered
    def make(request: Request, asked: asked_for.Audition) -> Any:
        wish = casting.wish_of(studio.workspace, asked, studio.desk(asked.book) if asked.book else None)
        sound = audition.heard(wish, studio.auditions, visitor(request))
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
    def save(request: Request, asked: asked_for.Voice) -> Any:
        return {"saved": casting.save_voice(studio.workspace, asked)}

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
        kind = CLIPS.get(path.suffix.lower())
        if kind is None or not path.is_file():
            raise StudioError(
                Wording("this clip is not there", "没有这段录音"), fix=Wording("Upload it again.", "请再上传一次。")
            )
        shown = {"Content-Disposition": f"inline; filename*=utf-8''{quote(path.name)}"}
        return FileResponse(path, media_type=kind, headers=shown)
