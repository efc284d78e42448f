"""Who listens: `--asr` on the command line, else `listen:` in shuoshu.yaml (working folder, else ~/.config/shuoshu/)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from pipeline import settings_file
from pipeline.errors import EngineError
from pipeline.settings_file import NAME
from pipeline.wording import Wording

DOCS = "docs/listening.md"
WHISPER = "faster-whisper"
KEY_ENV = "SHUOSHU_ASR_KEY"
"""Holds the key for an address given with --asr."""
_RULES: dict[str, tuple[Any, ...]] = {
    "asr": ("str",), "model": ("str",), "key_env": ("str",), "timeout_s": ("float", 1, 3600), "concurrency": ("int", 1, 64),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """asr       "faster-whisper", or the address of an OpenAI-compatible server up to /v1
    model     a folder with a faster-whisper model, or the model's name at the server
    key_env   name of the environment variable that holds the server's key; "" = none is sent
    timeout_s  seconds for one line, 1 to 3600
    concurrency  lines sent to a server at once, 1 to 64
    """

    asr: str
    model: str = ""
    key_env: str = ""
    timeout_s: float = 60.0
    concurrency: int = 4

    def key(self) -> str:
        """The key, read when it is needed and kept nowhere. Raises EngineError when its variable is not set."""
        return settings_file.key(self.key_env, EngineError)


def settings(asr: str = "", model: str = "") -> Settings:
    """The settings that count. An address given with `asr` gets the key in `KEY_ENV`, where there is one, and never a
    configured one, which belongs to another server.

    Raises EngineError where nobody is named, CastError naming the file's line for what is wrong there.
    """
    if asr:
        found = Settings(asr.rstrip("/"), model, KEY_ENV if os.environ.get(KEY_ENV) else "")
    else:
        found = _configured()
        found = Settings(found.asr, model or found.model, found.key_env, found.timeout_s, found.concurrency)
    if found.asr != WHISPER and not found.asr.startswith(("http://", "https://")):
        raise EngineError(
            f"{found.asr!r} is neither {WHISPER} nor an address that begins with http:// or https://",
            fix=f"Give --asr {WHISPER} --model FOLDER, or --asr http://localhost:8000/v1 ({DOCS}).",
        )
    return found


def _configured() -> Settings:
    found = settings_file.section("listen", DOCS)
    if found is None:
        raise EngineError(
            Wording("no speech recognizer is named", "没有指定语音识别"),
            fix=Wording(
                f"Give --asr {WHISPER} --model FOLDER, or --asr http://localhost:8000/v1, or write it into {NAME} ({DOCS}).",
                f"请给出 --asr {WHISPER} --model 文件夹，或 --asr http://localhost:8000/v1，或写进 {NAME}（见 {DOCS}）。",
            ),
        )
    check, node = found
    given = check.values(check.mapping(node, "listen"), "listen", _RULES)
    if "asr" not in given:
        raise check.error(Wording("listen: asr is missing", "listen：缺少 asr"), node.line)
    return Settings(**{**given, "asr": str(given["asr"]).rstrip("/")})
