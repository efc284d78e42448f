"""A stopwatch for a run: watches its progress, and tells afterwards what each kind of work took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from pipeline import chapters
from pipeline.opening import Production
from pipeline.produce import Result
from pipeline.progress import Observer, Progress, unobserved
from pipeline.queue.estimate import Left, characters, left_of, span
from pipeline.queue.speeds import Measured
from pipeline.request import Request


class Stopwatch:
    """An observer that passes every step on to `then`. Made before the book is opened; `opened` once it is, `measured` when the
    run has ended and the book is still open."""

    def __init__(self, then: Observer = unobserved, clock: Callable[[], float] = time.monotonic) -> None:
        self._then, self._clock = then, clock
        self._began = clock()
        self._opened: float | None = None
        self._spans: dict[str, tuple[float, float]] = {}
        self._kind = ""
        self._rendered = 0.0
        self.left: Left | None = None
        self.speech_s = 0.0
        """Seconds of speech rendered so far."""

    def __call__(self, step: Progress) -> None:
        now = self._clock()
        if step.stage in ("render", "master"):
            self._spans[step.stage] = self._spans.get(step.stage, (now, now))[0], now
        if step.stage == "render":
            self.speech_s += step.seconds
            self._rendered = step.done / step.total if step.total else 0.0
        if step.stage == "deliver":
            if self._kind:
                self._spans[self._kind] = self._spans[self._kind][0], now
            self._kind = f"deliver {step.note}" if step.note else ""
            if self._kind:
                self._spans[self._kind] = now, now
        self._then(step)

    def opened(self, production: Production, request: Request) -> Left:
        """Note what the book needs."""
        self._opened = self._clock()
        self.left = left_of(production, request)
        return self.left

    @property
    def render_s(self) -> float:
        """Seconds for which lines were rendered."""
        began, ended = self._spans.get("render", (0.0, 0.0))
        return ended - began

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return self._clock() - self._began

    def measured(self, production: Production, result: Result) -> list[Measured]:
        """What the run's work took, for `speeds.learn`; nothing where the book was never `opened`."""
        return list(self._measured(production, result))

    def _measured(self, production: Production, result: Result) -> Iterator[Measured]:
        left, opened = self.left, self._opened
        if left is None or opened is None:
            return
        counted = characters(production)
        rest = self.seconds - (opened - self._began)
        yield Measured("open", left.whole, opened - self._began)
        if self._rendered:
            yield Measured(left.render, left.due * self._rendered, self.render_s)
        rest -= self.render_s
        on_disk = {one: chapters.on_disk(production, one) for one in production.chapters}
        made = {number: one.seconds for number, one in on_disk.items() if one and number in result.mastered}
        for number, seconds in made.items():
            yield Measured(left.speech, counted[number], seconds)
        began, ended = self._spans.get("master", (0.0, 0.0))
        if made:
            yield Measured(left.master, span(made.values(), left.workers), ended - began)
        rest -= ended - began
        whole = sum(one.seconds for one in on_disk.values() if one)
        for kind, (began, ended) in self._spans.items():
            name = kind.removeprefix("deliver ")
            if kind not in ("render", "master"):
                rest -= ended - began
                if name in result.delivered:
                    yield Measured(kind, whole, ended - began)
        if not result.stopped:
            yield Measured("rest", 0.0, max(rest, 0.0))
