"""YAML that remembers its lines: mappings and values know where they stand, duplicate keys and tabs are named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import CastError

SIZE_LIMIT = 1 << 20
_NODE_LIMIT = 50_000
"""More nodes than any cast has; stops alias bombs, which grow while they are expanded."""


@dataclass(frozen=True, slots=True)
class Node:
    """A YAML value with its line: `value` is a scalar, a list of nodes, or a dict of key -> node."""

    value: Any
    line: int


def read(path: Path, what: str = "cast file", docs: str = "docs/cast-file.md") -> Node:
    """The one mapping of the file, which errors call `what` and `docs` describes. Raises CastError naming the line of whatever
    cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        why = "a folder, not a file" if path.is_dir() else (error.strerror or str(error)).lower()
        raise CastError(f"the {what} cannot be read: {why}", where=str(path), fix="Check the path.") from error
    if len(data) > SIZE_LIMIT:
        raise CastError(f"the file has {len(data):,} bytes, more than any {what}", where=str(path), fix="Is it one?")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CastError("the file is not UTF-8", where=f"{path}, line {line}", fix="Save it as UTF-8.") from error
    for number, row in enumerate(text.splitlines(), 1):
        if "\t" in row[: len(row) - len(row.lstrip())]:
            raise CastError(
                "a tab indents this line; YAML wants spaces", where=f"{path}, line {number}", fix="Use two spaces."
            )
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise CastError(f"this is not YAML: {problem}", where=where, fix=f"{docs} shows the format.") from error
    if root is None:
        raise CastError(f"the {what} is empty", where=str(path), fix=f"{docs} shows the format.")
    try:
        node = _plain(root, path, [0])
    except RecursionError as error:  # an alias inside what it stands for
        raise CastError("this file unfolds into too much", where=str(path), fix="Remove the YAML aliases.") from error
    if not isinstance(node.value, dict):
        raise CastError(f"a {what} is a list of `key: value`", where=f"{path}, line 1", fix=f"See {docs}.")
    return node


def _plain(node: yaml.Node, path: Path, seen: list[int]) -> Node:
    seen[0] += 1
    line = node.start_mark.line + 1
    if seen[0] > _NODE_LIMIT:
        raise CastError("this file unfolds into too much", where=f"{path}, line {line}", fix="Remove the YAML aliases.")
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Node] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise CastError(
                    "a key must be a plain word", where=f"{path}, line {line}", fix="See docs/cast-file.md."
                )
            key, key_line = str(key_node.value), key_node.start_mark.line + 1
            if key in found:
                raise CastError(
                    f"{key!r} stands twice, on lines {found[key].line} and {key_line}",
                    where=f"{path}, line {key_line}",
                    fix="Keep one of them.",
                )
            value = _plain(value_node, path, seen)
            found[key] = Node(value.value, key_line)
        return Node(found, line)
    if isinstance(node, yaml.SequenceNode):
        return Node([_plain(one, path, seen) for one in node.value], line)
    if node.tag.startswith("!") or "python" in node.tag:
        raise CastError(f"tag {node.tag} is not allowed", where=f"{path}, line {line}", fix="Write a plain value.")
    return Node(yaml.SafeLoader("").construct_object(node), line)
