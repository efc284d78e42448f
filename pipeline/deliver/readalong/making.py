"""An EPUB being written: from which archive, into which, and what is known of it so far."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pipeline.deliver.readalong.lines import Spoken
from pipeline.deliver.readalong.package import Package

_PACKED = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".woff", ".woff2", ".mp3", ".m4a", ".mp4")
"""What packing again makes no smaller."""


@dataclass(slots=True)
class Making:
    """An EPUB being written. `names`: old name -> new name of documents; `left_out` are lines without words to light up,
    and why; `durations_ms`: id of an overlay -> length of its clips."""

    source: zipfile.ZipFile
    package: Package
    out: zipfile.ZipFile
    date: datetime
    folder: str
    names: dict[str, str] = field(default_factory=dict)
    left_out: list[tuple[Spoken, str]] = field(default_factory=list)
    durations_ms: dict[str, int] = field(default_factory=dict)

    def entry(self, name: str) -> zipfile.ZipInfo:
        """A new entry, dated like the book."""
        made = zipfile.ZipInfo(name, self.date.timetuple()[:6])
        made.compress_type = zipfile.ZIP_STORED if name.lower().endswith(_PACKED) else zipfile.ZIP_DEFLATED
        made.external_attr = 0o644 << 16
        return made

    @property
    def style(self) -> str:
        """Name of the style sheet that lights lines up."""
        return f"{self.folder}/style.css"

    def target(self, name: str) -> str:
        """What a file of the source is called here."""
        return self.names.get(name, name)

    def add(self, name: str, data: bytes) -> None:
        self.out.writestr(self.entry(name), data)

    def copy(self, name: str) -> None:
        with self.source.open(name) as stream, self.out.open(self.entry(name), "w") as target:
            shutil.copyfileobj(stream, target)

    def copy_file(self, path: Path, name: str) -> None:
        made = self.entry(name)
        made.file_size = path.stat().st_size
        with path.open("rb") as stream, self.out.open(made, "w") as target:
            shutil.copyfileobj(stream, target)
