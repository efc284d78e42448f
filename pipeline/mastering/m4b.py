"""The audiobook: every chapter's AAC joined without encoding again, with chapter marks, cover and metadata.

An AAC encoder puts one frame of 1,024 priming samples before the sound. The first chapter keeps its priming frame,
which an edit list hides; the others lose theirs, so that, chapters being whole frames long, each begins exactly where
the one before it ends. What that costs is a wrong overlap in the first 23 ms of a chapter, which are room tone.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from pipeline.errors import MasteringError
from pipeline.files import written_beside
from pipeline.mastering import tags as tag_room
from pipeline.mastering.encoders import MUX_AAC, explained_errors
from pipeline.mastering.tags import Tags
from pipeline.mastering.timeline import BLOCK
from pipeline.nouns import Master


def assemble(
    masters: Sequence[Master], path: Path, tags: Tags, cover: bytes | None = None, cover_type: str = ""
) -> None:
    """Join the chapters' m4a files into `path`. Memory does not grow with the book.

    Raises MasteringError for a chapter file that is missing or not one of ours, BookFolderError for a full disk.
    """
    with explained_errors(path), written_beside(path) as beside:
        _join(masters, beside, tags)
        tag_room.write(beside, tags, cover, cover_type)


def _join(masters: Sequence[Master], path: Path, tags: Tags) -> None:
    import av

    rate = masters[0].sample_rate
    with av.open(str(path), "w", format=MUX_AAC) as out:
        with av.open(str(masters[0].files["m4a"])) as first:
            stream = out.add_stream_from_template(first.streams.audio[0])
        stream.time_base = Fraction(1, rate)
        out.metadata["title"] = tags.title
        start, chapters = 0, list[Any]()
        for number, master in enumerate(masters):
            chapters.append(
                {
                    "id": number, "start": start, "end": start + master.frames, "time_base": Fraction(1, rate),
                    "metadata": {"title": master.title or tags.title},
                }
            )  # fmt: skip
            start += master.frames
        out.set_chapters(chapters)
        start = 0
        for number, master in enumerate(masters):
            _copy(master, start, number == 0, out, stream)
            start += master.frames


def _copy(master: Master, start: int, first: bool, out: Any, stream: Any) -> None:
    import av

    path = master.files["m4a"]
    if not path.is_file():
        raise MasteringError(
            f"chapter {master.chapter} has no m4a file", where=str(path), fix="Run again: the chapter is mastered anew."
        )
    expected = master.frames // BLOCK + 1
    count = 0
    with av.open(str(path)) as source:
        for packet in source.demux(source.streams.audio[0]):
            if not packet.size:
                continue
            count += 1
            if count == 1 and not first:
                continue  # the priming frame
            packet.pts = packet.dts = start + (count - 2) * BLOCK
            packet.duration = BLOCK
            packet.time_base = Fraction(1, master.sample_rate)
            packet.stream = stream
            out.mux(packet)
            if count == expected:
                break
    if count != expected:
        raise MasteringError(
            f"chapter {master.chapter} has {count} AAC frames, not {expected}", where=str(path),
            fix="Delete the file and run again: the chapter is mastered anew.",
        )  # fmt: skip
