"""Which reader reads which file, and what all of them refuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pipeline.errors import ManuscriptError
from pipeline.files import sha256_file
from pipeline.manuscript.options import Options
from pipeline.manuscript.refusals import no_file, no_format, no_words
from pipeline.nouns import Book, Language
from pipeline.wording import Wording

VERSION = "1"
"""Changes when the same file would give another Book."""

SIZE_LIMIT = 256 << 20
_SUFFIXES = {
    ".epub": "epub", ".txt": "text", ".text": "text", ".md": "markdown", ".markdown": "markdown",
    ".html": "html", ".htm": "html", ".xhtml": "html", ".docx": "docx",
    ".srt": "subtitles", ".vtt": "subtitles", ".ass": "subtitles", ".ssa": "subtitles",
}  # fmt: skip


def read(
    path: Path,
    *,
    chapter_pattern: str | None = None,
    include_matter: bool = False,
    encoding: str | None = None,
    language: Language | None = None,
) -> Book:
    """Read a manuscript.

    chapter_pattern: regular expression of a chapter heading, instead of the built-in rules.
    include_matter: read front and back matter too, instead of listing it in `Book.skipped`.
    encoding, language: where the guess would be wrong.

    Raises ManuscriptError for whatever cannot be read, saying what to do.
    """
    _check_file(path)
    options = Options(_compiled(chapter_pattern), include_matter, encoding)
    book = _reader(path)(path, options)
    if not any(paragraph.text.strip() for chapter in book.chapters for paragraph in chapter.paragraphs):
        raise no_words(path)
    return replace(book, sha256=sha256_file(path), language=language or book.language)


def readable(path: Path) -> bool:
    """Whether a file's name says that it is a manuscript."""
    return path.suffix.lower() in _SUFFIXES


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise no_file(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            stream.read(1)
    except OSError as error:
        raise ManuscriptError(
            Wording(f"it cannot be read: {error.strerror}", f"无法读取：{error.strerror}"),
            where=str(path),
            fix=Wording("Check who may.", "请检查读取权限。"),
        ) from error
    if size == 0:
        raise ManuscriptError(
            Wording("the file is empty", "文件是空的"),
            where=str(path),
            fix=Wording("Save the manuscript again.", "请重新保存书稿。"),
        )
    if size > SIZE_LIMIT:
        raise ManuscriptError(
            Wording(
                f"the file has {size >> 20} MiB; the limit is {SIZE_LIMIT >> 20}",
                f"文件有 {size >> 20} MiB，上限是 {SIZE_LIMIT >> 20}",
            ),
            where=str(path),
            fix=Wording("Split the book.", "请把书分成几份。"),
        )


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    if not pattern:
        return None
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ManuscriptError(
            f"--chapter-pattern {pattern!r} is no regular expression: {error}", fix="For example '^第.+章'."
        ) from error


def _reader(path: Path) -> Callable[[Path, Options], Book]:
    kind = _SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise no_format(path, _SUFFIXES)
    if kind == "epub":
        from pipeline.manuscript.epub import read_epub

        return read_epub
    if kind == "text":
        from pipeline.manuscript.text import read_text

        return read_text
    if kind == "subtitles":
        from pipeline.manuscript.subtitles import read_subtitles

        return read_subtitles
    if kind == "docx":
        from pipeline.manuscript.docx import read_docx

        return read_docx
    from pipeline.manuscript.html import read_html, read_markdown

    return read_html if kind == "html" else read_markdown
