"""Changing queue.yaml as a person would: a line put in, a value replaced, an entry's lines taken out. Every other byte,
comments above all, stays as it is.

YAML's own nodes say where in the text things stand. What a change made is read again and held against what it should have
made, so that a layout nobody thought of is refused and never spoiled.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import ShuoshuError
from pipeline.files import explained, write_text, written_beside
from pipeline.queue.entry import Queue, nights_of
from pipeline.queue.file import load
from pipeline.wording import Wording

Value = str | int | bool | date
Change = Callable[[str, Queue], str]
"""The file's text and what it says -> the changed text."""


def write_new(path: Path, text: str) -> None:
    """Write a first queue file. Raises ShuoshuError when there is one: it is the user's, never overwritten."""
    if path.exists():
        raise ShuoshuError(
            Wording("there is a queue file already", "已经有队列文件"), where=str(path),
            fix=Wording("Run the same command again.", "请再运行一次同一命令。"),
        )  # fmt: skip
    write_text(path, text)


def edit(path: Path, change: Change, check: Callable[[Queue], object] = lambda _: None) -> Queue:
    """Change the file by one of the changes below, and give the queue as it is then. Whoever else edits through here
    waits; nothing is written when the changed queue is wrong, `check` refuses it, or somebody saved the file meanwhile.

    Raises ShuoshuError for what cannot be changed, CastError for a queue that would be wrong, and what `check` raises.
    """
    path = path.resolve()
    with _locked(nights_of(path)), written_beside(path) as beside:
        before = path.read_bytes()
        mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
        beside.write_bytes(mark + change(before.decode("utf-8-sig"), load(path)).encode("utf-8"))
        try:
            queue = replace(load(beside), path=path)
            check(queue)
        except ShuoshuError as error:
            raise type(error)(error.what, where=error.where.replace(str(beside), str(path)), fix=error.fix) from error
        if path.read_bytes() != before:
            raise ShuoshuError(
                Wording("the file was saved by somebody else meanwhile", "文件刚刚被别人保存过"), where=str(path),
                fix=Wording("Run the same command again.", "请再运行一次同一命令。"),
            )  # fmt: skip
    return queue


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    import fcntl

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".edit").open("a+b")
    except OSError as error:
        raise explained(error, folder) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def beside(path: Path, queue: Path) -> str:
    """A path as the file has it: from the file's own folder where it lies under that."""
    near, whole = queue.resolve().parent, path.resolve()
    return str(whole.relative_to(near) if whole.is_relative_to(near) else whole)


def with_books(books: Sequence[Mapping[str, Value]]) -> Change:
    """Put books at the end of the queue."""
    return lambda text, _: add(text, books)


def without(name: str) -> Change:
    """Take the book of that name out of the queue (see `Queue.place`)."""
    return lambda text, queue: remove(text, queue.place(name))


def paused(value: bool, name: str = "") -> Change:
    """Pause the book of that name or go on with it; "" = the whole queue."""
    return lambda text, queue: put(text, queue.place(name) if name else None, "paused", value)


def add(text: str, books: Sequence[Mapping[str, Value]]) -> str:
    """Put books at the end of the list. Raises ShuoshuError for a file that is laid out too unusually, as all do here."""
    node = _value(_root(text), "books")
    wanted = _data(text)
    wanted["books"] = [*(wanted.get("books") or []), *map(dict, books)]
    if node is None:
        text = _ended(text) + "books:\n" + _items(books, "  ")
    elif isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        text = _with_lines(text, _last_line(node) + 1, _items(books, " " * node.start_mark.column))
    elif isinstance(node, yaml.SequenceNode) and node.value:
        text = _spliced(text, node.value[-1].end_mark.index, 0, "".join(f", {_flow(one)}" for one in books))
    else:  # books: or books: []
        text = _spliced(text, node.start_mark.index, node.end_mark.index - node.start_mark.index, "")
        text = _with_lines(text, node.start_mark.line + 1, _items(books, "  "))
    return _checked(text, wanted)


def remove(text: str, number: int) -> str:
    """Take the book at place `number` (from 0) out of the list; comments on lines of their own stay."""
    node = _books(text)
    wanted = _data(text)
    del wanted["books"][number]
    if not node.flow_style:
        lines = text.splitlines(keepends=True)
        first, last = _first_line(node, number, lines), _last_line(node.value[number])
        kept = [line for line in lines[first : last + 1] if line.lstrip().startswith("#")]
        text = "".join([*lines[:first], *kept, *lines[last + 1 :]])
    else:
        inner = [text[one.start_mark.index : one.end_mark.index] for one in node.value]
        del inner[number]
        start, end = node.start_mark.index, node.end_mark.index
        if "#" in text[start:end]:
            raise _unusual()
        text = text[:start] + "[" + ", ".join(inner) + "]" + text[end:]
    return _checked(text, wanted)


