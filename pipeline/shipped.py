"""Data files that come with the program, each beside the module that reads it."""

from __future__ import annotations

from importlib import resources
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as SafeLoader  # several times as fast
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]  # two classes of one use, and the stubs name no common one


def text_of(package: str | None, name: str) -> str:
    """The text of a file in `package` (its `__package__`)."""
    return resources.files(package or "pipeline").joinpath(name).read_text(encoding="utf-8")


def yaml_of(package: str | None, name: str) -> dict[str, Any]:
    """A YAML file of ours, a mapping."""
    found: dict[str, Any] = yaml.load(text_of(package, name), Loader=SafeLoader)
    return found


def rows_of(package: str | None, name: str) -> list[list[str]]:
    """The rows of a tab-separated file of ours, without its remarks (#) and empty lines."""
    lines = text_of(package, name).splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]
