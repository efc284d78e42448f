"""Running text out of (X)HTML: the same walk for EPUB, HTML and Markdown.

Blocks become paragraphs, inline elements join, line breaks split Chinese paragraphs and are spaces in others. Not read:
scripts and styles, navigation, note references in the middle of a sentence, images (their alternative text describes a
picture, which narration does not), ruby readings unless they are pinyin over one character: 重(chóng).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.manuscript.characters import HAN, clean
from pipeline.manuscript.options import Piece
from pipeline.manuscript.rules import rules
from pipeline.nouns import ParagraphKind, Source

BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer"
    " form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary table tbody td"
    " tfoot th thead tr ul".split()
)
_SILENT = frozenset("script style head title template noscript audio video iframe object svg math nav rp".split())
_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,31});")
_XML_ENTITIES = {b"amp", b"lt", b"gt", b"quot", b"apos"}
_NOTE_MARK = re.compile(r"^[\[(（〔［【]?\s*(?:\d{1,4}|[*†‡§①-⑳〇一二三四五六七八九十]+|注\d*|[a-z])\s*[\])）〕］】]?$")
_PINYIN = re.compile(r"^[a-zü]*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ][a-zü]*$", re.IGNORECASE)
_BREAK = "\x1e"
"""Stands for <br> until the paragraph is known: ASCII's record separator, which `clean` drops from any real text."""
_DROPPED_TOO = "\x1f"
EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of a document: its piece, the ids of elements that begin in or just before it, and the EPUB terms
    (``footnote``, ``titlepage`` …) of the elements around it."""

    piece: Piece
    ids: tuple[str, ...]
    terms: frozenset[str]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a paragraph where the document has it: the text right behind an element's start tag (`text`), behind its
    end tag (`tail`), or an element that is read as one (`whole`: a ruby)."""

    text: str
    element: Any
    slot: Literal["text", "tail", "whole"]


def parse(data: bytes) -> Any:
    """The root element of an HTML or XHTML document: as XML where it is XML, else as HTML. No entity is expanded but
    HTML's named characters, nothing is fetched. None for a document without elements."""
    from lxml import etree
    from lxml import html as lxml_html

    known = _ENTITY.sub(_character, data)
    strict = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=False)
    try:
        return etree.fromstring(known, strict)
    except (etree.XMLSyntaxError, ValueError):
        lenient = lxml_html.HTMLParser(encoding=_declared(data), no_network=True, huge_tree=False)
        try:
            return lxml_html.document_fromstring(data, parser=lenient)
        except (etree.ParserError, etree.XMLSyntaxError, ValueError):
            return None


def _character(match: re.Match[bytes]) -> bytes:
    name = match[1]
    if name in _XML_ENTITIES:
        return match[0]
    text = html.unescape(f"&{name.decode()};")
    return match[0] if text.startswith("&") else "".join(f"&#{ord(sign)};" for sign in text).encode()


def _declared(data: bytes) -> str:
    match = re.search(rb"""(?:encoding|charset)\s*=\s*["']?([\w-]+)""", data[:2000])
    return match[1].decode("ascii", "replace") if match else "utf-8"


def blocks(root: Any, file: str) -> Iterator[Block]:
    """The paragraphs of a document in reading order."""
    return (block for block, _ in placed(root, file))


def placed(root: Any, file: str) -> Iterator[tuple[Block, tuple[Run, ...]]]:
    """Every paragraph of a document with the stretches that it is made of."""
    return _Walk(file).walk(root)


