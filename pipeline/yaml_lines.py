"""YAML that remembers its lines: mappings and values know where they stand, duplicate keys and tabs are named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import CastError, at_line
from pipeline.wording import Wording

CAST = Wording("cast file", "角色表")

SIZE_LIMIT = 1 << 20
_NODE_LIMIT = 50_000
"""More nodes than any cast has; stops alias bombs, which grow while they are expanded."""

_DEPTH_LIMIT = 50
"""Deeper than any cast; named where PyYAML gives up, some hundred levels down."""


@dataclass(frozen=True, slots=True)
class Node:
    """A YAML value with its line: `value` is a scalar, a list of nodes, or a dict of key -> node."""

    value: Any
    line: int


def read(path: Path, what: Wording = CAST, docs: str = "docs/cast-file.md") -> Node:
    """The one mapping of the file, which errors call `what` and `docs` describes. Raises CastError naming the line of whatever
    cannot be read."""
    zh, shows = what.chinese, Wording(f"{docs} shows the format.", f"格式见 {docs}。")
    try:
        data = path.read_bytes()
    except OSError as error:
        why = "a folder, not a file" if path.is_dir() else (error.strerror or str(error)).lower()
        raise CastError(
            Wording(f"the {what} cannot be read: {why}", f"{zh}读不了：{why}"), where=str(path),
            fix=Wording("Check the path.", "请检查路径。"),
        ) from error  # fmt: skip
    if len(data) > SIZE_LIMIT:
        raise CastError(
            Wording(f"the file has {len(data):,} bytes, more than any {what}", f"文件有 {len(data):,} 字节，{zh}不会这么大"),
            where=str(path), fix=Wording("Is it one?", "请看看是不是选错了文件。"),
        )  # fmt: skip
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CastError(
            Wording("the file is not UTF-8", "文件不是 UTF-8 编码"), where=at_line(path, line),
            fix=Wording("Save it as UTF-8.", "请存成 UTF-8。"),
        ) from error  # fmt: skip
    for number, row in enumerate(text.splitlines(), 1):
        if "\t" in row[: len(row) - len(row.lstrip())]:
            raise CastError(
                Wording("a tab indents this line; YAML wants spaces", "这一行用制表符缩进；YAML 要用空格"),
                where=at_line(path, number),
                fix=Wording("Use two spaces.", "请用两个空格。"),
            )
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except RecursionError as error:
        raise CastError(
            Wording(f"lists or mappings in one another, over {_DEPTH_LIMIT} deep", f"列表或映射嵌套超过 {_DEPTH_LIMIT} 层"),
            where=at_line(path, _line_of_depth(text)), fix=shows,
        ) from error  # fmt: skip
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = at_line(path, mark.line + 1) if mark else str(path)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise CastError(
            Wording(f"this is not YAML: {problem}", f"这不是 YAML：{problem}"), where=where, fix=shows
        ) from error
    if root is None:
        raise CastError(Wording(f"the {what} is empty", f"{zh}是空的"), where=str(path), fix=shows)
    try:
        node = _plain(root, path, [0])
    except RecursionError as error:  # an alias inside what it stands for
        raise _too_much(str(path)) from error
    if not isinstance(node.value, dict):
        raise CastError(
            Wording(f"a {what} is a list of `key: value`", f"{zh}由一行行“键: 值”组成"),
            where=at_line(path, 1),
            fix=shows,
        )
    return node


def _line_of_depth(text: str) -> int:
    """The line where more than `_DEPTH_LIMIT` collections are open."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH_LIMIT:
            return event.start_mark.line + 1 if event.start_mark else 1
    return 1


def _too_much(where: str) -> CastError:
    return CastError(
        Wording("this file unfolds into too much", "这个文件展开后太大"), where=where,
        fix=Wording("Remove the YAML aliases.", "请去掉 YAML 的别名（&、*）。"),
    )  # fmt: skip


def _plain(node: yaml.Node, path: Path, seen: list[int]) -> Node:
    seen[0] += 1
    line = node.start_mark.line + 1
    if seen[0] > _NODE_LIMIT:
        raise _too_much(at_line(path, line))
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Node] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise CastError(
                    Wording("a key must be a plain word", "键必须是普通的词"),
                    where=at_line(path, line),
                    fix=Wording("See docs/cast-file.md.", "见 docs/cast-file.md。"),
                )
            key, key_line = str(key_node.value), key_node.start_mark.line + 1
            if key in found:
                raise CastError(
                    Wording(
                        f"{key!r} stands twice, on lines {found[key].line} and {key_line}",
                        f"{key!r} 在第 {found[key].line} 行和第 {key_line} 行出现了两次",
                    ),
                    where=at_line(path, key_line),
                    fix=Wording("Keep one of them.", "请只留一个。"),
                )
            value = _plain(value_node, path, seen)
            found[key] = Node(value.value, key_line)
        return Node(found, line)
    if isinstance(node, yaml.SequenceNode):
        return Node([_plain(one, path, seen) for one in node.value], line)
    if node.tag.startswith("!") or "python" in node.tag:
        raise CastError(
            Wording(f"tag {node.tag} is not allowed", f"不允许标签 {node.tag}"), where=at_line(path, line),
            fix=Wording("Write a plain value.", "请直接写值。"),
        )  # fmt: skip
    try:
        return Node(yaml.SafeLoader("").construct_object(node), line)
    except (
        ValueError,
        KeyError,
        AttributeError,
        yaml.YAMLError,
    ) as error:  # 2026-02-30, !!bool x, !!timestamp x, !!binary x
        kind = node.tag.rpartition(":")[2]
        raise CastError(
            Wording(f"{node.value!r} is no {kind}", f"{node.value!r} 不是有效的 {kind}"), where=at_line(path, line),
            fix=Wording("Mend it, or put it in quotes if it is text.", "请改正；如果是文字，请加引号。"),
        ) from error  # fmt: skip
