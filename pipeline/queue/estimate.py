"""How long a book will take: what it still needs, at the speeds measured on this machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapreplace

from pipeline import chapters, disk
from pipeline.nouns import Language
from pipeline.opening import Production
from pipeline.queue.speeds import Speeds
from pipeline.render.pool import cores
from pipeline.request import Request


@dataclass(frozen=True, slots=True)
class Left:
    """What a book still needs. Amounts are characters of its script.

    engines   that speak it, "+" between
    due       characters to render
    chapters  of each chapter that is to be mastered
    whole     of the whole book
    formats   of the chapters' files, "," between; `deliver`: kinds of deliverables
    rates     bytes a second of audio that takes, chapters and deliverables take, about
    workers   worker processes; 1 for a cluster, which is measured as a whole
    crew      who works: "2w" for processes of this machine, "dask" for a cluster
    """

    engines: str
    language: Language
    due: int
    chapters: tuple[int, ...]
    whole: int
    formats: str
    deliver: tuple[str, ...]
    rates: tuple[float, float, float]
    workers: int
    crew: str

    @property
    def render(self) -> str:
        """The kind of work that rendering it is; see `speeds`."""
        return f"render {self.engines} {self.language} {self.crew}"

    @property
    def speech(self) -> str:
        return f"speech {self.language} {self.engines}"

    @property
    def master(self) -> str:
        return f"master {self.formats} {self.crew}"


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds of work that a book still needs, and of audio when it is whole; `size`: bytes that it adds to the disk, about.
    measured: whether the rates behind rendering and mastering were measured here."""

    seconds: float
    audio: float
    size: float
    measured: bool


def estimated(left: Left, speeds: Speeds) -> Estimate:
    """What is left, at these speeds."""
    speech = speeds.cost(left.speech)
    audio = speech.seconds(left.whole)
    seconds = speeds.cost("rest").seconds(0) + 2 * speeds.cost("open").seconds(left.whole)  # and once more at its end
    render, master = speeds.cost(left.render), speeds.cost(left.master)
    if left.due:
        seconds += render.seconds(left.due)
    if left.chapters:
        seconds += master.seconds(span([speech.seconds(one) for one in left.chapters], left.workers))
        seconds += sum(speeds.cost(f"deliver {kind}").seconds(audio) for kind in left.deliver)
    take, chapter, whole = left.rates
    size = disk.MARGIN * (take * speech.seconds(left.due) + chapter * speech.seconds(sum(left.chapters)))
    size += disk.MARGIN * whole * audio if left.chapters else 0.0
    return Estimate(seconds, audio, size, render.measured and master.measured)


def span(lengths: Iterable[float], workers: int) -> float:
    """How long `workers` take over pieces of such lengths, each given in turn to the one that is free first (list
    scheduling)."""
    ends = [0.0] * workers
    for one in lengths:
        heapreplace(ends, ends[0] + one)
    return max(ends)


def hands(request: Request) -> tuple[int, str]:
    """`Left.workers` and `Left.crew` of a request."""
    workers = request.workers or cores()
    return (1, "dask") if request.dask else (workers, f"{workers}w")


def left_of(production: Production, request: Request) -> Left:
    """What an opened book needs."""
    workers, crew = hands(request)
    by_chapter = characters(production)
    current = set(chapters.mastered_chapters(production))
    stale = [number for number in production.chapters if number not in current]
    spoken = {one.engine for one in production.plan.due}
    return Left(
        engines=production.engine or "+".join(sorted(spoken)) or engine_of(production),
        language=production.record.language, due=sum(len(one.line.text) for one in production.plan.due),
        chapters=tuple(by_chapter[number] for number in stale), whole=sum(by_chapter.values()),
        formats=",".join(production.profile.formats), deliver=production.deliver,
        rates=disk.rates(production.profile, spoken, production.deliver), workers=workers, crew=crew,
    )  # fmt: skip


def characters(production: Production) -> Counter[int]:
    """Characters of script by chapter, of lines that are spoken."""
    counted: Counter[int] = Counter()
    for line in production.plan.lines:
        counted[line.chapter] += len(line.text) if line.id in production.wanted else 0
    return counted


def engine_of(production: Production) -> str:
    """What speaks a book that is rendered."""
    used = production.store.takes(list(production.wanted.values())[:1])
    return next((take.engine for take in used.values()), "espeak")
