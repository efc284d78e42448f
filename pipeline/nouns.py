"""The nouns every room shares: small frozen values, no behaviour beyond reading themselves.

Imports no room. Times are in seconds unless a name says otherwise (`*_frames` are sample frames, `*_ms`
milliseconds). Text is always `str`, never bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Waveform = NDArray[np.float32]
"""Mono audio, shape (frames,), float32, full scale = [-1, 1]."""

Language = Literal["zh", "en"]
ParagraphKind = Literal["body", "heading", "break", "note"]
LineKind = Literal["narration", "dialogue", "thought", "letter", "heading", "pause"]
OnFailure = Literal["stop", "silence", "placeholder"]
"""What becomes of a line that cannot be rendered: the run stops, or silence or the embedded engine stands in for it."""

NARRATOR = "narrator"
"""The speaker of narration and headings in the script table."""
UNKNOWN = "unknown"
"""The speaker of a quote that no rule could attribute."""

EMOTIONS = ("happy", "angry", "sad", "afraid", "disgusted", "melancholic", "surprised", "calm")
"""The eight emotions of IndexTTS 2.0, in the order of its emotion vector."""
DELIVERIES = ("whisper", "shout", "fast", "slow", "trembling")
"""How the voice is used, beside what it feels."""


# --- manuscript -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """Where a paragraph was read: `file` inside the manuscript (or its own name), `where` in that file
    (an element path such as ``body/p[12]``, or ``bytes 120-318``, or ``line 14``)."""

    file: str
    where: str


@dataclass(frozen=True, slots=True)
class Cue:
    """When a subtitle is to be heard, in seconds: from `start`, for at most `seconds`; `speaker` where the file names one,
    else ""."""

    start: float
    seconds: float
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of running text. `break` is a scene break (its text may be empty or ``* * *``);
    `note` is a footnote that stays in the reading order. A paragraph with a `cue` is a subtitle, and one line of the script."""

    text: str
    kind: ParagraphKind = "body"
    source: Source = Source("", "")
    cue: Cue | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """`number` counts from 1 in reading order. `title` is "" for a text without chapters; the heading
    paragraph itself, where the text has one, is the first of `paragraphs` with kind `heading`."""

    number: int
    title: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A part of the manuscript that is not read aloud, and why (``copyright page``, ``table of contents``)."""

    title: str
    why: str
    characters: int
    source: Source = Source("", "")


@dataclass(frozen=True, slots=True)
class Book:
    """A manuscript as read. `sha256` is of the manuscript file; `encoding` and `encoding_certain` tell how a
    text file was decoded ("" for formats that carry their own). `notes` are remarks for the user."""

    title: str
    author: str
    language: Language
    chapters: tuple[Chapter, ...]
    path: Path
    sha256: str
    cover: bytes | None = None
    cover_type: str = ""
    encoding: str = ""
    encoding_certain: bool = True
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()


# --- script ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the script table, and the unit that is spoken, listened to and spoken again.

    id           stable name, e.g. ``c03-7fa2b1``
    chapter      chapter number, from 1
    order        position in the book, from 1
    paragraph    paragraph number inside the chapter, from 1
    kind         what it is; a `pause` has no text and lasts `pause_after`
    speaker      `NARRATOR`, a character's name, or `UNKNOWN`
    text         as written, quotation marks included
    spoken       how to say it where the author overrides it; "" = derived from `text`
    emotion      ``angry:0.7``, ``happy:0.3 sad:0.2`` or words (``疲惫地低语``); "" = the cast's default
    delivery     of `DELIVERIES`, space between; "" = plain
    speed        ratio of speaking rate, 1.0 = the voice's own; None = not set
    duration     wished length in seconds; None = free. In a line with a `start` it is the slot: the longest it should last
    pause_after  silence after the line in seconds; None = by punctuation and context
    start        where the line begins in its chapter, in seconds; None = after the line before it (a timed script has
                 it: a dubbing script read from subtitles)
    confidence   0..1, of `speaker`
    why          the rule that decided `speaker`
    note         the user's own
    by_hand      columns that a person filled, in the table or by mark-up; not a column itself
    """

    id: str
    chapter: int
    order: int
    paragraph: int
    kind: LineKind
    speaker: str
    text: str
    spoken: str = ""
    emotion: str = ""
    delivery: str = ""
    speed: float | None = None
    duration: float | None = None
    pause_after: float | None = None
    confidence: float = 1.0
    why: str = ""
    note: str = ""
    by_hand: tuple[str, ...] = ()
    start: float | None = None


@dataclass(frozen=True, slots=True)
class Character:
    """A speaker found in a script. `gender` is "female", "male" or ""; `age` "child", "young", "adult",
    "elder" or ""; both are hints from names, titles and pronouns."""

    name: str
    lines: int
    sample: str
    aliases: tuple[str, ...] = ()
    gender: str = ""
    age: str = ""


