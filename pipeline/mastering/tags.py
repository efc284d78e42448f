"""Metadata of every file: who, what, which chapter, and that the speech is AI-generated."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import __version__
from pipeline.mastering import wav

_AI_NOTE_EN = f"AI-generated speech (Shuoshu {__version__})"
AI_NOTE = f"{_AI_NOTE_EN} · 本音频由人工智能合成"
AI_VOICE = {"zh": "人工智能语音", "en": "AI voice"}
"""Who is named as the narrator where the cast file names nobody."""
TOOL = f"Shuoshu {__version__}"
GENRE = "Audiobook"
ISO_639_2 = {"zh": "zho", "en": "eng"}
"""Languages as ID3 (TLAN) and MP4 name them (ISO 639-2/T)."""
_SHORT = 255
"""Bytes that iTunes' short description holds."""


@dataclass(frozen=True, slots=True)
class Tags:
    """`title` of the chapter (or book), `album` the book's, `track` of `tracks` from 1 (0 = the whole book), `part` of
    `parts` likewise (0 = in one part). `narrator` "" = an AI voice. `sort_title`, `sort_author` and `sort_album` are what
    players sort by where that is not the name itself. Empty texts are not written."""

    title: str
    author: str
    album: str
    language: str
    track: int = 0
    tracks: int = 0
    narrator: str = ""
    description: str = ""
    part: int = 0
    parts: int = 0
    sort_title: str = ""
    sort_author: str = ""
    sort_album: str = ""

    @property
    def voice(self) -> str:
        return self.narrator or AI_VOICE.get(self.language, AI_VOICE["en"])


def write(path: Path, tags: Tags, cover: bytes | None = None, cover_type: str = "") -> None:
    """Write tags into a file that the encoders here made: FLAC, WAV, MP3, Opus or MP4. Raises OSError for a full disk."""
    from mutagen import MutagenError

    writer = {
        ".flac": _flac, ".wav": _wav, ".mp3": _mp3, ".opus": _opus, ".m4a": _mp4, ".m4b": _mp4,
    }[path.suffix]  # fmt: skip
    try:
        writer(path, tags, cover, cover_type)
    except MutagenError as error:  # it wraps the system's own
        cause = error.args[0] if error.args else error
        raise cause if isinstance(cause, OSError) else OSError(str(error)) from error


# --- Vorbis comments -------------------------------------------------------------------------------------------------


def _vorbis(tags: Tags) -> dict[str, str]:
    """Xiph.org's "Ogg Vorbis I: comment field and header specification", and the field names in common use."""
    fields = {
        "title": tags.title, "artist": tags.author, "album": tags.album, "albumartist": tags.author,
        "composer": tags.voice, "performer": tags.voice, "genre": GENRE, "language": tags.language, "comment": AI_NOTE,
        "description": tags.description, "titlesort": tags.sort_title, "artistsort": tags.sort_author,
        "albumsort": tags.sort_album, "encoder": TOOL, "tracknumber": str(tags.track or ""),
        "tracktotal": str(tags.tracks or ""),
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value}


def _picture(cover: bytes, cover_type: str) -> Any:
    from mutagen.flac import Picture

    picture = Picture()
    picture.type, picture.mime, picture.data = 3, cover_type, cover  # 3: front cover
    return picture


def _flac(path: Path, tags: Tags, cover: bytes | None, cover_type: str) -> None:
    from mutagen.flac import FLAC

    file = FLAC(path)
    file.update(_vorbis(tags))
    if cover:
        file.add_picture(_picture(cover, cover_type))
    file.save()


def _opus(path: Path, tags: Tags, cover: bytes | None, cover_type: str) -> None:
    import base64

    from mutagen.oggopus import OggOpus

    file = OggOpus(path)
    file.update(_vorbis(tags))
    if cover:
        file["metadata_block_picture"] = base64.b64encode(_picture(cover, cover_type).write()).decode("ascii")
    file.save()


# --- ID3 -------------------------------------------------------------------------------------------------------------


