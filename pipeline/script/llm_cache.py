"""Answers of a language model on disk, one small file each, named by what was asked of whom."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from pipeline.files import write_text

FOLDER = ".llm-cache"


@dataclass(frozen=True, slots=True)
class Cache:
    """Answers under a book's folder. `get` gives None for what is not there or cannot be read: it is asked again."""

    folder: Path

    @staticmethod
    def key(url: str, model: str, prompt: str) -> str:
        """SHA-256 of everything that decides an answer."""
        return hashlib.sha256(json.dumps([url, model, prompt], ensure_ascii=False).encode()).hexdigest()

    def get(self, key: str) -> dict[str, str] | None:
        try:
            found = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        fine = isinstance(found, dict) and all(isinstance(value, str) for value in found.values())
        return found if fine else None

    def put(self, key: str, answer: dict[str, str]) -> None:
        write_text(self._path(key), json.dumps(answer, ensure_ascii=False))

    def _path(self, key: str) -> Path:
        return self.folder / FOLDER / f"{key}.json"
