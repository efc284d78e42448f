"""What each line of a timed script asks of its engine: its natural length, or, once that is known to be too long, less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline import engines
from pipeline.cast import Cast
from pipeline.errors import MasteringError
from pipeline.mastering import sounding, timed
from pipeline.mastering.profiles import Profile
from pipeline.mastering.timed import TOLERANCE_S, Timing
from pipeline.nouns import Line, Take
from pipeline.render.plan import direction_of
from pipeline.takes import TakeStore, subject_of

CLOSE = 0.005
"""All lines of a total are asked for again only when that changes their length by more than this share."""

MARGIN = 0.98
"""Of its slot a line is asked to fill that much: an engine meets a length with silence included, which it does not shorten as
it shortens speech."""


@dataclass(frozen=True, slots=True)
class Natural:
    """A line rendered without a wish for its length: the take, how long it is heard (seconds), and how much shorter and
    longer its engine can say it (ratios; (1, 1) for one that cannot)."""

    take: Take
    seconds: float
    pace: tuple[float, float]


def naturals(lines: Sequence[Line], cast: Cast, store: TakeStore, engine: str | None) -> dict[str, Natural | None]:
    """The natural lengths of all lines with something to speak, by line id; None where the store does not know it yet. A
    take chosen by hand counts before the newest."""
    asked = {}
    for line in lines:
        direction = direction_of(replace(line, duration=None), cast, engine)
        if direction is not None:
            asked[line.id] = subject_of(direction), engines.engine_class(direction.voice.engine).capabilities
    choices = store.choices()
    chosen = {
        name: choices[name].key for name, (subject, _) in asked.items()
        if name in choices and choices[name].subject == subject
    }  # fmt: skip
    takes, newest = store.takes(chosen.values()), store.newest(subject for subject, _ in asked.values())
    found: dict[str, Natural | None] = {}
    for name, (subject, can) in asked.items():
        take = takes.get(chosen.get(name, "")) or newest.get(subject)
        seconds = _heard(take) if take else None
        pace = can.pace if can.duration else (1.0, 1.0)
        found[name] = Natural(take, seconds, pace) if take and seconds else None
    return found


def _heard(take: Take) -> float | None:
    try:
        return sounding.seconds(take)
    except MasteringError:  # gone or damaged: it is rendered again
        return None


def asked(lines: Sequence[Line], timing: Timing, known: Mapping[str, Natural | None], profile: Profile) -> list[Line]:
    """`lines` with the durations to ask for; None where a line's natural length is not known yet, or fits."""
    if timing.total is not None:
        return _for_total(lines, timing.total, known, profile)
    return [_for_slot(line, timing, known.get(line.id)) if line.start is not None else line for line in lines]


def _for_slot(line: Line, timing: Timing, natural: Natural | None) -> Line:
    slot = timing.slots.get(line.id)
    if slot is None or natural is None:
        return replace(line, duration=None)
    too_long = natural.seconds > slot + TOLERANCE_S
    too_short = timing.fill and natural.seconds < slot - TOLERANCE_S
    ratio = slot / natural.seconds * (MARGIN if too_long else 1.0)
    return replace(line, duration=_wish(natural, ratio) if too_long or too_short else None)


def _wish(natural: Natural, ratio: float) -> float | None:
    """The length to ask an engine for, silent edges included, as near to `ratio` as it can."""
    shortest, longest = natural.pace
    ratio = min(max(ratio, shortest), longest)
    return round(natural.take.seconds * ratio, 3) if ratio != 1.0 else None


def _for_total(
    lines: Sequence[Line], total: float, known: Mapping[str, Natural | None], profile: Profile
) -> list[Line]:
    free = [replace(line, duration=None) for line in lines]
    lengths = {name: one for name, one in known.items() if one is not None}
    if not lengths or len(lengths) < len(known):
        return free
    heard = [line if line.id in known else replace(line, kind="pause") for line in lines]
    speech = sum(one.seconds for one in lengths.values())
    _, room = timed.shares(speech, sum(timed.pauses(heard, profile)), total)
    if abs(room / speech - 1) <= CLOSE:
        return free
    return [
        replace(line, duration=_wish(lengths[line.id], room / speech)) if line.id in known else line for line in free
    ]
