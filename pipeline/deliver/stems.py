"""Stems: every character's lines of a chapter in a file of their own, the room tone, and the music, for a mix elsewhere.

All are as long as the chapter, aligned with it, with the gains of its timeline, and 24 bits deep: their sum is the chapter
as it went into the limiter, and so the master itself wherever the limiter had nothing to do. They are what goes into the
profile's dynamics, not what comes out of them: where it has some, the sum is not the master. Where a stem or the sum of all
passes full scale, which no such file can hold, all stems of the book are lowered alike by whole decibels, which their tags say.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.deliver.book import FinishedBook
from pipeline.errors import MasteringError
from pipeline.files import explained_errors, folder_beside
from pipeline.folder import safe_name
from pipeline.mastering import sound
from pipeline.mastering import tags as tag_room
from pipeline.mastering.chapter import music_of
from pipeline.mastering.encoders import FlacFile
from pipeline.mastering.music import MusicBed
from pipeline.mastering.room import RoomTone
from pipeline.nouns import Master, Take, Timeline, Waveform
from pipeline.takes import TakeStore

ROOM, MUSIC = "room tone", "music"
_MARGIN_DB = 0.01
"""Kept under full scale for rounding."""


@dataclass(frozen=True, slots=True)
class Stem:
    """A stem to be written: its file's `name` without suffix, what is `shown` for it, and its sound in blocks, read once."""

    name: str
    shown: str
    blocks: Iterator[Waveform]


def write(book: FinishedBook) -> list[Path]:
    """``<name> stems/<chapter>/<speaker>.flac`` of every chapter, speakers by the cast's names, ``room tone.flac`` and, where
    the chapter has music, ``music.flac``. Every take is read twice: to find what passes full scale, and to write. Memory
    does not grow with a chapter's length. A chapter's folder is there when it is whole.

    Raises MasteringError for a take or music that is gone or cannot be read, BookFolderError for a full disk.
    """
    lowered = headroom_db(book)
    paths: list[Path] = []
    with TakeStore(book.takes) as store:
        for master, timeline, _ in book.cast_timelines():
            folder = book.path(" stems") / master.stem
            with folder_beside(folder) as beside:
                for stem in _stems(book, timeline, store):
                    _write(book, beside / f"{stem.name}.flac", master, stem, lowered)
                    paths.append(folder / f"{stem.name}.flac")
    return paths


def headroom_db(book: FinishedBook) -> int:
    """By how many dB the book's stems are lowered, so that neither one of them nor the sum of a chapter's passes full scale: as
    measured of all of them. Raises MasteringError for a take or music that is gone or cannot be read."""
    highest = 0.0
    with TakeStore(book.takes) as store:
        for _, timeline, _ in book.cast_timelines():
            for blocks in zip(*(one.blocks for one in _stems(book, timeline, store)), strict=True):
                highest = max(highest, *(float(np.abs(one).max()) for one in (*blocks, np.sum(blocks, axis=0))))
    return max(0, math.ceil(20 * math.log10(highest) + _MARGIN_DB)) if highest else 0


def names(speakers: Sequence[str]) -> list[str]:
    """File names without suffix, one for each speaker: no two alike on a disk that ignores case, and none that of the room
    tone or the music."""
    taken, found = {ROOM, MUSIC}, []
    for speaker in speakers:
        own = safe_name(speaker) or "_"
        name, number = own, 1
        while name.casefold() in taken:
            number += 1
            name = f"{own} ({number})"
        taken.add(name.casefold())
        found.append(name)
    return found


def _stems(book: FinishedBook, timeline: Timeline, store: TakeStore) -> list[Stem]:
    """What is to be written of a chapter: every speaker, the room tone and the music as mastering lays them under it."""
    takes = _takes(store, timeline)
    room = RoomTone(timeline.sample_rate, book.profile.room_tone_db, book.profile.room_tone)
    speakers = list(dict.fromkeys(one.speaker for one in timeline.segments))
    found = []
    for speaker, name in zip(speakers, names(speakers), strict=True):
        own = replace(timeline, segments=tuple(one for one in timeline.segments if one.speaker == speaker))
        found.append(Stem(name, speaker, sound.blocks(own, takes)))
    found.append(Stem(ROOM, ROOM, _taken(room, timeline.frames)))
    music = music_of(timeline, book.profile)
    return [*found, Stem(MUSIC, MUSIC, _taken(music, timeline.frames))] if music else found


def _takes(store: TakeStore, timeline: Timeline) -> Mapping[str, Take]:
    """A chapter's takes by line id. Raises MasteringError for one that is gone; reading holds one against its hash."""
    known = store.takes(one.take for one in timeline.segments)
    for one in timeline.segments:
        if one.take not in known:
            raise MasteringError(
                f"the take of line {one.line_id} is no longer there", where=str(store.path_of(one.take)),
                fix="`shuoshu run` on the manuscript renders and masters it anew.",
            )  # fmt: skip
    return {one.line_id: known[one.take] for one in timeline.segments}


def _taken(bed: RoomTone | MusicBed, frames: int) -> Iterator[Waveform]:
    for start in range(0, frames, sound.BLOCK):
        yield bed.take(min(sound.BLOCK, frames - start))


def _write(book: FinishedBook, path: Path, master: Master, stem: Stem, lowered: int) -> None:
    gain = np.float32(10 ** (-lowered / 20))
    title = f"{master.title or book.record.title} · {stem.shown}"
    tags = replace(book.tags, title=title, description=f"stem, {-lowered} dB" if lowered else "stem")
    with explained_errors(path):
        file = FlacFile(path, master.sample_rate, bits=24)
        try:
            for block in stem.blocks:
                file.write(block * gain)
        finally:
            file.close()
        tag_room.write(path, tags)
