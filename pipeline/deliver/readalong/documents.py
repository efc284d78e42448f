"""The source's files, one after the other: documents with their lines marked and their overlay, style sheets and pictures
without what reaches out of the book, everything else as it is."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from pipeline.deliver.readalong import harmless, metadata, naming, navigation, overlay, spans, upgrade, xhtml
from pipeline.deliver.readalong import package as packages
from pipeline.deliver.readalong.lines import Script, Spoken
from pipeline.deliver.readalong.making import Making
from pipeline.deliver.readalong.navigation import Contents, Entry
from pipeline.deliver.readalong.package import NCX, SMIL, XHTML, Item
from pipeline.folder import Record
from pipeline.manuscript import markup
from pipeline.manuscript.markup import name_of

_FOUND_HERE = {"scripted", "remote-resources", "svg", "mathml", "switch"}
"""Properties of an item that tell what is in the document; others tell what it is for."""


def write(making: Making, script: Script, record: Record) -> None:
    """Write every file that the manifest lists and the archive has, and list what is added."""
    package = making.package
    old = not package.version.startswith("3")
    if old:
        metadata.upgrade(package, record)
    _weed(making)
    making.names = naming.renamed(
        (item.name for item in package.items() if item.media_type == XHTML), making.source.namelist()
    )
    order = {name: number for number, name in enumerate(package.spine())}
    ids: dict[str, list[str]] = {making.target(name): [] for name in order}
    written = {"mimetype", packages.CONTAINER, package.name, *packages.KEPT_BESIDE}
    for item in sorted(package.items(), key=lambda one: order.get(one.name, len(order))):
        if item.name in written:
            continue
        written.add(item.name)
        data = _changed(making, item, script, record, ids, old=old)
        if data is None:
            making.copy(item.name)
        else:
            making.add(making.target(item.name), data)
    naming.follow(package.root, package.folder, making.names)
    if not any("nav" in item.properties for item in package.items()):
        _navigation(making, record, ids)
    making.add(making.style, overlay.STYLE.encode())
    package.add("read-along-style", making.style, "text/css")


def _weed(making: Making) -> None:
    """Take out of the manifest what is not in the archive, scripts, and the overlays that there were, with their sound."""
    package = making.package
    there, sound = set(making.source.namelist()), set[str]()
    for item in package.items():
        root = _xml(making, item) if item.media_type == SMIL and item.name in there else None
        for one in root.iter() if root is not None else ():
            if name_of(one) == "audio":
                sound.add(posixpath.normpath(posixpath.join(posixpath.dirname(item.name), one.get("src", ""))))
        if item.media_type == "text/html":
            item.element.set("media-type", XHTML)  # so that it is written as what it is parsed to, without its scripts
    metadata.without_overlays(package)
    for bindings in [one for one in package.root if name_of(one) == "bindings"]:  # they hand media over to scripts
        package.root.remove(bindings)
    for item in package.items():
        if item.name not in there or item.media_type in harmless.SCRIPT_TYPES or item.name in sound:
            package.remove(item)


def _changed(
    making: Making, item: Item, script: Script, record: Record, ids: dict[str, list[str]], *, old: bool
) -> bytes | None:
    """A file as it is to be written; None for one that stays as it is. Notes the `ids` of a document in the spine."""
    kind = item.media_type
    if kind == "text/css":
        css = harmless.style_sheet(making.source.read(item.name))
        return upgrade.style(css.decode("latin-1")).encode("latin-1") if old else css
    if kind == "image/svg+xml":
        return _picture(making, item.name)
    if kind == NCX and making.names:
        root = _xml(making, item)
        if root is not None:
            naming.follow(root, posixpath.dirname(item.name), making.names)
        return packages.written(root) if root is not None else None
    if kind != XHTML:
        return None
    root = markup.parse(making.source.read(item.name))
    if root is None:
        return making.source.read(item.name)
    root = _document(making, root, item, script.documents.get(item.name, {}), record, old=old)
    if making.target(item.name) in ids:
        ids[making.target(item.name)] = [str(one) for one in root.xpath("//@id")]
    return xhtml.data(root)


def _document(
    making: Making, root: Any, item: Item, spoken: Mapping[int, list[Spoken]], record: Record, *, old: bool
) -> Any:
    """A document's tree with its lines marked, and its overlay written."""
    folder = posixpath.dirname(item.name)
    marked = _marked(making, root, item.name, spoken)  # first of all: by the tree that the reader counted in
    xhtml.spell_out_entities(root)
    root = xhtml.as_xhtml(root)
    harmless.defused(root)
    if old:
        upgrade.upgrade(root)
    naming.follow(root, folder, making.names)
    heading = next((one for one in root.iter() if name_of(one) in ("h1", "h2", "h3")), None)
    xhtml.titled(root, (" ".join("".join(heading.itertext()).split()) if heading is not None else "") or record.title)
    item.set_properties((item.properties - _FOUND_HERE) | xhtml.properties(root))
    pars = overlay.pairs(marked)
    if pars:
        xhtml.link_style(root, overlay.href(making.style, folder))
        name = f"overlay-{len(making.durations_ms) + 1:03d}"
        path = posixpath.join(making.folder, f"{name}.smil")
        identity = making.package.add(name, path, SMIL)
        item.element.set("media-overlay", identity)
        making.add(path, overlay.smil(making.target(item.name), xhtml.body_id(root), pars, making.folder))
        making.durations_ms[identity] = overlay.duration_ms(pars)
    return root


