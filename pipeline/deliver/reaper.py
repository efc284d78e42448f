"""A Reaper project: the takes on a track for each character, at their places and with their gains, and every chapter
as a region; music has a track of its own, and the mastered chapters lie on a muted one to compare with.

Reaper's project files are its own and undocumented text: nested blocks ``<NAME … >`` of lines. What is written here is the
little that places an item; the rest takes Reaper's defaults.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from pipeline import __version__
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.clock import on_one_line, shown_name
from pipeline.deliver.subtitles import opened
from pipeline.files import explained
from pipeline.mastering.chapter import music_of
from pipeline.mastering.sound import EDGE_S
from pipeline.mastering.tags import AI_NOTE
from pipeline.nouns import Segment

_SOURCES = {"flac": "FLAC", "mp3": "MP3", "m4a": "VIDEO", "wav": "WAVE"}
"""Format of a file -> Reaper's reader for it; VIDEO is what reads by ffmpeg's libraries."""


def write(book: FinishedBook) -> list[Path]:
    """``.RPP``, with paths relative to it. Items wait in a file a track until all chapters were read, so that memory
    does not grow. Raises MasteringError for a take of a timed script or music that is gone, BookFolderError for a full disk."""
    path, music = book.path(".RPP"), list(_music(book))
    try:
        with tempfile.TemporaryDirectory(prefix=".reaper.part", dir=book.folder) as place:
            tracks = _spooled(book, Path(place))
            with opened(path) as file:
                file.writelines(_head(book))
                for number, (name, items) in enumerate(tracks.items()):
                    shown = shown_name(name, book.record.language) or name
                    file.write(_track(book, number, shown, muted=False))
                    with items.open(encoding="utf-8", newline="\n") as stored:
                        file.writelines(stored)
                    file.write("  >\n")
                if music:
                    file.write(_track(book, len(tracks) + 1, "Music", muted=False))
                    file.writelines([*music, "  >\n"])
                file.write(_track(book, len(tracks), "Master", muted=True))
                file.writelines(_masters(book))
                file.write("  >\n>\n")
    except OSError as error:
        raise explained(error, path) from error
    return [path]


def _spooled(book: FinishedBook, place: Path) -> dict[str, Path]:
    """The items of every speaker, in order of appearance, in a file of each."""
    tracks: dict[str, Path] = {}
    for _, timeline, start in book.cast_timelines():
        by_speaker: dict[str, list[str]] = {}
        for one in timeline.segments:
            by_speaker.setdefault(one.speaker, []).append(_line(book, one, start, timeline.sample_rate))
        for speaker, items in by_speaker.items():
            spool = tracks.setdefault(speaker, place / str(len(tracks)))
            with spool.open("a", encoding="utf-8", newline="\n") as file:
                file.writelines(items)
    return tracks


def _head(book: FinishedBook) -> Iterator[str]:
    rate = book.masters[0].sample_rate
    yield f'<REAPER_PROJECT 0.1 "7.0/shuoshu-{__version__}" 0\n'
    yield f"  SAMPLERATE {rate} 1 0\n  <NOTES 0 2\n    |{AI_NOTE}\n  >\n"
    for number, (master, start) in enumerate(zip(book.masters, book.starts(), strict=True), 1):
        name = _quoted(master.title or f"{book.record.title} {master.chapter}")
        yield f"  MARKER {number} {start / rate:.9f} {name} 1 0 1 R {_guid(book, f'region {number}')} 0\n"
        yield f'  MARKER {number} {(start + master.frames) / rate:.9f} "" 1\n'


def _track(book: FinishedBook, number: int, name: str, *, muted: bool) -> str:
    guid = _guid(book, f"track {number}")
    return (
        f"  <TRACK {guid}\n    NAME {_quoted(name)}\n    VOLPAN 1 0 -1 -1 1\n    MUTESOLO {int(muted)} 0 0\n"
        f"    NCHAN 2\n    TRACKID {guid}\n"
    )


def _line(book: FinishedBook, one: Segment, start: int, rate: int) -> str:
    return _item(
        book, f"item {one.line_id}", one.text, (start + one.start) / rate, one.frames / rate, one.gain_db,
        book.take_file(one.take), (EDGE_S, EDGE_S), book.lead_s(one), one.tempo,
    )  # fmt: skip


def _masters(book: FinishedBook) -> Iterator[str]:
    for master, start in zip(book.masters, book.starts(), strict=True):
        known = [kind for kind in _SOURCES if kind in master.files]
        if known:
            at, file = start / master.sample_rate, master.files[known[0]]
            yield _item(book, f"master {master.chapter}", file.name, at, master.seconds, 0.0, file, (0.0, 0.0))


def _music(book: FinishedBook) -> Iterator[str]:
    """The music of every chapter, at its level but not lowered under speech."""
    for master, timeline, start in book.timelines():
        bed, rate = music_of(timeline, book.profile), master.sample_rate
        for number, one in enumerate(bed.playing if bed else ()):
            yield _item(
                book, f"music {master.chapter} {number}", one.music.file.name, (start + one.start) / rate,
                (one.end - one.start) / rate, one.gain_db, one.music.file, (one.music.fade_in, one.music.fade_out),
            )  # fmt: skip


def _item(
    book: FinishedBook, known_as: str, name: str, at: float, seconds: float, gain_db: float, file: Path,
    fades: tuple[float, float], lead: float = 0.0, tempo: float = 1.0,
) -> str:  # fmt: skip
    """An item that plays a file once, without its first `lead` seconds, at `tempo`, its pitch kept. `gain_db` is its volume,
    `fades` are the seconds of its fade in and out."""
    place = Path(os.path.relpath(file, book.folder)).as_posix()
    source = _SOURCES.get(file.suffix[1:].lower(), "VIDEO")
    return (
        f"    <ITEM\n      POSITION {at:.9f}\n      SNAPOFFS 0\n      LENGTH {seconds:.9f}\n      LOOP 0\n      ALLTAKES 0\n"
        f"      FADEIN 1 {fades[0]:g} 0 1 0 0 0\n      FADEOUT 1 {fades[1]:g} 0 1 0 0 0\n      MUTE 0 0\n"
        f"      IGUID {_guid(book, known_as)}\n      NAME {_quoted(name)}\n"
        f"      VOLPAN {10 ** (gain_db / 20):.9f} 0 1 -1\n      SOFFS {lead:.9g}\n"
        f"      PLAYRATE {tempo:.9g} 1 0 -1 0 0.0025\n"
        f"      CHANMODE 0\n      GUID {_guid(book, known_as + ' take')}\n"
        f"      <SOURCE {source}\n        FILE {_quoted(place)}\n      >\n    >\n"
    )


def _quoted(text: str) -> str:
    """A string as Reaper writes it: in whichever of ``" ' ``` it does not hold; when it holds all, without the last."""
    text = on_one_line(text)
    mark = next((mark for mark in "\"'`" if mark not in text), "`")
    return f"{mark}{text.replace('`', chr(39)) if mark == '`' else text}{mark}"


def _guid(book: FinishedBook, what: str) -> str:
    """The same in every run."""
    return f"{{{str(uuid5(NAMESPACE_URL, f'shuoshu:{book.name}:{what}')).upper()}}}"
