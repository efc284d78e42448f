"""Zip archives from strangers: checked before any library opens them.

Limits: 20,000 entries, 512 MiB unpacked in all (counted while unpacking, whatever the headers claim), 200:1 compression
for entries over 1 MiB; no entry may leave the archive's root or be a link.
"""

from __future__ import annotations

import posixpath
import stat
import zipfile
import zlib
from pathlib import Path

from pipeline.errors import ManuscriptError

ENTRIES, UNPACKED, RATIO = 20_000, 512 << 20, 200


def check(path: Path) -> list[str]:
    """The archive's entry names. Raises ManuscriptError for a broken, oversized or escaping archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRIES:
                raise _bomb(path, f"{len(entries):,} entries")
            total = 0
            for entry in entries:
                _check_name(entry, path)
                total += _unpacked(archive, entry, UNPACKED - total, path)
            return [entry.filename for entry in entries]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, UnicodeDecodeError) as error:
        raise ManuscriptError(
            f"the file is damaged or cut short ({error})", where=str(path), fix="Fetch or export it again."
        ) from error
    except RuntimeError as error:  # zipfile says so of an encrypted entry
        raise ManuscriptError(
            "the archive is encrypted", where=str(path), fix="Use a copy without protection."
        ) from error


def _check_name(entry: zipfile.ZipInfo, path: Path) -> None:
    name = entry.filename.replace("\\", "/")
    if name.startswith("/") or ":" in name.split("/")[0] or escapes(name):
        raise ManuscriptError(
            f"the archive holds a path that leaves it: {entry.filename!r}", where=str(path),
            fix="This file is not trustworthy; get another copy.",
        )  # fmt: skip
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise ManuscriptError(
            f"the archive holds a link: {entry.filename!r}", where=str(path), fix="Get another copy of the file."
        )


def escapes(name: str) -> bool:
    """Whether a relative path leads above its root."""
    return posixpath.normpath(name).split("/")[0] == ".."


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, allowed: int, path: Path) -> int:
    size = 0
    with archive.open(entry) as stream:
        while piece := stream.read(1 << 20):
            size += len(piece)
            if size > allowed or (size > 1 << 20 and size > RATIO * max(entry.compress_size, 1)):
                raise _bomb(path, f"{entry.filename} unpacks to far more than it packs")
    return size


def _bomb(path: Path, why: str) -> ManuscriptError:
    return ManuscriptError(
        f"the archive unpacks to more than any book ({why})", where=str(path), fix="This file is not trustworthy."
    )
