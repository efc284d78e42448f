"""Opening and closing credits: what the narrator says before the first chapter and after the last.

They are lines of two chapters of their own, written from the cast file and the book's metadata at every run, and so in no
script table. ACX asks for both: title, author and narrator in the opening, an ending in the closing
(https://help.acx.com, "ACX Audio Submission Requirements").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.nouns import NARRATOR, Language, Line

TITLES = {"zh": ("片头", "片尾"), "en": ("Opening credits", "Closing credits")}
_OPENING = {
    "zh": ("{title}。", "作者，{author}。", "演播，{narrator}。"),
    "en": ("{title}.", "Written by {author}.", "Narrated by {narrator}."),
}
_CLOSING = {
    "zh": ("《{title}》，全书完。", "作者，{author}。", "演播，{narrator}。", "感谢收听。"),
    "en": ("This has been {title}.", "Written by {author}.", "Narrated by {narrator}.", "The end."),
}
PLACEHOLDERS = ("{title}", "{author}", "{narrator}")
_ID = re.compile(r"c\d+-credit\d+")
_BRACES = re.compile(r"[{｛][^{}｛｝]*[}｝]|[{}｛｝]")
AI_VOICE = {"zh": "人工智能语音", "en": "an AI voice"}


@dataclass(frozen=True, slots=True)
class Credits:
    """What is said; "" = our own words. `narrator` is who is named as the voice; "" = an AI voice. Of the words, `{title}`,
    `{author}` and `{narrator}` are filled in."""

    opening: str = ""
    closing: str = ""
    narrator: str = ""


def lines(wish: Credits, title: str, author: str, language: Language, last: int) -> tuple[list[Line], list[Line]]:
    """The opening's lines, of chapter 0, and the closing's, of chapter `last` + 1. A sentence of our own that names nobody
    (an unknown author) is left out."""
    known = {"title": title, "author": author, "narrator": wish.narrator or AI_VOICE[language]}

    def said(own: str, usual: tuple[str, ...], chapter: int) -> list[Line]:
        texts = [own] if own else [one for one in usual if all(known[name] for name in known if f"{{{name}}}" in one)]
        return [
            Line(
                f"c{chapter:02d}-credit{number}", chapter, 0, number, "narration", NARRATOR, _filled(text, known),
                why="credits",
            )
            for number, text in enumerate(texts, 1)
        ]  # fmt: skip

    return said(wish.opening, _OPENING[language], 0), said(wish.closing, _CLOSING[language], last + 1)


def is_credit(line: str) -> bool:
    """Whether that is the id of a spoken credit."""
    return _ID.fullmatch(line) is not None


def unfilled(text: str, known: Sequence[str] = PLACEHOLDERS) -> str:
    """The first thing in braces (also those of Chinese keyboards), or brace without its partner, that would be read out as it
    stands, since it is none of `known`; "" for none."""
    return next((one for one in _BRACES.findall(text) if one not in known), "")


def _filled(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", value)
    return text
