"""The quality of a finished book: every chapter against its profile, and every line that may need a listen.

Each chapter's file is decoded once and let go. What stays in memory of a chapter is its verdict and two curves of a few
hundred points; of a line, eight bytes.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline import engines
from pipeline.deliver import chapter_sound, line_checks, loudness
from pipeline.deliver.book import FinishedBook
from pipeline.deliver.chapter_sound import ChapterSound
from pipeline.deliver.finding import SEVERITIES, Finding, of_line
from pipeline.deliver.tally import Share, Tally
from pipeline.deliver.verdicts import Verdict, judged
from pipeline.errors import EngineError
from pipeline.listening.results import Results
from pipeline.listening.results import load as load_listening
from pipeline.mastering.limiter import HEARD_DB
from pipeline.mastering.profiles import Profile
from pipeline.nouns import Master, Take, Timeline
from pipeline.script.credits import is_credit
from pipeline.takes import TakeStore

POINTS, ALL_POINTS = 240, 40_000
"""Points of a chapter's plot, fewer where a book has very many chapters."""
PLAYED = ("mp3", "m4a", "flac", "opus", "wav")
"""Chapter files, the one that most browsers play first."""
_UNITS = {"integrated": "LUFS", "rms": "dBFS", "sample_peak": "dBFS", "noise_floor": "dBFS", "true_peak": "dBTP",
          "seconds": "s", "head": "s", "tail": "s", "digital_silence": "s"}  # fmt: skip
