"""The finished book that every deliverable is made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from pipeline.errors import MasteringError
from pipeline.folder import Record
from pipeline.mastering import record as record_room
from pipeline.mastering.profiles import Profile
from pipeline.mastering.tags import Tags
from pipeline.nouns import Master, Segment, Timeline


@dataclass(frozen=True, slots=True)
class FinishedBook:
    """A book whose chapters are mastered.

    folder     the book's folder, where deliverables go
    name       file name of the deliverables, without suffix; a run of some chapters has a name of its own
    record     title, author, language, source manuscript, reading options
    masters    the mastered chapters in order, credits included
    takes      folder of the take store: the audio of key k lies in ``takes/k[:2]/k.flac``
    settings   of each kind, as the cast file's `deliver` gives them: kind -> name -> value
    narrator   who is named as the voice; "" = an AI voice
    aliases    other names that the script has for a character -> the cast file's
    """

    folder: Path
    name: str
    record: Record
    profile: Profile
    masters: tuple[Master, ...]
    takes: Path
    cover: bytes | None = None
    cover_type: str = ""
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    narrator: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)

    def path(self, suffix: str) -> Path:
        """Where a deliverable goes: ``path(".srt")`` a file, ``path(" stems")`` a folder."""
        return self.folder / f"{self.name}{suffix}"

    def chapter_file(self, master: Master, suffix: str) -> Path:
        """A file beside a chapter's audio: ``chapter_file(master, ".srt")``."""
        return self.folder / "chapters" / f"{master.stem}{suffix}"

    def setting(self, kind: str, name: str, default: Any) -> Any:
        """A kind's setting, or `default` where the cast file gives none."""
        return self.settings.get(kind, {}).get(name, default)

    def take_file(self, key: str) -> Path:
        """The audio of a take."""
        return self.takes / key[:2] / f"{key}.flac"

    def lead_s(self, segment: Segment) -> float:
        """Seconds at the beginning of its take that a line of a timed script leaves out. Raises MasteringError for a take that
        is gone or damaged."""
        if not segment.lead:
            return 0.0
        import soundfile

        path = self.take_file(segment.take)
        try:
            return float(segment.lead / soundfile.info(str(path)).samplerate)
        except (soundfile.LibsndfileError, OSError) as error:
            raise self.unreadable(segment, error) from error

    def unreadable(self, segment: Segment, error: Exception) -> MasteringError:
        """What is to be said of a take that is gone or damaged."""
        return MasteringError(
            f"the take of line {segment.line_id} cannot be read ({error})", where=str(self.take_file(segment.take)),
            fix="`shuoshu run` on the manuscript renders it anew.",
        )  # fmt: skip

    def music(self, master: Master) -> tuple[tuple[int, int, str], ...]:
        """Where a chapter's music plays: (first frame, the one behind the last, which)."""
        return record_room.music(self.folder / "chapters", master)

    def timeline(self, master: Master) -> Timeline:
        """A chapter's timeline, as its record has it. Raises MasteringError for a record that is gone or broken."""
        return record_room.load_timeline(self.folder / "chapters", master)

    def starts(self) -> list[int]:
        """Where every chapter begins in the joined book, in frames at the master's rate."""
        return list(accumulate((one.frames for one in self.masters), initial=0))[:-1]

    def timelines(self) -> Iterator[tuple[Master, Timeline, int]]:
        """(master, timeline, first frame in the joined book) of every chapter, one in memory at a time."""
        for master, start in zip(self.masters, self.starts(), strict=True):
            yield master, self.timeline(master), start

    def cast_timelines(self) -> Iterator[tuple[Master, Timeline, int]]:
        """`timelines` with every speaker under the cast file's name: two names of one character are one speaker."""
        for master, timeline, start in self.timelines():
            segments = (replace(one, speaker=self.aliases.get(one.speaker, one.speaker)) for one in timeline.segments)
            yield master, replace(timeline, segments=tuple(segments)), start

    @property
    def frames(self) -> int:
        """Length of the joined book."""
        return sum(one.frames for one in self.masters)

    @property
    def tags(self) -> Tags:
        """Metadata of the whole book."""
        return Tags(
            self.record.title, self.record.author, self.record.title, self.record.language, narrator=self.narrator
        )
