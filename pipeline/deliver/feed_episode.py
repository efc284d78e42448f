"""One episode of a podcast feed: a chapter's audio, its transcripts and its chapter marks, under short names."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.deliver.book import FinishedBook
from pipeline.deliver.captions import captions, layout_of
from pipeline.deliver.clock import on_one_line, shown_name
from pipeline.deliver.subtitles import chapter_text, opened
from pipeline.deliver.wrapping import Layout, cut
from pipeline.errors import MasteringError
from pipeline.files import explained_errors, written_beside
from pipeline.nouns import Master, Timeline

AUDIO = {"mp3": "audio/mpeg", "m4a": "audio/x-m4a"}
TRANSCRIPTS = {"vtt": "text/vtt", "srt": "application/x-subrip", "json": "application/json"}
CHAPTERS = "application/json+chapters"
_TITLE_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Episode:
    """A chapter in the feed's folder: `number` from 1; `audio`, `transcripts` by format, and `chapters` are its files."""

    number: int
    master: Master
    title: str
    audio: Path
    transcripts: dict[str, Path]
    chapters: Path

    @property
    def files(self) -> list[Path]:
        return [self.audio, *self.transcripts.values(), self.chapters]


def write(book: FinishedBook, folder: Path, number: int, master: Master, timeline: Timeline) -> Episode:
    """Put a chapter into the feed's folder. Its audio is the chapter's own file under another name, without taking
    space twice, where the disk can do that.

    Raises MasteringError for a chapter without MP3 and m4a, BookFolderError for a full disk.
    """
    stem = f"{number:0{max(3, len(str(len(book.masters))))}d}"
    title = on_one_line(master.title) or on_one_line(f"{book.record.title} {number}")
    transcripts = {kind: folder / f"{stem}.{kind}" for kind in TRANSCRIPTS}
    for kind in ("vtt", "srt"):
        with opened(transcripts[kind]) as file:
            file.writelines(chapter_text(book, master, timeline, kind))
    with opened(transcripts["json"]) as file:
        file.writelines(_transcript(book, timeline))
    chapters = folder / f"{stem}.chapters.json"
    with opened(chapters) as file:
        found = [{"startTime": start, "title": name} for start, name in marks(timeline, title)]
        told = {"version": "1.2.0", "title": title, "podcastName": on_one_line(book.record.title), "chapters": found}
        file.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    return Episode(number, master, title, _audio(master, folder / stem), transcripts, chapters)


def _audio(master: Master, place: Path) -> Path:
    kind = next((kind for kind in AUDIO if kind in master.files), "")
    if not kind:
        raise MasteringError(
            "a podcast feed is made from mp3 or m4a chapters, which are not made here",
            fix="Add mp3 to --formats, or leave feed out of --deliver.",
        )
    path, source = place.with_suffix(f".{kind}"), master.files[kind]
    if not source.is_file():
        raise MasteringError(
            f"chapter {master.chapter} has no {kind} file", where=str(source),
            fix="Run again: the chapter is mastered anew.",
        )  # fmt: skip
    with written_beside(path) as beside, explained_errors(path):
        try:
            beside.hardlink_to(source)
        except OSError:  # another disk, or one without links
            shutil.copyfile(source, beside)
    return path


def _transcript(book: FinishedBook, timeline: Timeline) -> Iterator[str]:
    """The JSON transcript of the podcast name space, version 1.0.0: who says what from when to when, in seconds."""
    yield '{"version": "1.0.0", "segments": ['
    between = "\n"
    for caption in captions(book, timeline, layout_of(book, "json")):
        name = shown_name(caption.speaker, book.record.language)
        segment = {
            **({"speaker": name} if name else {}),
            "startTime": round(caption.start / timeline.sample_rate, 3),
            "endTime": round(caption.end / timeline.sample_rate, 3), "body": caption.text,
        }  # fmt: skip
        yield between + json.dumps(segment, ensure_ascii=False)
        between = ",\n"
    yield "\n]}\n"


def marks(timeline: Timeline, title: str) -> list[tuple[float, str]]:
    """(second, title) of every mark in a chapter: its beginning, its further headings, and its scenes, named by their first
    words. A scene begins behind a paragraph that is not spoken: a break, in which nothing is said."""
    found = [(0.0, title)]
    before = None
    for one in timeline.segments:
        heading = one.kind == "heading" and before is not None and before.kind != "heading"
        if heading or (before is not None and one.paragraph > before.paragraph + 1 and before.kind != "heading"):
            found.append((round(one.start / timeline.sample_rate, 3), _name(one.text)))
        before = one
    return found


def _name(text: str) -> str:
    pieces = cut(on_one_line(text), Layout(_TITLE_COLUMNS, 1))
    return pieces[0].rows[0] + ("…" if len(pieces) > 1 else "")
