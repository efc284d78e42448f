"""Books that are awkward on purpose, put together without rendering: takes of silence, timelines of any length."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from pipeline.deliver.book import FinishedBook
from pipeline.folder import Record
from pipeline.mastering import profiles, record
from pipeline.nouns import Language, Loudness, Master, Segment, Timeline, Word
from pipeline.takes import notes

RATE = 44100


@dataclass(frozen=True)
class Said:
    """A line: who, what, how long it sounds (frames), the silence before it, its words' times, its paragraph and kind."""

    speaker: str
    text: str
    frames: int = 2 * RATE
    gap: int = RATE // 2
    words: tuple[Word, ...] = ()
    paragraph: int = 1
    kind: str = "dialogue"


@dataclass(frozen=True)
class Part:
    """A chapter."""

    title: str
    lines: Sequence[Said]
    tail: int = RATE
    formats: Mapping[str, bytes] = field(default_factory=lambda: {"mp3": b"sound", "flac": b"more sound"})


def book_of(
    folder: Path,
    parts: Sequence[Part],
    language: Language = "zh",
    title: str = "雨夜",
    author: str = "佚名",
    **more: Any,
) -> FinishedBook:
    """The finished book of `parts` in `folder`; `more` goes to FinishedBook."""
    masters = [_master(folder, number, one) for number, one in enumerate(parts, 1)]
    told = Record(title, author, language, "book.txt", "0" * 64)
    return FinishedBook(
        folder, "雨夜", told, profiles.load("podcast"), tuple(masters), folder / "takes", **{"settings": {}} | more
    )


def _master(folder: Path, number: int, part: Part) -> Master:
    at, segments = 0, []
    for index, one in enumerate(part.lines, 1):
        at += one.gap
        key = _take(folder / "takes", one.words)
        segments.append(
            Segment(
                f"c{number:02d}-{index}", one.speaker, one.text, key, at, one.frames, one.kind, one.paragraph, (), -2.5
            )  # type: ignore[arg-type]
        )
        at += one.frames
    at += part.tail
    stem, chapters = f"{number:02d}", folder / "chapters"
    chapters.mkdir(parents=True, exist_ok=True)
    files = {kind: chapters / f"{stem}.{kind}" for kind in part.formats}
    for kind, path in files.items():
        path.write_bytes(part.formats[kind])
    made = Master(number, part.title, RATE, at, files, Loudness(-19, -1), f"print {number}", stem)
    record.write(made, Timeline(number, part.title, RATE, at, tuple(segments)), chapters)
    return made


def _take(store: Path, words: tuple[Word, ...]) -> str:
    comment = notes.written((), words)
    key = hashlib.sha256(comment.encode()).hexdigest()
    path = store / key[:2] / f"{key}.flac"
    if path.is_file():
        return key
    path.parent.mkdir(parents=True, exist_ok=True)
    with soundfile.SoundFile(path, "w", 22050, 1, "PCM_16", format="FLAC") as file:
        if comment:
            file.comment = comment
        file.write(np.zeros(10, np.float32))
    return key


AWKWARD = (
    'R&D <i>is</i> "fine" --> 5 < 6 & 7 > 3; it\'s \\N {not} &amp; a tag',
    "第一行\n第二行\r\n\n第三行\u2028尾",
    "شكراً جزيلاً (thank you) שלום",
    "[00:01.00]<00:02.00>假的标签",
    "WEBVTT\n\n1\n00:00:01,000 --> 00:00:02,000\n注入",
    "𠮷野家😀e\u0301a\x00b\x0bc",
)


def awkward(folder: Path, language: Language = "zh", **more: Any) -> FinishedBook:
    """Texts that look like mark-up, of several lines, right to left; speakers likewise; a chapter without a title."""
    speakers = ("narrator", 'A<b>&"c', "unknown", "林晚", "x\ny]", "ל")
    first = [Said(speaker, text) for speaker, text in zip(speakers, AWKWARD, strict=True)]
    return book_of(
        folder,
        [Part("", first), Part("Two & <three> --> 'four'", [Said("林晚", "好。", 900), Said("林晚", "嗯。", 900, 0)])],
        language,
        **more,
    )


def long(folder: Path) -> FinishedBook:
    """A book of eleven hours: two chapters of five and a half, with one line at the end of each."""
    hours = round(5.5 * 3600 * RATE)
    return book_of(
        folder, [Part("甲", [Said("林晚", "来了。", RATE, hours)]), Part("乙", [Said("林晚", "走吧。", RATE, hours)])]
    )
