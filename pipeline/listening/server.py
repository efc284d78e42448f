"""A speech recognizer behind an OpenAI-compatible server: POST /audio/transcriptions, asked again when the trouble may
pass."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.errors import EngineError
from pipeline.listening.config import NAME, Settings
from pipeline.nouns import Language

TRIES = 4
LONGEST_WAIT_S = 30.0
USUAL_MODEL = "whisper-1"
_LARGEST_ANSWER = 1 << 20


class NotHeard(Exception):
    """The recognizer gave no usable answer for one line; the text says why, without key or sound. `final`: no other line will
    fare better."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Server:
    """Asks one server. Use from several threads at once; close when done."""

    def __init__(self, settings: Settings, *, first_wait_s: float = 1.0, sleep: Callable[[float], None] = time.sleep):
        import httpx

        self.settings, self.first_wait_s, self.sleep = settings, first_wait_s, sleep
        self.model = settings.model or USUAL_MODEL
        self.name = f"{re.sub('//[^/@]*@', '//', settings.asr)} {self.model}"
        """Address, without a password in it, and model."""
        self.threads = settings.concurrency
        key = settings.key()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            self._http = httpx.Client(headers=headers, timeout=settings.timeout_s, follow_redirects=False)
        except (ValueError, UnicodeError) as error:
            raise EngineError(
                f"the key in {settings.key_env} has a sign that no HTTP header takes", fix="Mend the variable."
            ) from error

    def close(self) -> None:
        self._http.close()

    def hear(self, path: Path, language: Language) -> str:
        """What is spoken in an audio file. Raises NotHeard."""
        why = ""
        for attempt in range(TRIES):
            wait = min(self.first_wait_s * 2**attempt, LONGEST_WAIT_S) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
            try:
                return self._once(path, language)
            except _Again as again:
                why = str(again)
                wait = min(again.after, LONGEST_WAIT_S) if again.after is not None else wait
            if attempt < TRIES - 1:
                self.sleep(wait)
        raise NotHeard(why)

    def _once(self, path: Path, language: Language) -> str:
        import httpx

        try:
            status, headers, data = self._post(path, language)
        except httpx.TimeoutException as error:
            raise _Again(f"no answer within {self.settings.timeout_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _Again(f"the server cannot be reached ({type(error).__name__})") from error
        if status == 429 or status >= 500:
            raise _Again(f"HTTP {status}", _seconds(headers.get("retry-after", "")))
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
            raise _Again('an answer that is not {"text": …}') from error

    def _post(self, path: Path, language: Language) -> tuple[int, Mapping[str, str], bytes]:
        """The answer within `timeout_s` as a whole: httpx's own limit is for each byte, and a server may drip."""
        import httpx

        until, data = time.monotonic() + self.settings.timeout_s, bytearray()
        form = {"model": self.model, "language": language, "response_format": "json", "temperature": "0"}
        files = {"file": (f"line{path.suffix}", path.read_bytes(), "audio/flac")}
        url = f"{self.settings.asr}/audio/transcriptions"
        with self._http.stream("POST", url, data=form, files=files) as answer:
            for part in answer.iter_bytes():
                data += part
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("too slow")
                if len(data) > _LARGEST_ANSWER:
                    raise _Again("an answer far too long")
            return answer.status_code, answer.headers, bytes(data)


class _Again(Exception):
    """Trouble that may pass; `after` is what the server asks to wait, seconds."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


def _seconds(text: str) -> float | None:
    """Retry-After in seconds (RFC 9110, 10.2.3); a date is not read."""
    return float(text) if text.isascii() and text.isdigit() else None
