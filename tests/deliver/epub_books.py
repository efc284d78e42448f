"""Small EPUBs, with what real ones have and what hostile ones try."""

import zipfile
from pathlib import Path

PICTURE = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\5\0\1\xff"
    b"\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82"
)
CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
_DOCTYPE_2 = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">'


def archive(path: Path, parts: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(zipfile.ZipInfo("mimetype"), "application/epub+zip")
        made.writestr("META-INF/container.xml", CONTAINER)
        for name, data in parts.items():
            made.writestr(f"OEBPS/{name}", data, zipfile.ZIP_DEFLATED)
    return path


def page_2(title: str, body: str, head: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n{_DOCTYPE_2}\n<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en">'
        f'<head><title>{title}</title><meta http-equiv="Content-Type" content="application/xhtml+xml; charset=utf-8"/>'
        f'<link rel="stylesheet" type="text/css" href="main.css"/>{head}</head><body>{body}</body></html>'
    )


HABITS = """
<h1 align="center"><a name="top">Title &copy; one</a></h1>
<p align="justify">Some <font color="#f00" size="+1" face="Arial">red words</font> here<br clear="all"/>and there.</p>
<center>Centered text.</center><p><u>Under</u> and <strike>struck</strike> <a name="x" id="y">two names</a>. <a href="#x">Back</a>.</p>
<hr width="50%" size="2" noshade="noshade" align="center"/><ul type="square"><li>one thing</li></ul>
<table bgcolor="#fff" width="300" align="center"><thead><tr><th nowrap="nowrap" width="10%">H</th></tr></thead><tfoot><tr><td>F</td></tr>
</tfoot><tbody><tr><td bgcolor="red" height="20" char=".">B</td></tr></tbody></table>
<div><img src="plate.png" width="50%" height="auto" border="0" align="left" hspace="4"/></div><blockquote>Loose text.</blockquote>
<p lang="en_US" xml:lang="en_US">Locale text.</p><p><nobr>no break</nobr></p><p style="direction: rtl; color: red">styled</p>
<p><ruby><rb>漢</rb><rp>(</rp><rt>kan</rt><rp>)</rp></ruby> sign.</p>
"""
"""What EPUB 2 forbids too, but many of them have."""


def old(path: Path) -> Path:
    """An EPUB 2 with what Project Gutenberg's and calibre's have in them. But for the page of `HABITS`, EPUBCheck finds
    nothing wrong with it."""
    one = """
<h2><a id="c1"></a>CHAPTER I.<br/>The Lamp</h2>
<p>The rain had <i>not</i> stopped&nbsp;&mdash; it never did. &ldquo;You are <em>late</em>,&rdquo; said Anna. &ldquo;Come
in.&rdquo;</p>
<p>“I know,” said Tom. <b>He sat down. The</b> fire was low.<a href="notes.html#n1" id="r1">[1]</a> No one spoke.</p>
<p>No one spoke. No one spoke.</p>
<div><big>A letter</big> lay there: <tt>wait for me</tt>, by <acronym title="His Majesty">H. M.</acronym> himself.</div>
<table border="1" cellpadding="4" cellspacing="0" summary="figures" width="80%"><tr><td align="center" valign="top">Four lamps</td>
<td>and one match.</td></tr></table>
<pre xml:space="preserve">a ship
  a sail</pre>
<dl><dd>A line of verse.</dd></dl>
<p><img src="plate.png" alt="a plate"/> <a href="extra.html">More</a> was written elsewhere.</p>
"""
    two = """
<h2 id="c2">CHAPTER II.<br/>The Road</h2>
<p class="first"><span class="cap">T</span>he road went on. &#8220;Well,&#8221; said Anna, &#8220;here we are.&#8221;</p>
<p>Tom laughed.</p>
"""
    cover = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="100%" height="100%"'
        ' viewBox="0 0 1 1" version="1.1"><image width="1" height="1" xlink:href="plate.png"/></svg>'
    )
    package = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" xmlns:opf="http://www.idpf.org/2007/opf"
 xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0" unique-identifier="id"><metadata>
