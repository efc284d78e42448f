"""A full disk and a kill: no deliverable ever stands half-written under its name."""

import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import mutagen
import pytest

from pipeline.deliver import kinds, make
from pipeline.deliver.book import FinishedBook
from pipeline.errors import BookFolderError
from tests.deliver.synthetic import PODCAST, Said, again, book, with_settings
from tests.disks import small_disk

ROOT = Path(__file__).parents[2]
KINDS = ("mp3", "m4b", "sample", "stems")
DIE = "from pathlib import Path; import os; Path.replace = lambda *_: os.kill(os.getpid(), 9)\n"


@pytest.fixture(scope="module")
def novel(tmp_path_factory: pytest.TempPathFactory) -> FinishedBook:
    lines = [
        Said(kind, who, 5.0, n) for n in range(8) for kind, who in (("narration", "narrator"), ("dialogue", "林晚"))
    ]
    profile = replace(PODCAST, sample_rate=22050)
    one = book(tmp_path_factory.mktemp("novel"), [lines], profile)
    return with_settings(one, "sample", minutes=1.5)


def elsewhere(one: FinishedBook, folder: Path) -> FinishedBook:
    """The same book delivering into another folder."""
    folder.mkdir(exist_ok=True)
    (folder / "chapters").symlink_to(one.folder / "chapters")
    return replace(one, folder=folder)


def delivered(one: FinishedBook) -> list[Path]:
    files = (path for path in one.folder.rglob("*") if path.is_file())
    return sorted(
        path for path in files if not any(part.startswith(".") for part in path.relative_to(one.folder).parts)
    )


def start(one: FinishedBook, kind: str, before: str = "") -> subprocess.Popen[bytes]:
    """A process that makes the deliverable."""
    path = one.folder / ".book.pickle"
    path.write_bytes(pickle.dumps(one))
    code = (
        f"import pickle, pathlib, sys; from pipeline.deliver.kinds import KINDS\n{before}"
        "KINDS[sys.argv[2]].writer()(pickle.loads(pathlib.Path(sys.argv[1]).read_bytes()))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", code, str(path), kind], env=environment)


@pytest.mark.parametrize("kilobytes", [40, 300])
@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_is_named_and_leaves_nothing_half_written(
    novel: FinishedBook, tmp_path: Path, kind: str, kilobytes: int
) -> None:
    with small_disk(tmp_path / "small", f"{kilobytes}k") as small:
        one = elsewhere(again(novel, 3) if kind in ("mp3", "m4b") else novel, small)
        with pytest.raises(BookFolderError, match="disk is full"):
            kinds.KINDS[kind].writer()(one)
        assert not list(small.rglob(".*.part*"))
        whole = delivered(one)
        assert all(kind == "stems" and mutagen.File(path).info.length == novel.masters[0].seconds for path in whole)


@pytest.mark.parametrize("kind", KINDS)
def test_killed_before_the_last_step_there_is_no_file_and_the_next_run_makes_it(
    novel: FinishedBook, tmp_path: Path, kind: str
) -> None:
    one = elsewhere(novel, tmp_path / "book")
    assert start(one, kind, DIE).wait(60) == -signal.SIGKILL
    assert delivered(one) == []
    assert list(one.folder.rglob(".*.part*")), "it was at the last step"
    made = make.make(one, kind)
    assert made.now
    assert delivered(one) == sorted(made.files)


@pytest.mark.parametrize("kind", KINDS)
def test_killed_while_it_writes_a_file_is_whole_or_not_there(novel: FinishedBook, tmp_path: Path, kind: str) -> None:
    one = elsewhere(again(novel, 400) if kind in ("mp3", "m4b") else novel, tmp_path / "book")
    process = start(one, kind)
    while process.poll() is None and not any(path.stat().st_size for path in one.folder.rglob(".*.part*")):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) in (-signal.SIGKILL, 0)
    length = one.frames / 22050
    for path in delivered(one):
        assert process.returncode == 0 or kind == "stems"
        assert mutagen.File(path).info.length == pytest.approx(length, abs=0.06) or kind == "sample"
