"""Word files (DOCX), through python-docx. Paragraphs and tables in order; heading styles mark chapters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pipeline.errors import ManuscriptError
from pipeline.manuscript import archive, chapters
from pipeline.manuscript.characters import clean, language_of
from pipeline.manuscript.options import Options, Piece
from pipeline.manuscript.rules import rules
from pipeline.nouns import Book, Source

_HEADING = re.compile(r"^(?:heading|标题|標題)\s*([1-9])$", re.IGNORECASE)


def read_docx(path: Path, options: Options) -> Book:
    """Read a DOCX file. Raises ManuscriptError for a damaged or oversized one."""
    archive.check(path)
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from lxml import etree

    try:
        document = docx.Document(str(path))
        pieces = _pieces(document, path)
        core = document.core_properties
        title, author = clean(core.title or ""), clean(core.author or "")
    except (PackageNotFoundError, KeyError, ValueError, AttributeError, etree.XMLSyntaxError) as error:
        raise ManuscriptError(
            "this is no readable Word file", where=str(path), fix="Save it again as .docx."
        ) from error
    named = next((piece.text for piece in pieces if piece.kind == "heading" and piece.level == 0), "")
    title = title or named or path.stem
    found, skipped = chapters.split(pieces, options, title)
    return Book(
        title=title, author="" if author == "python-docx" else author,
        language=language_of(piece.text for piece in pieces), chapters=found, path=path, sha256="", skipped=skipped,
    )  # fmt: skip


def _pieces(document: Any, path: Path) -> list[Piece]:
    pieces = []
    for number, block in enumerate(_blocks(document), 1):
        text = clean(block.text)
        if not text:
            continue
        style = (block.style.name or "") if block.style is not None else ""
        heading, source = _HEADING.match(style), Source(path.name, f"paragraph {number}")
        if heading:
            pieces.append(Piece(text, "heading", source, int(heading[1])))
        elif style.lower() in ("title", "subtitle", "标题", "副标题"):
            pieces.append(Piece(text, "heading", source))
        else:
            pieces.append(Piece(text, "break" if rules().is_break(text) else "body", source))
    return pieces


def _blocks(document: Any) -> list[Any]:
    found = []
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            for row in block.rows:
                seen: list[Any] = []
                for cell in row.cells:  # a merged cell comes once for every place it takes
                    if cell._tc not in seen:
                        seen.append(cell._tc)
                        found.extend(cell.paragraphs)
        else:
            found.append(block)
    return found
