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
from pipeline.deliver.readalong.navigation import Contents
from pipeline.deliver.readalong.package import XHTML, Item
from pipeline.folder import Record
from pipeline.manuscript import markup
from pipeline.manuscript.markup import name_of

_NCX = "application/x-dtbncx+xml"


def write(making: Making, script: Script, record: Record) -> None:
    """Write every file that the manifest lists and the archive has, and list what is added."""
    package = making.package
    old = not package.version.startswith("3")
    if old:
        metadata.upgrade(package, record)
    _weed(making)
    style = posixpath.join(making.folder, "style.css")
    spine = package.spine()
    making.names = naming.renamed(
        (item.name for item in package.items() if item.media_type == XHTML), making.source.namelist()
    )  # fmt: skip
    ids: dict[str, list[str]] = {making.target(name): [] for name in spine}
    written = {"mimetype", packages.CONTAINER, package.name}
    for item in sorted(package.items(), key=lambda one: spine.index(one.name) if one.name in spine else len(spine)):
        if item.name in written:
            continue
        written.add(item.name)
        if item.media_type == XHTML:
            root = _document(making, item, script.documents.get(item.name, {}), record, style, old=old)
            if root is None:
                making.add(making.target(item.name), making.source.read(item.name))
                continue
            if making.target(item.name) in ids:
                ids[making.target(item.name)] = [str(one) for one in root.xpath("//@id")]
            making.add(making.target(item.name), xhtml.data(root))
        elif item.media_type == "text/css":
            css = harmless.style_sheet(making.source.read(item.name))
            making.add(item.name, upgrade.style(css.decode("latin-1")).encode("latin-1") if old else css)
        elif item.media_type == "image/svg+xml":
            making.add(item.name, _picture(making, item.name))
        elif item.media_type == _NCX and making.names:
            root = packages.xml(making.source.read(item.name), item.name)
            naming.follow(root, posixpath.dirname(item.name), making.names)
            making.add(item.name, packages.written(root))
        else:
            making.copy(item.name)
    naming.follow(package.root, package.folder, making.names)
    if not any("nav" in item.properties for item in package.items()):
        _navigation(making, record, ids)
    making.add(style, overlay.STYLE.encode())
    package.add("read-along-style", style, "text/css")


def _weed(making: Making) -> None:
    """Take out of the manifest what is not in the archive, scripts, and the overlays that there were, with their sound."""
    package = making.package
    there = set(making.source.namelist())
    sound = set()
    for item in package.items():
        if item.media_type == "application/smil+xml" and item.name in there:
            root = packages.xml(making.source.read(item.name), item.name)
            folder = posixpath.dirname(item.name)
            sound |= {
                posixpath.normpath(posixpath.join(folder, one.get("src", "")))
                for one in root.iter()
                if name_of(one) == "audio"
            }
    metadata.without_overlays(package)
    for bindings in [one for one in package.root if name_of(one) == "bindings"]:  # they hand media over to scripts
        package.root.remove(bindings)
    for item in package.items():
        if item.name not in there or item.media_type in harmless.SCRIPT_TYPES or item.name in sound:
            package.remove(item)


def _document(
    making: Making, item: Item, there: Mapping[int, list[Spoken]], record: Record, style: str, *, old: bool
) -> Any:  # fmt: skip
    """A document's tree with its lines marked, and its overlay written; None for one without elements."""
    root = markup.parse(making.source.read(item.name))
    if root is None:
        return None
    marked = _marked(making, root, item.name, there)
    xhtml.spell_out_entities(root)
    root = xhtml.as_xhtml(root)
    harmless.defused(root)
    if old:
        upgrade.upgrade(root)
    naming.follow(root, posixpath.dirname(item.name), making.names)
    xhtml.titled(root, _heading(root) or record.title)
    item.set_properties((item.properties & {"nav"}) | xhtml.properties(root) | _kept(item))
    pars = overlay.pairs(marked)
    if pars:
        xhtml.link_style(root, overlay.href(style, posixpath.dirname(item.name)))
        number = len(making.durations_ms) + 1
        name = posixpath.join(making.folder, f"overlay-{number:03d}.smil")
        identity = making.package.add(f"overlay-{number:03d}", name, "application/smil+xml")
        item.element.set("media-overlay", identity)
        making.add(name, overlay.smil(making.target(item.name), xhtml.body_id(root), pars, making.folder))
        making.durations_ms[identity] = overlay.duration_ms(pars)
    return root


def _kept(item: Item) -> set[str]:
    """Properties that have nothing to do with what is taken out or found here."""
    return item.properties - {"scripted", "remote-resources", "svg", "mathml", "switch"}


def _marked(
    making: Making, root: Any, name: str, there: Mapping[int, list[Spoken]]
) -> list[tuple[Spoken, str | None]]:  # fmt: skip
    """Every line said in a document, in order, with the id of the element that it is in now."""
    taken = set(root.xpath("//@id"))
    marked: list[tuple[Spoken, str | None]] = []
    wanted = [number for number in there if number > 0]
    for number, (_, runs) in enumerate(list(markup.placed(root, name)) if wanted else (), 1):
        spoken = there.get(number, [])
        found = spans.found(runs, [line.text for line in spoken])
        made: list[tuple[Spoken, str | None]] = []
        for line, place in reversed(list(zip(spoken, found, strict=True))):
            identity = line.line_id if line.line_id not in taken else f"{line.line_id}-spoken"
            if place is None:
                making.left_out.append((line, "its words are not in the manuscript like this"))
                made.append((line, None))
            elif not spans.wrap(*place, identity):
                making.left_out.append((line, "it begins and ends in different parts of the page"))
                made.append((line, None))
            else:
                taken.add(identity)
                made.append((line, identity))
        marked.extend(reversed(made))
    return marked


def _heading(root: Any) -> str:
    return next(
        (" ".join("".join(one.itertext()).split()) for one in root.iter() if name_of(one) in ("h1", "h2", "h3")), ""
    )


def _picture(making: Making, name: str) -> bytes:
    """An SVG without scripts and what it would load; as it is where there is nothing to change, or it cannot be read."""
    from lxml import etree

    data = making.source.read(name)
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    except (etree.XMLSyntaxError, ValueError):
        return data
    defused = harmless.defused(root)
    if not (naming.follow(root, posixpath.dirname(name), making.names) or defused):
        return data
    xhtml.spell_out_entities(root)
    return packages.written(root)


def _navigation(making: Making, record: Record, ids: Mapping[str, list[str]]) -> None:
    """Add a navigation document, by the NCX and guide; without an NCX, by the documents themselves."""
    package = making.package
    ncx = next((item for item in package.items() if item.media_type == _NCX), None)
    toc, pages = [], list[navigation.Entry]()
    if ncx is not None:
        root = packages.xml(making.source.read(ncx.name), ncx.name)
        naming.follow(root, posixpath.dirname(ncx.name), making.names)
        toc, pages = navigation.from_ncx(root, posixpath.dirname(ncx.name))
    toc = navigation.in_order(toc, ids) or [navigation.Entry(record.title, name) for name in list(ids)[:1]]
    guide = next((one for one in package.root if name_of(one) == "guide"), None)
    marks = [(term, one) for term, one in navigation.landmarks(guide, package.folder) if one.name in ids]
    contents = Contents(toc, navigation.in_order(pages, ids), marks)
    name = posixpath.join(making.folder, "nav.xhtml")
    making.add(name, navigation.document(contents, record.title, record.language, making.folder))
    package.add("nav", name, XHTML, "nav")
