"""A podcast feed to put on a web server: one episode a chapter, with transcripts and chapter marks.

RSS 2.0 (https://www.rssboard.org/rss-specification) with Apple's tags (https://podcasters.apple.com/support/823-podcast-requirements)
and those of the podcast name space (https://podcasting2.org/docs/podcast-namespace). Same masters and settings, same feed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import format_datetime
from html import escape
from io import TextIOWrapper
from pathlib import Path
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from pipeline import __version__
from pipeline.deliver import feed_episode
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.clock import on_one_line
from pipeline.deliver.feed_episode import Episode
from pipeline.deliver.feed_show import Show, show_of
from pipeline.deliver.subtitles import opened
from pipeline.files import write_bytes
from pipeline.mastering.tags import AI_NOTE

_SPACES = {
    "xmlns:atom": "http://www.w3.org/2005/Atom",
    "xmlns:itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "xmlns:podcast": "https://podcastindex.org/namespace/1.0",
}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (2.2) cannot hold."""


def write(book: FinishedBook) -> list[Path]:
    """The feed's folder: ``feed.xml`` and every file it names.

    Raises MasteringError for a setting that is missing or wrong, or chapters without MP3 and m4a; BookFolderError for a
    full disk.
    """
    show, folder = show_of(book), book.path(" feed")
    episodes = [
        feed_episode.write(book, folder, number, master, timeline)
        for number, (master, timeline, _) in enumerate(book.timelines(), 1)
    ]
    files = [path for episode in episodes for path in episode.files]
    cover = _cover(book, folder)
    path = folder / "feed.xml"
    with opened(path) as file:
        _Feed(file, book, show, cover).write(episodes)
    return [path, *([cover] if cover else []), *files]


def _cover(book: FinishedBook, folder: Path) -> Path | None:
    if not book.cover:
        return None
    path = folder / ("cover.png" if "png" in book.cover_type else "cover.jpg")
    write_bytes(path, book.cover)
    return path


class _Feed:
    """The XML, written as it goes."""

    def __init__(self, file: TextIOWrapper, book: FinishedBook, show: Show, cover: Path | None) -> None:
        self._xml, self._book, self._show, self._cover = XMLGenerator(file, "utf-8", True), book, show, cover

    def write(self, episodes: Sequence[Episode]) -> None:
        self._xml.startDocument()
        with self._open("rss", {"version": "2.0", **_SPACES}), self._open("channel"):
            self._channel()
            for episode in episodes:
                with self._open("item"):
                    self._item(episode)
        self._xml.endDocument()

    def _channel(self) -> None:
        book, show = self._book, self._show
        author = book.record.author or book.record.title
        about = show.description or " · ".join(filter(None, (book.record.title, book.record.author)))
        self._one("title", book.record.title)
        self._one("link", show.url)
        self._one("atom:link", href=show.address("feed.xml"), rel="self", type="application/rss+xml")
        self._one("description", _html(f"{about} — {AI_NOTE}"))
        self._one("language", book.record.language)
        self._one("generator", f"Shuoshu {__version__}")
        self._one("pubDate", format_datetime(show.first))
        if self._cover:
            address = show.address(self._cover.name)
            with self._open("image"):
                self._one("url", address)
                self._one("title", book.record.title)
                self._one("link", show.url)
            self._one("itunes:image", href=address)
        self._one("itunes:author", author)
        self._one("itunes:type", "serial")
        self._one("itunes:explicit", _truth(show.explicit))
        with self._open("itunes:category", {"text": show.category[0]}):
            for part in show.category[1:]:
                self._one("itunes:category", text=part)
        if show.email:
            with self._open("itunes:owner"):
                self._one("itunes:name", author)
                self._one("itunes:email", show.email)
        self._one("podcast:guid", str(show.guid))
        owner = {"owner": show.email} if show.email else {}
        self._one("podcast:locked", "yes" if show.locked else "no", **owner)
        self._one("podcast:medium", "audiobook")
        self._one("podcast:txt", "true", purpose="ai-content")

    def _item(self, episode: Episode) -> None:
        show, number = self._show, episode.number
        self._one("title", episode.title)
        self._one("description", _html(f"{self._book.record.title} · {episode.title} — {AI_NOTE}"))
        self._one("guid", str(show.episode_guid(episode.master.chapter)), isPermaLink="false")
        self._one("pubDate", format_datetime(show.appears(number)))
        self._one(
            "enclosure", url=show.address(episode.audio.name), length=str(episode.audio.stat().st_size),
            type=feed_episode.AUDIO[episode.audio.suffix[1:]],
        )  # fmt: skip
        self._one("itunes:title", episode.title)
        self._one("itunes:duration", str(round(episode.master.seconds)))
        self._one("itunes:episode", str(number))
        self._one("itunes:episodeType", "full")
        self._one("itunes:explicit", _truth(show.explicit))
        if self._cover:
            self._one("itunes:image", href=show.address(self._cover.name))
        self._one("podcast:episode", str(number))
        for kind, file in episode.transcripts.items():
            self._one(
                "podcast:transcript", url=show.address(file.name), type=feed_episode.TRANSCRIPTS[kind],
                language=self._book.record.language, rel="captions",
            )  # fmt: skip
        self._one("podcast:chapters", url=show.address(episode.chapters.name), type=feed_episode.CHAPTERS)

    def _one(self, name: str, text: str = "", /, **attributes: str) -> None:
        self._xml.startElement(name, AttributesImpl(attributes))
        self._xml.characters(on_one_line(_NOT_XML.sub("", text)))
        self._xml.endElement(name)
        self._xml.ignorableWhitespace("\n")

    @contextmanager
    def _open(self, name: str, attributes: Mapping[str, str] = {}) -> Iterator[None]:
        self._xml.startElement(name, AttributesImpl(dict(attributes)))
        self._xml.ignorableWhitespace("\n")
        yield
        self._xml.endElement(name)
        self._xml.ignorableWhitespace("\n")


def _html(text: str) -> str:
    """Text as HTML, which a description is by the specification."""
    return escape(text, quote=False)


def _truth(value: bool) -> str:
    return "true" if value else "false"