<dc:identifier id="id" opf:scheme="URI">http://example.org/ebooks/1</dc:identifier><dc:title>The Lamp</dc:title>
<dc:creator opf:role="aut" opf:file-as="Roe, Jane">Jane Roe</dc:creator><dc:contributor opf:role="ill">Max Foe</dc:contributor>
<dc:date opf:event="publication">1901-02-03</dc:date><dc:date opf:event="conversion">2020-01-01</dc:date>
<dc:language>en</dc:language><dc:rights>Public domain</dc:rights><meta name="cover" content="plate"/></metadata><manifest>
<item id="plate" href="plate.png" media-type="image/png"/><item id="css" href="main.css" media-type="text/css"/>
<item id="font" href="a.ttf" media-type="application/x-font-ttf"/>
<item id="cover" href="cover.html" media-type="application/xhtml+xml"/><item id="one" href="one.htm.html" media-type="application/xhtml+xml"/>
<item id="two" href="part2/two.html" media-type="application/xhtml+xml"/><item id="notes" href="notes.html" media-type="application/xhtml+xml"/>
<item id="extra" href="extra.html" media-type="application/xhtml+xml"/><item id="habits" href="habits.html" media-type="text/html"/>
<item id="template" href="page.xpgt" media-type="application/vnd.adobe-page-template+xml"/><item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
</manifest><spine toc="ncx"><itemref idref="cover" linear="no"/><itemref idref="one"/><itemref idref="two"/><itemref idref="habits"/>
<itemref idref="notes" linear="no"/><itemref idref="extra" linear="no"/></spine><guide><reference type="cover" title="Cover" href="cover.html"/>
<reference type="text" title="Text" href="one.htm.html#c1"/></guide></package>"""
    ncx = """<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1" xml:lang="en"><head><meta name="dtb:uid" content="http://example.org/ebooks/1"/>
<meta name="dtb:depth" content="2"/><meta name="dtb:totalPageCount" content="0"/><meta name="dtb:maxPageNumber" content="0"/></head>
<docTitle><text>The Lamp</text></docTitle><navMap>
<navPoint id="p2" playOrder="1"><navLabel><text>The Road</text></navLabel><content src="part2/two.html#c2"/></navPoint>
<navPoint id="p1" playOrder="2"><navLabel><text>The Lamp &amp; more</text></navLabel><content src="one.htm.html#c1"/></navPoint>
</navMap></ncx>"""
    css = "@charset 'utf-8'; body {margin: 5%} .first {direction: ltr; color: #222} .cap {font-size: 2em; float: left}"
    style = '<style type="text/css">p {text-indent: 1em; unicode-bidi: embed}</style>'
    return archive(path, {
        "content.opf": package, "toc.ncx": ncx, "main.css": css, "plate.png": PICTURE, "a.ttf": b"\0\1\0\0font",
        "cover.html": page_2("Cover", f"<div>{cover}</div>"), "one.htm.html": page_2("One", one, style),
        "part2/two.html": page_2("Two", two).replace('"main.css"', '"../main.css"'),
        "notes.html": page_2("Notes", '<p><a id="n1" href="one.htm.html#r1">[1]</a> A low fire.</p>'),
        "habits.html": page_2("", HABITS, '<link rel="stylesheet" type="application/vnd.adobe-page-template+xml" href="page.xpgt"/>'),
        "page.xpgt": "<template/>", "extra.html": page_2("Extra", "<p>More.</p>"),
    })  # fmt: skip


def page_3(title: str, body: str, head: str = "", before: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n{before}<html xmlns="http://www.w3.org/1999/xhtml"'
        f' xmlns:epub="http://www.idpf.org/2007/ops" xml:lang="zh"><head><title>{title}</title>{head}</head>'
        f"<body>{body}</body></html>"
    )


def new(path: Path, one: str, *, before: str = "", head: str = "", items: str = "", parts: dict[str, str | bytes] | None = None,
        overlay: str = "", metas: str = "") -> Path:  # fmt: skip
    """An EPUB 3 with one chapter of text in `one` and a second that is always the same."""
    nav = '<nav epub:type="toc"><ol><li><a href="one.xhtml">一</a></li><li><a href="two.xhtml">二</a></li></ol></nav>'
    package = f"""<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">urn:uuid:7d0c2a1e-5f0b-4a57-9d7e-0000000000aa</dc:identifier>
<dc:title>雨夜</dc:title><dc:creator>某人</dc:creator><dc:language>zh</dc:language>
<meta property="dcterms:modified">2020-01-01T00:00:00Z</meta>{metas}</metadata><manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="one" href="one.xhtml" media-type="application/xhtml+xml"{overlay}/><item id="two" href="two.xhtml" media-type="application/xhtml+xml"/>
{items}</manifest><spine><itemref idref="one"/><itemref idref="two"/></spine></package>"""
    return archive(path, {
        "content.opf": package, "nav.xhtml": page_3("目录", nav), "one.xhtml": page_3("一", one, head, before),
        "two.xhtml": page_3("二", "<h1>第二章 天亮</h1><p>天亮的时候，雨停了。</p>"), **(parts or {}),
    })  # fmt: skip
