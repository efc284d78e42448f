"""Whatever files a book has come through an export and an import, or the export says which cannot."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline import archives
from pipeline.errors import BookFolderError
from pipeline.exchange import export_book, import_book
from pipeline.folder import BookFolder
from pipeline.opening import reopen
from pipeline.produce import nothing_to_do
from tests.storage.conftest import produced
from tests.storage.test_exchange import everything


@pytest.mark.parametrize("kind", archives.KINDS)
def test_a_podcast_feed_whose_audio_is_linked_to_the_chapters_goes_along(
    home: Path, folder: BookFolder, tmp_path: Path, kind: str
) -> None:
    with (home / "small.yaml").open("a", encoding="utf-8") as cast:
        cast.write("deliver: {feed: {url: 'https://example.org/rain/', email: me@example.org}}\n")
    produced(home, formats="mp3", deliver="feed")
    before = {name: one for name, one in everything(folder.path).items() if name.endswith(".mp3")}
    assert len(before) == 4
    assert any(path.stat().st_nlink > 1 for path in folder.path.rglob("*.mp3"))
    export_book(folder, tmp_path / f"small{kind}")
    import_book(tmp_path / f"small{kind}", tmp_path / "there")
    there = BookFolder(tmp_path / "there/small")
    assert everything(there.path).items() >= before.items()
    with reopen(there) as production:
        assert nothing_to_do(production) is not None


@pytest.mark.parametrize("kind", [".tar", ".zip"])
def test_a_file_that_the_cast_names_by_a_name_not_every_system_has_gets_another(
    home: Path, folder: BookFolder, tmp_path: Path, kind: str
) -> None:
    (home / "clips").mkdir()
    tone = np.random.default_rng(1).normal(0, 1e-3, 44100 * 4).astype(np.float32)
    soundfile.write(home / "clips/a:b.wav", tone, 44100)
    with (home / "small.yaml").open("a", encoding="utf-8") as cast:
        cast.write("mastering: {room_tone: clips/a:b.wav}\n")
    produced(home)
    export_book(folder, tmp_path / f"small{kind}")
    shutil.rmtree(home)
    import_book(tmp_path / f"small{kind}", tmp_path / "there")
    with reopen(BookFolder(tmp_path / "there/small")) as production:
        assert production.profile.room_tone is not None
        assert ":" not in production.profile.room_tone.name
        assert soundfile.read(production.profile.room_tone)[0].shape == tone.shape
        assert nothing_to_do(production) is not None


@pytest.mark.parametrize("name", ["notes: mine.txt", "is it?.txt", "back\\slash.txt"])
def test_another_file_of_such_a_name_is_named_by_the_export(folder: BookFolder, tmp_path: Path, name: str) -> None:
    (folder.path / name).write_text("x", encoding="utf-8")
    with pytest.raises(BookFolderError, match="no archive can hold the name") as refused:
        export_book(folder, tmp_path / "small.tar")
    assert refused.value.where == str(folder.path / name)
    assert not (tmp_path / "small.tar").exists()


@pytest.mark.parametrize("kind", [".tar", ".zip"])
@pytest.mark.parametrize("when", [3e8, -1e8])
def test_files_older_than_zip_and_than_unix_go_along(
    home: Path, folder: BookFolder, tmp_path: Path, kind: str, when: float
) -> None:
    os.utime(home / "small.txt", (when, when))
    export_book(folder, tmp_path / f"small{kind}")
    import_book(tmp_path / f"small{kind}", tmp_path / "there")
    assert (tmp_path / "there/small/source/manuscript/small.txt").read_bytes() == (home / "small.txt").read_bytes()
