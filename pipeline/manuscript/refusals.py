"""What is said of files that are no manuscripts, in words that say what to do."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from pathlib import Path

from pipeline.errors import ManuscriptError, did_you_mean
from pipeline.wording import Wording

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


def no_file(path: Path) -> ManuscriptError:
    """There is nothing at `path`, or a folder."""
    what = Wording("the manuscript is not there", "没有这份书稿")
    if path.is_dir():
        what = Wording("the manuscript is a folder, not a file", "书稿是文件夹，不是文件")
    return ManuscriptError(what, where=str(path), fix=Wording("Give the path of one file.", "请给出一个文件的路径。"))


def no_words(path: Path) -> ManuscriptError:
    """The file was read, and says nothing."""
    return ManuscriptError(
        Wording("there are no words in this manuscript", "这份书稿里没有文字"),
        where=str(path),
        fix=Wording("Is it the right file?", "是这个文件吗？"),
    )


def no_format(path: Path, readable: Collection[str]) -> ManuscriptError:
    """The file is in another format than the `readable` ones (suffixes)."""
    suffix = path.suffix.lower()
    named = Wording(path.suffix or "a file without suffix", path.suffix or "没有后缀的文件")
    way = _CONVERTIBLE.get(suffix)
    hint = Wording("") if way else did_you_mean(suffix, readable)
    fix = Wording(f"Read: {', '.join(sorted(readable))}.", f"可读：{'、'.join(sorted(readable))}。")
    if way:
        quoted = {"name": shlex.quote(path.name), "epub": shlex.quote(f"{path.stem}.epub")}
        fix = Wording(way.format(**quoted), way.chinese.format(**quoted))
    return ManuscriptError(
        Wording(f"{named} is no manuscript format.{hint}", f"{named.chinese} 不是可读的书稿格式。{hint.chinese}"),
        where=str(path), fix=fix,
    )  # fmt: skip
