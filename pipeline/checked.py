"""Checked access to the values of a YAML file: each error names file and line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.errors import CastError, MasteringError, did_you_mean
from pipeline.wording import Wording, chinese_of
from pipeline.yaml_lines import Node


@dataclass(frozen=True, slots=True)
class Checked:
    """A YAML file whose values are being read, and the page that describes it. Every method raises CastError for a value that
    is not what it must be."""

    path: Path
    docs: str = "docs/cast-file.md"

    def error(self, what: str, line: int, fix: str = "") -> CastError:
        return CastError(what, where=f"{self.path}, line {line}", fix=fix or f"See {self.docs}.")

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
            raise self.error(f"{what} must be `key: value` pairs, not {node.value!r}", node.line)
        if keys is not None:
            valid = tuple(keys)
            for key, value in node.value.items():
                if key not in valid:
                    hint = did_you_mean(key, valid)
                    raise self.error(f"{what} has no key {key!r}.{hint}", value.line, f"Valid: {', '.join(valid)}.")
        return node.value

    def text(self, node: Node, what: str) -> str:
        if isinstance(node.value, date):  # YAML reads 2026-01-31 as one
            return node.value.isoformat()
        if not isinstance(node.value, str | int | float) or isinstance(node.value, bool):
            raise self.error(f"{what} must be text, not {_shown(node)}", node.line)
        return str(node.value)

    def number(self, node: Node, what: str, low: float, high: float, *, whole: bool = False) -> float:
        value = node.value
        good = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not good or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            raise self.error(f"{what} must be {kind} from {low:g} to {high:g}, not {_shown(node)}", node.line)
        return float(value)

    def switch(self, node: Node, what: str) -> bool:
        if not isinstance(node.value, bool):
            raise self.error(f"{what} must be true or false, not {_shown(node)}", node.line)
        return node.value

    def place(self, node: Node, what: str) -> Path:
        """A path, made whole: a relative one lies in this file's folder and may not lead out of it."""
        given = Path(self.text(node, what)).expanduser()
        path = given if given.is_absolute() else self.path.parent / given
        if not given.is_absolute() and not path.resolve().is_relative_to(self.path.parent.resolve()):
            raise self.error(
                f"{what} {str(given)!r} leads out of the cast file's folder", node.line,
                "Put the file beside the cast file, or give its full path.",
            )  # fmt: skip
        return path.resolve()

    def file(self, node: Node, what: str) -> Path:
        """A path as `place` gives it, of a file that is there."""
        path = self.place(node, what)
        if not path.is_file():
            raise self.error(f"{what}: there is no file {node.value!r}", node.line, "Check the path.")
        return path

    def value(self, node: Node, what: str, rule: Sequence[Any], choices: str = "") -> str | int | float | bool:
        """A value by its rule: ("str",), ("bool",), ("int", low, high), ("float", low, high), ("choice", a, b …);
        `choices` tells where all of many choices are listed."""
        kind, *limits = rule
        if kind == "choice":
            text = self.text(node, what)
            if text not in limits:
                fix = choices or f"Valid: {', '.join(limits)}."
                raise self.error(f"{what} {text!r} is unknown.{did_you_mean(text, limits)}", node.line, fix)
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
                raise self.error(
                    f"{what} has no setting {key!r}.{did_you_mean(key, rules)}", node.line,
                    f"Valid: {', '.join(rules)}." if rules else "It takes none.",
                )  # fmt: skip
        return {key: self.value(node, f"{what}: {key}", rules[key]) for key, node in given.items()}


def _shown(node: Node) -> str:
    if isinstance(node.value, dict):
        return "a list of keys"
    return "a list" if isinstance(node.value, list) else repr(node.value)
