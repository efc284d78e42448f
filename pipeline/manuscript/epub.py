"""EPUB 2 and 3, through EbookLib for the package and lxml for the text.

The spine gives the order, nav or NCX the chapters: an entry begins where it points to, in the middle of a file if need
be, and lasts until the next. Front and back matter, by EPUB's own terms or by title, is skipped and listed.
"""

from __future__ import annotations

import posixpath
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pipeline.errors import ManuscriptError
from pipeline.manuscript import archive, markup
from pipeline.manuscript.characters import clean, language_of
from pipeline.manuscript.markup import Block
from pipeline.manuscript.options import Options
from pipeline.manuscript.rules import rules
from pipeline.nouns import Book, Chapter, Paragraph, Skipped, Source

_OBFUSCATION = {
    "http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC",
}  # fmt: skip
"""Font obfuscation, which is no protection of the text (EPUB 3.3, §4.4; Adobe's older scheme)."""


@dataclass(slots=True)
class _Draft:
    title: str
    file: str
    blocks: list[Block] = field(default_factory=list)
    listed: bool = True


def read_epub(path: Path, options: Options) -> Book:
    """Read an EPUB. Raises ManuscriptError for one that is damaged, protected, oversized or leads out of itself."""
    names = archive.check(path)
    _refuse_protection(path, names)
    package = _package(path)
    documents = _spine(package, path)
    entries = list(_entries(package.toc, _nav_folder(package)))
    drafts, skipped = _drafts(documents, entries)
    chapters: list[Chapter] = []
    for draft in drafts:
        why = "" if options.include_matter else _matter(draft)
        if why:
            skipped.append(_skip(draft.title, why, draft.blocks, draft.file))
            continue
        notes = [] if options.include_matter else [one for one in draft.blocks if one.terms & rules().note_types]
        spoken = [one for one in draft.blocks if options.include_matter or not one.terms & rules().note_types]
        if notes:
            skipped.append(_skip(f"{draft.title}: notes", "footnotes", notes, draft.file))
        if any(one.piece.kind != "break" for one in spoken):
            paragraphs = tuple(Paragraph(one.piece.text, one.piece.kind, one.piece.source) for one in spoken)
            chapters.append(Chapter(len(chapters) + 1, draft.title, paragraphs))
    cover, cover_type = _cover(package)
    dublin_core = "http://purl.org/dc/elements/1.1/"
    titles, authors = _metadata(package, dublin_core, "title"), _metadata(package, dublin_core, "creator")
    return Book(
        title=clean(titles[0][0] or "") if titles else path.stem,
        author="、".join(clean(name[0] or "") for name in authors) if authors else "",
        language=language_of(one.text for chapter in chapters for one in chapter.paragraphs),
        chapters=tuple(chapters), path=path, sha256="", cover=cover, cover_type=cover_type, skipped=tuple(skipped),
    )  # fmt: skip


def _refuse_protection(path: Path, names: list[str]) -> None:
    lower = {name.lower() for name in names}
    protected = bool(lower & {"meta-inf/rights.xml", "meta-inf/license.lcpl", "meta-inf/sinf.xml"})
    with zipfile.ZipFile(path) as container:
        for name in names:
            if name.lower() == "meta-inf/encryption.xml":
                used = re.findall(r"""Algorithm\s*=\s*["']([^"']+)""", container.read(name).decode("utf-8", "replace"))
                protected |= any(one not in _OBFUSCATION for one in used)
    if protected:
        raise ManuscriptError(
            "the EPUB is protected (DRM), so its text cannot be read", where=str(path),
            fix="Ask the publisher for a copy without protection.",
        )  # fmt: skip


def _package(path: Path) -> Any:
    from ebooklib import epub
    from lxml import etree

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return epub.read_epub(str(path), {"ignore_ncx": True})
        except (epub.EpubException, KeyError, AttributeError, IndexError, TypeError, ValueError) as error:
            raise _unreadable(path, error) from error
        except (etree.XMLSyntaxError, OSError, zipfile.BadZipFile) as error:
            raise _unreadable(path, error) from error


def _unreadable(path: Path, error: object) -> ManuscriptError:
    return ManuscriptError(
        f"this is no readable EPUB ({error})", where=str(path), fix="Open it in an EPUB editor, or export it again."
    )


def _spine(package: Any, path: Path) -> list[tuple[str, list[Block], bool]]:
    """(file, its paragraphs, whether it is in the linear reading order), in spine order."""
    found = []
    for identity, linear in package.spine:
        item = package.get_item_with_id(identity)
        if item is None:
            continue
        if archive.escapes(item.file_name) or item.file_name.startswith("/"):
            raise ManuscriptError(
                f"the EPUB names a file outside itself: {item.file_name!r}", where=str(path),
                fix="This file is not trustworthy; get another copy.",
            )  # fmt: skip
        root = markup.parse(item.content)
        blocks = list(markup.blocks(root, item.file_name)) if root is not None else []
        found.append((item.file_name, blocks, linear != "no"))
    if not found:
        raise ManuscriptError("the EPUB has no reading order (spine)", where=str(path), fix="Export it again.")
    return found


