"""Which line is said where: every line of the timelines with its clip, and the paragraph it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.deliver.book import FinishedBook
from pipeline.errors import MasteringError
from pipeline.nouns import Book, Master

Where = tuple[str, int]
"""A document's name in the EPUB, and which of its paragraphs, as `pipeline.manuscript.markup` counts them from 1."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line and its clip, in milliseconds of the file `audio`, a name in the EPUB's own folder for them."""

    line_id: str
    chapter: int
    text: str
    audio: str
    begin_ms: int
    end_ms: int


@dataclass(slots=True)
class Script:
    """What is said in which paragraph: document -> paragraph -> lines. `total` counts all lines; `lost` are those
    whose paragraph the manuscript no longer has."""

    documents: dict[str, dict[int, list[Spoken]]] = field(default_factory=dict)
    total: int = 0
    lost: list[Spoken] = field(default_factory=list)


def audio_format(book: FinishedBook) -> str:
    """The chapter files that go into the EPUB, both of them core media types (EPUB 3.3, §3.2): as the setting says, else
    m4a, else mp3. Raises MasteringError where the chapters are made in neither, or not in the one that is asked for."""
    wanted = book.setting("epub", "audio", "")
    for one in [wanted] if wanted else ["m4a", "mp3"]:
        if all(one in master.files for master in book.masters):
            return str(one)
    needed = wanted or "m4a or mp3"
    raise MasteringError(
        f"epub is made from {needed} chapters, which are not made here",
        fix=f"Add {needed} to --formats, or leave epub out of --deliver.",
    )


def audio_name(master: Master, suffix: str) -> str:
    """A chapter's file inside the EPUB: plain letters, so that every reader's zip and URL code can take it."""
    return f"chapter-{master.chapter:03d}.{suffix}"


def script_of(book: FinishedBook, places: Mapping[tuple[int, int], Where], suffix: str) -> Script:
    """The lines of all chapters that are in the text; credits are not.

    places: (chapter, paragraph) -> where. A clip lasts until the next line begins, so that the silence between them is
    heard; with the setting `pauses: false` it ends with its line, and readers leap to the next.
    """
    script, in_text = Script(), {chapter for chapter, _ in places}
    pauses = book.setting("epub", "pauses", True)
    for master, timeline, _ in book.timelines():
        if master.chapter not in in_text:
            continue
        starts = [one.start for one in timeline.segments[1:]] + [timeline.frames]
        for one, following in zip(timeline.segments, starts, strict=True):
            end = following if pauses else one.end
            spoken = Spoken(
                one.line_id, master.chapter, one.text, audio_name(master, suffix), _ms(one.start, timeline.sample_rate),
                _ms(end, timeline.sample_rate),
            )  # fmt: skip
            script.total += 1
            where = places.get((master.chapter, one.paragraph))
            if where is None:
                script.lost.append(spoken)
            else:
                document, paragraph = where
                script.documents.setdefault(document, {}).setdefault(paragraph, []).append(spoken)
    return script


def _ms(frames: int, rate: int) -> int:
    return round(frames * 1000 / rate)


def places_in(manuscript: Book, folder: str) -> dict[tuple[int, int], Where]:
    """Where an EPUB's reader found every paragraph. `folder` is the package document's, which its names start from."""
    import posixpath

    return {
        (chapter.number, number): (
            posixpath.normpath(posixpath.join(folder, paragraph.source.file)),
            int(paragraph.source.where.removeprefix("block ")),
        )
        for chapter in manuscript.chapters
        for number, paragraph in enumerate(chapter.paragraphs, 1)
    }
