"""The podcast feed: valid for other people's readers, complete, and the same every time."""

import email.utils
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

import feedparser
import jsonschema
import pytest
import webvtt
from lxml import etree
from mutagen.mp3 import MP3

from pipeline.cast.file import load
from pipeline.deliver import feed, feed_episode, feed_show
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.make import make
from pipeline.deliver.wishes import wished
from pipeline.errors import CastError, MasteringError
from pipeline.mastering import profiles
from tests.deliver.strange import RATE, Part, Said, awkward, book_of

URL = "https://example.org/books/rain/"
SETTINGS = {"feed": {"url": URL, "email": "me@example.org", "first": "2026-01-31"}}
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
PODCAST = "{https://podcastindex.org/namespace/1.0}"

CHAPTERS_SCHEMA = {
    # JSON Chapters 1.2, "Chapters" object and "Chapter" object
    "type": "object",
    "required": ["version", "chapters"],
    "properties": {
        "version": {"const": "1.2.0"},
        "author": {"type": "string"}, "title": {"type": "string"}, "podcastName": {"type": "string"},
        "description": {"type": "string"}, "fileName": {"type": "string"}, "waypoints": {"type": "boolean"},
        "chapters": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["startTime"],
                "properties": {
                    "startTime": {"type": "number", "minimum": 0}, "endTime": {"type": "number"},
                    "title": {"type": "string", "minLength": 1}, "img": {"type": "string"}, "url": {"type": "string"},
                    "toc": {"type": "boolean"}, "location": {"type": "object", "required": ["name", "geo"]},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}  # fmt: skip


def with_feed(book: FinishedBook, **more: object) -> FinishedBook:
    from dataclasses import replace

    return replace(book, settings={"feed": {**SETTINGS["feed"], **more}})


@pytest.fixture(scope="module")
def folder(finished: FinishedBook) -> Path:
    return feed.write(with_feed(finished))[0].parent


def file_of(folder: Path, url: str) -> Path:
    assert url.startswith(URL)
    return folder / unquote(urlsplit(url).path).rsplit("/", 1)[1]


def test_a_feed_reader_finds_every_episode_and_no_fault(folder: Path, finished: FinishedBook) -> None:
    told = feedparser.parse(str(folder / "feed.xml"))
    assert told.bozo == 0
    assert (told.feed.title, told.feed.language, told.feed.link) == ("雨夜", "zh", URL)
    assert "AI-generated speech" in told.feed.description
    assert [one.title for one in told.entries] == [master.title for master in finished.masters]
    for number, (one, master) in enumerate(zip(told.entries, finished.masters, strict=True), 1):
        [enclosure] = one.enclosures
        audio = file_of(folder, enclosure.href)
        assert (enclosure.type, int(enclosure.length)) == ("audio/mpeg", audio.stat().st_size)
        assert audio.read_bytes() == master.files["mp3"].read_bytes()
        assert audio.stat().st_ino == master.files["mp3"].stat().st_ino  # no second copy
        assert abs(int(one.itunes_duration) - MP3(audio).info.length) < 1
        assert int(one.itunes_episode) == number
        assert "AI-generated speech" in one.summary


def test_every_address_in_the_feed_is_a_file_of_the_folder(folder: Path) -> None:
    root = etree.parse(folder / "feed.xml").getroot()
    named = {one.get(name) for one in root.iter() for name in ("url", "href") if one.get(name)}
    assert {file_of(folder, url) for url in named} == set(folder.iterdir())


def test_it_says_what_podcasting_two_asks_for(folder: Path) -> None:
    channel = etree.parse(folder / "feed.xml").getroot()[0]
    guid = channel.findtext(f"{PODCAST}guid")
    assert UUID(guid).version == 5
    assert channel.findtext(f"{PODCAST}locked") == "yes"
    assert channel.find(f"{PODCAST}locked").get("owner") == "me@example.org"
    assert channel.findtext(f"{PODCAST}medium") == "audiobook"
    assert channel.find(f"{PODCAST}txt[@purpose='ai-content']").text == "true"
    assert channel.findtext(f"{ITUNES}type") == "serial"
    assert channel.find(f"{ITUNES}category/{ITUNES}category").get("text") == "Books"
    for item in channel.findall("item"):
        types = {one.get("type") for one in item.findall(f"{PODCAST}transcript")}
        assert types == {"text/vtt", "application/x-subrip", "application/json"}
        assert item.find(f"{PODCAST}chapters").get("type") == "application/json+chapters"
        assert item.findtext(f"{ITUNES}explicit") == "false"
        assert item.find("guid").get("isPermaLink") == "false"


def test_the_guid_is_the_name_spaces_own_example() -> None:
    address = feed_show._PODCASTS, "podnews.net/rss"
    from uuid import uuid5

    assert str(uuid5(*address)) == "9b024349-ccf0-5f69-a609-6b82873eab3c"


def test_the_guid_stays_when_only_the_scheme_changes(tmp_path: Path) -> None:
    book = book_of(tmp_path, [Part("", [Said("林晚", "走。")])])
    shows = [
        feed_show.show_of(with_feed(book, url=url)) for url in (URL, URL.replace("https", "http"), URL.rstrip("/"))
    ]
    assert len({show.guid for show in shows}) == 1
    assert feed_show.show_of(with_feed(book, url=URL + "2/")).guid != shows[0].guid


def test_transcripts_are_the_chapters_lines(folder: Path, finished: FinishedBook) -> None:
    for number, (master, laid, _) in enumerate(finished.timelines(), 1):
        told = json.loads((folder / f"{number:03d}.json").read_text(encoding="utf-8"))
        assert told["version"] == "1.0.0"
        assert [one["body"] for one in told["segments"]] == [one.text for one in laid.segments]
        for one, segment in zip(told["segments"], laid.segments, strict=True):
            assert abs(one["startTime"] - segment.start / laid.sample_rate) <= 0.001
            assert abs(one["endTime"] - segment.end / laid.sample_rate) <= 0.001
        assert [one.text for one in webvtt.read(str(folder / f"{number:03d}.vtt"))] == [
            one.text for one in laid.segments
        ]
        assert (folder / f"{number:03d}.srt").read_text(encoding="utf-8").count(" --> ") == len(laid.segments)
        assert master.chapter == number


def test_chapter_marks_are_the_beginning_and_the_scenes(folder: Path, finished: FinishedBook) -> None:
    first, second = (
        json.loads((folder / f"{number:03d}.chapters.json").read_text(encoding="utf-8")) for number in (1, 2)
    )
    for one in (first, second):
        jsonschema.validate(one, CHAPTERS_SCHEMA)
    laid = finished.timeline(finished.masters[0])
    scene = next(one for one in laid.segments if one.text.startswith("灯灭了"))
    assert [(one["startTime"], one["title"]) for one in first["chapters"]] == [
        (0, "第一章 雨夜"), (round(scene.start / laid.sample_rate, 3), "灯灭了。两个人谁也没有说话。"),
    ]  # fmt: skip
    assert [one["title"] for one in second["chapters"]] == ["第二章 天亮"]


def test_headings_within_a_chapter_are_marks_and_long_openings_are_shortened(tmp_path: Path) -> None:
    lines = [
        Said("narrator", "卷一", kind="heading", paragraph=1), Said("narrator", "第一章", kind="heading", paragraph=2),
        Said("narrator", "走。", paragraph=3), Said("narrator", "其二", kind="heading", paragraph=4),
        Said("narrator", "来。", paragraph=6), Said("narrator", "她" * 15 + "，" + "走" * 30, paragraph=8),
    ]  # fmt: skip
    book = book_of(tmp_path, [Part("第一章", lines)])
    found = feed_episode.marks(book.timeline(book.masters[0]), "第一章")
    assert [title for _, title in found] == ["第一章", "其二", "她" * 15 + "，…"]
    assert found[1][0] == 0.5 * 4 + 2 * 3


def test_days_between_episodes_are_counted_from_the_first(tmp_path: Path) -> None:
    parts = [Part(f"{number}", [Said("林晚", "走。")]) for number in range(3)]
    for days, step in ((0, timedelta(minutes=1)), (7, timedelta(days=7))):
        path = feed.write(with_feed(book_of(tmp_path, parts), days=days))[0]
        dates = [email.utils.parsedate_to_datetime(one.text) for one in etree.parse(path).iterfind(".//item/pubDate")]
        assert dates == [datetime(2026, 1, 31, tzinfo=UTC) + number * step for number in range(3)]


def test_without_a_date_it_is_the_day_the_first_chapter_was_made(tmp_path: Path) -> None:
    book = book_of(tmp_path, [Part("", [Said("林晚", "走。")])], settings={"feed": {"url": URL}})
    os.utime(book.masters[0].files["mp3"], (1_800_000_000, 1_800_000_000))  # 15 January 2027
    assert feed_show.show_of(book).first == datetime(2027, 1, 15, tzinfo=UTC)


def test_the_same_book_gives_the_same_feed(tmp_path: Path) -> None:
    book = awkward(tmp_path, settings=SETTINGS)
    before = {path: path.read_bytes() for path in feed.write(book)}
    assert {path: path.read_bytes() for path in feed.write(book)} == before
    assert not [path for path in (tmp_path / "雨夜 feed").iterdir() if path.name.startswith(".")]


def test_a_chapter_that_is_gone_is_removed_from_the_folder(tmp_path: Path) -> None:
    parts = [Part(f"{number}", [Said("林晚", "走。")]) for number in range(2)]
    make(book_of(tmp_path, parts, settings=SETTINGS), "feed")
    make(book_of(tmp_path, parts[:1], settings=SETTINGS), "feed")
    assert {path.name for path in (tmp_path / "雨夜 feed").iterdir()} == {
        "feed.xml", "001.mp3", "001.vtt", "001.srt", "001.json", "001.chapters.json",
    }  # fmt: skip


def test_awkward_titles_covers_and_addresses_survive(tmp_path: Path) -> None:
    picture = b"\x89PNG picture"
    url = "https://bücher.example/雨 夜".replace(" ", "%20")
    settings = {"feed": {**SETTINGS["feed"], "url": url, "description": "R&D <b>\n\x0bب"}}
    book = awkward(tmp_path, settings=settings, cover=picture, cover_type="image/png", title="A & <B> \ufffe\n“C”")
    path, cover, *_ = feed.write(book)
    assert cover.read_bytes() == picture
    told = feedparser.parse(str(path))
    assert told.bozo == 0
    assert told.feed.title == "A & <B> “C”"
    assert told.feed.image.href == "https://xn--bcher-kva.example/%E9%9B%A8%20%E5%A4%9C/cover.png"
    assert [one.title for one in told.entries] == ["A & <B> “C” 1", "Two & <three> --> 'four'"]
    assert "R&D &lt;b&gt; ب" in etree.parse(path).findtext("channel/description").replace("&amp;", "&")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"url": ""}, "needs the address"),
        ({"url": "example.org/rain"}, "is no address"),
        ({"url": "https://example.org/a?b=c"}, "is no address"),
        ({"url": "https://[bad/"}, "is no address"),
        ({"url": "https://example..org/x/"}, "is no address"),
        ({"url": f"https://{'a' * 64}.org/x/"}, "is no address"),
        ({"email": "nobody"}, "is no e-mail address"),
        ({"category": "Arts/Book"}, "Did you mean Arts/Books"),
        ({"first": "31.1.2026"}, "is no date"),
    ],
)
def test_wrong_settings_say_what_to_write(tmp_path: Path, given: dict[str, str], what: str) -> None:
    book = book_of(tmp_path, [Part("", [Said("林晚", "走。")])])
    with pytest.raises(MasteringError, match=what) as raised:
        feed.write(with_feed(book, **given))
    assert raised.value.fix
    assert not (tmp_path / "雨夜 feed").exists()


