"""One line to one host: what came of it, in a form that tells what to do next."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pipeline.asking import Http, TooLong, reason, retry_after
from pipeline.engines.openai.answer import Unusable, doubts, longest_s, waveform
from pipeline.engines.openai.hosts import End, Going, Hosts
from pipeline.engines.openai.request import content
from pipeline.engines.openai.settings import Settings
from pipeline.errors import EngineError
from pipeline.nouns import Direction, Waveform
from pipeline.wording import Wording

LARGEST = 256 << 20
"""Bytes that no answer may pass, however long the text."""
_BYTES_PER_S = 48_000 * 4
_SHOWN = 200
"""Characters of a server's own message that are shown."""
_NOTHING, _NO_CONNECTION = Wording(""), Wording("no connection could be made in time", "未能及时建立连接")
_SECRET = 6
"""So many characters of the key in a message, and it is not shown."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A `wave` with `doubts` about it; or None and `why`.

    counts  the failure is one of the line's tries: it may be the line's own fault
    final   no other try will fare better
    fatal   nor will any other line
    how     what it means for the host (see `Hosts.ended`), which asks for a pause of `after` seconds (None = it does not)
    """

    wave: Waveform | None = None
    doubts: tuple[str, ...] = ()
    why: Wording = _NOTHING
    counts: bool = True
    final: bool = False
    fatal: bool = False
    how: End = "answered"
    after: float | None = None


class Sender:
    """The connections to all hosts. Use from several threads at once; close when done. Raises EngineError for a key that is not
    there, or that no HTTP header takes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.hosts = Hosts(settings.hosts, settings.concurrency)
        self._key = settings.key()
        try:
            self.http = {
                url: Http(self._key, settings.timeout_s, connections=settings.concurrency) for url in settings.hosts
            }
        except (ValueError, UnicodeError) as error:
            raise EngineError(
                Wording(
                    f"the key in {settings.key_env} has a sign that no HTTP header takes",
                    f"{settings.key_env} 里的密钥有 HTTP 头不允许的字符",
                ),
                fix=Wording("Mend the variable.", "请更正这个环境变量。"),
            ) from error

    def close(self) -> None:
        for one in self.http.values():
            one.close()

    def send(self, going: Going, direction: Direction) -> Outcome:
        """Send a direction where `Hosts.take` said, and tell `Hosts` how it ended. Raises nothing."""
        try:
            outcome = self._sent(going.host.url, direction)
        except Exception as error:  # noqa: BLE001 - nobody knows what strangers' bytes can break; a dead thread keeps its line
            kind = type(error).__name__  # and not its text, which may hold the key
            outcome = _failed(Wording(f"an unexpected {kind}", f"意外的 {kind}"))
        self.hosts.ended(going, outcome.how, outcome.why, outcome.after)
        return outcome

    def _sent(self, url: str, direction: Direction) -> Outcome:
        import httpx

        speed = direction.speed if "speed" in self.settings.fields else 1.0
        most_s = longest_s(direction.text, speed)
        largest = min(round(most_s * _BYTES_PER_S) + (1 << 16), LARGEST)
        try:
            sent = content(direction, self.settings)
            status, headers, data = self.http[url].post(f"{url}/audio/speech", largest=largest, **sent)
        except EngineError as error:  # a clip that cannot be read
            return Outcome(why=Wording(f"{error.where}: {error.what}"), final=True, how="unsent")
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            why = reason(error)[1] if isinstance(error, httpx.ConnectError) else _NO_CONNECTION
            return _failed(why, counts=False)
        except httpx.TimeoutException:
            seconds = self.settings.timeout_s
            return _failed(Wording(f"no answer within {seconds:g} s", f"{seconds:g} 秒内没有回答"))
        except TooLong:
            return _failed(Wording("an answer far too long", "回答过长"))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _failed(reason(error)[1])
        if status == HTTPStatus.OK:
            return self._heard(direction.text, speed, most_s, headers, data)
        return self._refused(status, headers, data)

    def _refused(self, status: int, headers: Mapping[str, str], data: bytes) -> Outcome:
        """What an answer other than 200 means."""
        why, after = Wording(f"HTTP {status}{self._message(data)}"), retry_after(headers)
        if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and after is not None):
            return Outcome(why=why, counts=False, how="busy", after=after)
        if status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY) or status >= 500:
            return _failed(why, counts=status != HTTPStatus.SERVICE_UNAVAILABLE)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):  # its message may hold part of the key
            why = Wording(
                f"does not accept the key (HTTP {status}); see key_env", f"不接受密钥（HTTP {status}）；请看 key_env"
            )
            return Outcome(why=why, fatal=True)
        if 300 <= status < 400:
            why = Wording(
                f"points to another address (HTTP {status}), which is not followed",
                f"要求转到另一个地址（HTTP {status}），这里不会跟随",
            )
            return Outcome(why=why, fatal=True)
        return Outcome(why=why, final=True)

    def _heard(self, text: str, speed: float, most_s: float, headers: Mapping[str, str], data: bytes) -> Outcome:
        """The take in an answer, or why it is none. `speed`: what the server was asked for."""
        framed = "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower()
        rate = self.settings.rate
        try:
            wave, sealed = waveform(data, pcm=self.settings.format == "pcm", rate=rate, framed=framed, most_s=most_s)
            return Outcome(wave, doubts(wave, rate, text, speed, sealed))
        except Unusable as error:
            return _failed(error.why)

    def _message(self, data: bytes) -> str:
        """What the server itself says, cut, unless some of the key is in it."""
        try:
            told: Any = json.loads(data[:65536])
        except (ValueError, RecursionError):
            return ""
        for name in ("error", "detail", "message", "error"):
            if isinstance(told, dict) and name in told:
                told = told[name]
        text = self.shown(told if isinstance(told, str) else json.dumps(told, ensure_ascii=False))
        return f": {text}" if text else ""

    def shown(self, text: str) -> str:
        """A server's words as they may be shown: cut, without control signs; "" where some of the key is in them."""
        text = "".join(sign if sign.isprintable() else " " for sign in text)
        parts = (self._key[at : at + _SECRET] for at in range(max(len(self._key) - _SECRET, 0) + 1))
        return "" if self._key and any(part in text for part in parts) else text[:_SHOWN]


def _failed(why: Wording, *, counts: bool = True) -> Outcome:
    return Outcome(why=why, counts=counts, how="failed")
