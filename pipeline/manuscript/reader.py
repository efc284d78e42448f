"""Which reader reads which file, and what all of them refuse."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pipeline.errors import ManuscriptError, did_you_mean
from pipeline.files import sha256_file
from pipeline.manuscript.options import Options
from pipeline.nouns import Book, Language
from pipeline.wording import Wording

VERSION = "1"
"""Changes when the same file would give another Book."""

SIZE_LIMIT = 256 << 20
_SUFFIXES = {
    ".epub": "epub", ".txt": "text", ".text": "text", ".md": "markdown", ".markdown": "markdown",
    ".html": "html", ".htm": "html", ".xhtml": "html", ".docx": "docx",
}  # fmt: skip


_CALIBRE = Wording(
    "Convert it to EPUB with Calibre: `ebook-convert {name} {epub}`, then give that file.",
    "请用 Calibre 转成 EPUB：`ebook-convert {name} {epub}`，再给出转好的文件。",
)
_OFFICE = Wording(
    "Save it as DOCX in the program it is from, or with LibreOffice: `soffice --convert-to docx {name}`.",
    "请在原来的程序里另存为 DOCX，或用 LibreOffice：`soffice --convert-to docx {name}`。",
)
_PDF = Wording(
    "A PDF holds pages, not paragraphs: take the book as EPUB or DOCX where there is one, else convert it with Calibre"
    " (`ebook-convert {name} {epub}`) and read the result through.",
    "PDF 里是版面而不是段落：有 EPUB 或 DOCX 请用它们，没有就用 Calibre 转换"
    "（`ebook-convert {name} {epub}`），并通读结果。",
)
_CONVERTIBLE = {
    ".pdf": _PDF, ".djvu": _PDF, **dict.fromkeys((".mobi", ".azw", ".azw3", ".prc", ".kfx", ".fb2", ".lit", ".lrf"), _CALIBRE),
    **dict.fromkeys((".doc", ".rtf", ".odt", ".wps", ".pages"), _OFFICE),
}  # fmt: skip
"""What people have books in that is not read here -> what to do."""


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
        raise _unreadable(path)
    if kind == "epub":
        from pipeline.manuscript.epub import read_epub

        return read_epub
    if kind == "text":
        from pipeline.manuscript.text import read_text

        return read_text
    if kind == "docx":
        from pipeline.manuscript.docx import read_docx

        return read_docx
    from pipeline.manuscript.html import read_html, read_markdown

    return read_html if kind == "html" else read_markdown


def _unreadable(path: Path) -> ManuscriptError:
    suffix = path.suffix.lower()
    named = Wording(path.suffix or "a file without suffix", path.suffix or "没有后缀的文件")
    way = _CONVERTIBLE.get(suffix)
    hint = Wording("") if way else did_you_mean(suffix, _SUFFIXES)
    fix = Wording(f"Read: {', '.join(sorted(_SUFFIXES))}.", f"可读：{'、'.join(sorted(_SUFFIXES))}。")
    if way:
        quoted = {"name": shlex.quote(path.name), "epub": shlex.quote(f"{path.stem}.epub")}
        fix = Wording(way.format(**quoted), way.chinese.format(**quoted))
    return ManuscriptError(
        Wording(f"{named} is no manuscript format.{hint}", f"{named.chinese} 不是可读的书稿格式。{hint.chinese}"),
        where=str(path), fix=fix,
    )  # fmt: skip
