"""Whole books of other people, which are not in the repository: point SHUOSHU_REAL_BOOKS at a folder of them."""

import html
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


def titles_in(path: Path) -> list[str]:
    """The titles of an EPUB's own nav document, or of its NCX where it has none, in order."""
    with zipfile.ZipFile(path) as archive:
        navs = [name for name in archive.namelist() if re.search(r"(toc|nav)\.xhtml$", name)]
        if navs:
            listed = re.search(r'<nav[^>]*epub:type="toc".*?</nav>', archive.read(navs[0]).decode(), re.S)[0]
            found = re.findall(r"<a [^>]*>(.*?)</a>", listed, re.S)
        else:
            ncx = next(name for name in archive.namelist() if name.endswith(".ncx"))
            points = archive.read(ncx).decode().partition("<navMap")[2]
            pairs = re.findall(r"<text>(.*?)</text>.*?<content[^>]*src=\"(.*?)\"", points, re.S)
            found = list({target: title for title, target in reversed(pairs)}.values())[::-1]  # the first of one place
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", "", one)).split()) for one in found]


@pytest.mark.parametrize("path", [path for path in BOOKS if path.suffix == ".epub"], ids=lambda path: path.name)
def test_chapters_are_the_table_of_contents(path: Path) -> None:
    """Against the table of contents as the file has it, less what is listed as skipped."""
    book = read(path)
    skipped = [part.title for part in book.skipped]
    expected = [title for title in titles_in(path) if title not in skipped]
    assert [chapter.title for chapter in book.chapters] == expected
