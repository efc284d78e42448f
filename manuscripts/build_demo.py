"""Builds the demo EPUBs from the demo texts, the same bytes every time:  python manuscripts/build_demo.py

The cover is drawn here too: a lamp and its rings of light, no letters, so that no font is needed.
"""

from __future__ import annotations

import html
import struct
import zipfile
import zlib
from pathlib import Path

from pipeline.manuscript import read
from pipeline.nouns import Book, Chapter

HERE = Path(__file__).parent
DATE = (2026, 3, 1, 0, 0, 0)


def cover(dark: tuple[int, int, int], light: tuple[int, int, int], width: int = 480, height: int = 640) -> bytes:
    """A PNG of rings of light around a lamp."""
    import numpy as np

    y, x = np.mgrid[0:height, 0:width]
    distance = np.hypot(x - width / 2, y - height * 0.42)
    glow = np.exp(-distance / 150) * (0.8 + 0.2 * np.cos(distance / 9)) + (distance < 26)
    shade = np.clip(glow, 0, 1)[..., None]
    picture = np.array(dark) * (1 - shade) + np.array(light) * shade
    picture[int(height * 0.86) :, :] *= 0.55
    rows = np.concatenate([np.zeros((height, 1), np.uint8), picture.astype(np.uint8).reshape(height, -1)], axis=1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
        + chunk(b"IEND", b"")
    )


def chapter_page(chapter: Chapter, language: str) -> str:
    rows = []
    for paragraph in chapter.paragraphs:
        text = html.escape(paragraph.text, quote=False)
        rows.append({"heading": f"<h1>{text}</h1>", "break": "<hr/>"}.get(paragraph.kind, f"<p>{text}</p>"))
    return page(chapter.title, language, "\n".join(rows), "bodymatter chapter")


def page(title: str, language: str, body: str, kind: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml"'
        f' xmlns:epub="http://www.idpf.org/2007/ops" xml:lang="{language}"><head><title>{html.escape(title)}</title></head>'
        f'<body><section epub:type="{kind}">\n{body}\n</section></body></html>\n'
    )


def build(book: Book, identity: str, picture: bytes, target: Path) -> None:
    """Write an EPUB 3 with nav and NCX."""
    pages = [(f"chapter-{one.number}.xhtml", one.title, chapter_page(one, book.language)) for one in book.chapters]
    title_page = page(book.title, book.language, f"<h1>{book.title}</h1><p>{book.author}</p>", "frontmatter titlepage")
    links = "\n".join(f'<li><a href="{file}">{html.escape(title)}</a></li>' for file, title, _ in pages)
    nav = page(
        "nav", book.language, f'<nav epub:type="toc"><h1>{book.title}</h1><ol>{links}</ol></nav>', "frontmatter toc"
    )
    points = "".join(
        f'<navPoint id="n{at}" playOrder="{at}"><navLabel><text>{html.escape(title)}</text></navLabel>'
        f'<content src="{file}"/></navPoint>'
        for at, (file, title, _) in enumerate(pages, 1)
    )
    ncx = (
        '<?xml version="1.0" encoding="utf-8"?>\n<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1"><head>'
        f'<meta name="dtb:uid" content="{identity}"/></head><docTitle><text>{book.title}</text></docTitle>'
        f"<navMap>{points}</navMap></ncx>\n"
    )
    items = "".join(
        f'<item id="c{at}" href="{file}" media-type="application/xhtml+xml"/>'
        for at, (file, _, _) in enumerate(pages, 1)
    )
    spine = "".join(f'<itemref idref="c{at}"/>' for at in range(1, len(pages) + 1))
    package = (
        '<?xml version="1.0" encoding="utf-8"?>\n<package xmlns="http://www.idpf.org/2007/opf" version="3.0"'
        f' unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">{identity}'
        f"</dc:identifier><dc:title>{book.title}</dc:title><dc:creator>{book.author}</dc:creator>"
        f'<dc:language>{book.language}</dc:language><meta property="dcterms:modified">2026-03-01T00:00:00Z</meta>'
        '<meta name="cover" content="cover"/></metadata><manifest>'
        '<item id="cover" href="cover.png" media-type="image/png" properties="cover-image"/>'
        '<item id="title" href="title.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        f'<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>{items}</manifest>'
        f'<spine toc="ncx"><itemref idref="title"/>{spine}</spine></package>\n'
    )
    container = (
        '<?xml version="1.0"?>\n<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>\n'
    )
    files: list[tuple[str, str | bytes]] = [
        ("mimetype", "application/epub+zip"), ("META-INF/container.xml", container), ("book/package.opf", package),
        ("book/nav.xhtml", nav), ("book/toc.ncx", ncx), ("book/cover.png", picture), ("book/title.xhtml", title_page),
        *((f"book/{file}", text) for file, _, text in pages),
    ]  # fmt: skip
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files:
            entry = zipfile.ZipInfo(name, DATE)
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)


if __name__ == "__main__":
    build(read(HERE / "demo-zh.txt"), "urn:uuid:7d0c2a1e-5f0b-4a57-9d7e-000000000001", cover((14, 22, 48), (255, 214, 120)),
          HERE / "demo-zh.epub")  # fmt: skip
    build(read(HERE / "demo-en.txt"), "urn:uuid:7d0c2a1e-5f0b-4a57-9d7e-000000000002", cover((8, 40, 52), (250, 240, 190)),
          HERE / "demo-en.epub")  # fmt: skip
