"""A book written into an archive."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline import __version__, archives
from pipeline.errors import BookFolderError, CastError
from pipeline.exchange.parcel import CHOICES, FORMAT, JOURNAL, MANIFEST, SOURCE, Exchanged, named_files, texts
from pipeline.files import explained, half_written, sha256_file, write_text
from pipeline.folder import BookFolder, safe_name
from pipeline.takes import TakeStore, journal
from pipeline.wording import Wording


def export_book(folder: BookFolder, archive: Path, *, masters: bool = True) -> Exchanged:
    """Write a book into an archive; without `masters`, neither chapters nor deliverables, which the next run makes again.

    Raises BookFolderError for an archive that is there already, a take that is not what was rendered, a file that cannot be
    read, a full disk, a name that no archive can hold.
    """
    archives.kind_of(archive)
    if archive.exists():
        raise BookFolderError(
            Wording("this file is there already", "这个文件已经存在"), where=str(archive),
            fix=Wording("Give another name, or remove it first.", "请换个名字，或先删除它。"),
        )  # fmt: skip
    try:
        return _exported(folder, archive, masters)
    except OSError as error:  # what goes along cannot be read
        raise explained(error, Path(error.filename or folder.path)) from error


def _exported(folder: BookFolder, archive: Path, masters: bool) -> Exchanged:
    with (
        folder.locked(),
        tempfile.TemporaryDirectory(prefix="shuoshu-export-") as made,
        TakeStore(folder.takes) as store,
    ):
        store.drop_journals()
        remarks: list[Wording] = []
        files = dict(_own(folder, masters))
        files |= _index(store, Path(made), files)
        files |= _sources(folder, Path(made), remarks)
        told = [{"path": archives.fit(name, path), "size": path.stat().st_size, "sha256": sha256_file(path),
                 "mtime": max(0.0, path.stat().st_mtime)} for name, path in sorted(files.items())]  # fmt: skip
        _must_be_sound(store, told, files)
        about = {"format": FORMAT, "shuoshu": __version__, "name": folder.path.name, "files": told}
        write_text(Path(made) / MANIFEST, json.dumps(about, ensure_ascii=False))
        with archives.written(archive) as add:
            add(MANIFEST, Path(made) / MANIFEST)
            for name in sorted(files):
                add(name, files[name])
        takes = sum(name.endswith(".flac") for name in files if name.startswith("takes/"))
        return Exchanged(archive, folder.path, len(files), takes, archive.stat().st_size, tuple(remarks))


def _own(folder: BookFolder, masters: bool) -> Iterator[tuple[str, Path]]:
    """The files of a book's folder that go along."""
    for path in sorted(folder.path.rglob("*")):
        name = path.relative_to(folder.path).as_posix()
        top, take = name.split("/")[0], journal.KEY.fullmatch(path.stem) and path.suffix == ".flac"
        if not path.is_file() or path.is_symlink() or half_written(path) or top in (SOURCE, ".lock", "book.yaml"):
            continue
        if top == "takes" and not (take and name.count("/") == 2 and path.parent.name == path.stem[:2]):
            continue
        if not masters and top != "takes" and not (name.startswith((".", "script.")) or path.stem == "cover"):
            continue
        yield name, path


def _index(store: TakeStore, made: Path, files: Mapping[str, Path]) -> dict[str, Path]:
    """The index as a journal, and the choices."""
    rows, chosen = made / "rows", made / "chosen"
    with rows.open("wb") as file:
        for one in store.rendered():
            if f"takes/{one.take.key[:2]}/{one.take.key}.flac" in files:
                file.write(journal.row_of(one))
    with chosen.open("w", encoding="utf-8") as text:
        for line, choice in sorted(store.choices().items()):
            row = {"line": line, "key": choice.key, "subject": choice.subject, "by_hand": choice.by_hand}
            text.write(json.dumps(row, ensure_ascii=False) + "\n")
    return {JOURNAL: rows, CHOICES: chosen}


def _must_be_sound(store: TakeStore, told: list[dict[str, Any]], files: Mapping[str, Path]) -> None:
    sums = store.sums()
    for one in told:
        path = files[one["path"]]
        if path.stem in sums and path.suffix == ".flac" and sums[path.stem] != (one["sha256"], one["size"]):
            raise BookFolderError(
                Wording("this take is not what was rendered", "这条录音已损坏"), where=str(path),
                fix=Wording("Run `shuoshu repair BOOK` first.", "请先运行 `shuoshu repair 书名`。"),
            )  # fmt: skip


def _sources(folder: BookFolder, made: Path, remarks: list[Wording]) -> dict[str, Path]:
    """Manuscript, cast and video under ``source/``, and a ``book.yaml`` that names them there."""
    record, found = folder.read(), dict[str, Path]()
    places = {"source": (record.source, "manuscript"), "video": (str(record.dub.get("video", "")), "video")}
    moved: dict[str, str] = {}
    for name, (path, home) in places.items():
        inside = f"{SOURCE}/{home}/{_plain(Path(path).name)}"
        if path and Path(path).is_file():
            found[inside] = Path(path)
        elif path:
            remarks.append(Wording(f"{path} is not there and does not go along", f"{path} 不在了，没有带上"))
        moved[name] = str(folder.path.resolve() / inside) if path else ""
    cast = ""
    if record.cast:
        inside = f"{SOURCE}/cast/{_plain(Path(record.cast).name)}"
        found |= _cast(Path(record.cast), inside, made)
        cast = str(folder.path.resolve() / inside)
    dub = {**record.dub, "video": moved["video"]} if record.dub else record.dub
    write_text(made / "book.yaml", folder.text_of(replace(record, source=moved["source"], cast=cast, dub=dub)))
    return found | {"book.yaml": made / "book.yaml"}


def _cast(path: Path, inside: str, made: Path) -> dict[str, Path]:
    """A cast file with every file it names, which it then names where they lie beside it. Raises CastError for one that is
    gone or broken."""
    named = named_files(path)
    rows, found = path.read_text(encoding="utf-8-sig").splitlines(keepends=True), dict[str, Path]()
    home = Path(inside).parent.as_posix()
    for given, line in named:
        file = (path.parent / Path(given).expanduser()).resolve()
        near = file.is_relative_to(path.parent.resolve()) and not Path(given).expanduser().is_absolute()
        name = file.relative_to(path.parent.resolve()).as_posix() if near else ""
        if not near or not archives.is_harmless(name):
            name = f"elsewhere/{hashlib.sha256(str(file).encode()).hexdigest()[:8]}-{_plain(file.name)}"
            rows[line - 1] = rows[line - 1].replace(given, name)
        found[f"{home}/{name}"] = file
    copy = made / "cast.yaml"
    write_text(copy, "".join(rows))
    told = {os.path.normpath(f"{home}/{text}") for text, _ in texts(copy)}
    if any(os.path.normpath(name) not in told for name in found):
        raise CastError(
            Wording("a path in this cast file could not be made relative", "这个角色表里有一个路径无法改成相对路径"),
            where=str(path), fix=Wording("Write it plainly, in one line.", "请直接写在一行里。"),
        )  # fmt: skip
    return found | {inside: copy}


def _plain(name: str) -> str:
    path = Path(name)
    return (safe_name(path.stem) or "file") + path.suffix
