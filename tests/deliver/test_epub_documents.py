"""What read-along does to single lines, pages and style sheets."""

import re
from pathlib import Path

import pytest
from lxml import etree

from pipeline.deliver.readalong import harmless, spans
from pipeline.manuscript import markup
from tests.deliver.epub_reading import same, text_of


def wrapped(body: str, lines: list[str]) -> tuple[str, list[bool]]:
    """`body` with its lines, of one paragraph each or of all, in spans; and whether each was found."""
    root = markup.parse(f"<html><body>{body}</body></html>".encode())
    before, done = text_of(root), {}
    left = list(lines)
    for _, runs in list(markup.placed(root, "")):
        found = spans.found(runs, left)
        for number in reversed(range(len(left))):
            place = found[number]
            if place:
                done[left[number]] = spans.wrap(*place, f"x{lines.index(left[number])}")
    assert text_of(root) == before
    return re.sub(r"^<html><body>|</body></html>$", "", etree.tostring(root, encoding="unicode")), [
        done.get(one, False) for one in lines
    ]


@pytest.mark.parametrize(
    ("body", "lines", "expected"),
    [
        ("<p>“I <em>told</em> you,” he said.</p>", ["“I told you,”", "he said."],
         '<p><span id="x0">“I <em>told</em> you,”</span> <span id="x1">he said.</span></p>'),
        ('<p><i id="i" class="c">One. Two</i> three.</p>', ["One.", "Two three."],
         '<p><i id="i" class="c"><span id="x0">One.</span> </i><span id="x1"><i class="c">Two</i> three.</span></p>'),
        ("<p>A <b><i>b. C</i> d</b> e.</p>", ["A b.", "C d e."],
         '<p><span id="x0">A <b><i>b.</i></b></span> <span id="x1"><b><i>C</i> d</b> e.</span></p>'),
        ("<p>他<ruby>重<rt>chóng</rt></ruby>新来。</p>", ["他重(chóng)新来。"],
         '<p><span id="x0">他<ruby>重<rt>chóng</rt></ruby>新来。</span></p>'),
        ("<p><ruby>东京<rt>とうきょう</rt></ruby>。走。</p>", ["东京。", "走。"],
         '<p><span id="x0"><ruby>东京<rt>とうきょう</rt></ruby>。</span><span id="x1">走。</span></p>'),
        ('<p>Low<a href="#n">1</a> fire. Yes.<a href="#m">2</a></p>', ["Low fire.", "Yes."],
         '<p><span id="x0">Low<a href="#n">1</a> fire.</span> <span id="x1">Yes.</span><a href="#m">2</a></p>'),
        ("<p>Cafe\u0301 &amp; bar&#160;here.</p>", ["Café & bar here."], '<p><span id="x0">Cafe\u0301 &amp; bar\u00a0here.</span></p>'),
        ("<p>a soft\u00adly said.</p>", ["a softly said."], '<p><span id="x0">a soft\u00adly said.</span></p>'),
        ("<div>Two <b>lines</b>.<p>Other.</p></div>", ["Two lines."], '<div><span id="x0">Two <b>lines</b>.</span><p>Other.</p></div>'),
    ],
)  # fmt: skip
def test_a_line_is_put_into_one_element(body: str, lines: list[str], expected: str) -> None:
    made, found = wrapped(body, lines)
    assert made == expected
    assert all(found)


