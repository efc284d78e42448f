"""Metadata of every file: who, what, which chapter, and that the speech is AI-generated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import __version__

AI_NOTE = f"AI-generated speech (Shuoshu {__version__}) · 本音频由人工智能合成"


@dataclass(frozen=True, slots=True)
class Tags:
    """`title` of the chapter (or book), `album` the book's, `track` of `tracks` from 1 (0 = the whole book)."""

    title: str
    author: str
    album: str
    language: str
    track: int = 0
    tracks: int = 0


def write(path: Path, tags: Tags, cover: bytes | None = None, cover_type: str = "") -> None:
    """Write tags into a FLAC, MP3 or MP4 file."""
    writer = {".flac": _flac, ".mp3": _mp3, ".m4a": _mp4, ".m4b": _mp4}[path.suffix]
    writer(path, tags, cover, cover_type)


def _flac(path: Path, tags: Tags, cover: bytes | None, cover_type: str) -> None:
    from mutagen.flac import FLAC, Picture

    file = FLAC(path)
    file.update(
        {
            "title": tags.title, "artist": tags.author, "album": tags.album, "albumartist": tags.author,
            "tracknumber": str(tags.track), "tracktotal": str(tags.tracks), "genre": "Audiobook",
            "language": tags.language, "comment": AI_NOTE,
        }
    )  # fmt: skip
    if cover:
        picture = Picture()
        picture.type, picture.mime, picture.data = 3, cover_type, cover
        file.add_picture(picture)
    file.save()


def _mp3(path: Path, tags: Tags, cover: bytes | None, cover_type: str) -> None:
    from mutagen import id3

    tag = id3.ID3()
    text: dict[Any, str] = {
        id3.TIT2: tags.title, id3.TPE1: tags.author, id3.TALB: tags.album, id3.TPE2: tags.author,
        id3.TRCK: f"{tags.track}/{tags.tracks}", id3.TCON: "Audiobook",
        id3.TLAN: {"zh": "zho", "en": "eng"}.get(tags.language, "und"),
    }  # fmt: skip
    for frame, value in text.items():
        tag.add(frame(encoding=3, text=value))
    tag.add(id3.COMM(encoding=3, lang="und", desc="", text=AI_NOTE))
    if cover:
        tag.add(id3.APIC(encoding=3, mime=cover_type, type=3, desc="", data=cover))
    tag.save(path, v2_version=4)


def _mp4(path: Path, tags: Tags, cover: bytes | None, cover_type: str) -> None:
    from mutagen.mp4 import MP4, MP4Cover

    file = MP4(path)
    file.update(
        {
            "\xa9nam": tags.title, "\xa9ART": tags.author, "aART": tags.author, "\xa9alb": tags.album,
            "\xa9gen": "Audiobook", "\xa9cmt": AI_NOTE, "stik": [2],
        }
    )  # fmt: skip
    if tags.track:
        file["trkn"] = [(tags.track, tags.tracks)]
    if cover:
        kind = MP4Cover.FORMAT_PNG if "png" in cover_type else MP4Cover.FORMAT_JPEG
        file["covr"] = [MP4Cover(cover, imageformat=kind)]
    file.save()
