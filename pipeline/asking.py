"""Asking a server over HTTP that may be slow, busy or broken: a limit on the whole answer's time and size, and another try
where the trouble may pass."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pipeline.wording import Wording

TRIES = 4
LONGEST_WAIT_S = 30.0
_LARGEST_ANSWER = 1 << 20
R = TypeVar("R")


class Again(Exception):
    """Trouble that may pass: `why`, and `after`, what the server asks to wait, in seconds (None = it does not say)."""

    def __init__(self, why: Wording, after: float | None = None) -> None:
        super().__init__(why)
        self.why, self.after = why, after


class TooLong(Exception):
    """An answer of more than a megabyte."""


class Http:
    """One server's connections. Use from several threads at once; close when done.

    key: sent as a bearer token, "" = none. timeout_s: for an answer as a whole. Raises ValueError for a key that no HTTP header
    takes.
    """

    def __init__(
        self, key: str, timeout_s: float, *, first_wait_s: float = 1.0, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        import httpx

        self._timeout_s, self._first_wait_s, self._sleep = timeout_s, first_wait_s, sleep
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(headers=headers, timeout=timeout_s, follow_redirects=False)

    def close(self) -> None:
        self._http.close()

    def post(self, url: str, **content: Any) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of the answer to a POST; `content` as httpx takes it (json, data, files).

        Raises httpx's errors, its TimeoutException also when a server drips, and TooLong.
        """
        import httpx

        until, data = time.monotonic() + self._timeout_s, bytearray()
        with self._http.stream("POST", url, **content) as answer:
            for part in answer.iter_bytes():
                data += part
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("too slow")
                if len(data) > _LARGEST_ANSWER:
                    raise TooLong
            return answer.status_code, answer.headers, bytes(data)

    def tried(self, once: Callable[[], R]) -> R:
        """What `once` returns, called again while it raises Again, up to `TRIES` times, with waits that grow from
        `first_wait_s` to `LONGEST_WAIT_S` and are drawn from their upper half, or as the server asks. Raises the last Again."""
        for attempt in range(TRIES - 1):
            wait = min(self._first_wait_s * 2**attempt, LONGEST_WAIT_S) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
            try:
                return once()
            except Again as again:
                self._sleep(wait if again.after is None else min(again.after, LONGEST_WAIT_S))
        return once()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds (RFC 9110, 10.2.3); a date is not read."""
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.replace(".", "", 1).isdigit() else None
