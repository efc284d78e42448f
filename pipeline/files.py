"""Writing files so that nobody ever sees half of one, and hashing them."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import BookFolderError, ShuoshuError
from pipeline.wording import Wording

_NEARLY_FULL = 1 << 18
"""Bytes left on a disk that count as none: what failed needed more, and others have cleaned up since."""


def cache_home() -> Path:
    """Where what can be made again is kept between runs (XDG base directory specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shuoshu"


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` (same folder, same suffix) and rename it into place on success.

    On any error the temporary file is removed and `path` is as it was before.
    Raises BookFolderError for a full disk or a folder that cannot be written.
    """
    beside = path.with_name(f".{path.stem}.{secrets.randbelow(10**12)}.part{path.suffix}")  # processes of many machines
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        beside.replace(path)
    except OSError as error:
        raise explained(error, path) from error
    finally:
        with suppress(OSError):
            beside.unlink()


@contextmanager
def folder_beside(path: Path) -> Iterator[Path]:
    """A folder to fill that becomes `path` when it is whole, in place of what stands there; on any error it is removed and
    `path` is as it was before. Raises BookFolderError for a full disk or a folder that cannot be written."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    former = path.with_name(f".{path.name}.former.{os.getpid()}.part")
    try:
        beside.mkdir(parents=True)
        yield beside
        if path.exists():
            path.replace(former)
        beside.replace(path)
    except OSError as error:
        raise explained(error, path) from error
    finally:
        for one in (beside, former):
            shutil.rmtree(one, ignore_errors=True)


def half_written(path: Path) -> bool:
    """Whether a file or folder is named as `written_beside` names what is not finished."""
    return re.fullmatch(r"\..+\.\d+\.part(\.[^.]*)?", path.name, re.DOTALL) is not None


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole or not at all."""
    with written_beside(path) as beside:
        beside.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


_EXPLAINED = (
    (
        (errno.ENOSPC, errno.EDQUOT),
        Wording("the disk is full", "磁盘已满"),
        Wording(
            "Free some space and run the same command again: it resumes.", "请腾出空间后再运行同一命令，会接着做。"
        ),
    ),
    (
        (errno.EACCES, errno.EPERM, errno.EROFS),
        Wording("this place cannot be written", "这个位置无法写入"),
        Wording(
            "Give another folder with --output, or mend its permissions.", "请用 --output 换一个文件夹，或改它的权限。"
        ),
    ),
    (
        (errno.ENOTDIR, errno.EEXIST),
        Wording("a file stands where a folder is needed", "该是文件夹的地方有一个文件"),
        Wording("Give another folder with --output.", "请用 --output 换一个文件夹。"),
    ),
    (
        (errno.EISDIR, errno.ENOTEMPTY),
        Wording("a folder stands where a file is needed", "该是文件的地方有一个文件夹"),
        Wording("Move it away, or give another folder with --output.", "请把它移走，或用 --output 换一个文件夹。"),
    ),
)
"""The system's errors that a user can mend: what is wrong, and what to do."""


def explained(error: OSError, path: Path) -> ShuoshuError:
    """The system's error as one a user can act on."""
    for numbers, what, fix in _EXPLAINED:
        if error.errno in numbers:
            return BookFolderError(what, where=str(path), fix=fix)
    return BookFolderError(f"{error.strerror or error}", where=str(path))


def unwritable(path: Path) -> OSError | None:
    """What keeps a file from being written at `path`, for libraries that do not hand on the reason: a full disk, or a place
    that is read-only; None for neither."""
    number = 0
    if shutil.disk_usage(path.parent).free < _NEARLY_FULL:
        number = errno.ENOSPC
    elif not os.access(path.parent, os.W_OK):
        number = errno.EROFS
    return OSError(number, os.strerror(number)) if number else None


@contextmanager
def explained_errors(path: Path, also: type[Exception] = OSError) -> Iterator[None]:
    """What libraries say when sound cannot be written to `path`, as an error a user can act on: a full disk above all.
    `also` is a library's own error, where that is no RuntimeError. To be entered after `written_beside`, whose cleaning
    up frees space."""
    try:
        yield
    except ShuoshuError:
        raise
    except (OSError, RuntimeError, also) as error:
        number = getattr(error, "errno", None)
        if shutil.disk_usage(path.parent).free < _NEARLY_FULL:  # not every library hands on the reason
            number = errno.ENOSPC
        if isinstance(number, int) and number > 0:
            raise explained(OSError(number, os.strerror(number)), path) from error
        raise BookFolderError(
            f"the file could not be written ({error})", where=str(path), fix="Is the disk full, or out of order?"
        ) from error


class HonestFile:
    """A new file for a C library to write into through Python's file methods.

    On a full disk libsndfile says "System error", or nothing when only its last bytes do not fit, and PyAV crashes
    as it closes a container whose first bytes did not. So they are told that all goes well, and the system's first
    error is kept for `check` and `close` to raise.
    """

    def __init__(self, path: Path) -> None:
        self._stream = path.open("w+b", buffering=1 << 16)
        self._error: OSError | None = None
        self.read = self._stream.read
        self.tell = self._stream.tell

    def write(self, data: bytes) -> int:
        self._try(lambda: self._stream.write(data))
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._try(lambda: self._stream.seek(offset, whence))
        return self._stream.tell()

    def check(self) -> None:
        """Raise the first error so far, if there was one."""
        if self._error:
            raise self._error

    def close(self) -> None:
        self._try(self._stream.close)
        self.check()

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except OSError as error:
            self._error = self._error or error


def process_lives(number: int) -> bool:
    """Whether this machine has a process of that number."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal, read in 1 MiB pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def print_of(path: Path) -> str:
    """Changes with a file's content, of which it need not read gigabytes: its size with, for torch's zip archives, the
    CRC-32 that stands beside every tensor; for other files the hash of their first and last megabyte."""
    size = path.stat().st_size
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return f"{size} {[(one.filename, one.CRC) for one in archive.infolist()]}"
    with path.open("rb") as file:
        digest = hashlib.sha256(file.read(2**20))
        file.seek(max(size - 2**20, 0))
        digest.update(file.read())
    return f"{size} {digest.hexdigest()}"
