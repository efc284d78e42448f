"""What became of a night: a small file a night, ``nights/2026-11-25.json``, written as it begins and as it ends. Between them
every book's row is added to ``2026-11-25.jsonl`` as the book ends, so that a night that is killed has its rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import ShuoshuError
from pipeline.files import explained, write_text
from pipeline.queue.entry import Queue
from pipeline.wording import Wording, plain

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
    """Write the record, whole or not at all; rows that were added before are in it."""
    write_text(
        nights / f"{night.name}.json",
        json.dumps({"format": FORMAT, **plain(asdict(night))}, ensure_ascii=False, indent=1),
    )
    _rows_file(nights, night.name).unlink(missing_ok=True)


def add(nights: Path, name: str, book: BookNight) -> None:
    """Add a row to the night that is at work: it stands for all of the book's turns so far. Raises BookFolderError for a full
    disk or a folder that cannot be written."""
    path = _rows_file(nights, name)
    row = json.dumps(plain(asdict(book)), ensure_ascii=False)
    try:
        with path.open("ab", buffering=0) as file:
            file.write(b"\n" + row.encode())  # a row that a full disk cut short does not spoil this one
    except OSError as error:
        raise explained(error, path) from error


def _rows_file(nights: Path, name: str) -> Path:
    return nights / f"{name}.jsonl"


def _rows(nights: Path, name: str) -> Iterator[Mapping[str, Any]]:
    """The rows that were added; one that was cut short is passed over."""
    with suppress(FileNotFoundError):
        for row in _rows_file(nights, name).read_bytes().splitlines():
            with suppress(ValueError):
                yield json.loads(row)


def names(nights: Path) -> list[str]:
    """The nights there are records of, the last first."""
    return sorted((path.stem for path in nights.glob("????-??-??.json")), reverse=True)


def load(nights: Path, name: str) -> Night | None:
    """A night's record; None where there is none. Raises ShuoshuError for one that cannot be read."""
    path = nights / f"{name}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        del found["format"]
        books = {one["book"]: _book(one) for one in (*found.pop("books"), *_rows(nights, name))}
        remarks = tuple(Wording(**one) for one in found.pop("remarks"))
        return Night(**found, books=tuple(books.values()), remarks=remarks)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ShuoshuError(
            Wording(f"the night's record cannot be read ({error})", f"夜间记录无法读取（{error}）"), where=str(path),
            fix=Wording("Move it away; books are not touched.", "请把它移走；书不受影响。"),
        ) from error  # fmt: skip


def spent(nights: Path, tonight: str) -> dict[str, float]:
    """Seconds spent on each book in earlier nights since it was last done; 0 for one that was. A record that cannot be read is
    passed over."""
    found: dict[str, float] = {}
    for name in names(nights):
        with suppress(OSError, ValueError, KeyError, TypeError):
            if name == tonight:
                continue
            told = json.loads((nights / f"{name}.json").read_text(encoding="utf-8"))
            rows = {one["book"]: one for one in (*told["books"], *_rows(nights, name))}
            for book, one in rows.items():
                if book not in found and one["outcome"] not in ("waiting", "paused", "held"):
                    unfinished = one["outcome"] in ("stopped", "failed")
                    found[book] = one["before_s"] + one["work_s"] if unfinished else 0.0
    return found


def _book(found: Mapping[str, Any]) -> BookNight:
    known = {one.name for one in fields(BookNight)}
    values = {name: value for name, value in found.items() if name in known}
    return BookNight(
        **{**values, "listen": tuple(found["listen"]), "what": Wording(**found["what"]), "fix": Wording(**found["fix"])}
    )
