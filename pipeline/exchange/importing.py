"""A book made from an archive, which may come from a stranger: everything is checked before it gets its name."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import yaml

from pipeline import archives
from pipeline.archives import not_trusted
from pipeline.errors import BookFolderError, CastError
from pipeline.exchange.parcel import CHOICES, FORMAT, JOURNAL, MANIFEST, Exchanged, named_files
from pipeline.files import explained, process_lives
from pipeline.folder import BookFolder, safe_name
from pipeline.takes import TakeStore
from pipeline.wording import Wording

MANIFEST_SIZE, ENTRIES, RATIO = 256 << 20, 2_000_000, 100
"""Most bytes of a manifest, files of an archive, and times that an archive may unpack to: sound hardly shrinks."""


def import_book(archive: Path, output: Path) -> Exchanged:
    """Make the book that an archive holds, under `output`. Everything is checked before it gets its name.

    Raises BookFolderError for a book that is there already, an archive that is damaged or not to be trusted, a full disk.
    """
    with archives.read(archive) as entries:
        about = _manifest(next(entries, None), archive)
        name = safe_name(str(about.get("name", "")))
        if not name or name != about.get("name"):
            raise not_trusted("its book has no proper name", "书名不合规", archive)
        target = output / name
        if target.exists():
            raise BookFolderError(
                Wording(f"there is a book {name} already", f"已经有《{name}》"), where=str(target),
                fix=Wording("Give another --output. Nothing is ever overwritten.", "请用 --output 换一处。不会覆盖任何东西。"),
            )  # fmt: skip
        told = _announced(about, archive)
        _must_fit(told, archive, output)
        _sweep(output, name)
        beside = output / f".{name}.{os.getpid()}.part"
        try:
            beside.mkdir(parents=True)
            size = _unpack(entries, told, beside, archive)
            takes = _enter(beside, told, archive)
            beside.rename(target)
        except (yaml.YAMLError, CastError) as error:
            raise not_trusted(
                f"it holds what cannot be read: {error}", f"其中有无法读取的内容：{error}", archive
            ) from error
        except OSError as error:
            raise explained(error, target) from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return Exchanged(archive, target, len(told), takes, size)


def _sweep(output: Path, name: str) -> None:
    """Remove what killed imports of the same book left."""
    for path in output.glob(f".{name}.*.part"):
        number = path.name.removesuffix(".part").rsplit(".", 1)[-1]
        if number.isdigit() and not process_lives(int(number)):
            shutil.rmtree(path, ignore_errors=True)


def _manifest(first: archives.Entry | None, archive: Path) -> dict[str, Any]:
    if first is None or first[0] != MANIFEST or first[1] > MANIFEST_SIZE:
        raise not_trusted("it does not begin with a manifest", "开头没有清单", archive)
    try:
        about = json.loads(_read(first[2], MANIFEST_SIZE, archive))
    except ValueError as error:
        raise not_trusted("its manifest cannot be read", "清单无法读取", archive) from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise BookFolderError(
            Wording("this is no book that this version of shuoshu exported", "这不是本版本导出的书"), where=str(archive),
            fix=Wording("Is it another archive, or of a newer version?", "是别的归档，还是新版本导出的？"),
        )  # fmt: skip
    return about


def _read(stream: IO[bytes], most: int, archive: Path) -> bytes:
    data = stream.read(most + 1)
    if len(data) > most:
        raise not_trusted("its manifest is far too large", "清单过大", archive)
    return data


def _announced(about: Mapping[str, Any], archive: Path) -> dict[str, dict[str, Any]]:
    """What the manifest says will come, by name."""
    try:
        told = {archives.harmless(one["path"], archive): one for one in about["files"]}
        sizes = [one["size"] for one in told.values()]
        strange = len(told) != len(about["files"]) or not all(isinstance(one, int) and one >= 0 for one in sizes)
        strange |= not all(0 <= float(one.get("mtime", 0)) < 1e11 for one in told.values())
        odd = next((one for one in told if one.split("/")[-1] in (".lock", MANIFEST) or ".sqlite" in one), None)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise not_trusted("its manifest makes no sense", "清单内容不合理", archive) from error
    if strange:
        raise not_trusted("its manifest makes no sense", "清单内容不合理", archive)
    if odd or "book.yaml" not in told:
        raise not_trusted(f"its manifest lists {odd or 'no book'}", f"清单里有 {odd or '不是书的内容'}", archive)
    return told


def _must_fit(told: Mapping[str, dict[str, Any]], archive: Path, output: Path) -> None:
    """Refuse what is more than there can be, or than the disk holds."""
    total = sum(one["size"] for one in told.values())
    if len(told) > ENTRIES or total > (1 << 20) + RATIO * archive.stat().st_size:
        raise not_trusted("it unpacks to far more than it packs", "解开后远大于它本身", archive)
    place = next(path for path in (output, *output.resolve().parents) if path.exists())
    free = shutil.disk_usage(place).free
    if total > free:
        raise BookFolderError(
            Wording(
                f"the book needs {total / 1e6:.0f} MB, and the disk has {free / 1e6:.0f} MB free",
                f"这本书需要 {total / 1e6:.0f} MB，磁盘只剩 {free / 1e6:.0f} MB",
            ),
            where=str(output), fix=Wording("Free some space, or give another --output.", "请腾出空间，或用 --output 换一处。"),
        )  # fmt: skip


def _unpack(entries: Iterator[archives.Entry], told: Mapping[str, dict[str, Any]], folder: Path, archive: Path) -> int:
    """Write every file, and hold it against the manifest; the bytes written."""
    left, total = dict(told), 0
    for name, size, stream in entries:
        wanted = left.pop(name, None)
        if wanted is None or size != wanted["size"]:
            raise not_trusted(f"{name!r} is not as its manifest says", f"{name} 与清单不符", archive)
        path, digest = folder / name, hashlib.sha256()
        path.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        with path.open("xb") as file:
            while piece := stream.read(1 << 20):
                written += len(piece)
                if written > size:
                    break
                digest.update(piece)
                file.write(piece)
        if written != size or digest.hexdigest() != wanted.get("sha256"):
            raise not_trusted(f"{name!r} is damaged", f"{name} 已损坏", archive)
        when = float(wanted.get("mtime", 0.0))
        os.utime(path, (when, when))
        total += written
    if left:
        raise not_trusted(f"{next(iter(left))!r} is missing", f"缺少 {next(iter(left))}", archive)
    return total


def _enter(path: Path, told: Mapping[str, dict[str, Any]], archive: Path) -> int:
    """Look whether everything stays inside the book, and make its index; how many takes it has."""
    folder = BookFolder(path)
    _must_stay_inside(folder, archive)
    choices = folder.path / CHOICES
    with TakeStore(folder.takes) as store:
        store.absorb()
        sums = store.sums()
        for key, (sha256, _) in sums.items():
            if told[f"takes/{key[:2]}/{key}.flac"]["sha256"] != sha256:
                raise not_trusted(f"take {key[:12]} is not the one that was rendered", f"录音 {key[:12]} 不符", archive)
        try:
            for row in choices.read_text(encoding="utf-8").splitlines() if choices.is_file() else ():
                one = json.loads(row)
                line, key, subject = str(one["line"]), str(one["key"]), str(one["subject"])
                if key in sums and one["by_hand"]:
                    store.choose(line, key, subject)
                elif key in sums:
                    store.link([(line, key, subject)])
        except (ValueError, KeyError, TypeError) as error:
            raise not_trusted("its choices cannot be read", "选择清单无法读取", archive) from error
    for name in (JOURNAL, CHOICES):
        (folder.path / name).unlink(missing_ok=True)
    return len(sums)


def _must_stay_inside(folder: BookFolder, archive: Path) -> None:
    """Refuse a book whose records name files outside of it, or unfold into more than they are."""
    text = folder.record_file.read_text(encoding="utf-8", errors="replace")
    if any(isinstance(one, yaml.AliasToken) for one in yaml.scan(text)):
        raise not_trusted("its book.yaml is none of ours", "book.yaml 不是本程序写的", archive)
    here, record = folder.path.resolve(), folder.read()
    named = [record.source, record.cast, str(record.dub.get("video", "")), str(here / (record.cover or "cover"))]
    cast = Path(record.cast)
    if record.cast and cast.is_file() and cast.resolve().is_relative_to(here):
        named += [str((cast.parent / Path(one).expanduser()).resolve()) for one, _ in named_files(cast)]
    for path in folder.chapters.glob("*.json"):
        named += _named_in(path, folder.path if path.name.startswith(".") else folder.chapters)
    outside = next((one for one in named if one and not Path(one).resolve().is_relative_to(here)), None)
    if outside:
        raise not_trusted(f"it names a file outside of itself, {outside}", f"它指向外面的文件 {outside}", archive)


def _named_in(path: Path, home: Path) -> list[str]:
    """The files that a chapter's or a deliverable's record names; none for one that will not be understood anyway."""
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        names = [one[0] if isinstance(one, list) else name for name, one in files.items()]
        return [str((home / name).resolve()) for name in names]
    except (ValueError, AttributeError, TypeError, KeyError, IndexError):
        return []
