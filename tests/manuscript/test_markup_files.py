import zipfile
from pathlib import Path

import pytest

from pipeline.manuscript import read
from pipeline.nouns import Book

XHTML = '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head><body>{}</body></html>'


def epub(path: Path, files: dict[str, str], toc: str, *, version: str = "3.0", spine: str = "", ncx: str = "") -> Path:
    """An EPUB made by hand: `files` are bodies by name, `toc` the list items of the nav (or `ncx` nav points)."""
    items = "".join(f'<item id="{n}" href="{n}" media-type="application/xhtml+xml"/>' for n in files)
    refs = spine or "".join(f'<itemref idref="{name}"/>' for name in files)
    nav = '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>' if toc else ""
    opf = (
        f'<package xmlns="http://www.idpf.org/2007/opf" version="{version}" unique-identifier="i"><metadata'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">x</dc:identifier><dc:title>Book</dc:title>'
        "<dc:creator>One</dc:creator><dc:creator>Two</dc:creator><dc:language>en</dc:language>"
        '<meta name="cover" content="cov"/></metadata><manifest>'
        f'<item id="cov" href="c.jpg" media-type="image/jpeg"/><item id="ncx" href="t.ncx" media-type="application/x-dtbncx+xml"/>'
        f'{nav}{items}</manifest><spine toc="ncx">{refs}</spine></package>'
    )
    container = (
        '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="O/p.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("O/p.opf", opf)
        archive.writestr("O/c.jpg", b"\xff\xd8jpeg")
        archive.writestr(
            "O/t.ncx",
            f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1"><head/><docTitle><text/></docTitle><navMap>{ncx}</navMap></ncx>',
        )
        if toc:
            archive.writestr("O/nav.xhtml", XHTML.format(f'<nav epub:type="toc"><ol>{toc}</ol></nav>'))
        for name, body in files.items():
            archive.writestr(f"O/{name}", XHTML.format(body))
    return path


def shape(book: Book) -> list[tuple[str, list[str]]]:
    return [(chapter.title, [p.text for p in chapter.paragraphs]) for chapter in book.chapters]


def test_epub3_chapters_are_its_table_of_contents(tmp_path: Path) -> None:
    path = epub(
        tmp_path / "a.epub",
        {
            "title.xhtml": '<section epub:type="titlepage"><h1>Book</h1></section>',
            "one.xhtml": "<h2>One</h2><p>First.</p>",
            "more.xhtml": "<p>Still one.</p>",
            "two.xhtml": '<h2 id="a">Two</h2><p>Second.</p><h2 id="b">Three</h2><p>Third<br/>line.</p>',
            "c.xhtml": '<section epub:type="copyright-page"><p>All rights.</p></section>',
        },
        '<li><a href="one.xhtml">One</a></li><li><a href="two.xhtml#a">Two</a><ol><li><a href="two.xhtml#b">Three</a></li></ol></li>',
    )
    book = read(path)
    assert shape(book) == [
        ("One", ["One", "First.", "Still one."]), ("Two", ["Two", "Second."]), ("Three", ["Three", "Third line."]),
    ]  # fmt: skip
    assert (book.title, book.author, book.cover, book.cover_type) == ("Book", "One、Two", b"\xff\xd8jpeg", "image/jpeg")
    assert [part.why for part in book.skipped] == [
        "front or back matter (titlepage)",
        "front or back matter (copyright-page)",
    ]
    assert len(read(path, include_matter=True).chapters) == 5


def test_epub2_chapters_come_from_the_ncx(tmp_path: Path) -> None:
    point = '<navPoint id="{0}" playOrder="1"><navLabel><text>{0}</text></navLabel><content src="{1}"/></navPoint>'
    path = epub(
        tmp_path / "a.epub", {"x.xhtml": "<p>Ex.</p>", "y.xhtml": "<p>Why.</p>"}, "", version="2.0",
        ncx=point.format("X", "x.xhtml") + point.format("Y", "y.xhtml"),
    )  # fmt: skip
    assert shape(read(path)) == [("X", ["Ex."]), ("Y", ["Why."])]


def test_notes_ruby_images_and_entities(tmp_path: Path) -> None:
    body = (
        "<h1>A</h1><p>他<ruby>重<rt>chóng</rt></ruby>新来<ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby>。"
        '<a epub:type="noteref" href="#n">1</a></p><p>caf&eacute;&nbsp;au lait<sup><a href="#m">[2]</a></sup> and '
        '<img src="x.png" alt="a horse"/>tea</p><aside epub:type="footnote" id="n"><p>A note.</p></aside>'
    )
    book = read(epub(tmp_path / "a.epub", {"a.xhtml": body}, '<li><a href="a.xhtml">A</a></li>'))
    assert shape(book) == [("A", ["A", "他重(chóng)新来東京。", "café au lait and tea"])]
    assert [(part.why, part.characters) for part in book.skipped] == [("footnotes", 7)]


def test_page_numbers_of_the_printed_book_are_not_read(tmp_path: Path) -> None:
    body = (
        '<h1>A</h1><div epub:type="pagebreak" id="p1">169</div><p>One <span epub:type="pagebreak" id="p2">170</span>two.</p>'
        '<p><span role="doc-pagebreak" aria-label="171">171</span>Three.</p><p>Room 172.</p>'
    )
    book = read(epub(tmp_path / "a.epub", {"a.xhtml": body}, '<li><a href="a.xhtml">A</a></li>'))
    assert shape(book) == [("A", ["A", "One two.", "Three.", "Room 172."])]


def test_parts_of_the_spine_that_are_not_linear_are_skipped(tmp_path: Path) -> None:
    path = epub(
        tmp_path / "a.epub", {"a.xhtml": "<h1>A</h1><p>Text.</p>", "b.xhtml": "<p>Pop-up.</p>"},
        '<li><a href="a.xhtml">A</a></li>', spine='<itemref idref="a.xhtml"/><itemref idref="b.xhtml" linear="no"/>',
    )  # fmt: skip
    book = read(path)
    assert shape(book) == [("A", ["A", "Text."])]
    assert book.skipped[0].why == "outside the linear reading order"


def test_chinese_paragraphs_broken_by_br(tmp_path: Path) -> None:
    path = epub(tmp_path / "a.epub", {"a.xhtml": "<p>第一段。<br/>第二段。</p>"}, '<li><a href="a.xhtml">甲</a></li>')
    assert shape(read(path)) == [("甲", ["第一段。", "第二段。"])]


def test_html_markdown_and_docx_have_the_same_chapters(tmp_path: Path) -> None:
    import docx

    html = tmp_path / "a.html"
    html.write_text(
        "<html><head><title>T</title></head><body><h2>One</h2><p>A <b>bold</b> one.</p><h2>Two</h2><p>B.</p></body></html>"
    )
    markdown = tmp_path / "a.md"
    markdown.write_text("---\ntitle: T\n---\n\n## One\n\nA **bold** one.\n\n## Two\n\nB.\n")
    word = docx.Document()
    word.core_properties.title = "T"
    for heading, text in (("One", "A bold one."), ("Two", "B.")):
        word.add_heading(heading, 1)
        word.add_paragraph(text)
    word.save(str(tmp_path / "a.docx"))
    wanted = [("One", ["One", "A bold one."]), ("Two", ["Two", "B."])]
    for name in ("a.html", "a.md", "a.docx"):
        book = read(tmp_path / name)
        assert (shape(book), book.title) == (wanted, "T"), name


def test_every_character_of_an_epub_is_read(tmp_path: Path) -> None:
    """Against another way of taking text out of the same markup."""
    from lxml import etree

    body = "<h1>Head</h1><div>loose<p>in <i>a</i> p</p>tail<ul><li>one<ul><li>two</li></ul>three</li></ul></div><table><tr><td>x</td><td>y</td></tr></table>"
    book = read(epub(tmp_path / "a.epub", {"a.xhtml": body}, '<li><a href="a.xhtml">A</a></li>'))
    wanted = "".join(etree.fromstring(f"<b>{body}</b>").itertext())
    assert "".join("".join(texts) for _, texts in shape(book)).replace(" ", "") == wanted.replace(" ", "")


@pytest.mark.parametrize("name", ["demo-zh", "demo-en"])
def test_the_demo_epub_says_what_its_text_says(name: str) -> None:
    folder = Path(__file__).parents[2] / "manuscripts"
    one, two = read(folder / f"{name}.epub"), read(folder / f"{name}.txt")
    assert shape(one) == shape(two)
    assert one.cover_type == "image/png"


def test_a_title_below_a_chapters_number_is_a_heading(tmp_path: Path) -> None:
    """A subtitle is a paragraph inside its heading's hgroup (HTML, 4.3.7); in quotation marks it is still no speech."""
    body = "<section><hgroup><h2>I</h2><p>“Who Is There?”</p></hgroup><p>She came in.</p></section>"
    page = tmp_path / "a.html"
    page.write_text(XHTML.format(body), encoding="utf-8")
    toc = '<li><a href="a.xhtml">I: “Who Is There?”</a></li>'
    for path in (epub(tmp_path / "a.epub", {"a.xhtml": body}, toc), page):
        [chapter] = read(path).chapters
        assert [(one.text, one.kind) for one in chapter.paragraphs] == [
            ("I", "heading"), ("“Who Is There?”", "heading"), ("She came in.", "body"),
        ]  # fmt: skip
