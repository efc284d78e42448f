"""One question to an OpenAI-compatible server: POST /chat/completions, asked again when the trouble may pass."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from pipeline.errors import ScriptError
from pipeline.script import llm_trouble as trouble
from pipeline.script.llm_config import Settings
from pipeline.wording import Wording

TRIES = 4
LONGEST_WAIT_S = 30.0
_LARGEST_ANSWER = 1 << 20


class NoAnswer(Exception):
    """The server gave no usable answer; `why` says so, and what to do, without the question or the key."""

    def __init__(self, why: Wording) -> None:
        super().__init__(why)
        self.why = why


class Client:
    """Asks one server. Use from several threads at once; close when done."""

    def __init__(self, settings: Settings, *, first_wait_s: float = 1.0, sleep: Callable[[float], None] = time.sleep):
        import httpx

        self.settings, self.first_wait_s, self.sleep = settings, first_wait_s, sleep
        key = settings.key()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            self._http = httpx.Client(headers=headers, timeout=settings.timeout_s, follow_redirects=False)
        except (ValueError, UnicodeError) as error:
            raise ScriptError(
                f"the key in {settings.key_env} has a sign that no HTTP header takes", fix="Mend the variable."
            ) from error
        self._schema = True

    def close(self) -> None:
        self._http.close()

    def ask(
        self, system: str, prompt: str, schema: Mapping[str, Any], most_tokens: int, allowed: Callable[[], None]
    ) -> tuple[Any, int]:
        """The answer's JSON and the tokens used (0 where the server does not say). Raises NoAnswer. `allowed` is called
        before every try and may raise it too."""
        why = trouble.BROKEN
        for attempt in range(TRIES):
            wait = min(self.first_wait_s * 2**attempt, LONGEST_WAIT_S) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
            allowed()
            try:
                return self._once(system, prompt, schema, most_tokens)
            except _Again as again:
                why = again.why
                wait = min(again.after, LONGEST_WAIT_S) if again.after is not None else wait
            if attempt < TRIES - 1:
                self.sleep(wait)
        raise NoAnswer(why)

    def _once(self, system: str, prompt: str, schema: Mapping[str, Any], most_tokens: int) -> tuple[Any, int]:
        import httpx

        body: dict[str, Any] = {
            "model": self.settings.model, "temperature": 0, "max_tokens": most_tokens,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": prompt}],
        }  # fmt: skip
        if self._schema:
            shape = {"name": "speakers", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
        try:
            status, headers, data = self._post(body)
        except httpx.TimeoutException as error:
            raise _Again(trouble.too_slow(self.settings.url, self.settings.timeout_s)) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _Again(trouble.unreachable(self.settings.url, error)) from error
        if status == 400 and self._schema:  # a server without JSON schemas
            self._schema = False
            return self._once(system, prompt, schema, most_tokens)
        if status == 429 or status >= 500:
            raise _Again(trouble.refused(self.settings.url, status), _seconds(headers.get("retry-after", "")))
        if status != 200:
            raise NoAnswer(trouble.refused(self.settings.url, status))
        try:
            told = json.loads(data)
            content = str(told["choices"][0]["message"]["content"])
            used = (told.get("usage") or {}).get("total_tokens")
            start, end = content.find("{"), content.rfind("}")  # some models put a fence around it
            return json.loads(content[start : end + 1]), used if isinstance(used, int) and used >= 0 else 0
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
            raise _Again(trouble.BROKEN) from error

    def _post(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, str], bytes]:
        """The answer within `timeout_s` as a whole: httpx's own limit is for each byte, and a server may drip."""
        import httpx

        until = time.monotonic() + self.settings.timeout_s
        data = bytearray()
        with self._http.stream("POST", f"{self.settings.url}/chat/completions", json=body) as answer:
            for part in answer.iter_bytes():
                data += part
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("too slow")
                if len(data) > _LARGEST_ANSWER:
                    raise _Again(trouble.TOO_LONG)
            return answer.status_code, answer.headers, bytes(data)


class _Again(Exception):
    """Trouble that may pass; `after` is what the server asks to wait, seconds."""

    def __init__(self, why: Wording, after: float | None = None) -> None:
        super().__init__(why)
        self.why, self.after = why, after


def _seconds(text: str) -> float | None:
    return float(text) if text.replace(".", "", 1).isdigit() and text.isascii() else None
