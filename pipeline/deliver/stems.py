"""Stems: every character's lines of a chapter in a file of their own, and the room tone, for a mix elsewhere.

All are as long as the chapter, aligned with it, with the gains of its timeline, and 24 bits deep: their sum is the chapter
as it went into the limiter, and so the master itself wherever the limiter had nothing to do. Where that sum passes full
scale, which no such file can hold, all stems of the book are lowered alike by whole decibels, and their tags say so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.deliver.book import FinishedBook
from pipeline.errors import MasteringError
from pipeline.files import explained_errors, written_beside
from pipeline.folder import safe_name
from pipeline.mastering import sound
from pipeline.mastering import tags as tag_room
from pipeline.mastering.encoders import FlacFile
from pipeline.nouns import Master, Take, Timeline, Waveform
from pipeline.takes import TakeStore

ROOM = "room tone"
_MARGIN_DB = 0.1
"""What the limiter's own measurement of its input may be wrong by."""


def write(book: FinishedBook) -> list[Path]:
    """``<name> stems/<chapter>/<speaker>.flac`` of every chapter, speakers by the cast's names. One file is written at a time,
    from that speaker's takes alone; memory does not grow with a chapter's length.

    Raises MasteringError for a take that is gone or cannot be read, BookFolderError for a full disk.
    """
    lowered = headroom_db(book)
    paths: list[Path] = []
    with TakeStore(book.takes) as store:
        for master, timeline, _ in book.cast_timelines():
            takes = _takes(store, timeline)
            folder = book.path(" stems") / master.stem
            speakers = list(dict.fromkeys(one.speaker for one in timeline.segments))
            for speaker, name in zip(speakers, names(speakers), strict=True):
                own = replace(timeline, segments=tuple(one for one in timeline.segments if one.speaker == speaker))
                paths.append(folder / f"{name}.flac")
                _write(book, paths[-1], master, speaker, sound.blocks(own, takes), lowered)
            paths.append(folder / f"{ROOM}.flac")
            _write(book, paths[-1], master, ROOM, _room(book, timeline), lowered)
    return paths


def headroom_db(book: FinishedBook) -> int:
    """By how many dB the book's stems are lowered, so that none passes full scale: what came into the limiter was at most
    its ceiling, which is not above the profile's true peak, and what it took away on top of that."""
    most = max((one.reduction_db for one in book.masters), default=0.0)
    return max(0, math.ceil(book.profile.true_peak + most + _MARGIN_DB))


def names(speakers: Sequence[str]) -> list[str]:
    """File names without suffix, one for each speaker: no two alike on a disk that ignores case, and none that of the room
    tone."""
    taken, found = {ROOM}, []
    for speaker in speakers:
        own = safe_name(speaker) or "_"
        name, number = own, 1
        while name.casefold() in taken:
            number += 1
            name = f"{own} ({number})"
        taken.add(name.casefold())
        found.append(name)
    return found


def _takes(store: TakeStore, timeline: Timeline) -> Mapping[str, Take]:
    """A chapter's takes by line id."""
    known = store.takes(one.take for one in timeline.segments)
    for one in timeline.segments:
        if one.take not in known:
            raise MasteringError(
                f"the take of line {one.line_id} is no longer there", where=str(store.path_of(one.take)),
                fix="`shuoshu run` on the manuscript renders and masters it anew.",
            )  # fmt: skip
    return {one.line_id: known[one.take] for one in timeline.segments}


def _room(book: FinishedBook, timeline: Timeline) -> Iterator[Waveform]:
    """The room tone as mastering lays it under the chapter."""
    tone = sound.room_tone(timeline.sample_rate, book.profile.room_tone_db)
    for start in range(0, timeline.frames, sound.BLOCK):
        end = min(start + sound.BLOCK, timeline.frames)
        yield np.take(tone, np.arange(start, end), mode="wrap")


def _write(
    book: FinishedBook, path: Path, master: Master, speaker: str, blocks: Iterator[Waveform], lowered: int
) -> None:
    gain = np.float32(10 ** (-lowered / 20))
    title = f"{master.title or book.record.title} · {speaker}"
    tags = replace(book.tags, title=title, description=f"stem, {-lowered} dB" if lowered else "stem")
    with written_beside(path) as beside, explained_errors(path):
        file = FlacFile(beside, master.sample_rate, bits=24)
        try:
            for block in blocks:
                file.write(block * gain)
        finally:
            file.close()
        tag_room.write(beside, tags)
