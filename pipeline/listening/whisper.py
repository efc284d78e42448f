"""A speech recognizer on this machine: faster-whisper with a model that lies in a folder. Nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import EngineError
from pipeline.files import print_of
from pipeline.nouns import Language

NEEDED = ("model.bin", "config.json", "tokenizer.json")
"""Files of a model. Without the last, faster-whisper would ask the network for one."""


class LocalWhisper:
    """One model, loaded at once. Not for several threads.

    Raises EngineError when faster-whisper is not installed, or `folder` holds no model that it can load.
    """

    threads = 1

    def __init__(self, folder: Path) -> None:
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise EngineError(
                f"faster-whisper cannot be imported ({error})", fix="Install it: pip install 'shuoshu[listen]'."
            ) from error
        missing = [name for name in NEEDED if not (folder / name).is_file()]
        if missing:
            raise EngineError(
                f"this folder holds no faster-whisper model: {missing[0]} is missing", where=str(folder),
                fix="Give --model the folder of a converted model, such as faster-whisper-large-v3 (docs/listening.md).",
            )  # fmt: skip
        self.name = f"faster-whisper {folder.resolve()} {print_of(folder / 'model.bin')}"
        try:
            self._model = WhisperModel(str(folder), device="auto", compute_type="default", local_files_only=True)
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineError(
                f"the model cannot be loaded ({error})",
                where=str(folder),
                fix="Is it whole, and does it fit the memory?",
            ) from error

    def close(self) -> None:
        del self._model

    def hear(self, path: Path, language: Language) -> str:
        """What is spoken in an audio file."""
        segments, _ = self._model.transcribe(
            str(path), language=language, beam_size=5, condition_on_previous_text=False, without_timestamps=True
        )
        return "".join(one.text for one in segments).strip()
