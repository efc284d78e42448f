"""The folder that the studio may touch, and what may be brought into it.

Everything a visitor names is a name below one of four folders; a name that leads elsewhere, by `..`, as a whole path or
through a symbolic link, is refused. What is uploaded is known by its content, not by its name.
"""

from __future__ import annotations

import logging
import os
import shutil
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.errors import StudioError
from pipeline.files import explained
from pipeline.folder import BookFolder, safe_name
from pipeline.wording import Wording

Kind = Literal["manuscripts", "casts", "output", "clips"]
CLIP_BYTES = 10_000_000
MANUSCRIPT_BYTES = 50_000_000
CLIP_S = 600.0
MOST_BYTES = 1000
"""Of a name with its folders; each part of it may have as many as a file system takes, 255."""
CLIPS = {
    ".wav": "audio/wav", ".flac": "audio/flac", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".ogg": "audio/ogg",
    ".opus": "audio/ogg", ".webm": "audio/webm", ".aac": "audio/aac", ".wma": "audio/x-ms-wma",
}  # fmt: skip
log = logging.getLogger("shuoshu.studio")


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder with `manuscripts/`, `casts/`, `clips/` and `output/` in it."""

    root: Path

    def folder(self, kind: Kind) -> Path:
        """One of its folders, made where it is missing."""
        path = self.root / kind
        path.mkdir(parents=True, exist_ok=True)
        return path

    def path(self, kind: Kind, name: str) -> Path:
        """A file or folder below one of its folders, there or not. Raises StudioError for a name that leads out."""
        base = self.folder(kind).resolve()
        plain = name.replace("\\", "/")
        if (
            not name
            or "\0" in name
            or len(os.fsencode(name)) > MOST_BYTES
            or any(len(os.fsencode(part)) > 255 for part in plain.split("/"))
            or plain.startswith("/")
            or ".." in plain.split("/")
            or ":" in plain.split("/")[0]
        ):
            raise self._refused(kind, name)
        path = base / plain
        if not path.resolve().is_relative_to(base):
            raise self._refused(kind, name)
        return path

    def _refused(self, kind: str, name: str) -> StudioError:
        log.warning("refused: a path out of the workspace (%s %r)", kind, name[:200])
        return StudioError(
            Wording("this file is not in the workspace", "这个文件不在工作区里"), where=name[:80],
            fix=Wording("Choose one that the page lists.", "请选页面上列出的文件。"),
        )  # fmt: skip

    def names(self, kind: Kind, suffixes: tuple[str, ...]) -> list[str]:
        """Files below one of its folders by suffix, sorted; links that lead out are not there."""
        base = self.folder(kind)
        found = (path for path in base.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
        inside = (path for path in found if path.resolve().is_relative_to(base.resolve()))
        return sorted(str(path.relative_to(base)) for path in inside if not path.name.startswith("."))

    def books(self) -> list[str]:
        """Names of the books there are."""
        base = self.folder("output")
        return sorted(path.parent.name for path in base.glob("*/book.yaml") if not path.parent.is_symlink())

    def book(self, name: str) -> BookFolder:
        """A book by its name. Raises StudioError where there is none."""
        folder = BookFolder(self.path("output", name))
        if "/" in name or folder.path.is_symlink() or not folder.exists:
            raise StudioError(
                Wording(f"there is no book {name[:80]!r}", f"没有“{name[:80]}”这本书"),
                fix=Wording("Choose one that the page lists.", "请选页面上列出的书。"),
            )
        return folder

    def free_name(self, name: str) -> str:
        """A name that no book has, nor a manuscript: this one, or with a number behind it."""
        manuscripts = (path.stem for path in self.folder("manuscripts").iterdir())
        taken, number = {one.casefold() for one in (*self.books(), *manuscripts)}, 1
        while (found := f"{name}{'' if number == 1 else f' {number}'}").casefold() in taken:
            number += 1
        return found

    def take_manuscript(self, upload: Path, name: str) -> Path:
        """Keep an uploaded manuscript under `manuscripts/`, by a name that nobody has; one that is there already, byte for
        byte, is that one. Raises StudioError for one that is too large or of no kind that can be read, ManuscriptError for a
        broken one; then nothing is kept."""
        from pipeline.manuscript import reader

        self._sized(upload, MANUSCRIPT_BYTES)
        suffix = _suffix(upload, Path(name).suffix.lower())
        upload = upload.rename(upload.with_suffix(suffix))
        reader.read(upload)
        return self._kept(upload, "manuscripts", safe_name(Path(name).stem) or "book", suffix)

    def take_clip(self, upload: Path, name: str) -> Path:
        """Keep an uploaded clip under `clips/`. Raises StudioError for one that is too large or too long, or a WAV file that
        claims more than it holds, CastError for one that is no audio or too short."""
        from pipeline.cast.clips import clip_hash

        self._sized(upload, CLIP_BYTES)
        _must_hold_what_it_claims(upload)
        clip_hash(upload)
        seconds = _seconds(upload)
        if seconds > CLIP_S:
            raise StudioError(
                Wording(f"a clip of {seconds:.0f} s is too long", f"参考音频有 {seconds:.0f} 秒，太长了"),
                fix=Wording("Cut out 5 to 15 s of one voice.", "请剪出 5 到 15 秒、只有一个人说话的部分。"),
            )
        suffix = Path(name).suffix.lower()
        if suffix not in CLIPS:  # it is read by its content, and never handed out as anything but audio
            suffix = ".wav"
        return self._kept(upload, "clips", safe_name(Path(name).stem) or "clip", suffix)

    def _sized(self, upload: Path, most: int) -> None:
        size = upload.stat().st_size
        if size > most:
            log.warning("refused: an upload of %d bytes (at most %d)", size, most)
            raise StudioError(
                Wording(
                    f"this file has {size / 1e6:.0f} MB, and {most / 1e6:.0f} MB is the most",
                    f"这个文件有 {size / 1e6:.0f} MB，最多 {most / 1e6:.0f} MB",
                ),
                fix=Wording("Put a larger one into the workspace by hand.", "更大的文件请直接放进工作区文件夹。"),
            )

    def _kept(self, upload: Path, kind: Kind, stem: str, suffix: str) -> Path:
        folder, number = self.folder(kind), 1
        while True:
            path = folder / f"{stem}{'' if number == 1 else f' ({number})'}{suffix}"
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            except FileExistsError:
                if path.is_file() and path.read_bytes() == upload.read_bytes():
                    return path
                number += 1
                continue
            try:
                with os.fdopen(handle, "wb") as out, upload.open("rb") as file:
                    shutil.copyfileobj(file, out)
            except OSError as error:  # a full disk
                path.unlink(missing_ok=True)
                raise explained(error, path) from error
            return path


_TEXT = (".txt", ".md", ".html", ".htm", ".xhtml", ".srt", ".vtt", ".ass", ".ssa")


def _suffix(upload: Path, named: str) -> str:
    """What a manuscript is by its content; of texts, which one by its name. Raises StudioError for anything else."""
    with upload.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"PK\x03\x04"):
        if b"mimetypeapplication/epub+zip" in head:
            return ".epub"
        with suppress(zipfile.BadZipFile, OSError), zipfile.ZipFile(upload) as archive:
            names = set(archive.namelist())
            if "META-INF/container.xml" in names:
                return ".epub"
            if "word/document.xml" in names:
                return ".docx"
    elif named in (".epub", ".docx"):
        pass
    elif named in _TEXT and not head.startswith(
        (b"\x7fELF", b"MZ", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"ID3", b"OggS", b"fLaC")
    ):
        return named
    log.warning("refused: a manuscript named %r that is none", named[:20])
    raise StudioError(
        Wording("this is no manuscript that can be read", "这不是能读的书稿"),
        fix=Wording(
            "EPUB, DOCX, TXT, Markdown, HTML, SRT, VTT or ASS.",
            "请用 EPUB、DOCX、TXT、Markdown、HTML、SRT、VTT 或 ASS。",
        ),
    )


def _must_hold_what_it_claims(upload: Path) -> None:
    """Raise StudioError for a WAV file whose head promises more bytes than there are: broken off, streamed, or a trap."""
    with upload.open("rb") as file:
        head = file.read(12)
    claimed, size = int.from_bytes(head[4:8], "little") + 8, upload.stat().st_size
    if head[:4] == b"RIFF" and head[8:] == b"WAVE" and claimed > size:
        log.warning("refused: a WAV file of %d bytes that claims %d", size, claimed)
        raise StudioError(
            Wording(
                f"this WAV file claims {claimed / 1e6:.1f} MB and holds {size / 1e6:.1f} MB",
                f"这个 WAV 文件声称有 {claimed / 1e6:.1f} MB，实际只有 {size / 1e6:.1f} MB",
            ),
            fix=Wording("Save it again in a sound editor.", "请在音频软件里重新保存一次。"),
        )


def _seconds(path: Path) -> float:
    """How long a clip is, as far as it can be decoded."""
    from pipeline.cast.listening import heard

    return heard(path).seconds
