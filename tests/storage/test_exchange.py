"""A book as one archive: what goes along, what comes back, and what is refused."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from pipeline import archives
from pipeline.errors import BookFolderError
from pipeline.exchange import export_book, import_book
from pipeline.folder import BookFolder
from pipeline.opening import open_book, reopen
from pipeline.produce import nothing_to_do
from pipeline.request import Request
from pipeline.takes import TakeStore, journal
from tests.conftest import shuoshu
from tests.peak_memory import peak_kib
from tests.storage.conftest import produced


def everything(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock" and ".sqlite" not in path.name
    }


def chosen(folder: BookFolder) -> dict[str, tuple[str, bool]]:
    with TakeStore(folder.takes) as store:
        return {line: (one.key, one.by_hand) for line, one in store.choices().items()}


@pytest.mark.parametrize("kind", archives.KINDS)
def test_after_an_import_nothing_is_stale_and_nothing_is_missing(
    home: Path, folder: BookFolder, tmp_path: Path, kind: str
) -> None:
    with TakeStore(folder.takes) as store:
        line, choice = next(iter(store.choices().items()))
        store.choose(line, choice.key, choice.subject)
    before, choices, archive = everything(folder.path), chosen(folder), tmp_path / f"small{kind}"
    sent = export_book(folder, archive)
    judge = {".tar": ["tar", "-tf"], ".tar.zst": ["tar", "--zstd", "-tf"], ".zip": ["unzip", "-tqq"]}[kind]
    subprocess.run([*judge, archive], check=True, capture_output=True)
    shutil.rmtree(home)
    got = import_book(archive, tmp_path / "elsewhere/books")
    assert got.takes == sent.takes == len([name for name in before if name.endswith(".flac") and "takes" in name])
    there = BookFolder(tmp_path / "elsewhere/books/small")
    after = everything(there.path)
    kept = {name: one for name, one in before.items() if name not in ("book.yaml", "takes/choices.jsonl")}
    assert after.items() >= kept.items()
    assert after.keys() - before.keys() == {"source/manuscript/small.txt", "source/cast/small.yaml"}
    assert chosen(there) == choices
    assert str(tmp_path) not in (there.path / "book.yaml").read_text(encoding="utf-8")
    with reopen(there) as production:
        assert nothing_to_do(production) is not None
    manuscript = there.path / "source/manuscript/small.txt"
    with open_book(Request(manuscript, output=there.path.parent, formats="flac", deliver="timeline")) as production:
        assert nothing_to_do(production) is not None


def test_without_masters_the_next_run_makes_them_again_from_the_same_takes(
    home: Path, folder: BookFolder, tmp_path: Path
) -> None:
    masters = {path.name: path.read_bytes() for path in folder.chapters.glob("*.flac")}
    export_book(folder, tmp_path / "small.tar", masters=False)
    import_book(tmp_path / "small.tar", tmp_path / "there/out")
    there = tmp_path / "there/out/small"
    assert not (there / "chapters").exists()
    for name in ("small.txt", "small.yaml"):
        shutil.copy(home / name, tmp_path / "there" / name)
    result, stale = produced(tmp_path / "there")
    assert (result.rendered, result.mastered, stale) == (0, (1, 2), {})
    assert {path.name: path.read_bytes() for path in (there / "chapters").glob("*.flac")} == masters


def test_every_file_that_the_cast_names_goes_along(home: Path, folder: BookFolder, tmp_path: Path) -> None:
    """A lexicon above the cast's folder, a bell beside it, room tone somewhere else, named by its full path."""
    (home / "cast").mkdir()
    tone = np.random.default_rng(1).normal(0, 1e-3, 44100 * 4).astype(np.float32)
    (tmp_path / "far").mkdir()
    soundfile.write(tmp_path / "far/room.wav", tone, 44100)
    soundfile.write(home / "cast/bell.wav", tone, 44100)
    (home / "series.yaml").write_text("长安: chang2 an1\n", encoding="utf-8")
    text = (home / "small.yaml").read_text(encoding="utf-8") + (
        f"lexicon_file: ../series.yaml\nmastering: {{room_tone: {tmp_path}/far/room.wav}}  # mine\n"
        "music: {scene: {file: bell.wav, level: -10}}\nlexicon: {波浪: ~~~}\n"
    )
    (home / "cast/small.yaml").write_text(text, encoding="utf-8")
    request = Request(home / "small.txt", home / "cast/small.yaml", output=home / "out", formats="flac")
    with open_book(request) as production:
        before = production.plan, production.profile
    export_book(folder, tmp_path / "small.tar")
    shutil.rmtree(home)
    shutil.rmtree(tmp_path / "far")
    import_book(tmp_path / "small.tar", tmp_path / "there")
    inside = tmp_path / "there/small/source/cast"
    assert "# mine" in (inside / "small.yaml").read_text(encoding="utf-8"), "the rest of the file is as it was"
    with reopen(BookFolder(tmp_path / "there/small")) as production:
        assert production.cast.lexicon["长安"] == "chang2 an1"
        assert production.profile.room_tone is not None
        assert production.profile.room_tone.is_relative_to(inside)
        assert production.profile.scene_music == replace(before[1].scene_music, file=inside / "bell.wav")
        assert production.plan.wanted == before[0].wanted


