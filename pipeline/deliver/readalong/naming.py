"""Documents' names: an EPUB 3 calls them ``.xhtml``, which many a book does not, so they are named anew and links follow."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from pipeline.deliver.readalong.overlay import href

_ENDINGS = re.compile(r"(?:\.(?:html?|xhtml|xht|xml))+$", re.IGNORECASE)
_LINKS = frozenset(("href", "src", "data", "longdesc", "cite"))


def renamed(documents: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """Old name -> new name of the documents that are not called ``.xhtml``. `taken`: all names there are."""
    names: dict[str, str] = {}
    for name in documents:
        if not name.endswith(".xhtml"):
            new = _ENDINGS.sub("", name)
            while f"{new}.xhtml" in taken or f"{new}.xhtml" in names.values():
                new += "-1"
            names[name] = f"{new}.xhtml"
    return names


def follow(root: Any, folder: str, names: Mapping[str, str]) -> bool:
    """Let the links of a tree, that of a document in `folder`, lead to the new names; whether there was one."""
    changed = False
    for element in root.iter() if names else ():
        for attribute, value in element.attrib.items() if isinstance(element.tag, str) else ():
            if attribute.rpartition("}")[2] not in _LINKS:
                continue
            path, mark, fragment = value.strip().partition("#")
            new = names.get(posixpath.normpath(posixpath.join(folder, unquote(path)))) if path else None
            if new:
                element.set(attribute, href(new, folder) + mark + fragment)
                changed = True
    return changed
