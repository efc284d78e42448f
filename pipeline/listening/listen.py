"""Listening to a book's takes, and comparing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.errors import EngineError
from pipeline.listening.cache import HeardCache
from pipeline.listening.compare import compare
from pipeline.listening.config import WHISPER, Settings
from pipeline.listening.results import Doubt, Results
from pipeline.listening.server import NotHeard, Server
from pipeline.nouns import Language

RATE, ERRORS = 0.2, 2
"""A line is doubted from this character error rate on, if it has at least so many errors: recognizers make some themselves,
and one wrong character in a word of two says little."""
GIVE_UP = 3
"""Lines in a row without an answer after which no more are sent."""


class Listener(Protocol):
    """Hears lines. `name` identifies it and its model, `threads` is how many lines it hears at once."""

    name: str
    threads: int

    def hear(self, path: Path, language: Language) -> str:
        """What is spoken in an audio file. Raises NotHeard."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line to listen to: its take's key and file, and the text that was to be spoken."""

    line: str
    take: str
    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """`results` of everything heard so far, now and before; `fresh`: lines heard now; `failed`: line -> why it was not heard;
    `given_up`: why no more were sent, "" where all were."""

    results: Results
    fresh: int
    failed: Mapping[str, str]
    given_up: str


def listener(settings: Settings) -> Listener:
    """Who listens by these settings. Raises EngineError for one that is not installed or has no model."""
    if settings.asr == WHISPER:
        if not settings.model:
            raise EngineError("faster-whisper needs a model", fix="Give --model FOLDER (docs/listening.md).")
        from pipeline.listening.whisper import LocalWhisper

        return LocalWhisper(Path(settings.model))
    return Server(settings)


def listen(
    wanted: Sequence[Spoken], whole: Sequence[Spoken], by: Listener, takes: Path, language: Language,
    lexicon: Mapping[str, str], tell: Callable[[int, int], None],
) -> Outcome:  # fmt: skip
    """Hear those of `wanted` that were not heard yet, and compare all of `whole` that are known.

    takes: folder of the take store. tell: called with lines done and lines to do. What is heard is kept at once, so that a
    stopped run goes on where it was.
    """
    cache = HeardCache(takes)
    try:
        known = cache.all(by.name)
        due = list({one.take: one for one in wanted if one.take not in known}.values())
        failed: dict[str, str] = {}
        given_up, in_a_row = "", 0
        tell(0, len(due))
        for done, (one, text, error) in enumerate(_heard(due, by, language), 1):
            if error is None:
                cache.put(one.take, by.name, text)
                known[one.take], in_a_row = text, 0
            else:
                failed[one.line], in_a_row = str(error), in_a_row + 1
                if error.final or in_a_row >= GIVE_UP:
                    given_up = str(error)
                    break
            tell(done, len(due))
    finally:
        cache.close()
    heard = [one for one in whole if one.take in known]
    fresh = sum(one.take in known for one in due)
    return Outcome(_results(heard, known, by.name, language, lexicon), fresh, failed, given_up)


def _heard(due: Sequence[Spoken], by: Listener, language: Language) -> Iterator[tuple[Spoken, str, NotHeard | None]]:
    """Every line with what was heard or why not, in order, a few ahead at a time."""

    def one(line: Spoken) -> tuple[Spoken, str, NotHeard | None]:
        try:
            return line, by.hear(line.path, language), None
        except NotHeard as error:
            return line, "", error
        except OSError as error:
            return line, "", NotHeard(f"the take cannot be read ({error.strerror or error})")

    if by.threads == 1:
        yield from map(one, due)
        return
    with ThreadPoolExecutor(by.threads) as threads:
        for start in range(0, len(due), 2 * by.threads):
            yield from threads.map(one, due[start : start + 2 * by.threads])


def _results(
    heard: Sequence[Spoken], known: Mapping[str, str], name: str, language: Language, lexicon: Mapping[str, str]
) -> Results:
    compared = compare([one.text for one in heard], [known[one.take] for one in heard], language, lexicon)
    doubts = [
        Doubt(one.line, one.take, found.rate, found.errors, one.text, known[one.take])
        for one, found in zip(heard, compared, strict=True)
        if found.rate >= RATE and found.errors >= ERRORS
    ]
    doubts.sort(key=lambda one: -one.rate)
    rate = sum(one.errors for one in compared) / max(1, sum(one.length for one in compared))
    return Results(name, len(heard), rate, {one.take: one for one in doubts})
