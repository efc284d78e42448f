"""A book on a schedule: a Prefect deployment of `produce_book`, served by this process until it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from prefect.schedules import Cron
from prefect.settings import PREFECT_API_URL

from flows.produce import parameters, produce_book
from pipeline.errors import ShuoshuError, did_you_mean
from pipeline.request import Request


def serve(request: Request, cron: str, timezone: str, say: Callable[[str], None]) -> None:
    """Register a deployment that runs `request` on `cron` and wait for its runs; returns when stopped.

    Raises ShuoshuError for a cron or time zone that cannot be read, or without a Prefect server that stays.
    """
    if not PREFECT_API_URL.value():
        raise ShuoshuError(
            "a schedule needs a Prefect server that stays",
            fix="Run `prefect server start` and set PREFECT_API_URL=http://127.0.0.1:4200/api.",
        )
    zone = timezone or _local_zone()
    if zone not in available_timezones():
        near = did_you_mean(zone, available_timezones())
        raise ShuoshuError(f"no time zone is named {zone!r}.{near}", fix="Give one such as --timezone Asia/Shanghai.")
    try:
        schedule = Cron(cron, timezone=zone)
    except ValueError as error:
        raise ShuoshuError(
            f"the schedule {cron!r} cannot be read", fix='Five fields, minute first: "0 22 * * *" = every night at ten.'
        ) from error
    name = f"{request.manuscript.stem} {cron}"
    say(f"{name}: waiting for its hour (Ctrl-C ends this; the deployment stays, paused, on the server)")
    produce_book.serve(name=name, schedule=schedule, parameters=_parameters(request), print_starting_message=False)


def _parameters(request: Request) -> dict[str, Any]:
    """The request as a form would fill it in: absolute paths as text."""
    values = parameters(request)
    return {key: str(value.resolve()) if isinstance(value, Path) else value for key, value in values.items()}


def _local_zone() -> str:
    """This machine's IANA time zone name."""
    from tzlocal import get_localzone_name

    return str(get_localzone_name())
