"""Whole books of other people, which are not in the repository: point SHUOSHU_REAL_BOOKS at a folder of them."""

import os
import re
import zipfile
from pathlib import Path

import pytest

from pipeline import script
from pipeline.manuscript import read

FOLDER = Path(os.environ.get("SHUOSHU_REAL_BOOKS", "/nowhere"))
BOOKS = sorted(FOLDER.glob("*.*")) if FOLDER.is_dir() else []

pytestmark = pytest.mark.skipif(not BOOKS, reason="SHUOSHU_REAL_BOOKS names no folder with books")


def squeezed(texts) -> str:
    return "".join("".join(texts).split())


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.name)
def test_every_character_is_in_the_script_once(path: Path) -> None:
    book = read(path)
    lines = script.analyse(book)
    body = squeezed(p.text for chapter in book.chapters for p in chapter.paragraphs if p.kind != "break")
    assert squeezed(line.text for line in lines) == body
    assert len({line.id for line in lines}) == len(lines)


@pytest.mark.parametrize("path", [path for path in BOOKS if path.suffix == ".epub"], ids=lambda path: path.name)
def test_chapters_are_the_table_of_contents(path: Path) -> None:
    """Against the nav document itself, less what is listed as skipped."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if re.search(r"(toc|nav)\.xhtml$", name)]
        nav = archive.read(names[0]).decode()
    listed = re.search(r'<nav[^>]*epub:type="toc".*?</nav>', nav, re.S)[0]
    titles = [" ".join(re.sub(r"<[^>]+>", "", one).split()) for one in re.findall(r"<a [^>]*>(.*?)</a>", listed, re.S)]
    book = read(path)
    skipped = [part.title for part in book.skipped]
    assert [chapter.title for chapter in book.chapters] == [title for title in titles if title not in skipped]
