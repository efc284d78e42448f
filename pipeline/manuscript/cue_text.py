"""What of a subtitle is spoken, and by whom: sounds and music out, names in front of the text known as names.

A name in front (``NAME: text``, ``NAME：text``, ``[NAME] text``) is one when it looks like a name and the file agrees: it
stands there in two cues or more, or half the cues have one, or a field of the file names that person, or it is written in
capitals before a colon, as is the custom. Everything else is text of the narrator's, colon included.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipeline.manuscript.characters import HAN, clean
from pipeline.nouns import NARRATOR
from pipeline.shipped import yaml_of


@dataclass(frozen=True, slots=True)
class Raw:
    """A cue's text, rows apart by line feeds, and its speaker by a field of the file ("" = none)."""

    text: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What is spoken of a cue, and by whom ("" = nobody is named). `skip` is why nothing is: "music", "sound", "no words"."""

    text: str
    speaker: str = ""
    skip: str = ""


_NOTES = "♪♫♬♩🎵🎶"
_DASH = re.compile(r"^\s*(?:[-–‐]|—(?!—))\s*(?=\S)")
_BRACKET = re.compile(r"\[([^\[\]|｜]*)\]|【([^【】|｜]*)】|［([^［］|｜]*)］")
_PAREN = re.compile(r"\(([^()]*)\)|（([^（）]*)）")
_PAUSE = re.compile(r"^\s*(?:pause|停顿)\s*[0-9]", re.IGNORECASE)
_BEFORE_COLON = re.compile(
    r"^([^:：\[\]()（）“”\"「」。，,!?！？|｜]{1,40}?)\s*(?:[(（][^)）]{1,20}[)）])?\s*[:：](?!\d|//)\s*(?=\S)"
)
_IN_BRACKET = re.compile(r"^(?:\[([^\[\]|｜]{1,40})\]|【([^【】|｜]{1,40})】)\s*[:：]?\s*(?=[^\s\[【])")
_HAN_NAME = re.compile(r"^[\u3400-\u9fff·]{1,8}[0-9A-Za-z]?$")
_SMALL_WORDS = frozenset("of the de da di van von der la le al bin".split())


@cache
def _words() -> dict[str, Any]:
    return yaml_of(__package__, "subtitles.yaml")


def read(cues: Sequence[Raw]) -> list[Said]:
    """What each of a file's cues says."""
    texts = [_without_music(one.text) for one in cues]
    named = {one.speaker for one in cues if one.speaker}
    found = [_in_front(text) for text in texts if text]
    counts = Counter(name for name, _, _ in found if name)
    usual = 2 * sum(counts.values()) >= max(1, len(found))
    read = []
    for cue, text in zip(cues, texts, strict=True):
        if not text:
            read.append(Said("", skip="music" if any(sign in cue.text for sign in _NOTES) else "no words"))
            continue
        name, bracket, rest = _in_front(text)
        agreed = counts[name] > 1 or name in named or (usual and not bracket) or (name.isupper() and not bracket)
        speaker = cue.speaker
        if name and agreed:
            speaker, text = speaker or name, rest
        spoken = _without_sounds(text)
        heard = any(sign.isalnum() for sign in spoken)
        speaker = NARRATOR if speaker.lower() in _words()["narrators"] else speaker
        read.append(Said(spoken, speaker) if heard else Said("", skip="sound" if spoken != text else "no words"))
    return read


def _without_music(text: str) -> str:
    """A cue on one line, without dashes in front of its rows and without rows that are sung."""
    text = text.strip()
    if text[:1] in _NOTES and text[-1:] in _NOTES:
        return ""
    rows = [row for row in text.split("\n") if not any(sign in row for sign in _NOTES)]
    return clean("\n".join(_DASH.sub("", row) for row in rows))


def _in_front(text: str) -> tuple[str, bool, str]:
    """What looks like a name in front of a text ("" = nothing), whether in brackets, and the text after it."""
    for pattern, bracket in ((_IN_BRACKET, True), (_BEFORE_COLON, False)):
        match = pattern.match(text)
        if match:
            name = next(part for part in match.groups() if part is not None).strip()
            if _is_name(name) and not (bracket and is_sound(name)):
                return name, bracket, text[match.end() :]
    return "", False, text


def _is_name(name: str) -> bool:
    if not name or name.lower() in _words()["no_names"]:
        return False
    if HAN.search(name):
        return bool(_HAN_NAME.match(name))
    words = name.split()
    upper = all(word[0].isupper() or word[0].isdigit() or word in _SMALL_WORDS for word in words)
    return len(words) <= 4 and words[0][0].isupper() and upper and any(sign.isalpha() for sign in name)


def is_sound(text: str) -> bool:
    """Whether the words of a bracket tell a sound: ``door slams``, ``笑``."""
    if any(one in text for one in _words()["sounds_zh"]):
        return True
    return any(word.startswith(tuple(_words()["sounds_en"])) for word in re.findall(r"[a-z]+", text.lower()))


def _without_sounds(text: str) -> str:
    """Brackets are sounds, but for the project's own mark-up ([林晚|愤怒], [pause 800ms]); parentheses only where they say
    so or are the whole cue."""

    def bracket(match: re.Match[str]) -> str:
        inside = next(part for part in match.groups() if part is not None)
        return match[0] if _PAUSE.match(inside) else " "

    def parenthesis(match: re.Match[str]) -> str:
        inside = next(part for part in match.groups() if part is not None)
        brief = len(inside.split()) <= 3 and len(inside) <= 30
        return " " if match[0] == text or (brief and is_sound(inside)) else match[0]

    return clean(_PAREN.sub(parenthesis, _BRACKET.sub(bracket, text)))
