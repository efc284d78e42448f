"""What a podcast feed says of itself: the cast file's settings, checked, and what follows from them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid5

from pipeline.deliver.book import FinishedBook
from pipeline.errors import MasteringError, did_you_mean
from pipeline.shipped import yaml_of
from pipeline.wording import Wording, chinese_of

_PODCASTS = UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
"""The name space of podcast:guid (https://podcasting2.org/docs/podcast-namespace/tags/guid)."""
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")


@dataclass(frozen=True, slots=True)
class Show:
    """A feed. `url` is the address of its folder, with a slash at the end; `category` has one part or two; `first` is when
    the first episode appears, and `step` the time between two."""

    url: str
    email: str
    description: str
    category: tuple[str, ...]
    explicit: bool
    locked: bool
    first: datetime
    step: timedelta

    def address(self, name: str) -> str:
        """Where a file of the folder will be found."""
        return self.url + quote(name)

    @property
    def guid(self) -> UUID:
        """podcast:guid: UUIDv5 of the feed's address without scheme and slashes at the end."""
        return uuid5(_PODCASTS, self.address("feed.xml").split("://", 1)[1].rstrip("/"))

    def episode_guid(self, chapter: int) -> UUID:
        """The same for a chapter as long as the feed's address stays: a chapter made anew is no new episode."""
        return uuid5(self.guid, str(chapter))

    def appears(self, number: int) -> datetime:
        """When the episode of that number, from 1, appears."""
        return self.first + (number - 1) * self.step


def show_of(book: FinishedBook) -> Show:
    """The feed that the cast file asks for. Raises MasteringError for a setting that is missing or cannot be."""
    days = book.setting("feed", "days", 0)
    return Show(
        url=_url(str(book.setting("feed", "url", ""))), email=_email(str(book.setting("feed", "email", ""))),
        description=str(book.setting("feed", "description", "")),
        category=_category(str(book.setting("feed", "category", "Arts/Books"))),
        explicit=book.setting("feed", "explicit", False), locked=book.setting("feed", "locked", True),
        first=_first(book, str(book.setting("feed", "first", ""))),
        step=timedelta(days=days) if days else timedelta(minutes=1),
    )  # fmt: skip


def check(name: str, value: str) -> None:
    """Raise MasteringError for a setting of the cast file that no feed can have."""
    rules: Mapping[str, Callable[[str], object]] = {
        "url": _url, "email": _email, "category": _category, "first": _day,
    }  # fmt: skip
    if name in rules:
        rules[name](value)


def _wrong(what: Wording, example: str) -> MasteringError:
    fix = f"deliver: {{feed: {{{example}}}}}"
    return MasteringError(what, fix=Wording(f"In the cast file:  {fix}", f"在演员表中：  {fix}"))


def _url(given: str) -> str:
    if not given:
        raise _wrong(
            Wording(
                "a podcast feed needs the address that its folder will have on the web",
                "播客订阅源需要它在网上的文件夹地址",
            ),
            "url: https://example.org/my-book/",
        )
    try:
        parts = urlsplit(given)
        good = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
        host = parts.netloc.encode("idna").decode()
    except ValueError:  # and UnicodeError, of a name that has an empty or an endless part
        good = False
    if not good or any(sign.isspace() for sign in given):
        raise _wrong(
            Wording(
                f"feed: url {given!r} is no address of a folder on the web", f"feed: url {given!r} 不是网上文件夹的地址"
            ),
            "url: https://example.org/my-book/",
        )
    address = parts._replace(netloc=host, path=quote(parts.path, safe="/%~"))
    return address.geturl().rstrip("/") + "/"


def _email(given: str) -> str:
    if given and not _EMAIL.fullmatch(given):
        raise _wrong(
            Wording(f"feed: email {given!r} is no e-mail address", f"feed: email {given!r} 不是电子邮箱"),
            "email: me@example.org",
        )
    return given


def _category(given: str) -> tuple[str, ...]:
    known: dict[str, list[str]] = yaml_of(__package__, "podcast.yaml")
    valid = [*known, *(f"{main}/{sub}" for main, subs in known.items() for sub in subs)]
    if given not in valid:
        raise MasteringError(
            Wording(
                f"feed: category {given!r} is none of Apple Podcasts'.{did_you_mean(given, valid)}",
                f"feed: category {given!r} 不是 Apple Podcasts 的类别。{chinese_of(did_you_mean(given, valid))}",
            ),
            fix=Wording(
                "Write it like Arts/Books or Fiction/Drama; all are in docs/deliverables.md.",
                "写法如 Arts/Books 或 Fiction/Drama；全部类别见 docs/deliverables.md。",
            ),
        )
    return tuple(given.split("/"))


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise _wrong(
            Wording(f"feed: first {given!r} is no date", f"feed: first {given!r} 不是日期"), "first: 2026-01-31"
        ) from error


def _first(book: FinishedBook, given: str) -> datetime:
    """Midnight (UTC) of the day given, or else of the day the first chapter's audio was made."""
    if given:
        day = _day(given)
    else:
        made = next(iter(book.masters[0].files.values())).stat().st_mtime
        day = datetime.fromtimestamp(made, UTC).date()
    return datetime.combine(day, time(), UTC)
