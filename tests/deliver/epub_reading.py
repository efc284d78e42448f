"""EPUBs as a reader and as EPUBCheck see them."""

import posixpath
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from pipeline.manuscript import markup

JAR = Path("/usr/share/java/epubcheck.jar")
SILENT = {"script", "style", "head", "noscript"}


def epubcheck(path: Path) -> list[str]:
    """What EPUBCheck finds wrong."""
    java = shutil.which("java")
    if not (JAR.is_file() and java):
        pytest.skip("EPUBCheck is not installed (Debian: epubcheck)")
    quick = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")
    done = subprocess.run([java, *quick, "-jar", str(JAR), str(path)], capture_output=True, text=True, timeout=240)
    said = done.stdout + done.stderr
    assert "Messages:" in said or "No errors or warnings detected" in said
    return [line for line in said.splitlines() if line.startswith(("FATAL", "ERROR", "WARNING"))]


class Epub:
    """An EPUB opened to look into."""

    def __init__(self, path: Path) -> None:
        self.archive = zipfile.ZipFile(path)
        container = etree.fromstring(self.archive.read("META-INF/container.xml"))
        self.package_name = container.xpath("//@full-path")[0]
        self.folder = posixpath.dirname(self.package_name)
        self.package = etree.fromstring(self.archive.read(self.package_name))
        self.items = {
            one.get("id"): (posixpath.normpath(posixpath.join(self.folder, one.get("href"))).replace("%20", " "), one)
            for one in self.package.iter("{*}item")
        }

    def metas(self, name: str) -> list[etree._Element]:
        return [one for one in self.package.iter("{*}meta") if one.get("property") == name]

    def documents(self) -> Iterator[tuple[str, etree._Element, etree._Element]]:
        for name, item in self.items.values():
            if item.get("media-type") in ("application/xhtml+xml", "text/html") and name in self.archive.namelist():
                yield name, item, markup.parse(self.archive.read(name))

    def pars(self) -> list[tuple[str, str, str, float, float]]:
        """(document, element's id, its text, begin, end in seconds) of every overlay in reading order."""
        found = []
        for name, item, root in self.documents():
            if not item.get("media-overlay"):
                continue
            smil_name = self.items[item.get("media-overlay")][0]
            smil = etree.fromstring(self.archive.read(smil_name))
            for par in smil.iter("{*}par"):
                target, identity = par[0].get("src").split("#")
                assert resolved(smil_name, target) == name
                assert resolved(smil_name, par[1].get("src")) in self.archive.namelist()
                (element,) = root.xpath("//*[@id=$identity]", identity=identity)
                found.append(
                    (name, identity, heard(element), seconds(par[1].get("clipBegin")), seconds(par[1].get("clipEnd")))
                )
        return found


def resolved(name: str, url: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), url.replace("%20", " ")))


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def text_of(root: etree._Element) -> str:
    """All text of a document, but scripts and head, with white space as it is."""
    parts: list[str] = []

    def walk(element: etree._Element) -> None:
        if isinstance(element.tag, str) and markup.name_of(element) not in SILENT:
            parts.append(element.text or "")
            for child in element:
                walk(child)
                parts.append(child.tail or "")

    walk(root)
    return "".join(parts)


def heard(element: etree._Element) -> str:
    """An element's text as the reader says it, on one line."""
    return " ".join(block.piece.text for block in markup.blocks(element, ""))


def same(one: str, two: str) -> bool:
    return re.sub(r"\s", "", one) == re.sub(r"\s", "", two)


# --- real books ---------------------------------------------------------------------------------------------------------
