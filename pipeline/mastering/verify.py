"""Finished audio files, ours or not, held against a profile's limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from pipeline.errors import MasteringError
from pipeline.mastering.limits import Limit, Limits, Value
from pipeline.mastering.measured import Measured, measure
from pipeline.wording import Wording


@dataclass(frozen=True, slots=True)
class Finding:
    """One measure (a field of `Measured`) of a file. `allowed` is None where the profile does not limit it."""

    name: str
    measured: Value
    allowed: Limit | None
    passed: bool


@dataclass(frozen=True, slots=True)
class Alike:
    """A measure in which the files of a set, all those of one `format` (their suffix: mp3, flac …), must be alike. `odd` are
    the files that differ from most, in their order."""

    name: str
    format: str
    values: tuple[tuple[Value, int], ...]
    """Every value found and how many files have it, the most frequent first."""
    odd: tuple[Path, ...]

    @property
    def passed(self) -> bool:
        return not self.odd


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What was found in one file."""

    path: Path
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def failures(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if not one.passed)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in a set of files; `unread` says of those that could not be read why."""

    profile: str
    files: tuple[FileVerdict, ...]
    together: tuple[Alike, ...]
    unread: tuple[MasteringError, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.unread and all(file.passed for file in self.files) and all(one.passed for one in self.together)


_BESIDE = (".csv", ".json", ".lrc", ".srt", ".vtt")


def _is_beside_a_chapter(path: Path) -> bool:
    """Whether a file is one that Shuoshu itself puts beside a chapter's audio, with its timeline."""
    stem = path.name.removesuffix(".timeline.csv") if path.name.endswith(".timeline.csv") else path.stem
    return path.suffix.lower() in _BESIDE and path.with_name(f"{stem}.timeline.csv").is_file()


def verify(paths: Iterable[Path], limits: Limits) -> Verdict:
    """Measure files one after the other and judge each, then each format's set: a chapter's copies in other formats are no
    part of it.

    Raises MasteringError where no file can be read: missing, no audio, damaged or cut off, or one of ours beside a
    chapter's audio.
    """
    measured, unread = list[tuple[Path, Measured]](), list[MasteringError]()
    for path in paths:
        try:
            if _is_beside_a_chapter(path):
                raise MasteringError(
                    Wording(
                        "this is no audio: Shuoshu keeps it beside a chapter's files",
                        "这不是音频，而是说书放在章节文件旁边的记录",
                    ),
                    where=str(path),
                    fix=Wording("Name the audio alone: chapters/*.mp3.", "请只给出音频文件：chapters/*.mp3。"),
                )
            measured.append((path, measure(path)))
        except MasteringError as error:
            unread.append(error)
    if unread and not measured:
        raise unread[0]
    files = tuple(FileVerdict(path, judge(found, limits)) for path, found in measured)
    sets: dict[str, list[tuple[Path, Measured]]] = {}
    for path, found in measured:
        sets.setdefault(path.suffix.lower().removeprefix("."), []).append((path, found))
    together = (_alike(name, one, found) for name in limits.alike for one, found in sets.items())
    return Verdict(limits.name, files, tuple(together), tuple(unread))


def judge(measured: Measured, limits: Limits) -> tuple[Finding, ...]:
    """Every measure of a file, with what the limits say of it."""
    allowed = limits.of(measured.channels)
    found = []
    for one in fields(measured):
        value, limit = getattr(measured, one.name), allowed.get(one.name)
        found.append(Finding(one.name, value, limit, limit is None or limit.allows(value)))
    return tuple(found)


def _alike(name: str, suffix: str, measured: Sequence[tuple[Path, Measured]]) -> Alike:
    values = [(path, getattr(found, name)) for path, found in measured]
    counted = tuple(Counter(value for _, value in values).most_common())
    return Alike(name, suffix, counted, tuple(path for path, value in values if counted and value != counted[0][0]))
