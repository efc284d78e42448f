"""A book on disk: the layout of ``output/<book>/``, the record of where it came from, and the lock that keeps two runs
from working on it at once.

Layout::

    book.yaml      this module's record: source, metadata, cast, profile, engine, versions
    script.csv     the script table, which people edit
    takes/         rendered lines (pipeline.takes)
    chapters/      mastered chapters (pipeline.mastering)
    cover.jpg|png  the manuscript's cover
    <title>.m4b    the audiobook
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import BookFolderError, BookHeldError, did_you_mean
from pipeline.files import explained, half_written, write_bytes, write_text
from pipeline.nouns import Book, Language
from pipeline.wording import Wording, plain

_FORMAT = 1
_PATHS = ("source", "cast")


@dataclass(frozen=True, slots=True)
class Record:
    """What ``book.yaml`` holds. Paths are absolute here; in the file, what lies in the book's project (the folder that holds
    the output folder, or any below) stands relative to the book's folder, so that the project can be moved. `chapters` are
    (number, title); `skipped` parts are (title, why, characters of text); `characters` are (name, gender, age) as found in
    the manuscript, `aliases` the other names they go by; `options` are the reading options of the command line; `versions`
    name the code that made the script; `dub` is what the last run asked for beside that, where it was a dub (see
    `pipeline.dubbing.Dub`)."""

    title: str
    author: str
    language: Language
    source: str
    source_sha256: str
    encoding: str = ""
    cover: str = ""
    cover_type: str = ""
    cast: str = ""
    profile: str = ""
    engine: str = ""
    formats: str = ""
    deliver: str = ""
    dub: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    chapters: tuple[tuple[int, str], ...] = ()
    skipped: tuple[tuple[str, str, int], ...] = ()
    characters: tuple[tuple[str, str, str], ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def chapter_titles(self) -> dict[int, str]:
        return dict(self.chapters)


@dataclass(frozen=True, slots=True)
class BookFolder:
    """Paths of one book's folder."""

    path: Path

    @property
    def record_file(self) -> Path:
        return self.path / "book.yaml"

    @property
    def script(self) -> Path:
        return self.path / "script.csv"

    @property
    def takes(self) -> Path:
        return self.path / "takes"

    @property
    def chapters(self) -> Path:
        return self.path / "chapters"

    @property
    def exists(self) -> bool:
        return self.record_file.is_file()

    def read(self) -> Record:
        """The book's record. Raises BookFolderError when there is none or it cannot be read."""
        try:
            raw = yaml.safe_load(self.record_file.read_text(encoding="utf-8"))
            if not isinstance(raw, dict) or raw.pop("format", None) != _FORMAT:
                raise ValueError("it has another format")
            raw["chapters"] = tuple((int(number), str(title)) for number, title in raw["chapters"])
            for name in ("skipped", "characters"):
                raw[name] = tuple(tuple(row) for row in raw[name])
            raw["aliases"] = {name: tuple(forms) for name, forms in raw.get("aliases", {}).items()}
            for name in _PATHS:
                raw[name] = self._absolute(raw.get(name, ""))
            if raw.get("dub", {}).get("video"):
                raw["dub"]["video"] = self._absolute(raw["dub"]["video"])
            raw["notes"] = tuple(Wording(**one) if isinstance(one, dict) else one for one in raw["notes"])
            return Record(**raw)
        except FileNotFoundError as error:
            raise BookFolderError(
                Wording("this folder holds no book", "这个文件夹里没有书"),
                where=str(self.path),
                fix=Wording("`shuoshu run MANUSCRIPT` makes one.", "`shuoshu run 书稿` 会制作一本。"),
            ) from error
        except (ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
            raise BookFolderError(
                Wording(f"book.yaml cannot be read ({error})", f"book.yaml 无法读取（{error}）"),
                where=str(self.record_file),
                fix=Wording(
                    "Delete book.yaml and run the manuscript again; takes and edits are kept.",
                    "请删除 book.yaml 后重新运行书稿；录音和改动都会保留。",
                ),
            ) from error

    def write(self, record: Record) -> None:
        """Write the record, if it differs from what is there."""
        text = self.text_of(record)
        if not (self.exists and self.record_file.read_text(encoding="utf-8") == text):
            write_text(self.record_file, text)

    def text_of(self, record: Record) -> str:
        """A record as ``book.yaml`` has it."""
        told = {"format": _FORMAT, **plain(asdict(record))}
        told |= {name: self._movable(told[name]) for name in _PATHS}
        if told["dub"].get("video"):
            told["dub"]["video"] = self._movable(told["dub"]["video"])
        return yaml.safe_dump(told, allow_unicode=True, sort_keys=False, width=120)

    def _movable(self, path: str) -> str:
        here = self.path.resolve()
        project = here.parent.parent
        movable = path and project != project.parent and Path(path).is_relative_to(project)
        return os.path.relpath(path, here) if movable else path

    def _absolute(self, path: str) -> str:
        return os.path.normpath(self.path.resolve() / path) if path else ""

    def write_cover(self, book: Book) -> str:
        """Keep the manuscript's cover beside the record; its file name, or "" without one."""
        if not book.cover:
            return ""
        name = "cover.png" if "png" in book.cover_type else "cover.jpg"
        path = self.path / name
        if not (path.is_file() and path.read_bytes() == book.cover):
            write_bytes(path, book.cover)
        return name

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the book for this process. The system lets go of it when the process ends, however it ends. Folders that
        were made for the lock go again when nothing was written into them.

        Raises BookHeldError when another process holds it, BookFolderError when the folder cannot be written.
        """
        import fcntl

        path = self.path / ".lock"
        missing = [one for one in (self.path, *self.path.parents) if not one.exists()]
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = path.open("a+b", buffering=0)  # nothing left to be written when it closes on a full disk
        except OSError as error:
            raise explained(error, self.path) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.seek(0)
                holder = lock.read().decode(errors="replace").strip() or "unknown"
                raise BookHeldError(
                    Wording(
                        f"another run (process {holder}) is working on this book",
                        f"另一个进程（{holder}）正在处理这本书",
                    ),
                    where=str(self.path),
                    fix=Wording(
                        "Wait for it to end, or stop it; what it finished is kept.",
                        "请等它结束，或停掉它；已完成的部分会保留。",
                    ),
                ) from error
            lock.seek(0)
            if lock.read().strip():  # whoever wrote this was killed
                self.sweep()
            with suppress(OSError):  # a full disk must not hide behind the lock's own note
                lock.truncate(0)
                lock.write(str(os.getpid()).encode())
            try:
                yield
            finally:
                with suppress(OSError):
                    lock.truncate(0)
                if missing and list(self.path.iterdir()) == [path]:
                    path.unlink()
                    _remove_empty(missing)

    def sweep(self) -> None:
        """Remove what a killed run or worker was writing; see `files.written_beside`."""
        for path in [one for one in self.path.rglob(".*.part*") if half_written(one)]:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders, the innermost first, up to one that is not empty."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def folder_for(manuscript: Path, output: Path) -> BookFolder:
    """The folder of a manuscript's book: ``output/<manuscript's name without suffix>``."""
    return BookFolder(output / (safe_name(manuscript.stem) or "book"))


def find(book: str | Path, output: Path) -> BookFolder:
    """A book that exists, by folder path or by its name under `output`.

    Raises BookFolderError naming the nearest one there is.
    """
    for path in (Path(book), output / book):
        if BookFolder(path).exists:
            return BookFolder(path)
    known = sorted(path.parent.name for path in output.glob("*/book.yaml")) if output.is_dir() else []
    listed = Wording(
        "There is none yet: `shuoshu run MANUSCRIPT` makes one.", "还没有书：`shuoshu run 书稿` 会制作一本。"
    )
    if known:
        listed = Wording(f"Books here: {', '.join(known)}.", f"这里的书：{'、'.join(known)}。")
    hint = did_you_mean(str(book), known)
    raise BookFolderError(
        Wording(f"no book {str(book)!r}.{hint}", f"没有“{book}”这本书。{hint.chinese}"), where=str(output), fix=listed
    )


_LONGEST, _LONGEST_BYTES = 80, 180
"""File systems end a name at 255 bytes, of which a Chinese character takes three: so much is left for what is put before and
behind it, a number, " sample", ".timeline.csv", and what `files.written_beside` adds."""


def safe_name(name: str) -> str:
    """`name` as a file name on any system: no separators, control characters or leading dots; at most 80 characters, and 180
    bytes in UTF-8."""
    name = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', " ", name)
    name = re.sub(r"\s+", " ", name).strip(" .")[:_LONGEST]
    while len(name.encode("utf-8", "surrogatepass")) > _LONGEST_BYTES:
        name = name[:-1]
    return name.strip()