def id3(tags: Tags, cover: bytes | None, cover_type: str, extra: Sequence[Any] = ()) -> Any:
    """An ID3v2.4 tag (id3.org, "ID3 tag version 2.4.0 - Native Frames"); `extra` frames of mutagen's are added."""
    from mutagen import id3 as frames

    text: dict[Any, str] = {
        frames.TIT2: tags.title, frames.TPE1: tags.author, frames.TALB: tags.album, frames.TPE2: tags.author,
        frames.TCOM: tags.voice, frames.TCON: GENRE, frames.TLAN: ISO_639_2.get(tags.language, "und"),
        frames.TRCK: _of(tags.track, tags.tracks), frames.TPOS: _of(tags.part, tags.parts), frames.TSSE: TOOL,
        frames.TDES: tags.description, frames.TSOT: tags.sort_title, frames.TSOA: tags.sort_album,
        frames.TSOP: tags.sort_author,
    }  # fmt: skip
    tag = frames.ID3()
    for frame, value in text.items():
        if value:
            tag.add(frame(encoding=3, text=value))
    tag.add(frames.COMM(encoding=3, lang="und", desc="", text=AI_NOTE))
    if cover:
        tag.add(frames.APIC(encoding=3, mime=cover_type, type=3, desc="", data=cover))
    for one in extra:
        tag.add(one)
    return tag


def _of(number: int, count: int) -> str:
    return f"{number}/{count}" if number else ""


def _mp3(path: Path, tags: Tags, cover: bytes | None, cover_type: str) -> None:
    id3(tags, cover, cover_type).save(path, v2_version=4)


def _wav(path: Path, tags: Tags, cover: bytes | None, cover_type: str) -> None:
    """Behind the sound an ID3 tag and, for editors, a RIFF INFO list of what ASCII can say: INFO names no
    encoding, and programs take it for the system's."""
    stream = io.BytesIO()
    id3(tags, cover, cover_type).save(stream, v2_version=4, padding=lambda _: 0)
    info = {
        b"INAM": tags.title, b"IART": tags.author, b"IPRD": tags.album, b"IGNR": GENRE, b"ICMT": _AI_NOTE_EN,
        b"ISFT": TOOL,
        b"ITRK": str(tags.track or ""),
    }  # fmt: skip
    listed = b"INFO" + b"".join(_info(name, value) for name, value in info.items() if value and value.isascii())
    wav.append(path, [(b"LIST", listed), (b"id3 ", stream.getvalue())])


def _info(name: bytes, value: str) -> bytes:
    data = value.encode() + b"\0"
    return struct.pack("<4sI", name, len(data)) + data + bytes(len(data) % 2)


# --- MP4 -------------------------------------------------------------------------------------------------------------


def _mp4(path: Path, tags: Tags, cover: bytes | None, cover_type: str) -> None:
    """iTunes metadata. `stik` 2 is an audiobook; its narrator stands where music has its composer."""
    from mutagen.mp4 import MP4, AtomDataType, MP4Cover, MP4FreeForm

    file = MP4(path)
    text = {
        "\xa9nam": tags.title, "\xa9ART": tags.author, "aART": tags.author, "\xa9alb": tags.album, "\xa9wrt": tags.voice,
        "\xa9gen": GENRE, "\xa9cmt": AI_NOTE, "\xa9too": TOOL, "ldes": tags.description, "desc": _cut(tags.description),
        "sonm": tags.sort_title, "soal": tags.sort_album, "soar": tags.sort_author, "soaa": tags.sort_author,
    }  # fmt: skip
    file.update({name: value for name, value in text.items() if value})
    file["stik"] = [2]
    language = ISO_639_2.get(tags.language, "und").encode()
    file["----:com.apple.iTunes:LANGUAGE"] = [MP4FreeForm(language, AtomDataType.UTF8)]
    if tags.track:
        file["trkn"] = [(tags.track, tags.tracks)]
    if tags.part:
        file["disk"] = [(tags.part, tags.parts)]
    if cover:
        kind = MP4Cover.FORMAT_PNG if "png" in cover_type else MP4Cover.FORMAT_JPEG
        file["covr"] = [MP4Cover(cover, imageformat=kind)]
    file.save(
        padding=lambda info: max(info.padding, 0)
    )  # what room there is stays: else all sound behind it would be moved


def _cut(text: str) -> str:
    return text.encode()[:_SHORT].decode(errors="ignore")
