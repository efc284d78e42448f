"""Counters and gauges of a run or a night, in Prometheus' form.

`Metrics` is an observer. A night runs in a process of its own, which writes its figures into a file (`ToFile`) that the
process that serves them reads (`FromFile`); node_exporter's textfile collector takes the same file.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Metric, disable_created_metrics, write_to_textfile
from prometheus_client.parser import text_string_to_metric_families

from pipeline.errors import ShuoshuError
from pipeline.files import explained
from pipeline.progress import Progress
from pipeline.queue.entry import Queue

EVERY_S = 1.0
"""How often a file of figures is written at most, but for the ends of books and nights."""
_SPAN = ("render", "master", "deliver")


class Metrics:
    """Counts the steps it is told, from any thread, into `registry`. docs/scheduling.md lists every name."""

    def __init__(self, registry: CollectorRegistry) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry, self._lock = registry, threading.Lock()
        self._lines = self._counter(
            "lines",
            "Lines rendered, failed (the run stopped), quarantined (something stands in); equal ones are one",
            "outcome",
        )
        self._audio = self._counter("audio_seconds", "Seconds of speech rendered")
        self._render_s = self._counter("render_seconds", "Seconds of wall clock in which lines were rendered")
        self._factor = self._gauge(
            "realtime_factor", "Seconds of speech a second, of the book that is or was rendered last"
        )
        self._retries = self._counter("retries", "Lines tried again, by reason: refused, flagged, disk, lost", "class")
        self._deaths = self._counter("worker_deaths", "Workers lost and replaced: ended, silent, device", "how")
        self._chapters = self._counter("chapters_mastered", "Chapters mastered or found as they were")
        self._outcomes = self._gauge(
            "books", "Books of this run or night by what became of them; waiting: not yet", "outcome"
        )
        self._current = self._gauge(
            "current_chapter", "Chapter at hand, 0 = none yet; no sample where nothing is made", "book", "stage"
        )
        self._done = self._gauge("stage_done", "Lines, chapters or deliverables done of the stage at hand", "stage")
        self._total = self._gauge("stage_total", "Lines, chapters or deliverables of the stage at hand", "stage")
        self._last = self._gauge("last_step_timestamp_seconds", "When something was done last, Unix time")
        self._book = ""
        self._at = self._began = 0.0
        self._speech = 0.0
        self._of_stage = self._given_up = 0
        self._counts: dict[str, int] = {}

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"shuoshu_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"shuoshu_{name}", text, labels, registry=self.registry)

    def __call__(self, step: Progress) -> None:
        with self._lock:
            self._last.set_to_current_time()
            match step.stage:
                case "render":
                    self._rendered(step)
                case "master" if step.done:
                    self._chapters.inc()
                case "retry":
                    self._retries.labels(step.note).inc(len(step.lines))
                case "failed":
                    self._lines.labels("failed" if step.note == "stop" else "quarantined").inc()
                    self._given_up += 1
                case "lost":
                    self._deaths.labels(step.note).inc()
                case "night" if not step.done:
                    self._counts = {"waiting": step.total}
                case "book":
                    self._book = step.book
                    self._counts["waiting"] = step.total - step.done
                case "outcome":
                    self._came_of(step)
            if step.stage in _SPAN:
                self._done.labels(step.stage).set(step.done)
                self._total.labels(step.stage).set(step.total)
                self._current.clear()
                self._current.labels(self._book, step.stage).set(step.chapter)

    def _rendered(self, step: Progress) -> None:
        now = time.monotonic()
        if not step.done:  # the first of a stage
            self._began, self._speech, self._of_stage, self._given_up = now, 0.0, 0, 0
        else:
            self._render_s.inc(now - self._at)
            fresh = step.done - self._of_stage
            given_up = min(self._given_up, fresh)
            self._lines.labels("rendered").inc(fresh - given_up)
            self._of_stage, self._given_up = step.done, self._given_up - given_up
            self._audio.inc(step.seconds)
            self._speech += step.seconds
            self._factor.set(self._speech / max(now - self._began, 1e-9))
        self._at = now

    def _came_of(self, step: Progress) -> None:
        self._current.clear()
        self._counts["waiting"] = max(0, self._counts.get("waiting", 0) - 1)
        self._counts[step.note] = self._counts.get(step.note, 0) + 1
        for outcome, count in self._counts.items():
            self._outcomes.labels(outcome).set(count)


def disk_free(registry: CollectorRegistry, place: Path) -> None:
    """Have the room left on the disk of `place`, or of the folder that will hold it, looked up whenever it is asked for."""
    gauge = Gauge("shuoshu_disk_free_bytes", "Room left on the disk that holds the books", registry=registry)
    gauge.set_function(
        lambda: shutil.disk_usage(next(one for one in (place, *place.resolve().parents) if one.exists())).free
    )


class ToFile:
    """An observer that counts steps and keeps the figures in a file, whole at any moment. Raises BookFolderError where it
    cannot be written as it is made."""

    def __init__(self, path: Path) -> None:
        self.path, self._metrics, self._written = path, Metrics(CollectorRegistry()), 0.0
        self._lock = threading.Lock()
        self._write()

    def __call__(self, step: Progress) -> None:
        self._metrics(step)
        if step.stage in ("night", "outcome") or time.monotonic() - self._written >= EVERY_S:
            with suppress(ShuoshuError):  # figures are worth no book
                self._write()

    def _write(self) -> None:
        with self._lock:
            self._written = time.monotonic()
            try:
                write_to_textfile(str(self.path), self._metrics.registry)
            except OSError as error:
                raise explained(error, self.path) from error


class FromFile:
    """A collector of the figures that `ToFile` wrote; none where there is no file yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def collect(self) -> Iterator[Metric]:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        except OSError as error:
            raise explained(error, self.path) from error
        yield from text_string_to_metric_families(text)


def queue_books(registry: CollectorRegistry) -> Callable[[Queue], None]:
    """A gauge of a queue's books by state, waiting or paused; call it with the queue as it is."""
    gauge = Gauge("shuoshu_queue_books", "Books in queue.yaml by state", ("state",), registry=registry)

    def count(queue: Queue) -> None:
        paused = len(queue.books) if queue.paused else sum(one.paused for one in queue.books)
        gauge.labels("waiting").set(len(queue.books) - paused)
        gauge.labels("paused").set(paused)

    return count
