"""Subtitle files: every cue is a paragraph with its time. SRT, WebVTT, ASS and SSA, parsed by pysubs2.

pysubs2 takes what it understands and passes over the rest; so the rows that carry times are looked at first, and one that
cannot be read is an error that names it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import ManuscriptError
from pipeline.manuscript import cue_text
from pipeline.manuscript.characters import language_of
from pipeline.manuscript.encoding import decode
from pipeline.manuscript.options import Options
from pipeline.nouns import Book, Chapter, Cue, Paragraph, Skipped, Source

SHORTEST_S = 0.2
"""Two cues that begin nearer than this cannot be said one after the other."""

_TIMES = {
    "srt": re.compile(
        r"^\s*(\d{1,2}:\d{1,2}:\d{1,2}[.,]\d{1,3})\s*-->\s*(\d{1,2}:\d{1,2}:\d{1,2}[.,]\d{1,3})(?:\s.*)?$"
    ),
    "vtt": re.compile(r"^\s*((?:\d{1,4}:)?\d{2}:\d{2}\.\d{3})\s+-->\s+((?:\d{1,4}:)?\d{2}:\d{2}\.\d{3})(?:\s.*)?$"),
}
_TIMED = re.compile(r"-->|^\s*\d{1,2}:\d{1,2}:\d{1,2}[.,]\d{1,3}\s*\S{1,3}\s*\d{1,2}:\d{1,2}")
_STAMP = re.compile(r"\d{2}:\d{1,2}[.,]\d{2,3}")
_ASS_TIME = re.compile(r"^\s*\d{1,2}:\d{1,2}:\d{1,2}[.,]\d{1,3}\s*$")
_ASS_FIELDS = ("start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?\s*[a-zA-Z][^>]*>")
_INSIDE = re.compile(r"<[\d:.]+>")
_DRAWING, _KARAOKE = re.compile(r"\{[^}]*\\p[1-9]"), re.compile(r"\{[^}]*\\k[fo]?\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Event:
    """A cue as the file has it: its row, times in seconds, rows of text without formatting, and who speaks by a field of the
    file. `skip` is why it is not speech at all."""

    row: int
    start: float
    end: float
    text: str
    speaker: str = ""
    skip: str = ""


def read_subtitles(path: Path, options: Options) -> Book:
    """Read a subtitle file into one chapter, a paragraph a cue, in order of time.

    Raises ManuscriptError naming the row for a time that cannot be read, and for cues that begin together.
    """
    decoded = decode(path.read_bytes(), path, options.encoding)
    events = _events(decoded.text.replace("\r\n", "\n").replace("\r", "\n"), path)
    said = cue_text.read([cue_text.Raw(one.text, one.speaker) for one in events])
    spoken, skipped, notes = [], [], []
    for event, cue in zip(events, said, strict=True):
        why = event.skip or ("no time" if event.end <= event.start else cue.skip)
        if why:
            shown = " ".join(event.text.split())
            skipped.append(Skipped(shown[:40], why, len(shown), Source(path.name, f"line {event.row}")))
        else:
            spoken.append(replace(event, text=cue.text, speaker=cue.speaker))
    spoken, twice, shortened = _one_after_the_other(spoken, path)
    if not decoded.certain:
        notes.append(f"the text was read as {decoded.encoding}, which is a guess; --encoding says otherwise")
    unspoken = (*skipped, *twice)
    if unspoken:
        cues = "1 cue is" if len(unspoken) == 1 else f"{len(unspoken)} cues are"
        notes.append(f"{cues} not spoken: {_some([f'{one.source.where} ({one.why})' for one in unspoken])}")
    notes += shortened
    paragraphs = tuple(
        Paragraph(
            one.text, source=Source(path.name, f"line {one.row}"),
            cue=Cue(one.start, round(one.end - one.start, 3), one.speaker),
        )
        for one in spoken
    )  # fmt: skip
    return Book(
        title=path.stem, author="", language=language_of(one.text for one in spoken), chapters=(Chapter(1, "", paragraphs),),
        path=path, sha256="", encoding=decoded.encoding, encoding_certain=decoded.certain, skipped=unspoken,
        notes=tuple(notes),
    )  # fmt: skip


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")


def _one_after_the_other(events: list[_Event], path: Path) -> tuple[list[_Event], list[Skipped], list[str]]:
    """Cues in order of time, none longer than to the next one's start; those that stand there twice; what was shortened."""
    kept: list[_Event] = []
    twice, notes = [], []
    for event in sorted(events, key=lambda one: one.start):
        last = kept[-1] if kept else None
        if last and event.text == last.text and event.start < last.end:
            twice.append(
                Skipped(event.text[:40], "said twice at once", len(event.text), Source(path.name, f"line {event.row}"))
            )
            continue
        if last and event.start - last.start < SHORTEST_S:
            raise ManuscriptError(
                f"the cues in lines {last.row} and {event.row} begin together, at {_clock(event.start)}: one track cannot"
                " say both", where=f"{path}, line {event.row}", fix="Give one of them another time, or take it out.",
            )  # fmt: skip
        if last and last.end > event.start:
            over = last.end - event.start
            notes.append(
                f"line {last.row}: the cue is shortened by {over:.3f} s, because the one in line {event.row} begins before it"
                " ends"
            )
            kept[-1] = replace(last, end=event.start)
        kept.append(event)
    return kept, twice, notes


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes) // 60}:{int(minutes) % 60:02d}:{rest:06.3f}"


