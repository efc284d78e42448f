"""The language model's settings: shuoshu.yaml in the working folder, else in ~/.config/shuoshu/."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import ScriptError, did_you_mean
from pipeline.settings_file import NAME, SECTIONS, places
from pipeline.wording import Wording


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the model is and what it may cost.

    url            of the OpenAI-compatible API, up to /v1
    model          its name there
    key_env        name of the environment variable that holds the key; "" = none is sent
    timeout_s      seconds for one answer, 1 to 3600
    concurrency    questions asked at once, 1 to 64
    budget_tokens  tokens, questions and answers, that one run may use at most
    price_in, price_out  of a million tokens, in any currency; 0 = not set
    threshold      lines below this confidence are asked about, 0 to 1
    """

    url: str
    model: str
    key_env: str = ""
    timeout_s: float = 60.0
    concurrency: int = 4
    budget_tokens: int = 200_000
    price_in: float = 0.0
    price_out: float = 0.0
    threshold: float = 0.7

    def key(self) -> str:
        """The key, read when it is needed and kept nowhere. Raises ScriptError when its variable is not set."""
        if not self.key_env:
            return ""
        found = os.environ.get(self.key_env, "")
        if not found:
            raise ScriptError(
                Wording(f"the environment variable {self.key_env} is not set", f"环境变量 {self.key_env} 没有设置"),
                where=NAME, fix=Wording("Export the key.", "请把密钥放进这个环境变量。"),
            )  # fmt: skip
        return found


_RANGES: dict[str, tuple[float, float]] = {
    "timeout_s": (1, 3600), "concurrency": (1, 64), "budget_tokens": (1, 1e9), "price_in": (0, 1e6),
    "price_out": (0, 1e6), "threshold": (0, 1),
}  # fmt: skip


def load() -> Settings:
    """The settings of the first file there is. Raises ScriptError, naming file and line, for whatever is wrong."""
    path = next((one for one in places() if one.is_file()), None)
    if path is None:
        raise ScriptError(
            Wording("no settings for the language model were found", "没有找到语言模型的设置"),
            where=" or ".join(map(str, places())),
            fix=Wording(
                "Write one with `llm: {url: http://localhost:11434/v1, model: …}` (docs/llm.md).",
                "请写一个，内容如 `llm: {url: http://localhost:11434/v1, model: …}`（见 docs/llm.md）。",
            ),
        )  # fmt: skip
    return read(path)


def read(path: Path) -> Settings:
    """The settings in one file."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise ScriptError("the settings cannot be read as YAML", where=where, fix="docs/llm.md shows them.") from error
    entries = _entries(
        _entries({"": root}, "", path, SECTIONS), "llm", path, tuple(one.name for one in fields(Settings))
    )
    values: dict[str, Any] = {name: _value(name, node, path) for name, node in entries.items()}
    for needed in ("url", "model"):
        if not values.get(needed):
            raise ScriptError(f"llm: {needed} is missing", where=str(path), fix="docs/llm.md shows the settings.")
    return Settings(**values)


def _entries(nodes: dict[str, Any], name: str, path: Path, known: tuple[str, ...]) -> dict[str, Any]:
    """The entries of the mapping under `name`, each key known and there once."""
    node = nodes.get(name)
    if not isinstance(node, yaml.MappingNode):
        line = node.start_mark.line + 1 if node is not None else 1
        raise ScriptError("`llm:` with its settings is missing", where=f"{path}, line {line}", fix="See docs/llm.md.")
    found: dict[str, Any] = {}
    for key, value in node.value:
        text, where = str(key.value), f"{path}, line {key.start_mark.line + 1}"
        if text not in known:
            hint = did_you_mean(text, known)
            raise ScriptError(f"unknown setting {text!r}.{hint}", where=where, fix=f"Known: {', '.join(known)}.")
        if text in found:
            raise ScriptError(f"{text!r} stands twice", where=where, fix="Keep one of them.")
        found[text] = value
    return found


def _value(name: str, node: yaml.Node, path: Path) -> str | int | float:
    where = f"{path}, line {node.start_mark.line + 1}"
    if not isinstance(node, yaml.ScalarNode):
        raise ScriptError(f"{name} must be a single value", where=where, fix="See docs/llm.md.")
    text = str(node.value).strip()
    if name in _RANGES:
        low, high = _RANGES[name]
        try:
            number = int(text) if name in ("concurrency", "budget_tokens") else float(text)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise ScriptError(
                f"{name} must be a number from {low:g} to {high:g}, not {text!r}", where=where, fix="Mend the number."
            )
        return number
    if name == "url" and not text.startswith(("http://", "https://")):
        raise ScriptError(f"url must begin with http:// or https://, not {text!r}", where=where, fix="Mend it.")
    return text.rstrip("/") if name == "url" else text
