"""Room on the disk: said before a run, watched while it runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from pipeline import disk
from pipeline.errors import BookFolderError
from pipeline.folder import BookFolder
from pipeline.opening import open_book, reopen
from pipeline.produce import finish
from pipeline.request import Request
from pipeline.takes.journal import Rendered
from tests.conftest import CAST_ZH, DEMO_ZH
from tests.disks import small_disk


def test_a_run_that_does_not_fit_is_refused_with_both_figures_before_anything_is_rendered(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", "24m") as small,
        open_book(Request(DEMO_ZH, CAST_ZH, output=small)) as production,
    ):
        with pytest.raises(BookFolderError, match=r"has 2\d\.\d MB free; this run needs about \d+\.\d MB") as refusal:
            finish(production, 1)
        assert not list(small.rglob("*.flac"))
        assert "gc BOOK" in refusal.value.fix


def test_the_estimate_is_near_what_the_run_then_takes(home: Path, folder: BookFolder, tmp_path: Path) -> None:
    shutil.rmtree(folder.takes)
    shutil.rmtree(folder.chapters)
    request = Request(
        home / "small.txt", home / "small.yaml", output=tmp_path, formats="flac,mp3,m4a,wav", deliver="m4b,stems,epub"
    )
    with open_book(request) as production:
        wanted = disk.needed(production)
        finish(production, 1)
    taken = sum(path.stat().st_size for path in (tmp_path / "small").rglob("*") if path.is_file())
    assert taken < wanted < 2.5 * taken


def test_only_what_is_stale_is_counted(home: Path, folder: BookFolder) -> None:
    with reopen(folder) as production:
        assert disk.needed(production) == 0
    whole = sum(path.stat().st_size for path in folder.path.rglob("*.flac"))
    text = (home / "small.txt").read_text(encoding="utf-8").replace("天亮了", "天早就亮了")
    (home / "small.txt").write_text(text, encoding="utf-8")
    with open_book(Request(home / "small.txt", home / "small.yaml", output=home / "out", formats="flac")) as production:
        assert 0 < disk.needed(production) < whole


def test_a_run_stops_while_everything_is_whole_and_goes_on_when_there_is_room(
    home: Path, folder: BookFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills up in the middle of the run, by what others write."""
    (home / "small.txt").write_text("第一章\n\n" + "\n".join(f"第{n}句话。" for n in range(400)), encoding="utf-8")
    request = Request(home / "small.txt", home / "small.yaml", output=home / "out2", formats="flac", deliver="timeline")
    monkeypatch.setenv("SHUOSHU_DISK_FLOOR", "20M")
    with small_disk(home / "out2", "100m") as small, open_book(request) as one:
        real, seen = one.store.record, []

        def record(found: Iterable[Rendered], **more: bool) -> None:
            real(found, **more)
            if not seen:
                left = shutil.disk_usage(small).free
                (small / "others.bin").write_bytes(bytes(left - 18_000_000))
            seen.append(len(found))

        monkeypatch.setattr(one.store, "record", record)
        with pytest.raises(BookFolderError, match=r"only 1\d\.\d MB left: the run stops"):
            finish(one, 1)
        rendered = sum(seen)
        assert 0 < rendered < 400
        (small / "others.bin").unlink()
        assert not list(small.rglob(".*.part*"))
        with reopen(one.folder, lock=False) as again:
            assert len(again.plan.due) == 401 - rendered


@pytest.mark.parametrize(("told", "floor"), [("0", 0), ("500M", 500_000_000), ("2G", 2 * 10**9), ("1.5kB", 1500)])
def test_the_floor_is_the_users(
    home: Path, folder: BookFolder, told: str, floor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHUOSHU_DISK_FLOOR", told)
    with reopen(folder) as production:
        assert disk._floor(folder.path) == floor
        monkeypatch.setenv("SHUOSHU_DISK_FLOOR", "lots")
        with pytest.raises(BookFolderError, match="'lots'"):
            disk.watch(production)
