"""When books may be made: "22:00-07:00, weekends all day", in a time zone, daylight saving included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipeline.errors import ShuoshuError
from pipeline.wording import Wording

_DAY, _WEEK = 24 * 60, frozenset(range(7))
_LOOK = 9
"""Days looked at around a moment: a pattern of a week, and what hangs over its edges."""
_ENGLISH = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS = (
    {name: frozenset({number}) for number, name in enumerate(_ENGLISH)}
    | {f"{week}{name}": frozenset({number}) for week in ("周", "星期") for number, name in enumerate("一二三四五六日")}
    | {"周天": frozenset({6}), "星期天": frozenset({6})}
    | {name: frozenset(range(5)) for name in ("weekdays", "weekday", "workdays", "工作日")}
    | {name: frozenset({5, 6}) for name in ("weekends", "weekend", "周末")}
    | dict.fromkeys(("daily", "every", "每天", "每日"), _WEEK)
)
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIMES = re.compile(r"(\d{1,2})[:：](\d{2})\s*[-–—~至到]\s*(\d{1,2})[:：](\d{2})")


@dataclass(frozen=True, slots=True)
class Part:
    """Some days of the week (0 = Monday), from `begins` to `ends`, both in minutes after the day's midnight; `ends` is more
    than a day where it lies on the day after."""

    days: frozenset[int]
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Window:
    """The times of a week when the machine is the queue's. A part that goes past midnight belongs to the day it begins on.

    Where clocks are put forward or back, a time that does not exist, or exists twice, opens the window at the first moment it
    may stand for and closes it at the last: never is a part of the night lost. All moments are aware datetimes, in UTC.
    """

    parts: tuple[Part, ...]
    zone: ZoneInfo

    def closes(self, at: datetime) -> datetime | None:
        """When the window that is open at `at` closes; `datetime.max` for one that never does, None when it is closed."""
        for begins, ends in self._stretches(at):
            if begins <= at < ends:
                return datetime.max.replace(tzinfo=UTC) if ends - at >= timedelta(days=8) else ends
        return None

    def opens(self, at: datetime) -> datetime:
        """When it is open next: `at` itself when it is open."""
        return next(max(begins, at) for begins, ends in self._stretches(at) if at < ends)

    def opened(self, at: datetime) -> datetime:
        """When the window that is open at `at` was opened, or, when it is closed, the last one before; of one that never
        closes, the day's midnight."""
        begins = max(begins for begins, _ in self._stretches(at) if begins <= at)
        return begins if at - begins < timedelta(days=8) else min(self._moments(at.astimezone(self.zone).date(), 0))

    def finish(self, at: datetime, seconds: float) -> datetime:
        """When work of so many seconds is done that begins at `at` or when the window opens, and rests while it is closed."""
        left = timedelta(seconds=seconds)
        while True:
            at = self.opens(at)
            ends = self.closes(at)
            if ends is None or at + left <= ends:  # opens gives no closed moment
                return at + left
            left -= ends - at
            at = ends

    def crons(self) -> tuple[str, ...]:
        """A cron expression for the opening of each part, in the window's time zone."""
        return tuple(
            f"{one.begins % 60} {one.begins // 60} * * "
            + ("*" if one.days == _WEEK else ",".join(str((day + 1) % 7) for day in sorted(one.days)))
            for one in self.parts
        )

    def _stretches(self, around: datetime) -> list[tuple[datetime, datetime]]:
        """The open times around a moment, those that touch joined, in order."""
        joined: list[tuple[datetime, datetime]] = []
        for begins, ends in sorted(self._openings(around.astimezone(self.zone).date())):
            if joined and begins <= joined[-1][1]:
                joined[-1] = joined[-1][0], max(joined[-1][1], ends)
            else:
                joined.append((begins, ends))
        return joined

    def _openings(self, today: date) -> Iterator[tuple[datetime, datetime]]:
        for day in (today + timedelta(days=number) for number in range(-_LOOK, _LOOK + 1)):
            for one in self.parts:
                if day.weekday() in one.days:
                    yield min(self._moments(day, one.begins)), max(self._moments(day, one.ends))

    def _moments(self, day: date, minutes: int) -> list[datetime]:
        """The moments that a wall clock's time may stand for: two around a change of the clocks, else twice the same."""
        after, minute = divmod(minutes, _DAY)
        local = datetime.combine(day + timedelta(days=after), time(minute // 60, minute % 60))
        return [local.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1)]


def window(text: str, zone: ZoneInfo) -> Window:
    """Read a window such as ``22:00-07:00, weekends all day`` or ``mon-thu 22:00-06:30; 周末 全天``.

    Parts are divided by commas or semicolons; each names days (none = every day) and a span or `all day`. Raises ShuoshuError
    for what cannot be read.
    """
    parts = tuple(_part(one.strip()) for one in re.split(r"[,，;；、]", text) if one.strip())
    if not parts:
        raise _unreadable(text)
    return Window(parts, zone)


def _part(text: str) -> Part:
    days, begins, ends = text.lower(), 0, _DAY
    times = _TIMES.search(days)
    whole = re.search(r"all\s+day|全天|整天", days)
    if bool(times) == bool(whole):
        raise _unreadable(text)
    found = times or whole
    if times:
        begins, ends = _minutes(times[1], times[2], text), _minutes(times[3], times[4], text)
        if begins in (ends, _DAY):
            raise _unreadable(text)
        ends += _DAY if ends < begins else 0
    rest = days[: found.start()] + " " + days[found.end() :] if found else days
    return Part(_days(rest, text), begins, ends)


def _minutes(hour: str, minute: str, text: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > _DAY:
        raise _unreadable(text)
    return minutes


def _days(text: str, whole: str) -> frozenset[int]:
    for number, name in enumerate(_LONG):
        text = re.sub(rf"\b{name}s?\b", _ENGLISH[number], text)
    found: frozenset[int] = frozenset()
    for word in re.sub(r"\s*[-–—~至到]\s*", "-", text).split():
        first, _, last = word.partition("-")
        if word in ("and", "和") or (word == "day" and found == _WEEK):  # every day
            continue
        if first not in _DAYS or (last and last not in _DAYS):
            raise _unreadable(whole)
        one, other = _DAYS[first], _DAYS[last] if last else frozenset()
        if last and (len(one) != 1 or len(other) != 1):
            raise _unreadable(whole)
        found |= _from_to(min(one), min(other)) if last else one
    return found or _WEEK


def _from_to(first: int, last: int) -> frozenset[int]:
    return frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))


def _unreadable(text: str) -> ShuoshuError:
    return ShuoshuError(
        Wording(f"the window {text!r} cannot be read", f"看不懂时间窗 {text}"),
        fix=Wording('Write it like "22:00-07:00, weekends all day".', "请写成“22:00-07:00，周末 全天”这样。"),
    )