def test_a_line_that_no_element_can_hold_is_left_alone() -> None:
    body = "<div>Say <nav><p>menu</p></nav>no.</div>"
    assert wrapped(body, ["Say no."]) == (body, [False])
    made, found = wrapped("<p><q>One. Two</q> three.</p>", ["One.", "Two three."])
    assert found == [True, False], "a q that is divided would show two more quotation marks"
    assert made == '<p><q><span id="x0">One.</span> Two</q> three.</p>'


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["a.", "b.", "a."], [(0, 2), (2, 4), (4, 6)]),
        (["a.", "x.", "a."], [(0, 2), None, (4, 6)]),
        (["x.", "b.", "a."], [None, (2, 4), (4, 6)]),
        (["a.", "b."], [(0, 2), (2, 4)]),
        (["b.", "x."], [(2, 4), None]),
        (["a.", "", "a."], [(0, 2), None, (4, 6)]),
        (["a.", "a.", "b."], [(0, 2), (4, 6), None]),
    ],
)  # fmt: skip
def test_lines_are_found_from_both_ends_so_that_an_edited_one_misleads_nobody(
    parts: list[str], expected: list[object]
) -> None:
    assert spans.matched("a.b.a.", parts) == expected


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("a{b:url( 'http://x/y' )}", "a{b:none}"), ("a{b:url(//x)}", "a{b:none}"), ("a{b:url(c.png)}", "a{b:url(c.png)}"),
        ("a{b:url(data:image/png;base64,AA==)}", "a{b:url(data:image/png;base64,AA==)}"), ("@import 'https://x/y.css' screen; b{}", " b{}"),
        ("@import 'y.css';", "@import 'y.css';"),
        (r"a{b:\75 rl(http://x)}", "a{b:none}"), (r"a{b:url(htt\70://x)}", "a{b:none}"), ("@import/**/url(//x);a{}", "a{}"),
        ('a{b:image-set("https://x/y.png" 1x)}', "a{b:none}"), ("@import url(y.css) screen;", "@import url(y.css) screen;"), ("a{scroll-behavior: smooth}", "a{scroll-behavior: smooth}"),
    ],
)  # fmt: skip
def test_style_sheets_load_nothing_from_outside(css: str, expected: str) -> None:
    assert harmless.style(css) == expected


def test_a_page_that_is_no_xml_becomes_some(tmp_path: Path) -> None:
    from pipeline.deliver.readalong import xhtml

    bad = b"<html><head><title>x</title></head><body bgcolor=white><h1>Bad page<p>First &nbsp; <b>bold <i>both</b> it</i>.<p>o <o:p>p</o:p><br>x"
    root = xhtml.as_xhtml(markup.parse(bad))
    again = etree.fromstring(xhtml.data(root))
    assert same(text_of(again), "Bad page First bold both it. o p x")
    assert again.tag == "{http://www.w3.org/1999/xhtml}html"
    assert not list(again.iter("{*}p"))[1].xpath(".//*[local-name()='p']")


@pytest.mark.parametrize(
    "body",
    [
        '<iframe src="data:text/html,&lt;script&gt;steal()&lt;/script&gt;"/>', '<a href=" java&#9;script:steal()">x</a>',
        '<svg><a><animate attributeName="href" to="javascript:steal()"/></a></svg>', '<object data="http://x/steal"/>',
        '<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="//x/steal.png"/></svg>', '<p ONCLICK="steal()">x</p>',
        '<form action="http://x/steal"><button formaction="http://x/steal">x</button></form>', '<iframe srcdoc="steal"/>',
        '<video poster="https://x/steal.png" src="a.mp4"/>', '<img srcset="a.png 1x, http://x/steal.png 2x" src="a.png"/>',
        '<p style="background: u\\72l(http://x/steal)">x</p>', '<p xml:base="http://x/steal">x</p>', '<a ping="//x/steal" href="b">x</a>',
        '<meta http-equiv="Refresh" content="0; url=http://x/steal"/>', '<link rel="preload" href="http://x/steal"/>',
    ],
)  # fmt: skip
def test_nothing_runs_and_nothing_is_fetched(body: str) -> None:
    root = markup.parse(f"<html><body><p>a</p>{body}<p>b</p></body></html>".encode())
    harmless.defused(root)
    assert "steal" not in etree.tostring(root, encoding="unicode")
    assert text_of(root).replace("x", "") == "ab"


def test_files_of_a_book_are_read_in_utf_16_and_without_their_entities(tmp_path: Path) -> None:
    from pipeline.deliver.readalong import package

    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
    assert "".join(package.xml(bomb, "").itertext(with_tail=True)).replace("&a;", "") == ""
    assert (
        harmless.style_sheet("@charset 'utf-16'; a{b:url(http://x)}".encode("utf-16")).decode().strip() == "a{b:none}"
    )
