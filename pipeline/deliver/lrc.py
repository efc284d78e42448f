"""Lyrics (``.lrc``) beside every chapter's audio, for players that show the text as it is read.

There is no standard, only custom: ``[mm:ss.xx]`` before a line, ID tags before them, and in the "enhanced" kind
``<mm:ss.xx>`` before every word.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.deliver.book import FinishedBook
from pipeline.deliver.captions import WIDTHS, Caption, captions
from pipeline.deliver.clock import introduced, on_one_line, shown_name
from pipeline.deliver.subtitles import opened
from pipeline.deliver.wrapping import Layout
from pipeline.mastering.tags import AI_NOTE
from pipeline.nouns import Master

_BRACKETS = str.maketrans("[]<>", "［］＜＞")
"""Signs that players would read as a tag's become their full-width forms: the format cannot escape them."""


def write(book: FinishedBook) -> list[Path]:
    """One file a chapter; with word times where the engine told them, unless the setting `words` is false.

    Raises MasteringError for a take that is gone, BookFolderError for a full disk.
    """
    layout = Layout(book.setting("lrc", "width", 2 * WIDTHS[book.record.language]), 1)
    words, speakers = book.setting("lrc", "words", True), book.setting("lrc", "speakers", False)
    files = []
    for master, timeline, _ in book.timelines():
        path = book.chapter_file(master, ".lrc")
        with opened(path) as file:
            file.write(_head(book, master))
            for caption in captions(book, timeline, layout):
                text = _timed(caption, timeline.sample_rate) if words and caption.words else _shown(caption.text)
                if speakers and caption.number == 1:
                    name = _shown(shown_name(caption.speaker, book.record.language))
                    text = introduced(name, text, book.record.language)
                file.write(f"[{_time(caption.start, timeline.sample_rate)}]{text}\n")
        files.append(path)
    return files


def _head(book: FinishedBook, master: Master) -> str:
    length = round(master.seconds)
    tags = {
        "ti": master.title or book.record.title, "ar": book.record.author, "al": book.record.title,
        "length": f"{length // 60:02d}:{length % 60:02d}", "re": AI_NOTE,
    }  # fmt: skip
    return "".join(f"[{name}:{_shown(on_one_line(value))}]\n" for name, value in tags.items() if value)


def _time(frame: int, rate: int) -> str:
    """``mm:ss.xx``, the nearest hundredth; minutes go on beyond 99."""
    hundredths = (200 * frame + rate) // (2 * rate)
    return f"{hundredths // 6000:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"


def _shown(text: str) -> str:
    return text.translate(_BRACKETS)


def _timed(caption: Caption, rate: int) -> str:
    """The text with a time before every word, the first before whatever opens the line, and one at its end."""
    places = [0, *(place for place, _ in caption.words[1:]), len(caption.text)]
    times = [frame for _, frame in caption.words]
    parts = [
        f"<{_time(time, rate)}>{_shown(caption.text[start:end])}"
        for time, start, end in zip(times, places[:-1], places[1:], strict=True)
    ]
    return "".join(parts) + f"<{_time(caption.end, rate)}>"
