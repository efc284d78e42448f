"""A content document's tree: made XHTML where it was parsed as HTML, its style sheet and properties, and its bytes."""

from __future__ import annotations

import re
from typing import Any

from pipeline.deliver.readalong import harmless
from pipeline.manuscript.markup import name_of

XHTML = "http://www.w3.org/1999/xhtml"
SVG = "http://www.w3.org/2000/svg"
MATHML = "http://www.w3.org/1998/Math/MathML"
_SPACES = {
    "epub": "http://www.idpf.org/2007/ops", "xml": "http://www.w3.org/XML/1998/namespace",
    "xlink": "http://www.w3.org/1999/xlink",
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def as_xhtml(root: Any) -> Any:
    """`root` itself when it is XHTML; else, a tree that was read as HTML, the same in XHTML's namespace and names that XML
    can spell."""
    from lxml import etree

    if root.tag == f"{{{XHTML}}}html":
        return root
    spaces: dict[str | None, str] = {None: XHTML, "epub": _SPACES["epub"]}
    made = etree.Element(f"{{{XHTML}}}html", _attributes(root), nsmap=spaces)  # type: ignore[arg-type]
    made.text = _text(root.text)
    waiting = [(root, made, XHTML)]
    while waiting:
        element, copy, space = waiting.pop()
        for child in element:
            if isinstance(child.tag, str):
                local = child.tag.rpartition("}")[2]
                local = local if _NAME.fullmatch(local) else "span"  # Word's o:p and the like
                inner = {"svg": SVG, "math": MATHML}.get(local, space)
                below = etree.SubElement(copy, f"{{{inner}}}{local}", _attributes(child))
                below.text, below.tail = _text(child.text), _text(child.tail)
                waiting.append((child, below, XHTML if local == "foreignObject" else inner))
            elif child.tail:
                _append(copy, _text(child.tail) or "")
    return made


def _attributes(element: Any) -> dict[str, str]:
    found = {}
    for name, value in element.attrib.items():
        prefix, _, local = name.rpartition(":") if not name.startswith("{") else ("", "", name)
        if name.startswith("{"):
            found[name] = _text(value) or ""
        elif _NAME.fullmatch(local) and (not prefix or prefix in _SPACES):
            found[f"{{{_SPACES[prefix]}}}{local}" if prefix else local] = _text(value) or ""
    return found


def _text(text: str | None) -> str | None:
    return _NO_XML.sub("", text) if text else text


def _append(element: Any, text: str) -> None:
    """Text behind everything that is in an element."""
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def spell_out_entities(root: Any) -> None:
    """References to entities of the document's own (``&foo;``) as plain text: they are neither expanded nor lost."""
    from lxml import etree

    for entity in list(root.iter(etree.Entity)):
        text = (entity.text or "") + (entity.tail or "")
        parent, before = entity.getparent(), entity.getprevious()
        if before is None:
            parent.text = (parent.text or "") + text
        else:
            before.tail = (before.tail or "") + text
        parent.remove(entity)


def head_of(root: Any) -> Any:
    """The ``head``; made where there is none."""
    found = next((one for one in root if name_of(one) == "head"), None)
    if found is None:
        found = root.makeelement(f"{{{XHTML}}}head")
        root.insert(0, found)
    return found


def titled(root: Any, title: str) -> None:
    """See to it that the document has a title: `title` where its own is missing or empty."""
    head = head_of(root)
    found = next((one for one in head if name_of(one) == "title"), None)
    if found is None:
        found = root.makeelement(f"{{{XHTML}}}title")
        head.append(found)
    if not "".join(found.itertext()).strip():
        found.text = title


def body_id(root: Any) -> str:
    """The id of the document's body; given one where it has none."""
    body = next((one for one in root if name_of(one) == "body"), root)
    if not body.get("id"):
        taken, identity = set(root.xpath("//@id")), "read-along-body"
        while identity in taken:
            identity += "-1"
        body.set("id", identity)
    return str(body.get("id"))


def link_style(root: Any, url: str) -> None:
    """Add a style sheet behind those the document has."""
    head_of(root).append(
        root.makeelement(f"{{{XHTML}}}link", {"rel": "stylesheet", "type": "text/css", "href": url})
    )  # fmt: skip


def properties(root: Any) -> set[str]:
    """What the manifest must say of this document (EPUB 3.3, §D.6.3), scripts and remote files having been taken out."""
    names = {(one.tag.rpartition("}")[0][1:], name_of(one)) for one in root.iter() if isinstance(one.tag, str)}
    told = {"svg" for space, name in names if space == SVG}
    told |= {"mathml" for space, name in names if space == MATHML}
    told |= {"switch" for space, name in names if (space, name) == (_SPACES["epub"], "switch")}
    return told | {"scripted" for space, name in names if (space, name) == (XHTML, "form")}


def data(root: Any) -> bytes:
    """The document in UTF-8, with HTML's doctype and the style sheets that its processing instructions name."""
    from lxml import etree

    for meta in [one for one in head_of(root) if name_of(one) == "meta"]:
        if meta.get("charset"):
            meta.set("charset", "utf-8")
        elif meta.get("http-equiv", "").lower() == "content-type":
            meta.set("content", "text/html; charset=utf-8")
    before = [
        etree.tostring(one, encoding="unicode", with_tail=False)
        for one in reversed(list(root.itersiblings(preceding=True)))
        if isinstance(one, etree._ProcessingInstruction) and not harmless.loads(one.text or "")
    ]
    head = ['<?xml version="1.0" encoding="utf-8"?>', *before, "<!DOCTYPE html>", ""]
    return "\n".join(head).encode() + etree.tostring(root, encoding="utf-8", with_tail=False) + b"\n"
