"""Archives of files, written and read as a stream: .tar, .tar.zst (by the `zstd` program), .zip. What is read comes from
strangers: nothing but plain files with harmless names gets through, and no more of them than was announced."""

from __future__ import annotations

import shutil
import stat
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pipeline.errors import BookFolderError
from pipeline.files import explained, explained_errors, written_beside
from pipeline.wording import Wording

KINDS = (".tar", ".tar.zst", ".zip")
_STORED = frozenset({".flac", ".mp3", ".m4a", ".m4b", ".opus", ".epub", ".jpg", ".png", ".mp4", ".mkv"})
"""Compressed already."""

Add = Callable[[str, Path], None]
"""Puts a file into the archive under a name."""
Entry = tuple[str, int, IO[bytes]]
"""A file of an archive: its name, its size as announced, its bytes."""


def kind_of(path: Path) -> str:
    """Of `KINDS`, by the file's name. Raises BookFolderError for another."""
    found = next((kind for kind in KINDS if path.name.endswith(kind) and path.name != kind), "")
    if not found:
        raise BookFolderError(
            Wording(f"{path.name} names no kind of archive made here", f"不认识 {path.name} 这种归档"), where=str(path),
            fix=Wording(f"End its name in {', '.join(KINDS)}.", f"文件名请以 {'、'.join(KINDS)} 结尾。"),
        )  # fmt: skip
    return found


@contextmanager
def written(path: Path) -> Iterator[Add]:
    """Write an archive, whole or not at all: every file with its bytes, whatever else is linked to them. Raises BookFolderError
    for a full disk, or where `zstd` is missing."""
    kind = kind_of(path)
    with written_beside(path) as beside, explained_errors(path, also=zipfile.LargeZipFile):
        if kind == ".zip":
            with zipfile.ZipFile(beside, "w", strict_timestamps=False) as archive:  # a file may be older than 1980
                yield lambda name, file: _zip_one(archive, name, file)
        elif kind == ".tar":
            with tarfile.open(beside, "w|", format=tarfile.PAX_FORMAT, dereference=True) as tar:
                yield lambda name, file: _tar_one(tar, name, file)
        else:
            command = [_zstd(path), "-q", "-3", "-f", "-o", str(beside)]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                try:
                    with tarfile.open(
                        fileobj=process.stdin, mode="w|", format=tarfile.PAX_FORMAT, dereference=True
                    ) as tar:
                        yield lambda name, file: _tar_one(tar, name, file)
                except BaseException:
                    process.kill()
                    raise
                _, said = process.communicate()
            if process.returncode:
                raise RuntimeError(said.decode(errors="replace").strip() or "zstd failed")


def _zip_one(archive: zipfile.ZipFile, name: str, file: Path) -> None:
    how = zipfile.ZIP_STORED if file.suffix.lower() in _STORED else zipfile.ZIP_DEFLATED
    archive.write(file, name, how)


def _tar_one(tar: tarfile.TarFile, name: str, file: Path) -> None:
    tar.add(file, name, recursive=False, filter=_anonymous)
    _forget(tar)


def _forget(tar: tarfile.TarFile) -> None:
    """Drop what `tar` remembers of the files that went through it: a kilobyte each, for going back to them, which a
    stream cannot. From Python 3.13 on reading with stream=True does so; before, and in writing, only this does."""
    tar.members.clear()  # type: ignore[attr-defined]  # typeshed has only getmembers(), which reads to the end first


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the names of whoever made it."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o644
    return member


def _zstd(path: Path) -> str:
    program = shutil.which("zstd")
    if not program:
        raise BookFolderError(
            Wording("the program zstd is not here", "没有找到 zstd 程序"), where=str(path),
            fix=Wording(
                "Install it (Debian: apt-get install zstd), or use .tar: sound is compressed already.",
                "请安装（Debian：apt-get install zstd），或改用 .tar：音频本来就是压缩的。",
            ),
        )  # fmt: skip
    return program


