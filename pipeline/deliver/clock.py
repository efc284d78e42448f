"""Places as other programs write them: frames as milliseconds, clock times and timecodes; texts and names on one line."""

from __future__ import annotations

import unicodedata

from pipeline.nouns import NARRATOR, UNKNOWN, Language

_NARRATOR = {"zh": "旁白", "en": "Narrator"}


def milliseconds(frame: int, rate: int) -> int:
    """The nearest millisecond to a sample frame; halves go up, so that what does not overlap does not then."""
    return (2 * frame * 1000 + rate) // (2 * rate)


def clock(ms: int, point: str = ".") -> str:
    """``01:02:03.004``; hours take as many digits as they need, two at least."""
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}{point}{ms % 1000:03d}"


def short_clock(seconds: float) -> str:
    """``1:02:03``, ``2:03`` or ``0:03`` for people, to the nearest second."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def timecode(count: int, fps: int) -> str:
    """``01:02:03:04`` of a count of frames at a whole number of frames a second, non-drop (SMPTE ST 12-1)."""
    seconds, frame = divmod(count, fps)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frame:02d}"


def on_one_line(text: str) -> str:
    """`text` with single spaces for all white space, line breaks included, and without control characters."""
    return "".join(sign for sign in " ".join(text.split()) if unicodedata.category(sign) != "Cc")


def shown_name(speaker: str, language: Language) -> str:
    """A speaker for readers: the narrator by that word in the book's language, "" for one nobody knows."""
    if speaker in ("", UNKNOWN):
        return ""
    return _NARRATOR[language] if speaker == NARRATOR else on_one_line(speaker)


def introduced(speaker: str, text: str, language: Language) -> str:
    """``林晚：你终于来了。``, ``Tom: I know.``; the text alone for one nobody knows."""
    name = shown_name(speaker, language)
    return f"{name}{'：' if language == 'zh' else ': '}{text}" if name else text
