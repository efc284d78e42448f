"""The EPUB 3 of a manuscript that is none (text, Markdown, HTML, Word): its chapters and paragraphs, a document a chapter."""

from __future__ import annotations

import io
import uuid
import zipfile
from xml.sax.saxutils import escape, quoteattr

from pipeline.deliver.readalong import navigation
from pipeline.deliver.readalong.lines import Where
from pipeline.deliver.readalong.navigation import Contents, Entry
from pipeline.deliver.readalong.package import CONTAINER, XHTML, container
from pipeline.folder import Record
from pipeline.nouns import Book, Chapter
from pipeline.script import markup

_FOLDER = "book"
_STYLE = """body { margin: 5%; line-height: 1.7; }
h1 { font-size: 1.4em; margin: 2em 0 1.5em; text-align: center; }
h2 { font-size: 1.2em; margin: 1.5em 0 1em; text-align: center; }
p { margin: 0; text-indent: 2em; }
p.note { font-size: 0.9em; }
hr { margin: 1.5em auto; width: 30%; border: 0; border-top: 1px solid; }
"""


def build(
    book: Book, record: Record, cover: bytes | None, cover_type: str
) -> tuple[io.BytesIO, dict[tuple[int, int], Where]]:
    """The EPUB, in memory (it holds text and a cover), and where every paragraph is in it. Authors' mark-up is left out."""
    places: dict[tuple[int, int], Where] = {}
    parts: dict[str, bytes] = {}
    entries = []
    for chapter in book.chapters:
        name = f"{_FOLDER}/chapter-{chapter.number:03d}.xhtml"
        parts[name] = _page(chapter, record, name, places)
        entries.append(Entry(chapter.title or record.title, name))
    picture = f"{_FOLDER}/cover.{'png' if 'png' in cover_type else 'jpg'}"
    if cover:
        parts[picture] = cover
    parts[f"{_FOLDER}/style.css"] = _STYLE.encode()
    parts[f"{_FOLDER}/nav.xhtml"] = navigation.document(Contents(entries), record.title, record.language, _FOLDER)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(CONTAINER, container(f"{_FOLDER}/package.opf"))
        archive.writestr(f"{_FOLDER}/package.opf", _package(book, record, picture if cover else "", cover_type))
        for name, data in parts.items():
            archive.writestr(name, data)
    return made, places


def _page(chapter: Chapter, record: Record, name: str, places: dict[tuple[int, int], Where]) -> bytes:
    rows = []
    for number, paragraph in enumerate(chapter.paragraphs, 1):
        written = "".join(part for part in markup.read(paragraph).parts if isinstance(part, str)).strip()
        text = escape(written)
        if paragraph.kind == "break":
            rows.append("<hr/>")
        elif paragraph.kind == "heading":
            rows.append(f"<h2>{text}</h2>" if rows else f"<h1>{text}</h1>")
        elif not written:
            continue
        else:
            rows.append(f'<p class="note">{text}</p>' if paragraph.kind == "note" else f"<p>{text}</p>")
        places[chapter.number, number] = (name, len(rows))
    lang = quoteattr(record.language)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
        f" lang={lang} xml:lang={lang}><head><title>{escape(chapter.title or record.title)}</title>"
        '<link rel="stylesheet" type="text/css" href="style.css"/></head>\n'
        '<body><section epub:type="bodymatter chapter">\n' + "\n".join(rows) + "\n</section></body></html>\n"
    ).encode()


def _package(book: Book, record: Record, cover: str, cover_type: str) -> bytes:
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"urn:sha256:{record.source_sha256}")
    author = f"<dc:creator>{escape(record.author)}</dc:creator>" if record.author else ""
    rows = "".join(
        f'<item id="c{one.number}" href="chapter-{one.number:03d}.xhtml" media-type="{XHTML}"/>'
        for one in book.chapters
    )
    picture = (
        f'<item id="cover" href="{cover.rpartition("/")[2]}" media-type="{cover_type}" properties="cover-image"/>'
        if cover
        else ""
    )
    order = "".join(f'<itemref idref="c{one.number}"/>' for one in book.chapters)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:uuid:{identity}</dc:identifier><dc:title>{escape(record.title)}</dc:title>{author}'
        f"<dc:language>{record.language}</dc:language></metadata>"
        f'<manifest><item id="nav" href="nav.xhtml" media-type="{XHTML}" properties="nav"/>'
        f'<item id="style" href="style.css" media-type="text/css"/>{picture}{rows}</manifest><spine>{order}</spine></package>\n'
    ).encode()
