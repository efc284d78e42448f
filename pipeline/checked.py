"""Checked access to the values of a YAML file: each error names file and line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.errors import CastError, MasteringError, at_line, did_you_mean
from pipeline.wording import Wording, chinese_of
from pipeline.yaml_lines import Node


@dataclass(frozen=True, slots=True)
class Checked:
    """A YAML file whose values are being read, and the page that describes it. Every method raises CastError for a value that
    is not what it must be."""

    path: Path
    docs: str = "docs/cast-file.md"

    def error(self, what: str, line: int, fix: str = "") -> CastError:
        return CastError(
            what, where=at_line(self.path, line), fix=fix or Wording(f"See {self.docs}.", f"见 {self.docs}。")
        )

    def unknown(self, kind: Wording, what: str, name: str, valid: Sequence[str], line: int) -> CastError:
        """That `what` has no such `kind` of thing as `name`; the nearest that it has, and all."""
        hint = did_you_mean(name, valid)
        told_zh = f"{chinese_of(what)} 没有 {name!r} 这个{kind.chinese}。{hint.chinese}"
        told = Wording(f"{what} has no {kind} {name!r}.{hint}", told_zh)
        return self.error(told, line, _valid(valid))

    def _unlike(self, what: str, node: Node, wanted: Wording) -> CastError:
        """That a value is not what it must be."""
        is_, is_zh = _shown(node), chinese_of(_shown(node))
        told = Wording(
            f"{what} must be {wanted}, not {is_}", f"{chinese_of(what)} 必须是{wanted.chinese}，不能是 {is_zh}"
        )
        return self.error(told, node.line)

    @contextmanager
    def at(self, line: int, what: str) -> Iterator[None]:
        """What a room to the right refuses in here is said of this line; `what` is the setting."""
        try:
            yield
        except MasteringError as error:
            file = f" ({Path(error.where).name})" if error.where else ""
            told = Wording(f"{what}: {error.what}{file}", f"{what}：{chinese_of(error.what)}{file}")
            raise self.error(told, line, error.fix) from error

    def mapping(self, node: Node, what: str, keys: Iterable[str] | None = None) -> dict[str, Node]:
        if not isinstance(node.value, dict):
            raise self._unlike(what, node, Wording("`key: value` pairs", "“键: 值”的形式"))
        if keys is not None:
            valid = tuple(keys)
            for key, value in node.value.items():
                if key not in valid:
                    raise self.unknown(Wording("key", "键"), what, key, valid, value.line)
        return node.value

    def text(self, node: Node, what: str) -> str:
        if isinstance(node.value, date):  # YAML reads 2026-01-31 as one
            return node.value.isoformat()
        if not isinstance(node.value, str | int | float) or isinstance(node.value, bool):
            raise self._unlike(what, node, Wording("text", "文字"))
        return str(node.value)

    def number(self, node: Node, what: str, low: float, high: float, *, whole: bool = False) -> float:
        value = node.value
        good = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not good or not low <= value <= high:
            kind, kind_zh = ("a whole number", "整数") if whole else ("a number", "数字")
            wanted = Wording(f"{kind} from {low:g} to {high:g}", f" {low:g} 到 {high:g} 之间的{kind_zh}")
            raise self._unlike(what, node, wanted)
        return float(value)

    def switch(self, node: Node, what: str) -> bool:
        if not isinstance(node.value, bool):
            raise self._unlike(what, node, Wording("true or false", " true 或 false"))
        return node.value

    def place(self, node: Node, what: str) -> Path:
        """A path, made whole: a relative one lies in this file's folder and may not lead out of it."""
        given = Path(self.text(node, what)).expanduser()
        path = given if given.is_absolute() else self.path.parent / given
        if not given.is_absolute() and not path.resolve().is_relative_to(self.path.parent.resolve()):
            raise self.error(
                Wording(
                    f"{what} {str(given)!r} leads out of the cast file's folder",
                    f"{what} {str(given)!r} 指到了角色表的文件夹外面",
                ),
                node.line,
                Wording("Put the file beside the cast file, or give its full path.", "请把文件放在角色表旁边，或写完整路径。"),
            )  # fmt: skip
        return path.resolve()

    def file(self, node: Node, what: str) -> Path:
        """A path as `place` gives it, of a file that is there."""
        path = self.place(node, what)
        if not path.is_file():
            told = Wording(f"{what}: there is no file {node.value!r}", f"{what}：没有 {node.value!r} 这个文件")
            raise self.error(told, node.line, Wording("Check the path.", "请检查路径。"))
        return path

    def value(self, node: Node, what: str, rule: Sequence[Any], choices: str = "") -> str | int | float | bool:
        """A value by its rule: ("str",), ("bool",), ("int", low, high), ("float", low, high), ("choice", a, b …);
        `choices` tells where all of many choices are listed."""
        kind, *limits = rule
        if kind == "choice":
            text = self.text(node, what)
            if text not in limits:
                hint = did_you_mean(text, limits)
                told = Wording(f"{what} {text!r} is unknown.{hint}", f"{what} 不认识 {text!r}。{hint.chinese}")
                raise self.error(told, node.line, choices or _valid(limits))
            return text
        if kind == "bool":
            return self.switch(node, what)
        if kind == "str":
            return self.text(node, what)
        number = self.number(node, what, limits[0], limits[1], whole=kind == "int")
        return int(number) if kind == "int" else number

    def values(self, given: dict[str, Node], what: str, rules: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        """Values by their rules; a key without one is an error that names the nearest."""
        for key, node in given.items():
            if key not in rules:
                raise self.unknown(Wording("setting", "设置"), what, key, tuple(rules), node.line)
        return {key: self.value(node, f"{what}: {key}", rules[key]) for key, node in given.items()}


def _valid(names: Sequence[str]) -> Wording:
    if not names:
        return Wording("It takes none.", "它没有任何设置。")
    return Wording(f"Valid: {', '.join(names)}.", f"可用：{'、'.join(names)}。")


def _shown(node: Node) -> Wording:
    if isinstance(node.value, dict):
        return Wording("a list of keys", "一组键")
    return Wording("a list", "列表") if isinstance(node.value, list) else Wording(repr(node.value))