# --- the three formats ----------------------------------------------------------------------------------------------


def _events(text: str, path: Path) -> list[_Event]:
    import pysubs2

    kind = _kind(text, path)
    lines = text.split("\n")
    if kind in ("ass", "ssa"):
        rows = list(_ass_rows(lines, kind, path))
        lines = [line for line in lines if not line.startswith("Style:")]  # how a cue looks is nothing to us
    else:
        rows = list(_timed_rows(lines, kind, path))
        lines = _with_bare_times(lines, kind, rows)
    if not rows:
        raise ManuscriptError("there is no cue in this file", where=str(path), fix="Is it the right file, and whole?")
    try:
        parsed = pysubs2.SSAFile.from_string("\n".join(lines), format_=kind, keep_html_tags=True)
    except (ValueError, KeyError, IndexError, pysubs2.exceptions.Pysubs2Error) as error:
        raise ManuscriptError(
            f"the subtitles cannot be read: {error}", where=str(path), fix="Save the file again."
        ) from error
    events = []
    for row, one in zip(rows, parsed.events, strict=True):
        if one.end < one.start:
            raise ManuscriptError(
                f"this cue ends, at {_clock(one.end / 1000)}, before it begins, at {_clock(one.start / 1000)}",
                where=f"{path}, line {row}", fix="Mend its times.",
            )  # fmt: skip
        skip = "comment" if one.is_comment else "drawing" if _DRAWING.search(one.text) else ""
        skip = skip or ("song" if _KARAOKE.search(one.text) else "")
        raw = one.text.split(r"\N\N")[0] if kind == "vtt" else one.text  # an empty row ends a WebVTT cue
        voice = _VOICE.search(raw)
        speaker = html.unescape(voice[1]) if voice and kind == "vtt" else one.name
        plain = html.unescape(_TAG.sub("", _plain(raw)))
        events.append(_Event(row, one.start / 1000, one.end / 1000, plain, " ".join(speaker.split()), skip))
    return events


def _plain(text: str) -> str:
    """Rows of text without override codes, by pysubs2."""
    import pysubs2

    return str(pysubs2.SSAEvent(text=text).plaintext)


def _kind(text: str, path: Path) -> str:
    """The format by what the file says of itself, and by its suffix only where the two kinds of ASS are alike."""
    if text.lstrip("\ufeff \n").startswith("WEBVTT"):
        return "vtt"
    if "[Script Info]" in text or re.search(r"^Dialogue:", text, re.MULTILINE):
        return "ssa" if "[V4 Styles]" in text or path.suffix.lower() == ".ssa" else "ass"
    if path.suffix.lower() == ".vtt":
        raise ManuscriptError(
            "a WebVTT file begins with WEBVTT, and this does not", where=f"{path}, line 1", fix="Add it."
        )
    return "srt"


def _timed_rows(lines: Sequence[str], kind: str, path: Path) -> Iterator[int]:
    """Numbers, from 1, of the rows with the times of a cue."""
    for number, line in enumerate(lines, 1):
        if not _TIMED.search(line) and len(_STAMP.findall(_INSIDE.sub("", line))) < 2:
            continue
        if not _TIMES[kind].match(line):
            usual = "00:01:02,345 --> 00:01:04,000" if kind == "srt" else "00:01:02.345 --> 00:01:04.000"
            raise ManuscriptError(
                f"the times {line.strip()[:60]!r} cannot be read", where=f"{path}, line {number}", fix=f"Write {usual}."
            )
        yield number


def _with_bare_times(lines: Sequence[str], kind: str, rows: Sequence[int]) -> list[str]:
    """The rows with times have them alone, and no other row has any: pysubs2 takes two times in a row for a cue's."""
    bare = [_INSIDE.sub("", line) for line in lines]
    for row in rows:
        match = _TIMES[kind].match(lines[row - 1])
        bare[row - 1] = f"{match[1]} --> {match[2]}" if match else ""
    return bare


def _ass_rows(lines: Sequence[str], kind: str, path: Path) -> Iterator[int]:
    """Numbers, from 1, of the rows of events, comments among them."""
    fields = (("layer", "marked")[kind == "ssa"], *_ASS_FIELDS)
    in_events = False
    for number, line in enumerate(map(str.strip, lines), 1):
        if line.startswith("["):
            in_events = line.lower().startswith("[events]")
        if in_events and line.startswith("Format:"):
            found = tuple(part.strip().lower() for part in line.removeprefix("Format:").split(","))
            if found != fields and found != (fields[0], *(one.replace("name", "actor") for one in _ASS_FIELDS)):
                raise ManuscriptError(
                    "the columns of the events stand in an unusual order", where=f"{path}, line {number}",
                    fix=f"Save the file with Aegisub: {', '.join(fields)}.",
                )  # fmt: skip
        if not line.startswith(("Dialogue:", "Comment:")):
            continue
        parts = line.split(":", 1)[1].split(",", len(fields) - 1)
        if len(parts) < len(fields) or not all(_ASS_TIME.match(part) for part in parts[1:3]):
            raise ManuscriptError(
                f"the event {line[:60]!r} cannot be read", where=f"{path}, line {number}",
                fix="Write Dialogue: 0,0:01:02.34,0:01:04.00,Default,Name,0,0,0,,Text",
            )  # fmt: skip
        yield number
