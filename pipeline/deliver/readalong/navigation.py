"""The navigation document that EPUB 3 asks for (EPUB 3.3, §7), made of an EPUB 2's NCX and guide (OPF 2.0.1, §2.4.1, §2.6)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape, quoteattr

from pipeline.deliver.readalong.overlay import href
from pipeline.manuscript.characters import clean
from pipeline.manuscript.markup import name_of

_LANDMARKS = {"cover": "cover", "toc": "toc", "text": "bodymatter", "start": "bodymatter", "title-page": "titlepage"}


@dataclass(slots=True)
class Entry:
    """A line of a table of contents: `name` is the document's in the archive, `fragment` an id in it, or ""."""

    title: str
    name: str
    fragment: str = ""
    below: list[Entry] = field(default_factory=list)

    def all(self) -> Iterator[Entry]:
        yield self
        for one in self.below:
            yield from one.all()


@dataclass(frozen=True, slots=True)
class Contents:
    """`toc` as a tree, `pages` (page numbers of a printed edition) and `landmarks` (EPUB term, entry)."""

    toc: Sequence[Entry]
    pages: Sequence[Entry] = ()
    landmarks: Sequence[tuple[str, Entry]] = ()


def from_ncx(root: Any, folder: str) -> tuple[list[Entry], list[Entry]]:
    """Table of contents and page list of an NCX that lies in `folder`."""
    toc: list[Entry] = []
    pages: list[Entry] = []
    for part in root:
        if name_of(part) == "navmap":
            toc = _points(part, "navpoint", folder)
        elif name_of(part) == "pagelist":
            pages = _points(part, "pagetarget", folder)
    return toc, pages


def _points(parent: Any, kind: str, folder: str) -> list[Entry]:
    found = []
    for point in parent:
        if name_of(point) != kind:
            continue
        parts = {name_of(one): one for one in reversed(list(point))}
        label, content = parts.get("navlabel"), parts.get("content")
        title = clean("".join(label.itertext())) if label is not None else ""
        name, _, fragment = (content.get("src", "") if content is not None else "").partition("#")
        full = posixpath.normpath(posixpath.join(folder, unquote(name)))
        found.append(Entry(title, full, unquote(fragment), _points(point, kind, folder)))
    return found


def landmarks(guide: Any, folder: str) -> list[tuple[str, Entry]]:
    """What an EPUB 2's guide points out, as far as EPUB 3 has a word for it."""
    found, seen = [], set()
    for one in guide if guide is not None else ():
        name, _, fragment = one.get("href", "").partition("#") if name_of(one) == "reference" else ("", "", "")
        term = _LANDMARKS.get(one.get("type", "").lower()) if name else None
        full = posixpath.normpath(posixpath.join(folder, unquote(name)))
        if term and term not in seen:
            seen.add(term)
            found.append((term, Entry(clean(one.get("title") or term), full, unquote(fragment))))
    return found


def in_order(entries: Sequence[Entry], ids: Mapping[str, Sequence[str]]) -> list[Entry]:
    """Entries that lead to a place in the book, in reading order as EPUB 3 asks (§7.4): a table of contents that jumps back
    is laid out flat and sorted. `ids`: documents in reading order -> their ids in order; any other fragment is left off."""
    order = {name: number for number, name in enumerate(ids)}
    kept = _known(entries, ids)
    flat = [one for entry in kept for one in entry.all()]
    places = {name: {identity: number for number, identity in enumerate(there, 1)} for name, there in ids.items()}

    def place(one: Entry) -> tuple[int, int]:
        return order[one.name], places[one.name].get(one.fragment, 0)

    if all(place(one) <= place(two) for one, two in pairwise(flat)):
        return kept
    return [Entry(one.title, one.name, one.fragment) for one in sorted(flat, key=place)]


def _known(entries: Sequence[Entry], ids: Mapping[str, Sequence[str]]) -> list[Entry]:
    kept: list[Entry] = []
    for one in entries:
        below = _known(one.below, ids)
        if one.name in ids:
            fragment = one.fragment if one.fragment in ids[one.name] else ""
            kept.append(Entry(one.title or "—", one.name, fragment, below))
        else:
            kept.extend(below)
    return kept


def document(contents: Contents, title: str, language: str, folder: str) -> bytes:
    """The navigation document, to lie in `folder`."""
    parts = [f'<nav epub:type="toc" id="toc"><h1>{escape(title)}</h1>{_list(contents.toc, folder)}</nav>']
    if contents.landmarks:
        rows = "".join(
            f'<li><a epub:type="{term}" href={quoteattr(_url(one, folder))}>{escape(one.title)}</a></li>'
            for term, one in contents.landmarks
        )
        parts.append(f'<nav epub:type="landmarks" id="landmarks" hidden="hidden"><ol>{rows}</ol></nav>')
    if contents.pages:
        parts.append(f'<nav epub:type="page-list" id="page-list" hidden="hidden">{_list(contents.pages, folder)}</nav>')
    lang = quoteattr(language)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
        f" lang={lang} xml:lang={lang}><head><title>{escape(title)}</title></head>\n<body>\n"
        + "\n".join(parts) + "\n</body></html>\n"
    ).encode()  # fmt: skip


def _list(entries: Sequence[Entry], folder: str) -> str:
    rows = []
    for one in entries:
        below = _list(one.below, folder) if one.below else ""
        rows.append(f"<li><a href={quoteattr(_url(one, folder))}>{escape(one.title)}</a>{below}</li>")
    return "<ol>" + "\n".join(rows) + "</ol>"


def _url(one: Entry, folder: str) -> str:
    return href(one.name, folder) + (f"#{quote(one.fragment)}" if one.fragment else "")
