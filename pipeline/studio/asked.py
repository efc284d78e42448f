"""What the page may ask for, with its types and bounds; anything else is answered with 422 before a room hears of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Name = Annotated[str, Field(max_length=200)]
Share = Annotated[float, Field(ge=0, le=1)]


class Lines(BaseModel):
    """Some of the lines that a filter lets through."""

    filter: dict[Name, bool | Name] = {}
    first: int = Field(0, ge=0)
    count: int = Field(100, ge=1, le=400)


class Change(BaseModel):
    """A cell of some lines, which the author saw as `seen`, by id."""

    column: Name
    value: str = Field(max_length=4000)
    seen: dict[Name, Annotated[str, Field(max_length=4000)]] = Field(min_length=1, max_length=400)


class Rerender(BaseModel):
    lines: list[Name] = Field(min_length=1, max_length=400)
    takes: int = Field(1, ge=1, le=5)


class Choose(BaseModel):
    line: Name
    take: Name


class Rename(BaseModel):
    old: Name
    new: Name = Field(min_length=1)
    merge: bool = False


class Give(BaseModel):
    who: Name
    cast: Name = ""
    voice: Name


class Deliver(BaseModel):
    kind: Name = Field(pattern="^[a-z][a-z0-9_-]*$")


class Run(BaseModel):
    """A manuscript to make, or a `book` to bring up to date."""

    manuscript: Name = ""
    cast: Name = ""
    book: Name = ""


class Audition(BaseModel):
    """A sentence to be heard; see `casting.wish_of`."""

    text: str = Field("", max_length=2000)
    language: Literal["zh", "en"] = "zh"
    cast: Name = ""
    voice: Name = "narrator"
    clip: Name = ""
    engine: Name = ""
    book: Name = ""
    who: Name = ""
    way: Literal["same", "clip", "sliders", "words"] = "same"
    words: Name = ""
    weights: list[Share] = Field([], max_length=8)
    emotion_clip: Name = ""
    strength: Share = 1.0
    ratio: float | None = Field(None, ge=0.75, le=1.25)
    seconds: float | None = Field(None, ge=0.2, le=60)
    seed: int = Field(0, ge=0, le=1 << 31)


class Voice(Audition):
    """A voice to be kept under a `name`, `into` a cast file."""

    name: Name
    into: Name = "voices.yaml"
    about: Name = ""
    consent: Name = ""
