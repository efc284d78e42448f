"""Asking a server over HTTP that may be slow, busy or broken: a limit on the whole answer's time and size, and another try
where the trouble may pass."""

from __future__ import annotations

import errno
import random
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from socket import gaierror
from typing import Any, TypeVar

from pipeline.wording import Wording

TRIES = 4
LONGEST_WAIT_S = 30.0
CONNECT_S = 10.0
"""For a connection: a machine that is off must not cost a whole answer's time."""
_LARGEST_ANSWER = 1 << 20
R = TypeVar("R")


class Again(Exception):
    """Trouble that may pass: `why`, and `after`, what the server asks to wait, in seconds (None = it does not say)."""

    def __init__(self, why: Wording, after: float | None = None) -> None:
        super().__init__(why)
        self.why, self.after = why, after


class TooLong(Exception):
    """An answer of more bytes than allowed."""


class Http:
    """One server's connections, at most `connections` at once. Use from several threads at once; close when done.

    key: sent as a bearer token, "" = none. timeout_s: for an answer as a whole. Raises ValueError for a key that no HTTP header
    takes.
    """

    def __init__(
        self, key: str, timeout_s: float, *, first_wait_s: float = 1.0, sleep: Callable[[float], None] = time.sleep,
        connections: int = 64,
    ) -> None:  # fmt: skip
        import httpx

        if not key.isprintable():
            raise ValueError("a control sign in a key")
        self._timeout_s, self._first_wait_s, self._sleep = timeout_s, first_wait_s, sleep
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._http = httpx.Client(
            headers=headers, timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_S)), follow_redirects=False,
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        )  # fmt: skip

    def close(self) -> None:
        self._http.close()

    def post(self, url: str, *, largest: int = _LARGEST_ANSWER, **content: Any) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of the answer to a POST; `content` as httpx takes it (json, data, files), `largest` in
        bytes.

        Raises httpx's errors, its TimeoutException also when a server drips and its DecodingError for a body that is packed
        though that was not asked for (unpacked, it would know no limit); and TooLong.
        """
        return self._answer("POST", url, largest, **content)

    def get(self, url: str) -> tuple[int, Mapping[str, str], bytes]:
        """The answer to a GET, as `post`."""
        return self._answer("GET", url, _LARGEST_ANSWER)

    def _answer(self, method: str, url: str, largest: int, **content: Any) -> tuple[int, Mapping[str, str], bytes]:
        import httpx

        until, data = time.monotonic() + self._timeout_s, bytearray()
        with self._http.stream(method, url, **content) as answer:
            if answer.headers.get("content-encoding", "identity").lower() != "identity":
                raise httpx.DecodingError("packed", request=answer.request)
            for part in answer.iter_bytes():
                data += part
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("too slow")
                if len(data) > largest:
                    raise TooLong
            return answer.status_code, answer.headers, bytes(data)

    def tried(self, once: Callable[[], R]) -> R:
        """What `once` returns, called again while it raises Again, up to `TRIES` times, with waits as `wait_s`, or as the
        server asks. Raises the last Again."""
        for attempt in range(TRIES - 1):
            try:
                return once()
            except Again as again:
                wait = wait_s(attempt, self._first_wait_s)
                self._sleep(wait if again.after is None else min(again.after, LONGEST_WAIT_S))
        return once()


def wait_s(attempt: int, first_s: float) -> float:
    """Seconds to wait after a failure (`attempt` counts from 0): doubled each time from `first_s` to `LONGEST_WAIT_S`, then
    drawn from the upper half, so that those who failed together do not come back together."""
    return min(first_s * 2.0**attempt, LONGEST_WAIT_S) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds from now, given as such or as a date (RFC 9110, 10.2.3); None where there is none to read."""
    text = headers.get("retry-after", "")
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp(), 0.0)


def reason(error: Exception) -> tuple[str, Wording]:
    """Why there was no connection, or none any more: one of "name", "tls", "silent", "network", "address", "dropped", "other",
    and in words. `error`: of httpx, whose cause is the system's."""
    for cause in _causes(error):
        number = cause.errno if isinstance(cause, OSError) else None
        if isinstance(cause, gaierror):
            return "name", Wording("no machine of that name is known", "找不到这个主机名")
        if isinstance(cause, ssl.SSLError):
            return "tls", Wording("no safe (TLS) connection could be made", "无法建立安全连接（TLS）")
        if number == errno.ECONNREFUSED:
            return "silent", Wording("no server is listening there", "那里没有服务在运行")
        if number in (errno.ENETUNREACH, errno.EHOSTUNREACH):
            return "network", Wording("there is no way to it through the network", "网络不通")
    kind = type(error).__name__
    if kind in ("InvalidURL", "UnsupportedProtocol"):
        return "address", Wording("that is no web address", "这不是有效的网址")
    if kind in ("RemoteProtocolError", "ReadError", "WriteError", "LocalProtocolError"):
        return "dropped", Wording("it broke the connection off", "对方中断了连接")
    return "other", Wording(f"the connection failed ({kind})", f"连接失败（{kind}）")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
