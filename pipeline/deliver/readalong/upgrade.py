"""An EPUB 2's document (XHTML 1.1) as an EPUB 3's (XHTML5): what HTML no longer knows becomes its successor, or a style that
looks the same; by the rules of xhtml5.yaml. The text stays as it is."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from pipeline.deliver.readalong.xhtml import XHTML
from pipeline.manuscript.markup import EPUB_TYPE, name_of
from pipeline.shipped import yaml_of

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_PLAIN_VALUE = re.compile(r"[\w#%.,+ -]{1,60}")
_NUMBER = re.compile(r"\d{1,5}")
_NOT_IN_EPUB3 = re.compile(r"(?<![-\w])(?:direction|unicode-bidi)\s*:[^;}]*;?", re.IGNORECASE)
"""Properties that an EPUB 3 style sheet must not have: the documents say it with `dir` (EPUB 3.3, §6.3.1.3)."""


@cache
def _rules() -> dict[str, Any]:
    return yaml_of(__package__, "xhtml5.yaml")


def upgrade(root: Any) -> None:
    """Change a document's tree in place."""
    rules = _rules()
    for element in list(root.iter(f"{{{XHTML}}}*")):
        name = name_of(element)
        if name in rules["removed"] or _foreign_style(element, name):
            _take_out(element, keep=False)
        elif name in rules["unwrapped"]:
            _take_out(element, keep=True)
        else:
            _element(element, name)
    _anchors(root)
    for one in list(root.iter(f"{{{XHTML}}}dl")):
        _definitions(one)
    for one in list(root.iter(f"{{{XHTML}}}tfoot")):  # XHTML 1.1 wants it before the body, HTML behind it
        table = one.getparent()
        if name_of(table) == "table":
            table.append(one)


def style(css: str) -> str:
    """CSS without what EPUB 3 forbids."""
    return _NOT_IN_EPUB3.sub("", css)


def _foreign_style(element: Any, name: str) -> bool:
    """A style sheet in a language of a single reader's (Adobe's page templates), or what only HTTP servers send."""
    if name == "meta":
        return element.get("http-equiv") is not None or not (element.get("name") or element.get("charset"))
    return (
        name == "link"
        and "stylesheet" in element.get("rel", "").lower()
        and element.get("type", "text/css") != "text/css"
    )


def _element(element: Any, name: str) -> None:
    rules = _rules()
    styles = _looks(element, name)
    if name in rules["renamed"]:
        name, look = rules["renamed"][name]
        element.tag = f"{{{XHTML}}}{name}"
        styles = [look, *styles] if look else styles
    allowed = {*rules["everywhere"], *rules["of"].get(name, ())}
    if name == "a" and element.get("name") and not element.get("id"):
        element.set("id", element.get("name"))
    if name == "img" and element.get("alt") is None:
        element.set("alt", "")
    for attribute, value in list(element.attrib.items()):
        foreign = attribute.startswith("{") and attribute not in (_XML_LANG, EPUB_TYPE)
        known = attribute in allowed or attribute.startswith(("aria-", "data-", "{"))
        number = attribute not in ("width", "height") or _NUMBER.fullmatch(value)
        kept_for_links = name == "a" and attribute == "name"  # see _anchors
        if (foreign or not known or not number) and not kept_for_links:
            del element.attrib[attribute]
    lang = element.get(_XML_LANG) or element.get("lang")
    if lang:
        for attribute in {_XML_LANG, "lang"} & set(element.attrib):
            element.set(attribute, lang.strip().replace("_", "-"))
    own = style(element.get("style", "")).strip()
    if name == "style" and element.text:
        element.text = style(element.text)
    if own or styles:
        element.set("style", "; ".join([*styles, own] if own else styles))
    else:
        element.attrib.pop("style", None)


def _looks(element: Any, name: str) -> list[str]:
    """The styles that stand for an element's outdated attributes."""
    rules, found = _rules(), list[str]()
    allowed = rules["of"].get(name, ())
    for attribute, value in element.attrib.items():
        value = value.strip()
        if not _PLAIN_VALUE.fullmatch(value):
            continue
        if attribute == "align":
            found += _aligned(name, value.lower())
        elif attribute == "size" and name in ("font", "basefont"):
            found += [f"font-size: {rules['font_sizes'][value]}"] if value in rules["font_sizes"] else []
        elif attribute == "border" and name in ("table", "img") and value.isdigit():
            found.append(f"border: {value}px solid" if value != "0" else "border: 0")
        elif attribute == "cellspacing" and value.isdigit():
            found.append("border-collapse: collapse" if value == "0" else f"border-spacing: {value}px")
        elif attribute == "type" and name in ("ul", "li") and value.lower() in ("disc", "circle", "square"):
            found.append(f"list-style-type: {value.lower()}")
        elif attribute == "nowrap":
            found.append("white-space: nowrap")
        elif attribute == "clear" and value.lower() in ("left", "right", "all"):
            found.append(f"clear: {'both' if value.lower() == 'all' else value.lower()}")
        elif attribute in rules["styles"] and (attribute not in allowed or not _NUMBER.fullmatch(value)):
            unit = "px" if attribute in rules["lengths"] and _NUMBER.fullmatch(value) else ""
            if attribute not in rules["lengths"] or re.fullmatch(r"\d+(?:\.\d+)?%?", value):
                found.append(rules["styles"][attribute].replace("{}", value + unit))
    return found


def _aligned(name: str, value: str) -> list[str]:
    if name in ("img", "object", "iframe"):
        side = value in ("left", "right")
        return (
            [f"float: {value}" if side else f"vertical-align: {value}"]
            if side or value in ("top", "middle", "bottom")
            else []
        )
    if name in ("table", "hr"):
        if value == "center":
            return ["margin-left: auto; margin-right: auto"]
        return [f"float: {value}"] if name == "table" and value in ("left", "right") else []
    return [f"text-align: {value}"] if value in ("left", "right", "center", "justify") else []


def _anchors(root: Any) -> None:
    """``name`` as a place to link to: it became the id; where an element has both, an empty span carries the name."""
    ids = set(root.xpath("//@id"))
    for anchor in root.iter(f"{{{XHTML}}}a"):
        name = anchor.attrib.pop("name", None)
        if name and name not in ids:
            ids.add(name)
            mark = anchor.makeelement(f"{{{XHTML}}}span", {"id": name})
            mark.tail, anchor.text = anchor.text, None
            anchor.insert(0, mark)


def _definitions(element: Any) -> None:
    """HTML wants terms with their definitions in a list of them; a list that has one without the other becomes divisions."""
    names = [name_of(one) for one in element if name_of(one)]
    pairs = names and names[0] == "dt" and names[-1] == "dd" and set(names) <= {"dt", "dd"}
    if not pairs:
        for one in (element, *element):
            if name_of(one) in ("dl", "dt", "dd"):
                one.tag = f"{{{XHTML}}}div"


def _take_out(element: Any, *, keep: bool) -> None:
    """Remove an element; the text behind it stays, and with `keep` what is in it."""
    parent = element.getparent()
    if parent is None:
        return
    at = parent.index(element)
    inside = list(element) if keep else []
    text = (element.text or "") if keep else ""
    if inside:
        inside[-1].tail = (inside[-1].tail or "") + (element.tail or "")
    else:
        text += element.tail or ""
    if at:
        parent[at - 1].tail = (parent[at - 1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text
    element.tail = None
    parent.remove(element)
    for offset, one in enumerate(inside):
        parent.insert(at + offset, one)
