"""HTML and Markdown files. Markdown becomes HTML by markdown-it-py (CommonMark, tables, footnotes left as written)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pipeline.errors import ManuscriptError
from pipeline.manuscript import chapters, markup
from pipeline.manuscript.characters import clean, language_of
from pipeline.manuscript.encoding import Decoded, decode
from pipeline.manuscript.options import Options, Piece
from pipeline.manuscript.refusals import no_words
from pipeline.nouns import Book

_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n", re.DOTALL)


def read_html(path: Path, options: Options) -> Book:
    """Read an HTML file; title and author from its head."""
    data = path.read_bytes()
    told = re.search(rb"""charset\s*=\s*["']?([\w-]+)""", data[:2000])
    decoded = decode(data, path, options.encoding or (told[1].decode() if told else None))
    root = markup.parse(re.sub(r"<\?xml[^>]*\?>", "", decoded.text).encode())
    if root is None:
        raise no_words(path)
    head = {markup.name_of(one): one for one in root.iter() if markup.name_of(one) in ("title",)}
    title = clean("".join(head["title"].itertext())) if "title" in head else ""
    author = next((one.get("content", "") for one in root.iter() if one.get("name", "").lower() == "author"), "")
    return _book(path, options, root, decoded, title, clean(author))


def read_markdown(path: Path, options: Options) -> Book:
    """Read a Markdown file; title and author from a YAML head (``---``) where there is one."""
    from markdown_it import MarkdownIt

    decoded = decode(path.read_bytes(), path, options.encoding)
    text, meta = decoded.text, dict[str, Any]()
    head = _FRONT_MATTER.match(text)
    if head:
        text, meta = text[head.end() :], _meta(head[1], path)
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    root = markup.parse(f"<html><body>{rendered}</body></html>".encode())
    if root is None:
        raise no_words(path)
    return _book(path, options, root, decoded, str(meta.get("title") or ""), str(meta.get("author") or ""))


def _meta(text: str, path: Path) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ManuscriptError("the head between --- is not YAML", where=str(path), fix="Mend or remove it.") from error
    return found if isinstance(found, dict) else {}


def _book(path: Path, options: Options, root: Any, decoded: Decoded, title: str, author: str) -> Book:
    pieces = [block.piece for block in markup.blocks(root, path.name)]
    tops = [piece for piece in pieces if piece.level == 1]
    if len(tops) == 1 and pieces and pieces[0] is tops[0] and any(piece.level > 1 for piece in pieces):
        title = title or tops[0].text  # one h1 over everything is the book's title, not a chapter
        pieces[0] = Piece(tops[0].text, "heading", tops[0].source)
    found, skipped = chapters.split(pieces, options, title or path.stem)
    return Book(
        title=title or path.stem, author=author, language=language_of(piece.text for piece in pieces), chapters=found,
        path=path, sha256="", encoding=decoded.encoding, encoding_certain=decoded.certain, skipped=skipped,
    )  # fmt: skip