def test_a_cast_file_may_write_the_date_without_quotes(tmp_path: Path) -> None:
    path = tmp_path / "cast.yaml"
    path.write_text(
        f"language: zh\nnarrator: {{voice: a}}\nvoices: {{a: {{engine: espeak}}}}\ndeliver:\n  feed: {{url: '{URL}', first: 2026-01-31}}\n"
    )
    _, settings = wished(load(path), "", (), ("mp3",))
    assert settings["feed"] == {"url": URL, "first": "2026-01-31"}
    path.write_text(path.read_text().replace("first:", "frist:"))
    with pytest.raises(CastError, match="Did you mean first"):
        wished(load(path), "", (), ("mp3",))


def test_chapters_without_mp3_go_out_as_m4a_and_without_both_not_at_all(tmp_path: Path) -> None:
    line = [Said("林晚", "走。", RATE)]
    book = book_of(tmp_path / "a", [Part("", line, formats={"m4a": b"aac"})], settings=SETTINGS)
    files = feed.write(book)
    assert [path.name for path in files if path.suffix == ".m4a"] == ["001.m4a"]
    assert 'type="audio/x-m4a"' in files[0].read_text(encoding="utf-8")
    with pytest.raises(MasteringError, match="made from mp3 or m4a"):
        feed.write(book_of(tmp_path / "b", [Part("", line, formats={"flac": b"x"})], settings=SETTINGS))
    assert profiles.load("podcast").formats


def test_the_w3c_feed_validator_finds_no_fault(folder: Path, tmp_path: Path) -> None:
    """Not on PyPI: git clone https://github.com/w3c/feedvalidator, pip install html5lib rdflib."""
    source = os.environ.get("FEEDVALIDATOR")
    if not source:
        pytest.skip("FEEDVALIDATOR=the src folder of a clone of https://github.com/w3c/feedvalidator")
    script = (
        "import sys, feedvalidator; from feedvalidator import logging\n"
        "told = feedvalidator.validateString(open(sys.argv[1], 'rb').read().decode(), base=sys.argv[2])['loggedEvents']\n"
        "print([type(e).__name__ for e in told if isinstance(e, logging.Error)])\n"
        "print([type(e).__name__ for e in told if isinstance(e, logging.Warning)])"
    )
    awkward_feed = feed.write(awkward(tmp_path, settings=SETTINGS))[0]
    for path, warnings in ((folder / "feed.xml", []), (awkward_feed, ["CharacterData"])):  # a title with a <
        command = [sys.executable, "-c", script, str(path), URL + "feed.xml"]
        paths = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}, check=True
        )
        assert done.stdout.splitlines()[-2:] == ["[]", str(warnings)], path
