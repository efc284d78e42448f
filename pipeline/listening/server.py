"""A speech recognizer behind an OpenAI-compatible server: POST /audio/transcriptions, asked again when the trouble may
pass."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.asking import Again, Http, TooLong, retry_after
from pipeline.errors import EngineError
from pipeline.listening.config import Settings
from pipeline.nouns import Language
from pipeline.settings_file import NAME
from pipeline.wording import Wording

USUAL_MODEL = "whisper-1"


class NotHeard(Exception):
    """The recognizer gave no usable answer for one line; the text says why, without key or sound. `final`: no other line will
    fare better."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Server:
    """Asks one server. Use from several threads at once; close when done."""

    def __init__(self, settings: Settings, *, first_wait_s: float = 1.0, sleep: Callable[[float], None] = time.sleep):
        self.settings = settings
        self.model = settings.model or USUAL_MODEL
        self.name = f"{re.sub('//[^/@]*@', '//', settings.asr)} {self.model}"
        """Address, without a password in it, and model."""
        self.threads = settings.concurrency
        try:
            self._http = Http(settings.key() or "", settings.timeout_s, first_wait_s=first_wait_s, sleep=sleep)
        except (ValueError, UnicodeError) as error:
            raise EngineError(
                f"the key in {settings.key_env} has a sign that no HTTP header takes", fix="Mend the variable."
            ) from error

    def close(self) -> None:
        self._http.close()

    def hear(self, path: Path, language: Language) -> str:
        """What is spoken in an audio file. Raises NotHeard."""
        try:
            return self._http.tried(lambda: self._once(path, language))
        except Again as again:
            raise NotHeard(again.why) from again

    def _once(self, path: Path, language: Language) -> str:
        import httpx

        form = {"model": self.model, "language": language, "response_format": "json", "temperature": "0"}
        files = {"file": (f"line{path.suffix}", path.read_bytes(), "audio/flac")}
        try:
            status, headers, data = self._http.post(f"{self.settings.asr}/audio/transcriptions", data=form, files=files)
        except httpx.TimeoutException as error:
            raise Again(
                Wording(f"no answer within {self.settings.timeout_s:g} s", f"{self.settings.timeout_s:g} 秒内没有回答")
            ) from error
        except TooLong as error:
            raise Again(Wording("an answer far too long", "回答过长")) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            kind = type(error).__name__
            raise Again(Wording(f"the server cannot be reached ({kind})", f"连不上服务（{kind}）")) from error
        if status == 429 or status >= 500:
            raise Again(Wording(f"HTTP {status}"), retry_after(headers))
        if status != 200:
            hints = {401: f"does it take the key? See key_env in {NAME}", 403: f"does it take the key? See key_env in {NAME}",
                     404: "has it this route and model?"}  # fmt: skip
            raise NotHeard(f"HTTP {status}" + (f": {hints[status]}" if status in hints else ""), final=status in hints)
        try:
            text = json.loads(data)["text"]
            if not isinstance(text, str):
                raise TypeError
            return text
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Again(Wording('an answer that is not {"text": …}', '回答不是 {"text": …}')) from error
