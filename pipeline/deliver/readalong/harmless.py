"""What a stranger's book may not do: run scripts, fetch anything from the network, lead a form or a link to code.

Taken out are script elements, event handlers, ``javascript:`` and ``file:`` links, and whatever would be loaded from outside
the book. Links that a reader follows by hand stay. Text stays, but a script's or a film's own.
"""

from __future__ import annotations

import re
from typing import Any

from pipeline.manuscript.markup import name_of

_REMOTE = re.compile(r"\s*(?:(?!data:)[a-z][a-z0-9+.-]*:|//|\\\\)", re.IGNORECASE)
_CODE = re.compile(r"(?:javascript|vbscript):", re.IGNORECASE)
_NO_LINK = re.compile(r"(?:file|data):", re.IGNORECASE)
_DATA = re.compile(r"data:", re.IGNORECASE)
_BLANKS = re.compile(r"[\x00-\x20]+")
"""What URL parsers skip (WHATWG URL, §4.4)."""
_LINKS = frozenset(("a", "area"))
_PAGES = frozenset(("iframe", "frame", "object", "embed"))
"""What holds pages of its own, which a ``data:`` URL may bring with their scripts."""
_LOADING = frozenset("src href data poster background codebase classid archive longdesc lowsrc altimg".split())
_NEVER = frozenset("srcdoc ping formaction action manifest base".split())


def _word(word: str) -> str:
    """A pattern of a word as CSS may spell it, ``\75rl`` being ``url`` (CSS Syntax 3, §4.3.7)."""
    return "".join(rf"(?:\\?{one}|\\0{{0,4}}(?:{ord(one.upper()):x}|{ord(one):x})\s?)" for one in word)


_GAP = r"(?:\s|/\*.*?\*/)*"
_CSS_URL = re.compile(
    rf"""(@namespace[^;]*;)|{_word("url")}\(\s*(?:"\s*([^"]*)"|'\s*([^']*)'|([^)]*))\s*\)""", re.IGNORECASE
)
_CSS_IMPORT = re.compile(rf"@{_word('import')}{_GAP}(?:{_word('url')}\(\s*)?[\"']?\s*([^\"');]*)[^;]*;?", re.I | re.S)
_CSS_IMAGES = re.compile(r"(?:image-set|image|src)\([^;{}]*?[\"']\s*(?:[a-z][a-z0-9+.-]*:)?//[^;{}]*", re.IGNORECASE)
_CSS_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.IGNORECASE)
SCRIPT_TYPES = frozenset(
    (
        "text/javascript",
        "application/javascript",
        "application/ecmascript",
        "application/x-javascript",
        "text/ecmascript",
    )
)


def defused(root: Any) -> bool:
    """Take all that out of an XHTML or SVG tree; whether there was anything."""
    changed = False
    for element in list(root.iter()):
        name = name_of(element)
        if not name:
            continue
        if name == "script" or (name == "meta" and element.get("http-equiv", "").lower() == "refresh"):
            changed = _drop(element) or changed
            continue
        for attribute, value in element.attrib.items():
            local = attribute.rpartition("}")[2].lower()
            bare = _BLANKS.sub("", value)
            outside = _REMOTE.match(bare) or (name in _PAGES and _DATA.match(bare))
            if local in _LOADING and name not in _LINKS and outside:
                changed = _drop(element) or changed
                break
            if _forbidden(name, local, bare):
                del element.attrib[attribute]
                changed = True
            elif local == "style" and (safe := style(value)) != value:
                element.set(attribute, safe)
                changed = True
        if name == "style" and element.text and (safe := style(element.text)) != element.text:
            element.text, changed = safe, True
    return changed


def _forbidden(element: str, attribute: str, value: str) -> bool:
    if attribute == "srcset":
        return any(_REMOTE.match(one) for one in value.split(","))  # data: has a comma of its own, and stays
    link = element in _LINKS and attribute == "href" and _NO_LINK.match(value) is not None
    return link or _CODE.match(value) is not None or attribute.startswith("on") or attribute in _NEVER


def loads(instruction: str) -> bool:
    """Whether a processing instruction (``href="…" type="text/css"``) asks for something outside the book."""
    asked = re.search(r"""href\s*=\s*["']([^"']*)""", instruction)
    return asked is not None and _REMOTE.match(asked[1]) is not None


def _drop(element: Any) -> bool:
    """Remove an element; the text behind it stays."""
    parent = element.getparent()
    if parent is None:
        return False
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)
    return True


def style(css: str) -> str:
    """CSS without what it would load from outside the book."""

    def url(match: re.Match[str]) -> str:
        asked = match[2] or match[3] or match[4] or ""
        return "none" if not match[1] and _REMOTE.match(_plain(asked)) else match[0]

    css = _CSS_IMPORT.sub(lambda match: "" if _REMOTE.match(_plain(match[1])) else match[0], css)
    return _CSS_IMAGES.sub("none", _CSS_URL.sub(url, css))


def _plain(css: str) -> str:
    """A CSS string with its escapes spelled out."""
    return _CSS_ESCAPE.sub(lambda match: chr(min(int(match[1], 16), 0x10FFFF)) if match[1] else match[2], css)


def style_sheet(data: bytes) -> bytes:
    """The same for a style sheet's bytes; UTF-16 becomes UTF-8, everything else keeps its encoding."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return style(re.sub(r"^\ufeff?@charset[^;]*;", "", data.decode("utf-16", "replace"))).encode()
    return style(data.decode("latin-1")).encode("latin-1")
