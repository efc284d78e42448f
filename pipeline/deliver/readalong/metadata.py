"""An EPUB 2's package document as an EPUB 3's (EPUB 3.3, §5; OPF 2.0.1), and what a book with overlays tells of itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline.deliver.readalong.overlay import ACTIVE_CLASS, clock
from pipeline.deliver.readalong.package import DC, OPF, SMIL, XHTML, Package
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
    """Every element as EPUB 3 writes it; those that are empty, foreign, or dates of other events than publication, go."""
    dates = [one for one in metadata if one.tag == f"{{{DC}}}date"]
    published = next((one for one in dates if one.get(f"{{{OPF}}}event") == "publication"), dates[0] if dates else None)
    for one in list(metadata):
        said = bool((one.text or "").strip())
        if one.tag == f"{{{OPF}}}meta" and one.get("name") and one.get("content"):
            _only(one, {"name", "content"})
        elif one.tag == f"{{{OPF}}}meta" and one.get("property") and said:
            _only(one, {"property", "refines", "id", "scheme"})
        elif one.tag.startswith(f"{{{DC}}}") and said and (name_of(one) != "date" or one is published):
            _dublin_core(package, one)
        else:
            metadata.remove(one)


def _dublin_core(package: Package, element: Any) -> None:
    """Attributes of EPUB 2's that say who somebody is, as elements that refine."""
    name = name_of(element)
    told = {kind: element.get(f"{{{OPF}}}{kind}", "").strip() for kind in ("role", "file-as")}
    _only(element, {"id", _XML_LANG} if name in _NAMED else {"id"})
    for kind, text in told.items():
        if text and name in ("creator", "contributor"):
            if not element.get("id"):
                element.set("id", package.free_id(name))
            meta = package.tell(kind, text, element.get("id"))
            if kind == "role":
                meta.set("scheme", "marc:relators")


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
        first.set("id", first.get("id") or package.free_id("identifier"))
        package.root.set("unique-identifier", first.get("id"))


def without_overlays(package: Package) -> None:
    """Take out the media overlays that a book already has."""
    for item in package.items():
        item.element.attrib.pop("media-overlay", None)
        if item.media_type == SMIL:
            package.remove(item)
    package.forget("media:duration", "media:active-class", "media:playback-active-class", "media:narrator")


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