def _nav_folder(package: Any) -> str:
    from ebooklib import epub

    nav = next((item for item in package.get_items() if isinstance(item, epub.EpubNav | epub.EpubNcx)), None)
    return posixpath.dirname(nav.file_name) if nav is not None else ""


def _entries(toc: Any, folder: str) -> Iterator[tuple[str, str, str]]:
    """(title, file, fragment) of every entry of the table of contents, nested ones after the one above them."""
    for entry in toc if isinstance(toc, tuple | list) else [toc]:  # EbookLib unwraps a single entry
        section, children = entry if isinstance(entry, tuple | list) else (entry, ())
        href = getattr(section, "href", "") or ""
        file, _, fragment = unquote(href).partition("#")
        if file or fragment:
            yield clean(section.title or ""), file, fragment
        yield from _entries(children, folder)


def _drafts(
    documents: list[tuple[str, list[Block], bool]], entries: list[tuple[str, str, str]]
) -> tuple[list[_Draft], list[Skipped]]:
    """Cut the spine where the table of contents points."""
    starts: dict[tuple[str, str], str] = {}
    known = {file for file, _, _ in documents}
    for title, file, fragment in entries:
        there = file if file in known else next((one for one in known if one.endswith("/" + file)), file)
        starts.setdefault((there, fragment), title)
    drafts: list[_Draft] = []
    skipped: list[Skipped] = []
    for file, blocks, linear in documents:
        if not linear:
            if blocks:
                skipped.append(_skip(_heading(blocks) or file, "outside the linear reading order", blocks, file))
            continue
        if not blocks:
            titles = [title for (there, _), title in starts.items() if there == file]
            skipped.extend(_skip(title, "no text, only pictures", [], file) for title in titles)
            continue
        ids = {identity for block in blocks for identity in block.ids}
        begin = starts.get((file, ""))
        begins_later = any(one == file and fragment in ids for one, fragment in starts)
        if begin is not None:
            drafts.append(_Draft(begin, file))
        elif not drafts or not starts or (not begins_later and _own(blocks, drafts[-1])):
            drafts.append(_Draft(_heading(blocks), file, listed=False))
        for block in blocks:
            here = next((starts[file, one] for one in block.ids if (file, one) in starts), None)
            if here is not None:
                drafts.append(_Draft(here, file))
            drafts[-1].blocks.append(block)
    return [draft for draft in drafts if draft.blocks], skipped


def _own(blocks: list[Block], before: _Draft) -> bool:
    """Whether a file that no entry points to stands for itself: matter of its own kind, or after matter."""
    terms = {term for block in blocks for term in block.terms}
    return bool(terms & rules().matter_types) or rules().is_matter(_heading(blocks)) or bool(_matter(before))


def _heading(blocks: list[Block]) -> str:
    return next((block.piece.text for block in blocks if block.piece.kind == "heading"), "")


def _matter(draft: _Draft) -> str:
    """Why a part is not read aloud; "" when it is."""
    terms = [block.terms & rules().matter_types for block in draft.blocks]
    if draft.blocks and all(terms):
        return f"front or back matter ({sorted(set.union(*map(set, terms)))[0]})"
    if rules().is_matter(draft.title) or (not draft.listed and rules().is_matter(_heading(draft.blocks))):
        return "front or back matter"
    if "gutenberg" in f"{draft.title} {draft.blocks[0].piece.text[:200]}".lower() and len(draft.blocks) < 400:
        return "licence text"
    return ""


def _skip(title: str, why: str, blocks: list[Block], file: str) -> Skipped:
    count = sum(len(block.piece.text) for block in blocks)
    where = blocks[0].piece.source.where if blocks else ""
    return Skipped(title or posixpath.basename(file), why, count, Source(file, where))


def _metadata(package: Any, namespace: str, name: str) -> list[tuple[str | None, dict[str, str]]]:
    """(text, attributes) of every such element of the package's metadata."""
    return list(package.metadata.get(namespace, {}).get(name, []))


def _cover(package: Any) -> tuple[bytes | None, str]:
    """The cover image, JPEG or PNG: EPUB 3's property, EPUB 2's meta element, or an item named so."""
    images = [item for item in package.get_items() if item.media_type in ("image/jpeg", "image/png")]
    metas = [row[1] for row in _metadata(package, "http://www.idpf.org/2007/opf", "meta") if row[1]]
    named = {str(meta.get("content", "")) for meta in metas if meta.get("name") == "cover"}
    best = next((one for one in images if "cover-image" in (getattr(one, "properties", None) or ())), None)
    best = best or next((one for one in images if one.get_id() in named), None)
    best = best or next((one for one in images if "cover" in posixpath.basename(one.file_name).lower()), None)
    return (best.content, best.media_type) if best is not None and best.content else (None, "")
