"""What both ends of an exchange know: the layout of an archive, and which files a cast file names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.takes import journal
from pipeline.wording import Wording

FORMAT = "shuoshu book 1"
MANIFEST = "manifest.json"
SOURCE = "source"
CHOICES = "takes/chosen.jsonl"
JOURNAL = f"takes/{journal.FOLDER}/exported-0-000000.jsonl"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What was exported or imported: the archive, the book's folder, how many files, takes and bytes, remarks."""

    archive: Path
    folder: Path
    files: int
    takes: int
    size: int
    remarks: tuple[Wording, ...] = ()


def named_files(cast: Path) -> list[tuple[str, int]]:
    """Every text in a cast file that names a file that is there, and its line."""
    return [one for one in texts(cast) if _is_file(cast.parent, one[0])]


def texts(cast: Path) -> list[tuple[str, int]]:
    """Every text in a cast file, and its line."""
    from pipeline import yaml_lines

    waiting, found = [yaml_lines.read(cast)], list[tuple[str, int]]()
    while waiting:
        node = waiting.pop()
        if isinstance(node.value, dict):
            waiting += node.value.values()
        elif isinstance(node.value, list):
            waiting += node.value
        elif isinstance(node.value, str):
            found.append((node.value, node.line))
    return found


def _is_file(home: Path, text: str) -> bool:
    try:
        return (home / Path(text).expanduser()).is_file()
    except (OSError, ValueError, RuntimeError):  # no path at all: too long, with strange characters, of nobody's home
        return False
