"""An EPUB's package document: what is in the book, in which order (EPUB 3.3, §5), read from its archive and written anew."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from pipeline.deliver.readalong.overlay import href
from pipeline.errors import MasteringError
from pipeline.manuscript.markup import name_of

OPF = "http://www.idpf.org/2007/opf"
DC = "http://purl.org/dc/elements/1.1/"
XHTML = "application/xhtml+xml"
PACKAGE_TYPE = "application/oebps-package+xml"
NCX = "application/x-dtbncx+xml"
SMIL = "application/smil+xml"
CONTAINER = "META-INF/container.xml"
KEPT_BESIDE = ("META-INF/encryption.xml", "META-INF/com.apple.ibooks.display-options.xml")
"""Files about the book that are kept: which fonts are obfuscated, and Apple's wishes. Signatures no longer hold."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file of the book: its element in the manifest, and its name in the archive."""

    element: Any
    name: str

    @property
    def identity(self) -> str:
        return str(self.element.get("id", ""))

    @property
    def media_type(self) -> str:
        return str(self.element.get("media-type", ""))

    @property
    def properties(self) -> set[str]:
        return set(self.element.get("properties", "").split())

    def set_properties(self, properties: set[str]) -> None:
        if properties:
            self.element.set("properties", " ".join(sorted(properties)))
        else:
            self.element.attrib.pop("properties", None)


@dataclass(frozen=True, slots=True)
class Package:
    """A package document: its name in the archive and its tree. The tree is changed in place."""

    name: str
    root: Any

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.name)

    @property
    def version(self) -> str:
        return str(self.root.get("version", ""))

    def part(self, name: str) -> Any:
        """``metadata``, ``manifest`` or ``spine``; made where it is missing."""
        found = self.root.find(f"{{{OPF}}}{name}")
        return found if found is not None else self._made(name)

    def _made(self, name: str) -> Any:
        from lxml import etree

        return etree.SubElement(self.root, f"{{{OPF}}}{name}")

    def items(self) -> list[Item]:
        """What the manifest lists, in its order."""
        return [
            Item(one, self.full_name(one.get("href", "")))
            for one in self.part("manifest")
            if name_of(one) == "item"
        ]  # fmt: skip

    def full_name(self, url: str) -> str:
        """The archive's name of what a relative URL in the package document leads to."""
        return posixpath.normpath(posixpath.join(self.folder, unquote(url.partition("#")[0])))

    def spine(self) -> list[str]:
        """Names of the documents in reading order."""
        names = {item.identity: item.name for item in self.items()}
        return [names[one.get("idref")] for one in self.part("spine") if one.get("idref") in names]

    def free_id(self, like: str) -> str:
        """An id that nothing has yet: `like`, or that with a number."""
        taken, free, number = set(self.root.xpath("//@id")), like, 1
        while free in taken:
            number += 1
            free = f"{like}-{number}"
        return free

    def add(self, identity: str, name: str, media_type: str, properties: str = "") -> str:
        """List a new file; its id, which is `identity` or, where that is taken, like it."""
        from lxml import etree

        identity = self.free_id(identity)
        attributes = {"id": identity, "href": href(name, self.folder), "media-type": media_type}
        etree.SubElement(
            self.part("manifest"), f"{{{OPF}}}item", attributes | ({"properties": properties} if properties else {})
        )
        return identity

    def remove(self, item: Item) -> None:
        """Take a file out of manifest and spine, and the words of others about it."""
        item.element.getparent().remove(item.element)
        for one in list(self.part("spine")):
            if one.get("idref") == item.identity:
                self.part("spine").remove(one)
        for one in list(self.part("metadata")):
            if one.get("refines") == f"#{item.identity}":
                self.part("metadata").remove(one)

    def tell(self, name: str, text: str, refines: str = "") -> Any:
        """Add a ``meta`` with a property; the element."""
        from lxml import etree

        meta = etree.SubElement(self.part("metadata"), f"{{{OPF}}}meta", {"property": name})
        if refines:
            meta.set("refines", f"#{refines}")
        meta.text = text
        return meta

    def told(self, name: str) -> Iterator[Any]:
        """The ``meta`` elements of a property."""
        return iter([one for one in self.part("metadata") if name_of(one) == "meta" and one.get("property") == name])

    def forget(self, *names: str) -> None:
        """Remove the ``meta`` elements of these properties."""
        for name in names:
            for one in self.told(name):
                self.part("metadata").remove(one)

    def data(self) -> bytes:
        """The document as it is to be written."""
        from lxml import etree

        etree.indent(self.root)
        return written(self.root)


def read(archive: zipfile.ZipFile, where: str) -> Package:
    """The package document of an EPUB, the first that its container names. Raises MasteringError for one that is none."""
    container = xml(archive.read(CONTAINER), where)
    roots = [one for one in container.iter() if name_of(one) == "rootfile" and one.get("media-type") == PACKAGE_TYPE]
    name = posixpath.normpath(roots[0].get("full-path", "")) if roots else ""
    if name not in archive.namelist():
        raise MasteringError("the EPUB has no package document", where=where, fix="Export it again.")
    return Package(name, xml(archive.read(name), where))


def xml(data: bytes, where: str, *, recover: bool = False) -> Any:
    """The root of an XML document; entities are not expanded, nothing is fetched. Of bad XML, with `recover`, what can be
    understood, or None; else raises MasteringError."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_blank_text=True,
        recover=recover,
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MasteringError(f"the EPUB's XML is broken ({error})", where=where, fix="Export it again.") from error


def written(root: Any) -> bytes:
    """An XML document, without the doctype and entities it may have had."""
    from lxml import etree

    return b'<?xml version="1.0" encoding="utf-8"?>\n' + bytes(etree.tostring(root, encoding="utf-8")) + b"\n"


def container(package: str) -> bytes:
    """``META-INF/container.xml`` for one package document."""
    from xml.sax.saxutils import quoteattr

    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        f'<rootfile full-path={quoteattr(package)} media-type="{PACKAGE_TYPE}"/></rootfiles></container>\n'
    ).encode()
