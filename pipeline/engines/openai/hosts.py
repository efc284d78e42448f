"""Several servers with the same model: who gets the next line, and who is left alone for a while.

A circuit breaker a host (Nygard, "Release It!", 2007): closed, it gets lines; after `FAILURES` failures in a row it is open and
gets none; when its wait is over it is half open and gets one, whose success closes it and whose failure opens it for twice as
long. A host that answers 429 is not broken but busy: it is left alone as long as it asks. Where it refuses more at once than
it ever took, it gets one less from then on, and is tried with one more only after a while, each time a longer one.
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
CALM, _CALMEST = 50, 1600
"""Answers after which a host is tried with as many lines at once as it has refused before; twice as many after each refusal."""

_NOTHING = Wording("")

End = Literal["answered", "busy", "failed", "unsent"]


@dataclass(slots=True)
class Host:
    """One server, and how it fares. Times are of `Hosts`' clock.

    most       lines it may have at once by its settings
    room       by its own doing
    in_flight  lines it has
    held       most lines at once that it took, of late
    ceiling    fewest lines at once that were too many
    calm       answers since the last refusal or change of `room`
    failures   in a row
    opened     how often in a row the breaker opened; 0 = closed
    free_at    no line before this time
    why        the last trouble, in words
    """

    url: str
    most: int
    room: int
    ceiling: int
    in_flight: int = 0
    held: int = 0
    calm: int = 0
    calm_needed: int = CALM
    refused_at: float = float("-inf")
    failures: int = 0
    opened: int = 0
    free_at: float = 0.0
    why: Wording = _NOTHING

    @property
    def open(self) -> bool:
        return self.opened > 0

    def takes(self, now: float) -> bool:
        return now >= self.free_at and self.in_flight < (1 if self.open else self.room)


@dataclass(frozen=True, slots=True)
class Going:
    """A line on its way to `host`, as one of `level` at once, since `sent`; a `trial` where the host's breaker was open."""

    host: Host
    level: int
    sent: float
    trial: bool


class Hosts:
    """The hosts of one engine. Use from several threads at once."""

    def __init__(self, urls: tuple[str, ...], concurrency: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.all = tuple(Host(url, concurrency, concurrency, concurrency + 1) for url in urls)
        self.clock = clock
        self.answered_at: float | None = None
        """When any host last answered; None = not yet."""
        self._lock = threading.Lock()

    def take(self, avoid: Host | None = None) -> Going | None:
        """A line goes to the host that has the least, to `avoid` only where no other takes it. None where none does."""
        with self._lock:
            now = self.clock()
            able = [one for one in self.all if one.takes(now)]
            if not able:
                return None
            found = min(able, key=lambda one: (one is avoid, one.in_flight / one.room, one.open))
            found.in_flight += 1
            return Going(found, found.in_flight, now, found.open)

    def wait_s(self) -> float:
        """Seconds until a host that is left alone may be asked again; 0 where one waits for nothing but an answer."""
        now = self.clock()
        return max(min(one.free_at for one in self.all) - now, 0.0)

    def ended(self, going: Going, how: End, why: Wording = _NOTHING, after: float | None = None) -> None:
        """A line is back: answered (with whatever), refused for now ("busy", to come again `after` so many seconds, where the
        host says), failed, or was never sent."""
        host = going.host
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
                self._busy(going, after)
            else:
                self._answered(going)

    def _failed(self, host: Host) -> None:
        now = self.clock()
        if host.open and now < host.free_at:  # sent before the breaker opened
            return
        host.failures += 1
        if host.open or host.failures >= FAILURES:
            wait = min(FIRST_OPEN_S * 2.0**host.opened, LONGEST_OPEN_S) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
            host.free_at = max(host.free_at, now + wait)
            host.opened += 1

    def _answered(self, going: Going) -> None:
        host = going.host
        self.answered_at = self.clock()
        host.held, host.calm = max(host.held, going.level), host.calm + 1
        host.ceiling = max(host.ceiling, host.held + 1)
        if host.room < host.most and host.calm >= (host.calm_needed if host.room + 1 >= host.ceiling else host.room):
            host.room, host.calm = host.room + 1, 0

    def _busy(self, going: Going, after: float | None) -> None:
        host, now = going.host, self.clock()
        first = going.sent > host.refused_at  # of those refused together
        host.refused_at, host.calm = now, 0
        if going.level > host.held:
            host.calm_needed = min(host.calm_needed * 2, _CALMEST) if first else host.calm_needed
            host.ceiling, host.room = min(host.ceiling, going.level), max(min(host.room, going.level - 1), 1)
        elif first:  # it took as many before: chance, a limit of another kind, or it has less room now
            host.held -= 1
        if after is None:
            after = 0.0 if host.in_flight else random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        host.free_at = max(host.free_at, now + after)
