"""Media overlays: the SMIL of one document (EPUB 3.3, §9.2), clock values, and the style of the sentence that is spoken."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from pipeline.deliver.readalong.lines import Spoken

ACTIVE_CLASS = "-epub-media-overlay-active"
"""The class name that EPUB 3's own examples give the element being spoken; readers know it."""
STYLE = f""".{ACTIVE_CLASS} {{
  background-color: #ffe08a;
  color: #1a1a1a;
}}
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """A par: the element that holds a line's words, and its clip."""

    identity: str
    audio: str
    begin_ms: int
    end_ms: int


def pairs(lines: Iterable[tuple[Spoken, str | None]]) -> list[Pair]:
    """The pars of one document's lines (line, id of its element or None) in order. What a line without an element says is
    heard while the one before it stays lit, where its clip follows on that one's."""
    made: list[Pair] = []
    for line, identity in lines:
        before = made[-1] if made else None
        if identity is not None:
            made.append(Pair(identity, line.audio, line.begin_ms, line.end_ms))
        elif before and (before.audio, before.end_ms) == (line.audio, line.begin_ms):
            made[-1] = replace(before, end_ms=line.end_ms)
    return made


def smil(document: str, body: str, pars: Sequence[Pair], folder: str) -> bytes:
    """The overlay of `document`, whose body has the id `body`; it and the audio files lie in `folder`. Names are paths in
    the EPUB."""
    text = href(document, folder)
    rows = [
        f'<par id="par-{number}"><text src={quoteattr(f"{text}#{one.identity}")}/>'
        f'<audio src={quoteattr(one.audio)} clipBegin="{clock(one.begin_ms)}" clipEnd="{clock(one.end_ms)}"/></par>'
        for number, one in enumerate(pars, 1)
    ]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<smil xmlns="http://www.w3.org/ns/SMIL" xmlns:epub="http://www.idpf.org/2007/ops" version="3.0">\n<body>\n'
        f'<seq id="seq" epub:textref={quoteattr(f"{text}#{body}")}>\n'
        + "\n".join(rows)
        + "\n</seq>\n</body>\n</smil>\n"
    ).encode()


def duration_ms(pars: Iterable[Pair]) -> int:
    """What the clips last together."""
    return sum(one.end_ms - one.begin_ms for one in pars)


def clock(ms: int) -> str:
    """A full clock value, ``1:02:03.004`` (SMIL 3.0, §5.4.3)."""
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def href(name: str, folder: str) -> str:
    """A path in the EPUB as a relative URL, seen from `folder`."""
    return quote(posixpath.relpath(name, folder or "."), safe="/!$&'()*+,;=:@~")
