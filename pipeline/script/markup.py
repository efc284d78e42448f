"""Mark-up that authors may type: ``[林晚|愤怒,低声] 台词`` at the start of a paragraph, ``[pause 800ms]`` anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import ScriptError
from pipeline.nouns import Paragraph
from pipeline.script import delivery, emotion
from pipeline.script.feeling import Feeling
from pipeline.script.table import speaker_named
from pipeline.wording import Wording

_SPEAKER = re.compile(r"^\s*[\[［【]([^\[\]|｜\n]{0,30})[|｜]([^\[\]|｜\n]{0,40})[\]］】]\s*")
_PAUSE = re.compile(r"[\[［【]\s*(?:pause|停顿)\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|毫秒|s|秒)?\s*[\]］】]", re.IGNORECASE)
LONGEST_PAUSE_S = 60.0
"""Of one mark: a longer one is taken for a slip (5000s for 5000ms)."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A paragraph without its mark-up: `parts` are texts (str) and pauses in seconds (float), in order; `speaker` and
    `feeling` (emotion and delivery) as given, None where there is no such mark."""

    parts: tuple[str | float, ...]
    speaker: str | None = None
    feeling: Feeling | None = None


def read(paragraph: Paragraph) -> Marked:
    """Take the mark-up off a paragraph. Raises ScriptError for an emotion that is none and a pause that is too long."""
    text = paragraph.text
    speaker: str | None = None
    feeling: Feeling | None = None
    if "|" not in text[:80] and "｜" not in text[:80] and not _PAUSE.search(text):
        return Marked((text,))
    where = f"{paragraph.source.file}, {paragraph.source.where}"
    mark = _SPEAKER.match(text)
    if mark:
        speaker, (words, voice) = speaker_named(mark[1]), delivery.split(mark[2], where=where)
        emotion.parse(words, where=where)
        feeling = Feeling(words, voice)
        text = text[mark.end() :]
    return Marked(tuple(_parts(text, where)), speaker, feeling)


def _parts(text: str, where: str) -> list[str | float]:
    parts: list[str | float] = []
    at = 0
    for match in _PAUSE.finditer(text):
        parts.append(text[at : match.start()])
        seconds = float(match[1]) / (1000 if (match[2] or "ms").lower() in ("ms", "毫秒") else 1)
        if seconds > LONGEST_PAUSE_S:
            raise _too_long(match[0], where)
        parts.append(seconds)
        at = match.end()
    parts.append(text[at:])
    return [part for part in parts if isinstance(part, float) or part.strip()]


def _too_long(mark: str, where: str) -> ScriptError:
    shown = mark if len(mark) <= 40 else f"{mark[:30]}…{mark[-4:]}"
    return ScriptError(
        Wording(
            f"{shown} is longer than a pause may be, {LONGEST_PAUSE_S:g} s",
            f"{shown} 超过了停顿的上限 {LONGEST_PAUSE_S:g} 秒",
        ),
        where=where,
        fix=Wording(
            "Without a unit the number is milliseconds. For a longer silence write several marks in a row.",
            "不写单位时数字是毫秒。要更长的静默，请连写几个。",
        ),
    )
