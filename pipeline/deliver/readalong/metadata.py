"""The package document of an EPUB 2 as that of an EPUB 3 (EPUB 3.3, §5; OPF 2.0.1), and what a read-along book tells of itself."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from pipeline.deliver.readalong.overlay import ACTIVE_CLASS, clock
from pipeline.deliver.readalong.package import DC, OPF, XHTML, Package
from pipeline.folder import Record
from pipeline.manuscript.markup import name_of

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NAMED = frozenset("title creator contributor publisher subject description coverage relation rights".split())
"""Dublin Core elements that may say which language they are in."""
_ALLOWED = {
    "item": {"id", "href", "media-type", "fallback", "properties"},
    "itemref": {"id", "idref", "linear", "properties"},
    "spine": {"id", "toc", "page-progression-direction"},
    "reference": {"type", "title", "href"},
    "package": {"version", "unique-identifier", "id", "prefix", "dir", _XML_LANG},
}
_TYPES = {
    "text/html": XHTML, "text/x-oeb1-document": XHTML, "text/x-oeb1-css": "text/css", "image/jpg": "image/jpeg",
    "application/x-font-ttf": "font/ttf", "application/x-font-truetype": "font/ttf", "application/x-truetype-font": "font/ttf",
    "application/x-font-otf": "font/otf", "application/x-font-opentype": "font/otf", "application/font-woff": "font/woff",
}  # fmt: skip
"""Media types that EPUB 2 books use, and EPUB 3's core media types for the same."""
_PAGE_TEMPLATES = (
    "application/vnd.adobe-page-template+xml",
    "application/adobe-page-template+xml",
    "application/vnd.adobe-page-map+xml",
    "application/oebps-page-map+xml",
)


def upgrade(package: Package, record: Record) -> None:
    """Make an EPUB 2's package document an EPUB 3's. Nothing that it says about the book is lost but the dates of conversion
    and the like, since EPUB 3 knows only one; attributes become ``meta`` elements that refine."""
    package.root.set("version", "3.0")
    metadata = package.part("metadata")
    for wrapper in [one for one in metadata if name_of(one) in ("dc-metadata", "x-metadata")]:
        metadata.extend(list(wrapper))
        metadata.remove(wrapper)
    _metadata(package, metadata)
    for element in list(package.root.iter()):
        name = name_of(element)
        if name in _ALLOWED and element.tag.startswith(f"{{{OPF}}}"):
            for attribute in list(element.attrib):
                if attribute not in _ALLOWED[name]:
                    del element.attrib[attribute]
    for item in package.items():
        if item.media_type in _PAGE_TEMPLATES:
            package.remove(item)
        else:
            item.element.set("media-type", _TYPES.get(item.media_type, item.media_type))
    for tours in [one for one in package.root if name_of(one) == "tours"]:
        package.root.remove(tours)
    _cover(package)
    _mandatory(package, record)


def _metadata(package: Package, metadata: Any) -> None:
    dated = False
    taken = set(package.root.xpath("//@id"))
    dates = [one for one in metadata if one.tag == f"{{{DC}}}date"]
    published = next((one for one in dates if one.get(f"{{{OPF}}}event") == "publication"), dates[0] if dates else None)
    for number, one in enumerate(list(metadata)):
        name = name_of(one)
        if one.tag == f"{{{OPF}}}meta":
            _only(
                one,
                {"name", "content"}
                if one.get("name") and one.get("content")
                else {"property", "refines", "id", "scheme"},
            )
            keep = bool(one.get("name")) or bool(one.get("property") and (one.text or "").strip())
        else:
            keep = (
                one.tag.startswith(f"{{{DC}}}")
                and bool((one.text or "").strip())
                and (name != "date" or one is published)
            )
        if not keep:
            metadata.remove(one)
            continue
        if name == "meta":
            continue
        told = {kind: one.get(f"{{{OPF}}}{kind}", "").strip() for kind in ("role", "file-as")}
        _only(one, {"id", _XML_LANG} if name in _NAMED else {"id"})
        if name not in ("creator", "contributor", "title") or not any(told.values()):
            continue
        if not one.get("id"):
            one.set("id", next(new for new in _names(f"{name}-{number}") if new not in taken))
            taken.add(one.get("id"))
        for kind, text in told.items():
            if text and (kind == "file-as" or name != "title"):
                package.tell(kind, text, one.get("id"))
                if kind == "role":
                    list(package.told("role"))[-1].set("scheme", "marc:relators")
    del dated


def _names(like: str) -> Any:
    return (like + "-1" * count for count in range(100))


def _only(element: Any, allowed: set[str]) -> None:
    for attribute in list(element.attrib):
        if attribute not in allowed:
            del element.attrib[attribute]


def _cover(package: Package) -> None:
    named = {one.get("content") for one in package.part("metadata") if one.get("name") == "cover"}
    for item in package.items():
        if item.identity in named and item.media_type.startswith("image/"):
            item.set_properties(item.properties | {"cover-image"})
            return


def _mandatory(package: Package, record: Record) -> None:
    """Identifier, title and language, which EPUB 2 asks for too but not every book has."""
    from lxml import etree

    metadata = package.part("metadata")
    for name, text in (
        ("identifier", f"urn:sha256:{record.source_sha256}"), ("title", record.title), ("language", record.language),
    ):  # fmt: skip
        if metadata.find(f"{{{DC}}}{name}") is None:
            etree.SubElement(metadata, f"{{{DC}}}{name}").text = text
    wanted = package.root.get("unique-identifier")
    identifiers = metadata.findall(f"{{{DC}}}identifier")
    if not any(one.get("id") == wanted for one in identifiers):
        first = identifiers[0]
        first.set(
            "id",
            first.get("id")
            or next(new for new in _names("identifier") if not package.root.xpath("//*[@id=$new]", new=new)),
        )
        package.root.set("unique-identifier", first.get("id"))


def without_overlays(package: Package) -> set[str]:
    """Take out the media overlays that a book already has; the names of their SMIL files."""
    smil = [item for item in package.items() if item.media_type == "application/smil+xml"]
    for item in smil:
        package.remove(item)
    for item in package.items():
        item.element.attrib.pop("media-overlay", None)
    package.forget("media:duration", "media:active-class", "media:playback-active-class", "media:narrator")
    return {item.name for item in smil}


def describe(package: Package, durations_ms: dict[str, int], narrator: str, modified: datetime) -> None:
    """What EPUB 3.3 (§9.3.5, §5.5.3) wants of a book with overlays. durations_ms: SMIL item's id -> length."""
    package.forget("dcterms:modified")
    package.tell("dcterms:modified", modified.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    for identity, length in durations_ms.items():
        package.tell("media:duration", clock(length), identity)
    package.tell("media:duration", clock(sum(durations_ms.values())))
    package.tell("media:active-class", ACTIVE_CLASS)
    package.tell("media:narrator", narrator)
    features = [one.text for one in package.told("schema:accessibilityFeature")]
    if "synchronizedAudioText" not in features:
        package.tell("schema:accessibilityFeature", "synchronizedAudioText")
    if re.match(r"3\.", package.version) is None:
        package.root.set("version", "3.0")
