"""Plain text: what it is encoded in, where its paragraphs end, and its title and author."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.manuscript import chapters
from pipeline.manuscript.characters import HAN, clean, language_of
from pipeline.manuscript.encoding import Decoded, decode
from pipeline.manuscript.options import Options, Piece
from pipeline.manuscript.refusals import no_words
from pipeline.manuscript.rules import rules
from pipeline.nouns import Book, ParagraphKind, Skipped, Source
from pipeline.wording import Wording

_START = re.compile(r"^\s*\*\*\*\s*START OF (?:THE|THIS) PROJECT GUTENBERG.*$", re.IGNORECASE)
_END = re.compile(r"^\s*\*\*\*\s*END OF (?:THE|THIS) PROJECT GUTENBERG.*$", re.IGNORECASE)
_TITLE = re.compile(r"^\s*(?:书名|書名|Title)\s*[:：]\s*(.+?)\s*$", re.IGNORECASE)
_AUTHOR = re.compile(r"^\s*(?:作者|著者|Author|by)\s*[:：]\s*(.+?)\s*$", re.IGNORECASE)
_NAMED = re.compile(r"^\s*[《〈](.+?)[》〉]\s*(?:作者[:：])?\s*(.*?)\s*$")
_HEAD_LINES = 40


def read_text(path: Path, options: Options) -> Book:
    """Read a plain text file. Raises ManuscriptError for bytes that are no text."""
    decoded = decode(path.read_bytes(), path, options.encoding)
    lines = decoded.text.splitlines()
    first, last, skipped = _boilerplate(lines, path)
    title, author, named = _title_page(lines, first, path)
    language = language_of(lines[first:last])
    pieces = _blocks(lines, first, last, path) if language == "en" else _lines(lines, first, last, path)
    pieces = [piece for piece in pieces if _line_number(piece) not in named]
    found, more = chapters.split(pieces, options, title)
    if not found:
        raise no_words(path)
    if named:
        count = sum(len(lines[number - 1].strip()) for number in named)
        more = (Skipped("title and author", "title page", count, Source(path.name, f"line {min(named)}")), *more)
    return Book(
        title=title, author=author, language=language, chapters=found, path=path, sha256="",
        encoding=decoded.encoding, encoding_certain=decoded.certain, skipped=(*skipped, *more),
        notes=_notes(decoded),
    )  # fmt: skip


def _notes(decoded: Decoded) -> tuple[Wording, ...]:
    if decoded.certain:
        return ()
    return (
        Wording(
            f"the text was read as {decoded.encoding}, which is a guess; --encoding says otherwise",
            f"文件按 {decoded.encoding} 编码读取，这是猜测；不对请用 --encoding 指定",
        ),
    )


def _boilerplate(lines: list[str], path: Path) -> tuple[int, int, tuple[Skipped, ...]]:
    """Where the book begins and ends between a Project Gutenberg header and licence."""
    first = next((at + 1 for at, line in enumerate(lines[:500]) if _START.match(line)), 0)
    last = next((at for at in range(len(lines) - 1, first, -1) if _END.match(lines[at])), len(lines))
    skipped = []
    for name, start, end in (("Project Gutenberg header", 0, first), ("Project Gutenberg licence", last, len(lines))):
        if end > start:
            count = sum(len(line.strip()) for line in lines[start:end])
            skipped.append(Skipped(name, "licence text", count, Source(path.name, f"line {start + 1}")))
    return first, last, tuple(skipped)


def _title_page(lines: list[str], first: int, path: Path) -> tuple[str, str, set[int]]:
    """Title, author, and the line numbers (from 1) inside the book that only name them."""
    title = author = ""
    named: set[int] = set()
    for at, line in enumerate(lines[: first + _HEAD_LINES]):
        title_match, author_match = _TITLE.match(line), _AUTHOR.match(line)
        book = _NAMED.match(line) if not title and at >= first and len(line) < 60 else None
        if title_match and not title:
            title = title_match[1].strip("《》")
        elif author_match and not author:
            author = author_match[1]
        elif book and at < first + 5:
            title, author = book[1], author or book[2]
        else:
            continue
        if at >= first:
            named.add(at + 1)
    return title or path.stem, author, named


def _lines(lines: list[str], first: int, last: int, path: Path) -> list[Piece]:
    """One line = one paragraph, as Chinese text files have it."""
    pieces = []
    for number in range(first, last):
        text = clean(lines[number])
        if text:
            kind: ParagraphKind = "break" if rules().is_break(text) else "body"
            pieces.append(Piece(text, kind, Source(path.name, f"line {number + 1}")))
    return pieces


def _blocks(lines: list[str], first: int, last: int, path: Path) -> list[Piece]:
    """Paragraphs between blank lines where lines are wrapped; else one line = one paragraph."""
    filled = [line for line in lines[first:last] if line.strip()]
    blank = (last - first) - len(filled)
    if not filled or blank < len(filled) * 0.05 or max(map(len, filled)) > 400:
        return _lines(lines, first, last, path)
    pieces: list[Piece] = []
    start, block = first, list[str]()
    for number in range(first, last + 1):
        line = lines[number] if number < last else ""
        if line.strip():
            if not block:
                start = number
            block.append(line)
            continue
        text = clean(_unwrapped(block))
        if text:
            kind: ParagraphKind = "break" if rules().is_break(text) else "body"
            pieces.append(Piece(text, kind, Source(path.name, f"line {start + 1}")))
        block = []
    return pieces


def _unwrapped(block: list[str]) -> str:
    return "\n".join(line.strip() for line in block) if any(HAN.search(line) for line in block) else " ".join(block)


def _line_number(piece: Piece) -> int:
    return int(piece.source.where.removeprefix("line "))