def name_of(element: Any) -> str:
    """An element's name without namespace, lower case; "" for comments and the like."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


_Placed = tuple[Block, tuple[Run, ...]]


class _Walk:
    def __init__(self, file: str) -> None:
        self.file = file
        self.runs: list[Run] = []
        self.ids: list[str] = []
        self.count = 0
        self.terms: list[frozenset[str]] = [frozenset()]
        self.level = 0

    def walk(self, root: Any) -> Iterator[_Placed]:
        yield from self._element(root)
        yield from self._flush()

    def _element(self, element: Any) -> Iterator[_Placed]:
        name = name_of(element)
        if not name or name in _SILENT or element.get("hidden") is not None:
            return
        block = name in BLOCKS
        if block:
            yield from self._flush()
        identity = element.get("id") or (element.get("name") if name == "a" else None)
        if identity:
            self.ids.append(identity)
        if name == "hr":
            yield self._block("* * *", "break", 0), ()
        elif name == "br":
            self.runs.append(Run(_BREAK, element, "whole"))
        elif name == "ruby":
            self._ruby(element)
        elif not _is_page_mark(element) and not _is_note_mark(element, name):
            yield from self._inside(element, name)
        if block:
            yield from self._flush()

    def _inside(self, element: Any, name: str) -> Iterator[_Placed]:
        terms = frozenset((element.get(EPUB_TYPE) or element.get("role", "").replace("doc-", "")).split())
        self.terms.append(self.terms[-1] | terms)
        level_before = self.level
        if len(name) == 2 and name[0] == "h" and name[1].isdigit():
            self.level = int(name[1])
        elif name == "hgroup":  # a heading with its subtitle, which is a paragraph there (HTML, 4.3.7)
            self.level = min(
                (int(one[1]) + 1 for one in map(name_of, element) if re.fullmatch("h[1-6]", one)), default=0
            )
        self._say(element.text, element, "text")
        for child in element:
            yield from self._element(child)
            self._say(child.tail, child, "tail")
        if name in BLOCKS:
            yield from self._flush()
        self.level = level_before
        self.terms.pop()

    def _say(self, text: str | None, element: Any, slot: Literal["text", "tail", "whole"]) -> None:
        if text:
            self.runs.append(Run(text.replace(_BREAK, _DROPPED_TOO), element, slot))

    def _ruby(self, element: Any) -> None:
        base, reading = [element.text or ""], ""
        for child in element:
            name = name_of(child)
            text = "".join(child.itertext())
            if name == "rt":
                reading = text.strip()
                written = "".join(base).strip()
                if len(written) == 1 and HAN.match(written) and _PINYIN.match(reading):
                    base = [f"{written}({reading})"]
                self._say("".join(base), element, "whole")
                base = []
            elif name != "rp":
                base.append(text)
            base.append(child.tail or "")
        self._say("".join(base), element, "whole")

    def _flush(self) -> Iterator[_Placed]:
        runs, self.runs = self.runs, []
        apart = any(run.text == _BREAK for run in runs) and any(HAN.search(run.text) for run in runs)
        for row in _rows(runs) if apart else [runs]:
            text = clean("".join(run.text for run in row).replace(_BREAK, " "))
            if text:
                is_break = not self.level and rules().is_break(text)
                kind: ParagraphKind = "heading" if self.level else "break" if is_break else "body"
                yield self._block(text, kind, self.level), tuple(row)

    def _block(self, text: str, kind: ParagraphKind, level: int) -> Block:
        self.count += 1
        ids, self.ids = tuple(self.ids), []
        return Block(Piece(text, kind, Source(self.file, f"block {self.count}"), level), ids, self.terms[-1])


def _rows(runs: Sequence[Run]) -> Iterator[list[Run]]:
    row: list[Run] = []
    for run in runs:
        if run.text == _BREAK:
            yield row
            row = []
        else:
            row.append(run)
    yield row


def _terms(element: Any) -> list[str]:
    return (element.get(EPUB_TYPE) or element.get("role") or "").split()


def _is_page_mark(element: Any) -> bool:
    """The number of a printed page, where it begins: for the eye."""
    return not {"pagebreak", "doc-pagebreak"}.isdisjoint(_terms(element))


def _is_note_mark(element: Any, name: str) -> bool:
    """The little number of a footnote: a link that says so, or a linked number, or a superscript holding one."""
    if not {"noteref", "doc-noteref"}.isdisjoint(_terms(element)):
        return True
    if name == "a" and element.get("href"):
        up = element.getparent()
        raised = up is not None and name_of(up) == "sup"
        text = "".join(element.itertext()).strip()
        return bool(text) and (raised or "#" in element.get("href")) and _NOTE_MARK.match(text) is not None
    return name == "sup" and len(element) == 1 and _is_note_mark(element[0], name_of(element[0]))