def test_a_book_is_never_overwritten_nor_an_archive(home: Path, folder: BookFolder, tmp_path: Path) -> None:
    archive = tmp_path / "small.zip"
    done = shuoshu("export", "small", archive, "--output", home / "out", "--json")
    assert json.loads(done.stdout)["takes"] == len(list(folder.takes.rglob("*.flac")))
    before = everything(folder.path)
    for command in (("export", "small", archive), ("import", archive)):
        done = shuoshu(*command, "--output", home / "out", SHUOSHU_LANG="zh")
        assert (done.returncode, "已" in done.stderr) == (2, True), done.stderr
    assert everything(folder.path) == before
    assert shuoshu("import", archive, "--output", tmp_path / "new").returncode == 0
    assert shuoshu("export", "small", tmp_path / "small.rar", "--output", home / "out").returncode == 2


def test_a_damaged_take_is_not_exported(folder: BookFolder, tmp_path: Path) -> None:
    path = next(folder.takes.rglob("*.flac"))
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(BookFolderError, match="not what was rendered"):
        export_book(folder, tmp_path / "small.tar")
    assert not list(tmp_path.glob("*.tar"))


def test_what_is_killed_leaves_nothing_under_its_name_and_is_done_again(folder: BookFolder, tmp_path: Path) -> None:
    export_book(folder, tmp_path / "small.tar")
    for work in (
        lambda: export_book(folder, tmp_path / "again.tar"), lambda: import_book(tmp_path / "small.tar", tmp_path / "out"),
    ):  # fmt: skip
        child = os.fork()
        if child == 0:
            for name in ("replace", "rename"):
                setattr(Path, name, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
            work()
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert not (tmp_path / "again.tar").exists()
    assert not (tmp_path / "out/small").exists()
    assert list((tmp_path / "out").iterdir()), "half of it is there under another name"
    export_book(folder, tmp_path / "again.tar")
    import_book(tmp_path / "again.tar", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["small"]


# --- what is refused --------------------------------------------------------------------------------------------------

Files = dict[str, bytes]


@pytest.fixture(scope="session")
def content(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """An exported book's files by name, to be tampered with."""
    home = tmp_path_factory.mktemp("content") / "home"
    shutil.copytree(made, home)
    archive = home / "small.tar"
    export_book(BookFolder(home / "out/small"), archive)
    with tarfile.open(archive) as tar:
        return {one.name: stream.read() for one in tar if (stream := tar.extractfile(one))}


def packed(
    files: Files, path: Path, *, agree: bool = True, more: Callable[[tarfile.TarFile], None] | None = None
) -> Path:
    """An archive of `files`, whose manifest agrees with them or stays as it is."""
    files = dict(files)
    if agree:
        about = json.loads(files["manifest.json"])
        about["files"] = [
            {"path": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "mtime": 1.6e9}
            for name, data in files.items() if name != "manifest.json"
        ]  # fmt: skip
        files["manifest.json"] = json.dumps(about).encode()
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            one = tarfile.TarInfo(name)
            one.size = len(data)
            tar.addfile(one, io.BytesIO(data))
        if more:
            more(tar)
    return path


def refused(path: Path, tmp_path: Path, match: str) -> None:
    outside = {one.name for one in tmp_path.iterdir()}
    with pytest.raises(BookFolderError, match=match):
        import_book(path, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == [] if (tmp_path / "out").exists() else True
    assert {one.name for one in tmp_path.iterdir()} - {"out"} == outside - {"out"}


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/evil",
        "takes/../../evil",
        "a\\..\\..\\evil",
        "C:/evil",
        "a//b",
        "./a",
        "x\ny",
        "\x7f",
        "名" * 90,
    ],
)
def test_a_name_that_leads_out_or_is_no_name(content: Files, tmp_path: Path, name: str) -> None:
    refused(packed({**content, name: b"x"}, tmp_path / "a.tar"), tmp_path, "not to be trusted")
    refused(packed({**content, name: b"x"}, tmp_path / "b.tar", agree=False), tmp_path, "not to be trusted")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices(content: Files, tmp_path: Path, kind: bytes) -> None:
    def more(tar: tarfile.TarFile) -> None:
        one = tarfile.TarInfo("chapters/link.flac")
        one.type, one.linkname = kind, "/etc/passwd"
        tar.addfile(one)

    refused(packed(content, tmp_path / "a.tar", more=more), tmp_path, "no plain file")


def test_a_link_in_a_zip(content: Files, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
        link = zipfile.ZipInfo("chapters/link.flac")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    refused(tmp_path / "a.zip", tmp_path, "no plain file")


@pytest.mark.parametrize(
    ("place", "value", "says"), [(8, b"\x01\x00", "encrypted"), (10, b"\x61\x00", "compression method")]
)
def test_a_zip_that_cannot_be_unpacked(content: Files, tmp_path: Path, place: int, value: bytes, says: str) -> None:
    """`place` counts from a file's entry in the central directory (APPNOTE.TXT 6.3.10, 4.3.12), which zipfile believes."""
    zipped(content)(tmp_path / "a.zip")
    data = bytearray((tmp_path / "a.zip").read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + place : entry + place + 2] = value
    (tmp_path / "a.zip").write_bytes(data)
    refused(tmp_path / "a.zip", tmp_path, rf"cannot be read \(.*{says}")


def tampered(content: Files, name: str, change: Callable[[bytes], bytes]) -> Files:
    return {**content, name: change(content[name])}


def test_files_that_are_not_as_the_manifest_says(content: Files, tmp_path: Path) -> None:
    take = next(name for name in content if name.startswith("takes/") and name.endswith(".flac"))
    flipped = tampered(content, take, lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    refused(packed(flipped, tmp_path / "a.tar", agree=False), tmp_path, "is damaged")
    refused(
        packed(tampered(content, take, lambda data: data + b"x"), tmp_path / "b.tar", agree=False),
        tmp_path,
        "not as its",
    )
    refused(packed({**content, "extra.txt": b"x"}, tmp_path / "c.tar", agree=False), tmp_path, "not as its manifest")
    less = {name: data for name, data in content.items() if name != take}
    refused(packed(less, tmp_path / "d.tar", agree=False), tmp_path, "is missing")
    refused(packed(flipped, tmp_path / "e.tar"), tmp_path, "not the one that was rendered")

    def twice(tar: tarfile.TarFile) -> None:
        tar.addfile(tarfile.TarInfo("script.csv"))

    refused(packed(content, tmp_path / "f.tar", more=twice), tmp_path, "not as its manifest")


def test_an_archive_cut_short_anywhere(content: Files, tmp_path: Path) -> None:
    for kind, pack in (
        (".tar", lambda path: packed(content, path)),
        (".tar.zst", zstd(content)),
        (".zip", zipped(content)),
    ):
        whole = tmp_path / f"whole{kind}"
        pack(whole)
        data = whole.read_bytes()
        for part in (0, 1, 700, len(data) // 3, len(data) // 2, int(len(data) * 0.9)):
            cut = tmp_path / f"cut{kind}"
            cut.write_bytes(data[:part])
            with pytest.raises(BookFolderError):
                import_book(cut, tmp_path / "out")
            assert not (tmp_path / "out/small").exists()
        import_book(whole, tmp_path / "out")
        shutil.rmtree(tmp_path / "out/small")


def zstd(content: Files) -> Callable[[Path], object]:
    def pack(path: Path) -> None:
        packed(content, path.with_suffix(".plain"))
        subprocess.run(["zstd", "-q", path.with_suffix(".plain"), "-o", path], check=True)

    return pack


def zipped(content: Files) -> Callable[[Path], object]:
    def pack(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in content.items():
                archive.writestr(name, data)

    return pack


def test_bombs(content: Files, tmp_path: Path) -> None:
    about = json.loads(content["manifest.json"])
    big = 20 << 30
    about["files"].append({"path": "big.bin", "size": big, "sha256": "0" * 64, "mtime": 0})
    refused(
        packed({**content, "manifest.json": json.dumps(about).encode()}, tmp_path / "a.tar", agree=False),
        tmp_path,
        "far more than it packs",
    )
    zeros = {**content, "big.bin": bytes(600 << 20)}
    zstd(zeros)(tmp_path / "b.tar.zst")
    (tmp_path / "b.tar.plain").unlink()
    assert (tmp_path / "b.tar.zst").stat().st_size < 5 << 20
    refused(tmp_path / "b.tar.zst", tmp_path, "far more than it packs")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("book.yaml", lambda text: text.replace("source/cast/small.yaml", "/etc/passwd")),
        ("book.yaml", lambda text: text.replace("source/manuscript/small.txt", "../../../etc/passwd")),
        ("book.yaml", lambda text: text.replace("cover: ''", "cover: ../../../../../../../etc/passwd")),
        ("chapters/01 第一章 雨夜.json", lambda text: text.replace('"01 第一章 雨夜.flac",', '"../../../01.flac",')),
        ("chapters/.small.timeline.json", lambda text: text.replace("small.timeline.csv", "../small.timeline.csv")),
        ("chapters/.small.timeline.json", lambda text: text.replace("small.timeline.csv", "/etc/passwd")),
        ("source/cast/small.yaml", lambda text: text + "lexicon_file: /etc/hostname\n"),
    ],
)  # fmt: skip
def test_a_record_that_names_a_file_outside(
    content: Files, tmp_path: Path, name: str, change: Callable[[str], str]
) -> None:
    changed = tampered(content, name, lambda data: change(data.decode()).encode())
    assert changed[name] != content[name]
    refused(packed(changed, tmp_path / "a.tar"), tmp_path, "outside of itself")


def test_a_journal_whose_keys_are_paths_and_an_index_of_a_stranger(content: Files, tmp_path: Path) -> None:
    name = next(name for name in content if name.startswith("takes/journal/"))
    evil = tampered(content, name, lambda data: data.replace(b'"key":"', b'"key":"../../../', 1))
    got = import_book(packed(evil, tmp_path / "a.tar"), tmp_path / "out")
    with TakeStore(got.folder / "takes") as store:
        assert all(journal.KEY.fullmatch(key) for key in store.sums())
    refused(packed({**content, "takes/index.sqlite": b"x"}, tmp_path / "b.tar"), tmp_path / "out/small", "lists")


def test_no_nonsense_in_small_files_is_more_than_a_refusal(content: Files, tmp_path: Path) -> None:
    """Bytes changed at random in what an import reads: it refuses with a reason, or makes a book inside its folder."""
    drawn = random.Random(6)
    small = [name for name in content if name != "manifest.json" and not name.endswith(".flac")]
    assert {"book.yaml", "source/cast/small.yaml"} < set(small)
    for turn in range(40):
        name = small[turn % len(small)]
        data = bytearray(content[name])
        for _ in range(drawn.choice((1, 1, 3, 20))):
            at = drawn.randrange(len(data))
            data[at : at + drawn.choice((0, 1, 1, 30))] = drawn.choice(
                (b"", b"/", b"../", b"[", b"{}", b"null", b"\xff", b"&a")
            )
        with suppress(BookFolderError):
            got = import_book(packed({**content, name: bytes(data)}, tmp_path / "a.tar"), tmp_path / "out")
            shutil.rmtree(got.folder)
        assert {path.name for path in tmp_path.iterdir()} <= {"a.tar", "out"}


def test_archives_of_other_things(tmp_path: Path) -> None:
    for name in ("a.tar", "a.zip", "a.tar.zst"):
        (tmp_path / name).write_bytes(os.urandom(5000))
        with pytest.raises(BookFolderError):
            import_book(tmp_path / name, tmp_path / "out")
    packed({"manifest.json": yaml.safe_dump({"hello": 1}).encode(), "x": b"y"}, tmp_path / "b.tar", agree=False)
    with pytest.raises(BookFolderError, match="manifest cannot be read"):
        import_book(tmp_path / "b.tar", tmp_path / "out")
    packed({"manifest.json": b'{"format": "shuoshu book 9"}'}, tmp_path / "c.tar", agree=False)
    with pytest.raises(BookFolderError, match="newer version"):
        import_book(tmp_path / "c.tar", tmp_path / "out")
    with pytest.raises(BookFolderError, match="no such file"):
        import_book(tmp_path / "d.tar", tmp_path / "out")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that cannot be read, by root neither")
def test_what_the_disk_cannot_read_is_one_clear_error(home: Path, folder: BookFolder, tmp_path: Path) -> None:
    archive = tmp_path / "a.tar"
    archive.symlink_to("/proc/self/mem")
    with pytest.raises(BookFolderError, match="Input/output error") as refusal:
        import_book(archive, tmp_path / "out")
    assert refusal.value.where == str(archive)
    (home / "small.txt").unlink()
    (home / "small.txt").symlink_to("/proc/self/mem")
    with pytest.raises(BookFolderError, match="Input/output error"):
        export_book(folder, tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()


def test_memory_does_not_grow_with_the_book(folder: BookFolder, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\nfrom pipeline.exchange import export_book, import_book\n"
        "from pipeline.folder import BookFolder\n"
        "export_book(BookFolder(Path(sys.argv[1])), Path(sys.argv[2]))\nimport_book(Path(sys.argv[2]), Path(sys.argv[3]))\n"
    )
    small = peak_kib(code, str(folder.path), str(tmp_path / "a.tar"), str(tmp_path / "one"))
    with (folder.path / "small.m4b").open("wb") as file:
        for _ in range(200):
            file.write(os.urandom(1 << 20))
    large = peak_kib(code, str(folder.path), str(tmp_path / "b.tar"), str(tmp_path / "two"))
    assert large - small < 20 * 1024