def put(text: str, number: int | None, key: str, value: Value) -> str:
    """Give `key` of the book at place `number` a value; None = of the queue itself."""
    wanted = _data(text)
    if number is None:
        wanted[key] = value
        node: yaml.Node | None = _root(text)
    else:
        node = _books(text).value[number]
        book = wanted["books"][number]
        wanted["books"][number] = {**(book if isinstance(book, dict) else {"manuscript": book}), key: value}
    if node is None:
        return _checked(_ended(text) + f"{key}: {_scalar(value)}\n", wanted)
    if isinstance(node, yaml.ScalarNode):  # - novel.epub
        entry = {"manuscript": node.value, key: value}
        return _checked(_replaced(text, node, _flow(entry)), wanted)
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise _unusual()
    there = _value(node, key)
    if isinstance(there, yaml.ScalarNode):
        empty = " " if there.start_mark.index == there.end_mark.index else ""
        text = _replaced(text, there, empty + _scalar(value))
    elif there is not None:
        raise _unusual()
    elif node.flow_style:
        text = _spliced(text, node.value[-1][1].end_mark.index, 0, f", {key}: {_scalar(value)}")
    else:
        first_key, first_value = node.value[0]
        line = f"{' ' * first_key.start_mark.column}{key}: {_scalar(value)}\n"
        text = _with_lines(text, max(first_key.end_mark.line, _last_line(first_value)) + 1, line)
    return _checked(text, wanted)


# --- text ------------------------------------------------------------------------------------------------------------


def _items(books: Sequence[Mapping[str, Value]], indent: str) -> str:
    rows = []
    for one in books:
        for at, (key, value) in enumerate(one.items()):
            rows.append(f"{indent}{'  ' if at else '- '}{key}: {_scalar(value)}\n")
    return "".join(rows)


def _scalar(value: Value) -> str:
    """A value as YAML writes it on one line, fit for both styles."""
    if isinstance(value, str):
        plain = yaml.safe_dump(value, allow_unicode=True, width=10**6).removesuffix("\n").removesuffix("\n...")
        fits = plain == value and not any(sign in value for sign in ",[]{}#")
        return plain if fits else json.dumps(value, ensure_ascii=False)
    return str(value).lower()


def _flow(book: Mapping[str, Value]) -> str:
    return "{" + ", ".join(f"{key}: {_scalar(value)}" for key, value in book.items()) + "}"


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _with_lines(text: str, at: int, new: str) -> str:
    """Put whole lines in before line `at` (from 0)."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = _ended(text).splitlines(keepends=True)
    return "".join([*lines[:at], new.replace("\n", newline), *lines[at:]])


def _spliced(text: str, at: int, length: int, new: str) -> str:
    return text[:at] + new + text[at + length :]


def _replaced(text: str, node: yaml.Node, new: str) -> str:
    return _spliced(text, node.start_mark.index, node.end_mark.index - node.start_mark.index, new)


# --- nodes -----------------------------------------------------------------------------------------------------------


def _root(text: str) -> yaml.MappingNode | None:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None or isinstance(node, yaml.MappingNode):
        return node
    raise _unusual()


def _data(text: str) -> dict[str, Any]:
    return yaml.safe_load(text) or {}


def _books(text: str) -> yaml.SequenceNode:
    node = _value(_root(text), "books")
    if not isinstance(node, yaml.SequenceNode):
        raise _unusual()
    return node


def _value(node: yaml.MappingNode | None, key: str) -> yaml.Node | None:
    return next((value for name, value in node.value if name.value == key), None) if node else None


def _last_line(node: yaml.Node) -> int:
    """The last line, from 0, on which something of a node stands. The end that YAML gives for a block is where the next
    thing begins, behind comments that are not the block's."""
    if isinstance(node, yaml.ScalarNode):
        end: yaml.Mark = node.end_mark
        return end.line - 1 if node.style in ("|", ">") else end.line
    if getattr(node, "flow_style", True):
        return int(node.end_mark.line)
    inner = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
    return max(_last_line(one) for one in inner)


def _first_line(books: yaml.SequenceNode, number: int, lines: Sequence[str]) -> int:
    """The line of an item's dash."""
    at, column = books.value[number].start_mark.line, books.start_mark.column
    while lines[at][column : column + 1] != "-":
        at -= 1
    return int(at)


def _checked(text: str, wanted: Mapping[str, Any]) -> str:
    try:
        made = _data(text)
    except yaml.YAMLError as error:
        raise _unusual() from error
    if {**made, "books": made.get("books") or []} != {**wanted, "books": wanted.get("books") or []}:
        raise _unusual()
    return text


def _unusual() -> ShuoshuError:
    return ShuoshuError(
        Wording(
            "the queue file is laid out in a way that this command cannot change", "队列文件的写法，这个命令改不了"
        ),
        fix=Wording("Edit it by hand: docs/scheduling.md shows the format.", "请手工修改：格式见 docs/scheduling.md。"),
    )