@contextmanager
def read(path: Path) -> Iterator[Iterator[Entry]]:
    """The files of an archive in their order, each to be read before the next is asked for.

    Raises BookFolderError for a file that is no such archive, is damaged or encrypted, or holds anything but plain files with
    names that stay inside.
    """
    if not path.is_file():
        raise BookFolderError(
            Wording("there is no such file", "没有这个文件"), where=str(path),
            fix=Wording("Check the path.", "请检查路径。"),
        )  # fmt: skip
    try:
        with _entries(path, kind_of(path)) as found:
            yield found
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError) as error:
        raise BookFolderError(
            Wording(f"the archive is damaged or cut short ({error})", f"归档已损坏或不完整（{error}）"), where=str(path),
            fix=Wording("Export or fetch it again.", "请重新导出或下载。"),
        ) from error  # fmt: skip
    except OSError as error:
        raise explained(error, path) from error
    except RuntimeError as error:  # zipfile, of an encrypted entry or, as NotImplementedError, an unknown compression
        raise BookFolderError(
            Wording(f"the archive cannot be read ({error})", f"归档无法读取（{error}）"), where=str(path),
            fix=Wording("Use a copy that is neither encrypted nor packed unusually.", "请用未加密、以常用方式压缩的副本。"),
        ) from error  # fmt: skip


@contextmanager
def _entries(path: Path, kind: str) -> Iterator[Iterator[Entry]]:
    if kind == ".zip":
        with zipfile.ZipFile(path) as archive:
            yield _of_zip(archive, path)
    elif kind == ".tar":
        with tarfile.open(path, "r|") as tar:
            yield _of_tar(tar, path)
    else:
        command = [_zstd(path), "-q", "-dc", "--", str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
                    yield _of_tar(tar, path)
            finally:
                process.kill()


def _of_tar(tar: tarfile.TarFile, path: Path) -> Iterator[Entry]:
    for member in tar:
        _forget(tar)
        name = harmless(member.name, path)
        if member.isdir():
            continue
        stream = tar.extractfile(member) if member.isreg() and not member.issparse() else None
        if stream is None:
            raise not_trusted(f"{name!r} is no plain file", f"{name} 不是普通文件", path)
        yield name, member.size, stream


def _of_zip(archive: zipfile.ZipFile, path: Path) -> Iterator[Entry]:
    for one in archive.infolist():
        name = harmless(one.filename, path)
        if one.is_dir():
            continue
        mode = one.external_attr >> 16
        if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
            raise not_trusted(f"{name!r} is no plain file", f"{name} 不是普通文件", path)
        with archive.open(one) as stream:
            yield name, one.file_size, stream


def fit(name: str, file: Path) -> str:
    """The name that a file is to have in an archive. Raises BookFolderError for one under which `read` would refuse it."""
    if is_harmless(name):
        return name
    raise BookFolderError(
        Wording(f"no archive can hold the name {name!r}", f"归档里不能有这样的文件名：{name!r}"), where=str(file),
        fix=Wording("Rename it: not every system can have that name.", "请给它改名：有的系统不允许这样的文件名。"),
    )  # fmt: skip


def is_harmless(name: str) -> bool:
    """Whether a name stays inside the archive's root on any system, and may be there."""
    parts = name.removesuffix("/").split("/")
    odd = any(part in ("", ".", "..") or len(part.encode(errors="surrogatepass")) > 255 for part in parts)
    return not odd and not any(
        ord(char) < 32 or char in '\\:*?"<>|\x7f' or "\ud800" <= char <= "\udfff" for char in name
    )


def harmless(name: str, path: Path) -> str:
    """The name, which is `is_harmless`. Raises BookFolderError for one that is not."""
    if not is_harmless(name):
        raise not_trusted(f"it holds the name {name!r}", f"其中有这样的文件名：{name!r}", path)
    return name


def not_trusted(english: str, chinese: str, path: Path) -> BookFolderError:
    """The error for an archive whose content is not what it should be."""
    return BookFolderError(
        Wording(f"the archive is not to be trusted: {english}", f"这个归档不可信：{chinese}"), where=str(path),
        fix=Wording("Nothing was kept of it. Get another copy.", "没有留下任何内容。请换一份。"),
    )  # fmt: skip
