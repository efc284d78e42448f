"""shuoshu.yaml: settings of a machine rather than of a book, a section for each room that has some."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.checked import Checked
from pipeline.errors import ShuoshuError
from pipeline.wording import Wording
from pipeline.yaml_lines import Node, read

NAME = "shuoshu.yaml"
SECTIONS = ("llm", "listen", "speech")


def places() -> tuple[Path, Path]:
    """Where it may be: the working folder, else ~/.config/shuoshu/ (XDG base directory specification)."""
    usual = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "shuoshu"
    return Path(NAME), usual / NAME


def section(name: str, docs: str) -> tuple[Checked, Node] | None:
    """A section of the first file there is, and that file; None where there is neither. `docs` is the page that describes it.

    Raises CastError naming the line of what cannot be read.
    """
    path = next((one for one in places() if one.is_file()), None)
    if path is None:
        return None
    check = Checked(path, docs)
    root = read(path, Wording("settings file", "设置文件"), docs)
    found = check.mapping(root, Wording("the settings file", "设置文件"), SECTIONS)
    return (check, found[name]) if name in found else None


def key(variable: str, kind: type[ShuoshuError]) -> str:
    """A server's key out of an environment variable, read when it is needed and kept nowhere; "" where `variable` is "".
    Raises `kind` when the variable is not set."""
    found = os.environ.get(variable, "") if variable else ""
    if variable and not found:
        raise kind(
            Wording(f"the environment variable {variable} is not set", f"环境变量 {variable} 没有设置"),
            where=NAME, fix=Wording("Export the key.", "请把密钥放进这个环境变量。"),
        )  # fmt: skip
    return found