# --- cast -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Emotion:
    """How a line feels: a `reference` clip, or else the 8-vector `weights` (order of `EMOTIONS`, each 0..1). All
    empty = neutral. Where the author wrote `words`, `weights` is our reading of them, and an engine with a reader
    of its own may use that instead. `strength` (0..1) blends a reference clip with the voice's own tone; with `words` it is
    the factor (0..1.5), and `limit` the bound (None = its own), that such an engine lays on what it reads."""

    weights: tuple[float, ...] = ()
    words: str = ""
    reference: Path | None = None
    reference_sha256: str = ""
    strength: float = 1.0
    limit: float | None = None

    @property
    def neutral(self) -> bool:
        return not (self.weights or self.words or self.reference)


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice as the cast file describes it. `parameters` are the engine's own (variant, pitch, rate …);
    `reference` is the clip to clone, known by its hash so that a changed file is a changed voice."""

    name: str
    engine: str
    parameters: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    reference: Path | None = None
    reference_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Direction:
    """What one line asks of a voice: everything an engine needs, and everything that can change the sound."""

    line_id: str
    text: str
    """Spoken text: normalized; readings as ``重(chong2)新``."""
    language: Language
    voice: Voice
    emotion: Emotion = Emotion()
    delivery: tuple[str, ...] = ()
    """Of `DELIVERIES`, in that order."""
    speed: float = 1.0
    duration: float | None = None
    seed: int = 0


# --- takes ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """A word inside a take: its text as spoken (one character of Chinese), and where it sounds, in seconds from the take's
    first sample; 0 <= `start` <= `end`."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Take:
    """One rendering of one direction, kept for ever by its key. `flags` name what an automatic check found
    (``silent``, ``clipped``, ``truncated``, ``runaway``), or that it stands in for what could not be rendered (``stand_in``);
    `sha256` is of the audio file."""

    key: str
    path: Path
    sha256: str
    sample_rate: int
    frames: int
    engine: str
    seed: int
    created: str
    flags: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate


# --- masters --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Segment:
    """A line on a chapter's timeline. `start` and `frames` count sample frames at the master's rate; `take` is a key;
    `delivery` is of `DELIVERIES`; `gain_db` is what mastering laid on the take (0 before it is known). In a timed script a
    take begins without its first `lead` frames, counted at its own rate, and plays at `tempo` (1.08 = 8 % faster, same
    pitch); what of it would lie behind `frames` is left out."""

    line_id: str
    speaker: str
    text: str
    take: str
    start: int
    frames: int
    kind: LineKind = "narration"
    paragraph: int = 0
    delivery: tuple[str, ...] = ()
    gain_db: float = 0.0
    lead: int = 0
    tempo: float = 1.0

    @property
    def end(self) -> int:
        return self.start + self.frames


@dataclass(frozen=True, slots=True)
class Timeline:
    """A chapter laid out to the sample: `segments` in order, `frames` the whole length, head and tail included; `music` is
    where the user's music begins, and which: (frame, "chapter" or "scene")."""

    chapter: int
    title: str
    sample_rate: int
    frames: int
    segments: tuple[Segment, ...]
    music: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Loudness:
    """Measured loudness: integrated (LUFS, ITU-R BS.1770-5), true peak (dBTP, same, annex 2), range (LU, EBU
    Tech 3342), RMS over everything and sample peak (dBFS; a full-scale sine has -3.01 and 0), highest momentary (400 ms)
    and short-term (3 s) loudness (LUFS, EBU Tech 3341). nan = not measured."""

    integrated: float
    true_peak: float
    range: float = float("nan")
    rms: float = float("nan")
    peak: float = float("nan")
    momentary_max: float = float("nan")
    short_term_max: float = float("nan")


@dataclass(frozen=True, slots=True)
class Master:
    """A mastered chapter: its files by format (``flac``, ``mp3``, ``m4a`` …), all named `stem`, its timeline's length and
    what was measured of the sound that was encoded. `reduction_db` is the most that the limiter took away, `pressed` are
    the ids of the lines where that was more than 6 dB, the worst first; `peaks` is each file's own true peak, dBTP, as
    players decode it. `fingerprint` names everything that went in: same fingerprint, nothing to do."""

    chapter: int
    title: str
    sample_rate: int
    frames: int
    files: Mapping[str, Path]
    loudness: Loudness
    fingerprint: str
    stem: str = ""
    reduction_db: float = 0.0
    peaks: Mapping[str, float] = field(default_factory=dict)
    pressed: tuple[str, ...] = ()

    @property
    def true_peak(self) -> float:
        """dBTP, the highest of its files; of a chapter mastered before they were measured, what was encoded."""
        return max(self.peaks.values(), default=self.loudness.true_peak)

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate
