"""What became of a night: a small file a night, ``nights/2026-11-25.json``, rewritten after every book."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import ShuoshuError
from pipeline.files import write_text
from pipeline.queue.entry import Queue
from pipeline.wording import Wording

FORMAT = 1
Outcome = Literal["done", "unchanged", "stopped", "failed", "held", "waiting", "paused"]
_NOTHING = Wording("")
_NO_WORK = ("unchanged", "waiting", "paused", "held")


@dataclass(frozen=True, slots=True)
class BookNight:
    """A book in a night. Seconds are of wall-clock time unless they say audio or speech.

    outcome     done; unchanged: nothing was stale; stopped: it goes on next night; failed; held: another process had it;
                waiting: its turn did not come; paused
    what, where, fix  why it is not done
    work_s      spent on it this night; `before_s` in earlier nights, since it was last done
    estimate_s  what was expected when it was opened; `measured`: by measured speeds
    lines       that are spoken; `rendered`: takes made this night, `speech_s` seconds of speech, in `render_s`
    gpu_s       seconds of GPUs, each counted, while lines were rendered
    chapters    mastered chapters on disk, `audio_s` their seconds; `mastered`: how many this night
    listen      ids of lines that need a listen
    """

    book: str
    outcome: Outcome
    title: str = ""
    what: Wording = _NOTHING
    where: str = ""
    fix: Wording = _NOTHING
    began: str = ""
    ended: str = ""
    work_s: float = 0.0
    before_s: float = 0.0
    estimate_s: float | None = None
    measured: bool = False
    lines: int = 0
    rendered: int = 0
    speech_s: float = 0.0
    render_s: float = 0.0
    gpu_s: float = 0.0
    chapters: int = 0
    mastered: int = 0
    audio_s: float = 0.0
    listen: tuple[str, ...] = ()

    def after(self, earlier: BookNight) -> BookNight:
        """This and an earlier turn of the same night as one."""
        added = {name: getattr(self, name) + getattr(earlier, name) for name in _SUMS}
        last = earlier if self.outcome in _NO_WORK and earlier.outcome not in _NO_WORK else self
        return replace(
            last, **added, began=earlier.began or self.began, before_s=earlier.before_s, estimate_s=earlier.estimate_s or
            self.estimate_s,
        )  # fmt: skip


_SUMS = ("work_s", "rendered", "speech_s", "render_s", "gpu_s", "mastered")


@dataclass(frozen=True, slots=True)
class Night:
    """A night: `name` is the day its window was opened, `ends` when it closes; `ended` "" = it is at work, or was killed.
    Moments are ISO 8601 with their offset."""

    name: str
    began: str
    ends: str
    ended: str = ""
    machine: str = ""
    price_per_hour: float | None = None
    currency: str = ""
    books: tuple[BookNight, ...] = ()
    remarks: tuple[Wording, ...] = ()

    def with_book(self, book: BookNight) -> Night:
        earlier = next((one for one in self.books if one.book == book.book), None)
        if earlier is None:
            return replace(self, books=(*self.books, book))
        joined = book.after(earlier)
        return replace(self, books=tuple(joined if one is earlier else one for one in self.books))

    def with_remarks(self, remarks: list[Wording]) -> Night:
        return replace(self, remarks=tuple(dict.fromkeys((*self.remarks, *remarks))))


def tonight(queue: Queue, at: datetime, ends: datetime, machine: str) -> Night:
    """The record of the night that begins, or goes on, at `at`."""
    zone, name = queue.window.zone, name_of(queue, at)
    began = at.astimezone(zone).isoformat(timespec="seconds")
    fresh = Night(name, began, shown(ends, zone), "", machine, queue.price_per_hour, queue.currency)
    earlier = load(queue.nights, name)
    return replace(fresh, began=earlier.began, books=earlier.books, remarks=earlier.remarks) if earlier else fresh


def name_of(queue: Queue, at: datetime) -> str:
    """The name of the night that a moment belongs to."""
    return queue.window.opened(at).astimezone(queue.window.zone).date().isoformat()


def shown(moment: datetime, zone: Any) -> str:
    """A moment as records have it; "" for never."""
    return "" if moment.year == 9999 else moment.astimezone(zone).isoformat(timespec="seconds")


def write(nights: Path, night: Night) -> None:
    """Write the record, whole or not at all."""
    write_text(
        nights / f"{night.name}.json",
        json.dumps({"format": FORMAT, **_plain(asdict(night))}, ensure_ascii=False, indent=1),
    )


def names(nights: Path) -> list[str]:
    """The nights there are records of, the last first."""
    return sorted((path.stem for path in nights.glob("????-??-??.json")), reverse=True)


def load(nights: Path, name: str) -> Night | None:
    """A night's record; None where there is none. Raises ShuoshuError for one that cannot be read."""
    path = nights / f"{name}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        del found["format"]
        books = tuple(_book(one) for one in found.pop("books"))
        remarks = tuple(Wording(**one) for one in found.pop("remarks"))
        return Night(**found, books=books, remarks=remarks)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ShuoshuError(
            f"the night's record cannot be read ({error})", where=str(path), fix="Move it away; books are not touched."
        ) from error


def spent_before(nights: Path, tonight: str, book: str) -> float:
    """Seconds spent on a book in earlier nights since it was last done."""
    for name in names(nights):
        found = load(nights, name) if name != tonight else None
        for one in found.books if found else ():
            if one.book == book and one.outcome not in ("waiting", "paused", "held"):
                return one.before_s + one.work_s if one.outcome in ("stopped", "failed") else 0.0
    return 0.0


def _book(found: Mapping[str, Any]) -> BookNight:
    known = {one.name for one in fields(BookNight)}
    values = {name: value for name, value in found.items() if name in known}
    return BookNight(
        **{**values, "listen": tuple(found["listen"]), "what": Wording(**found["what"]), "fix": Wording(**found["fix"])}
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Wording):
        return {"english": str(value), "chinese": value.chinese}
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
