"""Several servers with the same model: who gets the next line, and who is left alone for a while.

A circuit breaker a host (Nygard, "Release It!", 2007): closed, it gets lines; after `FAILURES` failures in a row it is open and
gets none; when its wait is over it is half open and gets one, whose success closes it and whose failure opens it for twice as
long. A host that answers 429 is not broken but busy: it is left alone as long as it asks. One that does so again and again gets
no more at once from then on than it had taken when it refused, and slowly more again.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pipeline.wording import Wording

FAILURES = 5
FIRST_OPEN_S, LONGEST_OPEN_S = 2.0, 60.0
CALM = 100
"""Answers without a refusal before one more line at once is tried; twice as many each time that was one too many."""
_HOT, _COOLING = 3.0, 0.25
"""Refusals that show a host has too much at once, of which an answer takes back a part: one refusal in five is none."""

_NOTHING = Wording("")

End = Literal["answered", "busy", "failed", "unsent"]


@dataclass(slots=True)
class Host:
    """One server, and how it fares. Times are of `Hosts`' clock.

    room       lines it may have at once; at most `most`
    in_flight  lines it has
    failures   in a row
    opened     how often in a row the breaker opened; 0 = closed
    free_at    no line before this time
    heat       refusals, of which answers take back a part
    calm       answers since the last refusal or change of `room`; at `calm_needed` it gets one more
    probing    `room` was raised since the last refusal
    why        the last trouble, in words
    """

    url: str
    most: int
    room: int
    in_flight: int = 0
    failures: int = 0
    opened: int = 0
    free_at: float = 0.0
    heat: float = 0.0
    calm: int = 0
    calm_needed: int = CALM
    probing: bool = False
    why: Wording = _NOTHING

    @property
    def open(self) -> bool:
        return self.opened > 0

    def takes(self, now: float) -> bool:
        return now >= self.free_at and self.in_flight < (1 if self.open else self.room)


class Hosts:
    """The hosts of one engine. Use from several threads at once."""

    def __init__(self, urls: tuple[str, ...], concurrency: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.all = tuple(Host(url, concurrency, concurrency) for url in urls)
        self.clock = clock
        self.answered_at: float | None = None
        """When any host last answered; None = not yet."""
        self._lock = threading.Lock()

    def take(self, avoid: Host | None = None) -> Host | None:
        """The host to send a line to now, which from then on counts as having it: the one that has the least, `avoid` only
        where no other takes it. None where none does."""
        with self._lock:
            now = self.clock()
            able = [one for one in self.all if one.takes(now)]
            if not able:
                return None
            found = min(able, key=lambda one: (one is avoid, one.in_flight / one.room, one.open))
            found.in_flight += 1
            return found

    def wait_s(self) -> float:
        """Seconds until a host that is left alone may be asked again; 0 where one waits for nothing but an answer."""
        now = self.clock()
        return max(min(one.free_at for one in self.all) - now, 0.0)

    def ended(self, host: Host, how: End, why: Wording = _NOTHING, after: float | None = None) -> None:
        """A line that `take` gave to `host` is back: answered (with whatever), refused for now ("busy", to come again `after`
        so many seconds, where it says), failed, or was never sent."""
        with self._lock:
            host.in_flight -= 1
            host.why = why or host.why
            if how == "unsent":
                return
            if how == "failed":
                self._failed(host)
                return
            if host.open:
                host.free_at = self.clock()
            host.failures = host.opened = 0
            if how == "busy":
                self._busy(host, after)
            else:
                self._answered(host)

    def _failed(self, host: Host) -> None:
        now = self.clock()
        if host.open and now < host.free_at:  # sent before the breaker opened
            return
        host.failures += 1
        if host.open or host.failures >= FAILURES:
            wait = min(FIRST_OPEN_S * 2.0**host.opened, LONGEST_OPEN_S) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
            host.free_at = max(host.free_at, now + wait)
            host.opened += 1

    def _answered(self, host: Host) -> None:
        self.answered_at = self.clock()
        host.heat = max(host.heat - _COOLING, 0.0)
        host.calm += 1
        if host.room < host.most and host.calm >= host.calm_needed:
            host.room, host.calm, host.probing = host.room + 1, 0, True

    def _busy(self, host: Host, after: float | None) -> None:
        host.heat, host.calm = host.heat + 1, 0
        if host.probing or host.heat >= _HOT:
            host.calm_needed *= 2 if host.probing else 1
            host.room, host.heat, host.probing = max(min(host.in_flight, host.room - 1), 1), 0.0, False
        if after is None:
            after = 0.0 if host.in_flight else random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        host.free_at = max(host.free_at, self.clock() + after)
