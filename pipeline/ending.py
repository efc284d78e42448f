"""How a book is finished, by its cast file: mastering, credits, deliverables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.cast import Cast
from pipeline.mastering.profiles import Profile

if TYPE_CHECKING:
    from pipeline.script.credits import Credits


@dataclass(frozen=True, slots=True)
class Ending:
    """How a book is finished: its mastering profile, the credits to speak (None = none), and the kinds of deliverables to
    make with the settings of each."""

    profile: Profile
    credits: Credits | None
    deliver: tuple[str, ...]
    settings: Mapping[str, Mapping[str, Any]]


def ending_of(cast: Cast, profile: str = "", formats: str = "", deliver: str = "", *, dubbed: bool = False) -> Ending:
    """How a cast file has its book finished: by the profile asked for ("" = the cast's, or the default) with what the file
    lays over it; a `dubbed` one makes no deliverables but those asked for. Raises CastError naming the line of what cannot
    be, MasteringError for an unknown name."""
    from pipeline.deliver.kinds import encoded
    from pipeline.deliver.wishes import wished
    from pipeline.mastering import profiles, wishes

    base = profiles.load(profile or cast.profile or profiles.DEFAULT)
    whole = profiles.with_formats(wishes.applied(base, cast), formats)
    kinds, settings = wished(cast, deliver, () if dubbed else whole.deliver, whole.formats)
    wishes.must_encode(whole, cast, {*whole.formats, *encoded(kinds)})
    return Ending(whole, wishes.credits(whole, cast), kinds, settings)
