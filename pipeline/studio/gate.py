"""What stands before the studio: who may come in, from where, how much at once and how often. An ASGI middleware around
everything that is served, the page's own files included.
"""

from __future__ import annotations

import base64
import binascii
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pipeline.studio.users import Doorkeeper

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 52_000_000
"""Bytes of one request: the largest manuscript, and what a form adds."""
A_MINUTE = 600
"""Requests that change something, of one visitor."""
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:;"
    " worker-src 'self' blob:; frame-ancestors 'self'; base-uri 'self'; form-action 'self'; object-src 'none'"
)
"""Nothing is fetched from anywhere else, whatever a page holds (Content Security Policy level 3). The page's framework
needs scripts within the page."""
_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=()"),
)
_SAFE = ("GET", "HEAD", "OPTIONS")
_CHINESE = {
    "this server is not called that": "这台服务器不叫这个名字",
    "a request from another site": "来自别的网站的请求",
    "this request is too large": "这个请求太大了",
    "too many wrong passwords": "密码错误次数太多，请稍后再试",
    "a name and a password are needed": "需要用户名和密码",
    "too many requests": "请求太多，请稍后再试",
}
"""A refusal says both: who is refused has shown no language yet."""
log = logging.getLogger("shuoshu.studio")


@dataclass(slots=True)
class Gate:
    """`app` behind the checks. `door` None = nobody has to say who they are. `hosts`: names by which the server may be
    called, () = any: a page elsewhere that gives a name of its own this machine's address must not reach it."""

    app: App
    door: Doorkeeper | None = None
    hosts: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    _seen: OrderedDict[str, list[float]] = field(default_factory=OrderedDict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _widen()
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        address = str((scope.get("client") or ("",))[0])
        refused = self._refused(scope, headers, address)
        if refused:
            status, why, more = refused
            log.warning("refused: %s (%s %s from %s)", why, scope.get("method", "WS"), scope["path"][:200], address)
            await _answer(scope, send, status, why, more)
            return
        size = [0]

        async def counted() -> Message:
            message = await receive()
            size[0] += len(message.get("body", b""))
            if size[0] > LARGEST_BODY:
                log.warning(
                    "refused: a request of more than %d bytes (%s from %s)", LARGEST_BODY, scope["path"][:200], address
                )
                over[0] = True
                raise _TooLarge
            return message

        begun, over = [False], [False]

        async def told(message: Message) -> None:
            if over[0] and not begun[0]:  # whatever the app makes of a body that breaks off
                raise _TooLarge
            if message["type"] == "http.response.start":
                begun[0] = True
                if 400 <= message["status"] < 500:  # whoever refused it: a room, the framework, the page's own
                    method, path = scope.get("method", "WS"), scope["path"][:200]
                    log.warning("refused with %d: %s %s from %s", message["status"], method, path, address)
                own = {name.lower() for name, _ in message.get("headers", ())}
                message["headers"] = [*message.get("headers", ()), *(one for one in _HEADERS if one[0] not in own)]
            await send(message)

        try:
            await self.app(scope, counted, told)
        except _TooLarge:
            if not begun[0]:
                await _answer(scope, send, 413, "this request is too large", ())

    def _refused(
        self, scope: Scope, headers: dict[str, str], address: str
    ) -> tuple[int, str, tuple[tuple[bytes, bytes], ...]] | None:
        """Status, reason and headers of a refusal; None for a request that may pass."""
        host = headers.get("host", "")
        if self.hosts and _name(host) not in self.hosts:
            return 421, "this server is not called that", ()
        changing = scope["type"] == "websocket" or scope.get("method") not in _SAFE
        origin = headers.get("origin", "")
        if changing and ((origin and _site(origin) != host) or headers.get("sec-fetch-site") == "cross-site"):
            return 403, "a request from another site", ()
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            return 413, "this request is too large", ()
        user = address
        if self.door:
            self.door.look()
            name, password = _login(headers.get("authorization", ""))
            known = bool(name) and self.door.remembers(name, password)
            wait = self.door.waits(address, name) if name and not known else 0.0
            if wait:
                return 429, "too many wrong passwords", ((b"retry-after", str(int(wait) + 1).encode()),)
            if not known and not (name and self.door.knows(name, password, address)):
                return (
                    401,
                    "a name and a password are needed",
                    ((b"www-authenticate", b'Basic realm="Shuoshu", charset="UTF-8"'),),
                )
            user = name
        scope["visitor"] = user
        if changing and not self._may(user):
            return 429, "too many requests", ((b"retry-after", b"10"),)
        return None

    def _may(self, user: str) -> bool:
        """Whether a visitor has requests left in this minute."""
        now = self.clock()
        times = [one for one in self._seen.pop(user, []) if one > now - 60]
        self._seen[user] = [*times, now]
        while len(self._seen) > 10_000:
            self._seen.popitem(last=False)
        return len(times) < A_MINUTE


THREADS = 200
"""For calls that wait: a job that is followed, an audition whose turn has not come."""


def _widen() -> None:
    import anyio.to_thread

    limiter = anyio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = max(limiter.total_tokens, THREADS)


class _TooLarge(Exception):
    pass


def _site(origin: str) -> str:
    """Host and port of an Origin header; "" for one that is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _name(host: str) -> str:
    """A Host header without its port."""
    return (host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.split(":")[0]).lower()


def _login(header: str) -> tuple[str, str]:
    """Name and password of HTTP's Basic scheme (RFC 7617); ("", "") where there are none."""
    kind, _, told = header.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name[:64], password[:256]


async def _answer(scope: Scope, send: Send, status: int, why: str, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": why})
        return
    body = f"{why}\n{_CHINESE.get(why, '')}\n".encode()
    plain = ((b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": [*plain, *headers, *_HEADERS]})
    await send({"type": "http.response.body", "body": body})
