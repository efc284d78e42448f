"""Subtitles, beside every chapter's audio and for the joined book: SubRip (``.srt``) and WebVTT (``.vtt``, W3C)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Protocol

from pipeline.deliver.book import FinishedBook
from pipeline.deliver.captions import Caption, captions, layout_of
from pipeline.deliver.clock import clock, milliseconds, on_one_line, shown_name
from pipeline.files import explained_errors, written_beside
from pipeline.mastering.tags import AI_NOTE
from pipeline.nouns import Language, Master, Timeline


class Format(Protocol):
    """One file's way of writing captions."""

    def head(self) -> str: ...

    def cue(self, caption: Caption, start: int, end: int) -> str:
        """A caption that is shown from `start` to `end`, milliseconds."""
        ...


class Srt:
    """SubRip: numbered, times with a comma, text as it is: the format cannot escape a sign. Only ``-->`` becomes an arrow,
    which no reader takes for the next caption's times."""

    def __init__(self) -> None:
        self._count = 0

    def head(self) -> str:
        return ""

    def cue(self, caption: Caption, start: int, end: int) -> str:
        self._count += 1
        text = "\n".join(caption.rows).replace("-->", "→")
        return f"{self._count}\n{clock(start, ',')} --> {clock(end, ',')}\n{text}\n\n"


class Vtt:
    """WebVTT: a voice span names the speaker, ``& < >`` are escaped (https://www.w3.org/TR/webvtt1/, 4.2.2)."""

    def __init__(self, language: Language, title: str) -> None:
        self._language, self._title = language, title

    def head(self) -> str:
        title = on_one_line(self._title).replace("-->", "->")
        return f"WEBVTT\n\nNOTE {title}\n\nNOTE {AI_NOTE}\n\n"

    def cue(self, caption: Caption, start: int, end: int) -> str:
        text = "\n".join(map(_escaped, caption.rows))
        name = shown_name(caption.speaker, self._language)
        voice = f"<v {_escaped(name)}>" if name else ""
        name_of_cue = caption.line_id if caption.number == 1 else f"{caption.line_id}.{caption.number}"
        return f"{name_of_cue}\n{clock(start)} --> {clock(end)}\n{voice}{text}\n\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write_srt(book: FinishedBook) -> list[Path]:
    """SubRip files. Raises MasteringError for a take that is gone, BookFolderError for a full disk."""
    return _write(book, "srt", lambda _title: Srt())


def write_vtt(book: FinishedBook) -> list[Path]:
    """WebVTT files. Raises MasteringError for a take that is gone, BookFolderError for a full disk."""
    return _write(book, "vtt", lambda title: Vtt(book.record.language, title))


class _Maker(Protocol):
    def __call__(self, title: str, /) -> Format: ...


def _write(book: FinishedBook, kind: str, form: _Maker) -> list[Path]:
    layout, suffix, speakers = (
        layout_of(book, kind),
        f".{kind}",
        kind == "srt" and book.setting("srt", "speakers", False),
    )
    whole, files = form(book.record.title), [book.path(suffix)]
    with opened(files[0]) as joined:
        joined.write(whole.head())
        for master, timeline, start in book.timelines():
            path = book.chapter_file(master, suffix)
            own = form(master.title or book.record.title)
            with opened(path) as single:
                single.write(own.head())
                for caption in captions(book, timeline, layout, speakers=speakers):
                    single.write(_placed(own, caption, timeline, 0))
                    joined.write(_placed(whole, caption, timeline, start))
            files.append(path)
    return files


def _placed(form: Format, caption: Caption, timeline: Timeline, start: int) -> str:
    rate = timeline.sample_rate
    return form.cue(caption, milliseconds(start + caption.start, rate), milliseconds(start + caption.end, rate))


def chapter_text(book: FinishedBook, master: Master, timeline: Timeline, kind: str) -> Iterator[str]:
    """A chapter's ``srt`` or ``vtt`` with the usual layout, cue by cue, for what else is made of it."""
    title = master.title or book.record.title
    form: Format = Vtt(book.record.language, title) if kind == "vtt" else Srt()
    yield form.head()
    for caption in captions(book, timeline, layout_of(book, kind)):
        yield _placed(form, caption, timeline, 0)


@contextmanager
def opened(path: Path) -> Iterator[TextIOWrapper]:
    """A text file, UTF-8 with ``\\n``, that is at `path` when it is whole."""
    with ExitStack() as stack:
        beside = stack.enter_context(written_beside(path))
        stack.enter_context(explained_errors(path))
        yield stack.enter_context(beside.open("w", encoding="utf-8", newline="\n"))
