"""One question to an OpenAI-compatible server: POST /chat/completions, asked again when the trouble may pass."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from pipeline.asking import Again, Http, TooLong, retry_after
from pipeline.errors import ScriptError
from pipeline.script import llm_trouble as trouble
from pipeline.script.llm_config import Settings
from pipeline.wording import Wording


class NoAnswer(Exception):
    """The server gave no usable answer; `why` says so, and what to do, without the question or the key."""

    def __init__(self, why: Wording) -> None:
        super().__init__(why)
        self.why = why


class Client:
    """Asks one server. Use from several threads at once; close when done."""

    def __init__(self, settings: Settings, *, first_wait_s: float = 1.0, sleep: Callable[[float], None] = time.sleep):
        self.settings = settings
        try:
            self._http = Http(settings.key() or "", settings.timeout_s, first_wait_s=first_wait_s, sleep=sleep)
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

        def once() -> tuple[Any, int]:
            allowed()
            return self._once(system, prompt, schema, most_tokens)

        try:
            return self._http.tried(once)
        except Again as again:
            raise NoAnswer(again.why) from again

    def _once(self, system: str, prompt: str, schema: Mapping[str, Any], most_tokens: int) -> tuple[Any, int]:
        import httpx

        body: dict[str, Any] = {
            "model": self.settings.model, "temperature": 0, "max_tokens": most_tokens,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": prompt}],
        }  # fmt: skip
        if self._schema:
            shape = {"name": "answer", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
        try:
            status, headers, data = self._http.post(f"{self.settings.url}/chat/completions", json=body)
        except httpx.TimeoutException as error:
            raise Again(trouble.too_slow(self.settings.url, self.settings.timeout_s)) from error
        except TooLong as error:
            raise Again(trouble.TOO_LONG) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Again(trouble.unreachable(self.settings.url, error)) from error
        if status == 400 and self._schema:  # a server without JSON schemas
            self._schema = False
            return self._once(system, prompt, schema, most_tokens)
        if status == 429 or status >= 500:
            raise Again(trouble.refused(self.settings.url, status), retry_after(headers))
        if status != 200:
            raise NoAnswer(trouble.refused(self.settings.url, status))
        try:
            told = json.loads(data)
            content = str(told["choices"][0]["message"]["content"])
            used = (told.get("usage") or {}).get("total_tokens")
            start, end = content.find("{"), content.rfind("}")  # some models put a fence around it
            return json.loads(content[start : end + 1]), used if isinstance(used, int) and used >= 0 else 0
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
            raise Again(trouble.BROKEN) from error