def _marked(
    making: Making, root: Any, name: str, spoken: Mapping[int, list[Spoken]]
) -> list[tuple[Spoken, str | None]]:
    """Every line said in a document, in order, with the id of the element that it is in now."""
    marked: list[tuple[Spoken, str | None]] = []
    if not spoken:
        return marked
    taken = set(root.xpath("//@id"))
    for number, (_, runs) in enumerate(list(markup.placed(root, name)), 1):
        lines = spoken.get(number, [])
        found = spans.found(runs, [line.text for line in lines]) if lines else []
        ids: list[str | None] = []
        for line, place in reversed(list(zip(lines, found, strict=True))):
            identity = line.line_id if line.line_id not in taken else f"{line.line_id}-spoken"
            lit = place is not None and spans.wrap(*place, identity)
            if not lit:
                why = "its text is not in the manuscript like this" if place is None else "no element can hold it alone"
                making.left_out.append((line, why))
            ids.append(identity if lit else None)
        marked.extend(zip(lines, reversed(ids), strict=True))
    return marked


def _picture(making: Making, name: str) -> bytes | None:
    """An SVG without scripts and what it would load; None where there is nothing to change, or it cannot be read."""
    from lxml import etree

    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        root = etree.fromstring(making.source.read(name), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    defused = harmless.defused(root)
    if not (naming.follow(root, posixpath.dirname(name), making.names) or defused):
        return None
    xhtml.spell_out_entities(root)
    return packages.written(root)


def _navigation(making: Making, record: Record, ids: Mapping[str, list[str]]) -> None:
    """Add a navigation document, by the NCX and guide; without an NCX, by the documents themselves."""
    package = making.package
    toc, pages = list[Entry](), list[Entry]()
    for item in package.items():
        root = _xml(making, item) if item.media_type == NCX else None
        if root is not None:
            naming.follow(root, posixpath.dirname(item.name), making.names)
            toc, pages = navigation.from_ncx(root, posixpath.dirname(item.name))
            break
    toc = navigation.in_order(toc, ids) or [Entry(record.title, name) for name in list(ids)[:1]]
    guide = next((one for one in package.root if name_of(one) == "guide"), None)
    marks = [(term, one) for term, one in navigation.landmarks(guide, package.folder) if one.name in ids]
    contents = Contents(toc, navigation.in_order(pages, ids), marks)
    path = posixpath.join(making.folder, "nav.xhtml")
    making.add(path, navigation.document(contents, record.title, record.language, making.folder))
    package.add("nav", path, XHTML, "nav")


def _xml(making: Making, item: Item) -> Any:
    """The tree of an XML file of the source, as far as it can be understood; None where it cannot."""
    return packages.xml(making.source.read(item.name), item.name, recover=True)
