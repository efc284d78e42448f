"""The lexicon of a cast: its own terms, laid over those of the file that a series shares."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline import yaml_lines
from pipeline.errors import CastError
from pipeline.pronunciation import ipa
from pipeline.pronunciation.syllable import canonical
from pipeline.pronunciation.text import HAN
from pipeline.yaml_lines import Node

_TONED = re.compile(r"[A-Za-züÜ:]+[0-9]")
"""A syllable with a digit for its tone, right or wrong."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def entries(node: Node, path: Path) -> dict[str, str]:
    """term -> reading or replacement (IPA respelled), of a mapping in the file `path`. Raises CastError with file and line."""
    if not isinstance(node.value, dict):
        raise _error("the lexicon must be `term: reading` pairs", path, node.line)
    return {term: _value(term, one, path) for term, one in node.value.items()}


def shared(node: Node, cast_path: Path) -> dict[str, str]:
    """What `lexicon_file: PATH` names: a YAML file of `term: reading` pairs on this machine, relative to the cast file.
    Raises CastError: for the path, with the cast's line; for the content, with the file's own."""
    given = node.value
    if not isinstance(given, str) or not given.strip():
        raise _error("lexicon_file must be the path of a YAML file", cast_path, node.line)
    if _ADDRESS.match(given):
        raise _error(
            f"lexicon_file {given!r} is an address, not a file", cast_path, node.line, "Save it beside the cast file."
        )
    path = (cast_path.parent / Path(given).expanduser()).resolve()
    if not path.is_file():
        why = "is no plain file" if path.exists() else "is not there"
        raise _error(
            f"lexicon_file {given!r} {why}", cast_path, node.line, f"The path counts from the cast file; tried {path}."
        )
    return entries(yaml_lines.read(path, "lexicon file"), path)


def _value(term: str, node: Node, path: Path) -> str:
    value = node.value
    if not term.strip():
        raise _error("a term is empty", path, node.line)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        shown = "true or false" if isinstance(value, bool) else "nothing" if value is None else "a list"
        raise _error(
            f"lexicon: {term} must be a reading or a replacement, not {shown}", path, node.line, "Write it in quotes."
        )
    if isinstance(value, str) and (wrong := _slip(term, value)):
        raise _error(f"lexicon: {term}: {value} {wrong}", path, node.line)
    if isinstance(value, str) and ipa.is_ipa(value):
        try:
            return ipa.respelled(value)
        except ValueError as error:
            raise _error(
                f"lexicon: {term}: {value} cannot be read as IPA ({error})",
                path,
                node.line,
                "Correct it, or write an English respelling without slashes.",
            ) from error
    return str(value)


def _slip(term: str, value: str) -> str:
    """What is wrong with a value that is nearly a reading, and would be spoken as it stands; "" for any other."""
    if "/" in (value.strip()[:1], value.strip()[-1:]) and not ipa.is_ipa(value):
        return "is no IPA: that stands between two slashes, /ʃɪˈvɔːn/"
    parts = _TONED.findall(value)
    if not parts or _TONED.sub("", value).strip():
        return ""
    signs = len(re.findall(f"[{HAN}]", term))
    bad = [part for part in parts if not canonical(part)]
    if bad or value.split() != parts:
        return "is no reading: " + (f"{bad[0]} is no Mandarin syllable" if bad else "leave a space between syllables")
    return f"has {len(parts)} syllables for {signs} characters" if signs == len(term) != len(parts) else ""


def _error(what: str, path: Path, line: int, fix: str = "See docs/cast-file.md.") -> CastError:
    return CastError(what, where=f"{path}, line {line}", fix=fix)
