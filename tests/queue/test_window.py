"""The window's arithmetic: weekends, midnight, and the nights on which clocks change."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ShuoshuError
from pipeline.queue.window import window

BERLIN, SHANGHAI, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
USUAL = "22:00-07:00, weekends all day"


def berlin(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


def test_a_night_goes_past_midnight_and_a_weekend_from_friday_to_monday() -> None:
    usual = window(USUAL, BERLIN)
    wednesday, saturday = berlin(2026, 11, 25, 12), berlin(2026, 11, 28, 12)
    assert usual.closes(wednesday) is None
    assert usual.opens(wednesday) == berlin(2026, 11, 25, 22)
    assert (
        usual.closes(berlin(2026, 11, 25, 22)) == usual.closes(berlin(2026, 11, 26, 6, 59)) == berlin(2026, 11, 26, 7)
    )
    assert usual.closes(berlin(2026, 11, 26, 7)) is None, "the end is outside"
    assert (usual.opened(saturday), usual.closes(saturday)) == (berlin(2026, 11, 27, 22), berlin(2026, 11, 30, 7))
    assert usual.crons() == ("0 22 * * *", "0 0 * * 6,0")


def test_the_nights_of_changing_clocks_are_an_hour_shorter_and_longer() -> None:
    nightly = window("22:00-07:00", BERLIN)
    spring, autumn = nightly.opens(berlin(2026, 3, 28, 12)), nightly.opens(berlin(2026, 10, 24, 12))
    assert (nightly.closes(spring) or spring) - spring == timedelta(hours=8)
    assert (nightly.closes(autumn) or autumn) - autumn == timedelta(hours=10)
    ten = window("02:30-02:45", BERLIN)  # does not exist on 29 March, twice on 25 October
    spring, autumn = ten.opens(berlin(2026, 3, 29, 0)), ten.opens(berlin(2026, 10, 25, 0))
    assert (ten.closes(spring) or spring) - spring == (ten.closes(autumn) or autumn) - autumn == timedelta(minutes=75)


@pytest.mark.parametrize(
    ("text", "open_at", "closed_at"),
    [
        ("mon-thu 22:00–06:30; 周末 全天", (2026, 11, 27, 3), (2026, 11, 27, 23)),
        ("周一到周五 20:00至23:00", (2026, 11, 27, 22), (2026, 11, 28, 22)),
        ("Saturdays and Sundays 08:00-24:00", (2026, 11, 29, 23, 59), (2026, 11, 30, 0)),
        ("every day 01:00-02:00、sun all day", (2026, 11, 25, 1, 30), (2026, 11, 25, 3)),
        ("fri-mon 22:00-23:00", (2026, 11, 30, 22, 30), (2026, 12, 1, 22, 30)),
    ],
)
def test_windows_are_written_in_many_ways(text: str, open_at: tuple[int, ...], closed_at: tuple[int, ...]) -> None:
    found = window(text, BERLIN)
    assert found.closes(berlin(*open_at)) is not None
    assert found.closes(berlin(*closed_at)) is None


@pytest.mark.parametrize("text", ["", "at night", "22:00", "25:00-26:00", "22:61-23:00", "22:00-22:00", "xyz 22:00-23:00",
                                  "weekends-mon 22:00-23:00", "22:00-23:00 all day", "24:00-07:00"])  # fmt: skip
def test_what_cannot_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ShuoshuError, match="weekends all day"):
        window(text, BERLIN)


def test_a_window_that_never_closes() -> None:
    always = window("all day", SHANGHAI)
    at = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert (always.closes(at) or at).year == 9999
    assert always.opened(at) == datetime(2026, 11, 25, tzinfo=SHANGHAI)
    assert always.finish(at, 1e6) == at + timedelta(seconds=1e6)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda one: one.replace(tzinfo=UTC))
texts = st.sampled_from(
    [USUAL, "22:00-07:00", "02:30-03:30", "mon 23:00-01:00, thu all day", "01:15-02:15, 02:15-02:50"]
)
zones = st.sampled_from([BERLIN, SHANGHAI, NEW_YORK, ZoneInfo("Australia/Lord_Howe")])


@settings(max_examples=40, deadline=None)
@given(texts, zones, moments, st.floats(0, 40 * 3600))
def test_work_takes_exactly_its_seconds_of_open_window(text: str, zone: ZoneInfo, at: datetime, seconds: float) -> None:
    found = window(text, zone)
    ends, spent, now = found.finish(at, seconds), 0.0, at
    assert ends >= at
    while now < ends:
        opens = found.opens(now)
        closes = found.closes(opens)
        assert closes is not None, "what opens is open"
        assert opens < closes
        assert opens == now or found.closes(now) is None
        assert found.opened(opens) <= opens
        spent += max(0.0, (min(closes, ends) - opens).total_seconds())
        now = closes
    assert spent == pytest.approx(seconds, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(texts, zones, moments)
def test_prefect_starts_when_a_window_opens(text: str, zone: ZoneInfo, at: datetime) -> None:
    """Prefect's own schedule, asked for the next starts, names the opening, and never a closed moment."""
    from prefect.server.schemas.schedules import CronSchedule

    found = window(text, zone)
    starts = [
        one
        for cron in found.crons()
        for one in asyncio.run(CronSchedule(cron=cron, timezone=str(zone)).get_dates(3, at.astimezone(zone)))
    ]
    opening = found.opens((found.closes(at) or at) + timedelta(minutes=1))
    assert any(abs(one - opening) < timedelta(seconds=1) for one in starts)
    assert all(found.closes(one.astimezone(UTC)) is not None for one in starts)
