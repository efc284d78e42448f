"""Which reader reads which file, and what all of them refuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pipeline.errors import ManuscriptError, did_you_mean
from pipeline.files import sha256_file
from pipeline.manuscript.options import Options
from pipeline.nouns import Book, Language

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
        raise ManuscriptError("there are no words in this manuscript", where=str(path), fix="Is it the right file?")
    return replace(book, sha256=sha256_file(path), language=language or book.language)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise ManuscriptError("the manuscript is a folder, not a file", where=str(path), fix="Give one file.")
    if not path.is_file():
        raise ManuscriptError("the manuscript is not there", where=str(path), fix="Check the path.")
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            stream.read(1)
    except OSError as error:
        raise ManuscriptError(f"it cannot be read: {error.strerror}", where=str(path), fix="Check who may.") from error
    if size == 0:
        raise ManuscriptError("the file is empty", where=str(path), fix="Save the manuscript again.")
    if size > SIZE_LIMIT:
        raise ManuscriptError(
            f"the file has {size >> 20} MiB; the limit is {SIZE_LIMIT >> 20}", where=str(path), fix="Split the book."
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
        hint = did_you_mean(path.suffix.lower(), _SUFFIXES)
        raise ManuscriptError(
            f"{path.suffix or 'a file without suffix'} is no manuscript format.{hint}", where=str(path),
            fix=f"Read: {', '.join(sorted(_SUFFIXES))}.",
        )  # fmt: skip
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