MEASURES = {
    "integrated": ("integrated loudness", "综合响度"), "rms": ("RMS level", "RMS 电平"),
    "true_peak": ("true peak", "真峰值"), "sample_peak": ("sample peak", "采样峰值"),
    "noise_floor": ("noise floor", "底噪"), "seconds": ("length", "时长"),
    "head": ("room tone at the head", "开头静默"), "tail": ("room tone at the tail", "结尾静默"),
    "digital_silence": ("longest digital silence", "最长数字静音"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChapterQuality:
    """audio      the file to play, relative to the book's folder
    reduction_db  the most that the limiter took away
    momentary, short_term  LUFS in equal steps over the chapter; of the momentary loudness the highest in each step
    waveform      highest magnitude in each step, 0..1
    """

    chapter: int
    title: str
    audio: str
    seconds: float
    verdicts: tuple[Verdict, ...]
    reduction_db: float
    momentary: tuple[float, ...]
    short_term: tuple[float, ...]
    waveform: tuple[float, ...]

    @property
    def passed(self) -> bool:
        return all(one.passed for one in self.verdicts)


@dataclass(frozen=True, slots=True)
class Quality:
    """Everything the report says. `engines`: lines by engine; `takes`: how many were ever made; `heard`: what a listening
    check found, None without one."""

    title: str
    language: str
    profile: str
    chapters: tuple[ChapterQuality, ...]
    findings: tuple[Finding, ...]
    shares: tuple[Share, ...]
    engines: Mapping[str, int]
    takes: int
    heard: Results | None = None

    @property
    def passed(self) -> bool:
        """Whether every chapter keeps to the profile."""
        return all(one.passed for one in self.chapters)

    @property
    def seconds(self) -> float:
        return sum(one.seconds for one in self.chapters)

    @property
    def lines(self) -> int:
        return sum(one.lines for one in self.shares)

    def count(self, severity: str) -> int:
        """How many findings of a severity."""
        return sum(one.severity == severity for one in self.findings)


def analyse(book: FinishedBook) -> Quality:
    """Measure and check a finished book. Raises MasteringError for a chapter whose file or timeline cannot be read,
    BookFolderError for a broken take index."""
    points = max(40, min(POINTS, ALL_POINTS // len(book.masters)))
    chapters: list[ChapterQuality] = []
    found: list[list[Finding]] = []
    tally = Tally()
    results = load_listening(book.folder)
    with TakeStore(book.takes) as store:
        for master, timeline, _ in book.cast_timelines():
            sound = chapter_sound.measure(master)
            keys = [one.take for one in timeline.segments]
            takes, asked = store.takes(keys), store.asked(keys)
            lines = [line_checks.heard(one, sound, timeline.sample_rate) for one in timeline.segments]
            tally.add(lines, takes, asked, timeline.sample_rate)
            chapters.append(_chapter(book, master, sound, points))
            of_lines = [*line_checks.findings(lines, takes, timeline, book.profile), *_misheard(timeline, results)]
            of_all = _of_chapter(chapters[-1], master, book.profile, len(timeline.segments))
            found.append([*of_all, *_with_commands(of_lines, timeline, takes, _named(book.folder))])
        odd = tally.odd()
        if odd:
            _add_rates(book, store, odd, found)
        count = store.count()
    return Quality(
        book.record.title, book.record.language, book.profile.name, tuple(chapters),
        tuple(one for each in found for one in sorted(each, key=lambda one: one.start)),
        tally.shares(), dict(tally.engines.most_common()), count, results,
    )  # fmt: skip


def _add_rates(
    book: FinishedBook, store: TakeStore, odd: Mapping[int, tuple[float, line_checks.Usual]],
    found: Sequence[list[Finding]],
) -> None:  # fmt: skip
    """The findings about speech rates, which need the whole book's, into those of their chapters. A line that a check of its
    take doubted for its length has its finding already."""
    at = 0
    for (_, timeline, _), known in zip(book.cast_timelines(), found, strict=True):
        doubted = {one.line for one in known if one.kind in ("truncated", "runaway", "silent")}
        fresh = []
        for segment in timeline.segments:
            if at in odd and segment.line_id not in doubted:
                fresh.append(line_checks.rate_finding(segment, timeline.chapter, timeline.sample_rate, *odd[at]))
            at += 1
        takes = store.takes(one.take for one in timeline.segments) if fresh else {}
        known.extend(_with_commands(fresh, timeline, takes, _named(book.folder)))


def _chapter(book: FinishedBook, master: Master, sound: ChapterSound, points: int) -> ChapterQuality:
    audio = next(master.files[kind] for kind in PLAYED if kind in master.files)
    return ChapterQuality(
        master.chapter, master.title or book.record.title, audio.relative_to(book.folder).as_posix(), sound.seconds,
        judged(master, sound, book.profile), master.reduction_db, _steps(sound.momentary(), points, np.max),
        _steps(sound.short_term(), points, np.mean), _steps(sound.peaks, points, np.max),
    )  # fmt: skip


def _steps(
    values: NDArray[np.floating], points: int, of: Callable[[NDArray[np.floating]], np.floating]
) -> tuple[float, ...]:
    parts = np.array_split(values, min(points, values.size)) if values.size else ()
    return tuple(round(float(of(one)), 3) for one in parts)


def _of_chapter(chapter: ChapterQuality, master: Master, profile: Profile, lines: int) -> Iterator[Finding]:
    for one in chapter.verdicts:
        if not one.passed:
            (english, chinese), unit = MEASURES[one.measure], _UNITS[one.measure]
            bounds = " … ".join(f"{bound:g}" for bound in (one.least, one.most) if bound is not None)
            sign = "≤ " if one.least is None else "≥ " if one.most is None else ""
            yield Finding(
                "level", "error", f"The {english} is {one.measured:.2f} {unit}, allowed is {sign}{bounds} {unit}.",
                f"{chinese}为 {one.measured:.2f} {unit}，允许 {sign}{bounds} {unit}。", chapter.chapter,
                measured=one.measured,
            )  # fmt: skip
    if master.reduction_db > HEARD_DB:
        why = loudness.cause(master, profile, lines)
        yield Finding(
            "limiter", "warning", f"The limiter took away up to {master.reduction_db:.1f} dB: {why}",
            f"限幅器最多压低了 {master.reduction_db:.1f} dB：{why.chinese}", master.chapter, measured=master.reduction_db,
        )  # fmt: skip


def _misheard(timeline: Timeline, results: Results | None) -> Iterator[Finding]:
    """What a listening check heard otherwise, of the takes that are still in use."""
    for one in timeline.segments if results else ():
        doubt = results.doubts.get(one.take) if results else None
        if doubt:
            yield of_line(
                "misheard", "warning", f"The listening check heard: {doubt.heard or '(nothing)'} ({doubt.rate:.0%} wrong).",
                f"听写核对听到：{doubt.heard or '（无）'}（错误 {doubt.rate:.0%}）。", one, timeline.chapter,
                timeline.sample_rate, doubt.rate,
            )  # fmt: skip


def _with_commands(
    findings: Iterable[Finding], timeline: Timeline, takes: Mapping[str, Take], book: str
) -> Iterator[Finding]:
    """Findings with what makes their lines anew: another throw of the dice, or other words where an engine has no dice. None
    where that mends nothing: no take changes a pause, the same words are as loud again, and those of the credits stand in the
    cast file."""
    by_line = {one.line_id: one for one in timeline.segments}
    for one in findings:
        segment = by_line[one.line]
        dice = segment.take not in takes or _seeded(takes[segment.take].engine)
        if one.kind == "gap" or (not dice and (one.kind == "jump" or is_credit(one.line))):
            yield one
            continue
        command = ["shuoshu", "rerender", book, one.line, *([] if dice else [f"--text={segment.text}"])]
        yield replace(one, command=shlex.join(command))


def _named(folder: Path) -> str:
    """How a command names a book: by its name in the usual place, elsewhere by its folder."""
    return folder.name if folder.parent.name == "output" else str(folder.resolve())


def _seeded(engine: str) -> bool:
    try:
        return engines.engine_class(engine).capabilities.seeded
    except EngineError:  # not installed here: nothing is known of it
        return True


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """By severity, and within it in the order of the book."""
    return sorted(findings, key=lambda one: SEVERITIES.index(one.severity))
