"""What people chose, beside the index: one JSON row a choice, the last of a line counts. An index can be made again from the
takes' files; this is what those do not know."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.files import explained

NAME = "choices.jsonl"


def append(takes: Path, line: str, key: str, subject: str) -> None:
    """Note a choice. Raises BookFolderError for a full disk or a folder that cannot be written."""
    row = json.dumps({"line": line, "key": key, "subject": subject}, ensure_ascii=False)
    path = takes / NAME
    try:
        with path.open("ab", buffering=0) as file:
            file.write(b"\n" + row.encode())  # a row that a full disk cut short does not spoil this one
    except OSError as error:
        raise explained(error, path) from error


def read(takes: Path) -> dict[str, tuple[str, str]]:
    """Line -> (key, subject) of its last choice; rows that cannot be understood are passed over."""
    try:
        data = (takes / NAME).read_bytes()
    except FileNotFoundError:
        return {}
    found = {}
    for row in data.splitlines():
        try:
            told = json.loads(row)
            found[str(told["line"])] = str(told["key"]), str(told["subject"])
        except (ValueError, KeyError, TypeError):
            continue
    return found
