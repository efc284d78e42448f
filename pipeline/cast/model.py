"""What a cast file says, checked and resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.nouns import Emotion, Language, OnFailure, Voice
from pipeline.yaml_lines import Node

WISHES = ("mastering", "music", "credits", "deliver")
"""Keys of the cast file that say how the book is finished; the rooms that finish it read them."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A character's way of feeling: `default` for lines without an emotion of their own, `expressiveness` (0..1.5) a
    factor on the emotions of lines, `limit` the highest intensity (0..1) after it, `references` a clip for an emotion by
    name."""

    default: Emotion = field(default_factory=Emotion)
    limit: float = 1.0
    references: Mapping[str, Emotion] = field(default_factory=dict)
    expressiveness: float = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """Who speaks with which voice. `level` is how much louder than the others, in LU. `line` is where the cast file says
    so (0 = a default of ours)."""

    name: str
    voice: str
    aliases: tuple[str, ...] = ()
    emotions: Profile = field(default_factory=Profile)
    speed: float = 1.0
    line: int = 0
    level: float = 0.0


@dataclass(frozen=True, slots=True)
class Cast:
    """A whole cast.

    voices     every voice by name; `fallbacks` name the voice to use instead when an engine is missing
    about      what its voices are like, by name, for whoever chooses one
    parts      characters by name, aliases included
    narrator   speaks narration and headings; `anyone` ("*") whoever is not named; `unknown` quotes without a speaker
    lexicon    term -> reading or replacement
    pauses     seconds by kind of pause, laid over the mastering profile's
    on_failure what becomes of a line that cannot be rendered; None = as the run says
    wishes     how the book is finished: of `WISHES`, unread
    """

    language: Language
    narrator: Part
    voices: Mapping[str, Voice]
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)
    anyone: Part | None = None
    unknown: Part | None = None
    lexicon: Mapping[str, str] = field(default_factory=dict)
    pauses: Mapping[str, float] = field(default_factory=dict)
    profile: str = ""
    consent: str = ""
    best_effort: bool = False
    on_failure: OnFailure | None = None
    path: Path | None = None
    wishes: Mapping[str, Node] = field(default_factory=dict)

    def part(self, speaker: str) -> Part:
        """Who speaks for a speaker of the script table."""
        from pipeline.nouns import NARRATOR, UNKNOWN

        if speaker == UNKNOWN:
            return self.unknown or self.narrator
        if speaker in (NARRATOR, ""):
            return self.narrator
        return self.parts.get(speaker) or self.anyone or self.narrator
