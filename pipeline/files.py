"""Writing files so that nobody ever sees half of one, and hashing them."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import BookFolderError, ShuoshuError


def cache_home() -> Path:
    """Where what can be made again is kept between runs (XDG base directory specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shuoshu"


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` (same folder, same suffix) and rename it into place on success.

    On any error the temporary file is removed and `path` is as it was before.
    Raises BookFolderError for a full disk or a folder that cannot be written.
    """
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        beside.replace(path)
    except OSError as error:
        raise explained(error, path) from error
    finally:
        with suppress(OSError):
            beside.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole or not at all."""
    with written_beside(path) as beside:
        beside.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def explained(error: OSError, path: Path) -> ShuoshuError:
    """The system's error as one a user can act on."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return BookFolderError(
            "the disk is full", where=str(path), fix="Free some space and run the same command again: it resumes."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return BookFolderError(
            "this place cannot be written",
            where=str(path),
            fix="Give another folder with --output, or mend its permissions.",
        )
    return BookFolderError(f"{error.strerror or error}", where=str(path))


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal, read in 1 MiB pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
