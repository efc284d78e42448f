"""The embedded engine: eSpeak NG speaks real words on any machine, Mandarin through pinyin, English, or both in a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pipeline.engines.base import Capabilities, Spoken
from pipeline.engines.tremor import trembling
from pipeline.errors import EngineError
from pipeline.nouns import EMOTIONS, Direction, Waveform, Word
from pipeline.shipped import yaml_of

if TYPE_CHECKING:
    from pipeline.pronunciation.pinyin import Run


@cache
def _data() -> dict[str, Any]:
    return yaml_of(__package__, "espeak.yaml")


SAMPLE_RATE = 22050
FASTEST = 1.35
"""As many times its own pace it speaks for dubbing: Mandarin at 290 of its words a minute, English at 223, which listeners
follow; its limit (450) they do not."""
EDGE_S = 0.02
"""Silence left at both ends of a line."""
_AUDIBLE = 10 ** (-50 / 20)
_GAPS_S = {",": 0.14, ";": 0.18, ":": 0.18, ".": 0.26, "!": 0.26, "?": 0.26}
_SWITCH_S = 0.015
"""Silence where the language changes inside a phrase."""


class EspeakEngine:
    """See `pipeline.engines.base.Engine`. Renders one direction after another; one process per core."""

    name: ClassVar[str] = "espeak"
    version: ClassVar[str] = "2"
    capabilities: ClassVar[Capabilities] = Capabilities(
        sample_rate=SAMPLE_RATE,
        languages=frozenset({"zh", "en"}),
        clones=False,
        emotions=frozenset({"weights"}),
        deliveries=frozenset(_data()["deliveries"]),
        duration=True,
        pace=(1 / FASTEST, 1.35),
        pinyin=True,
        deterministic=True,
        max_characters=2000,
        processes_per_device=0,
        batch_size=48,
        slowest=2.0,
        parameters={
            "variant": ("choice", "", *_data()["variants"]),
            "pitch": ("int", 0, 99),
            "range": ("int", 0, 99),
            "rate": ("float", 0.5, 2.0),
            "volume": ("int", 10, 200),
            "accent": ("choice", *_data()["accents"]),
        },
    )

    def fingerprint(self) -> str:
        """The wheel's name and version, which carries both library and voices; and how characters are read for it."""
        from importlib.metadata import version

        from pipeline.pronunciation import VERSION

        return f"espeakng-loader {version('espeakng-loader')}, readings {VERSION}"

    def render(self, batch: Sequence[Direction]) -> Iterator[Spoken]:
        """Speak directions in order. Raises EngineError naming the line for a text with nothing to speak."""
        from pipeline.pronunciation.pinyin import runs_of

        read = runs_of([direction.text for direction in batch])
        for index, (direction, runs) in enumerate(zip(batch, read, strict=True)):
            wave, words = self._line(direction, runs)
            yield Spoken(index, wave, words=words)

    def close(self) -> None:
        """Nothing is held but the library, which belongs to the process."""

    def _line(self, direction: Direction, runs: Sequence[Run]) -> tuple[Waveform, tuple[Word, ...]]:
        if len(direction.text) > self.capabilities.max_characters:
            raise EngineError(
                f"line {direction.line_id} has {len(direction.text)} characters; {self.name} speaks at most"
                f" {self.capabilities.max_characters} at once",
                fix="Split the line in the manuscript.",
                line=direction.line_id,
            )
        wave, words = self._spoken(direction, runs, direction.speed)
        if not wave.size:
            raise EngineError(
                f"line {direction.line_id} has nothing to speak: {direction.text!r}", fix="Give it words.",
                line=direction.line_id,
            )  # fmt: skip
        if direction.duration is None:
            return wave, _in_seconds(words, 1.0)
        from pipeline.engines.stretch import stretched

        frames = max(1, round(direction.duration * SAMPLE_RATE))
        again, words_again = self._spoken(direction, runs, direction.speed * wave.size / frames)
        if abs(again.size - frames) < abs(wave.size - frames):
            wave, words = again, words_again
        return stretched(wave, frames, SAMPLE_RATE), _in_seconds(words, frames / wave.size)

    def _spoken(self, direction: Direction, runs: Sequence[Run], speed: float) -> tuple[Waveform, list[_Place]]:
        from pipeline.engines.espeak_library import library
        from pipeline.engines.espeak_words import timed

        edge = np.zeros(round(EDGE_S * SAMPLE_RATE), np.float32)
        parts: list[Waveform] = [edge]
        library().fresh()
        words: list[_Place] = []
        at = edge.size
        for run in runs:
            text = run.text.replace("ü", "v") if run.language == "zh" else run.text
            sound, marks = library().speak(text, _settings(direction, run.language, speed))
            first, end = sounding(sound)
            if first == end:
                continue
            wave = faded(sound[first:end])
            heard = timed(run, [(place, frame - first) for place, frame in marks], wave, _AUDIBLE)
            words += [(word, at + start, at + stop) for word, start, stop in heard]
            gap = round(_GAPS_S.get(run.text[-1:], _SWITCH_S) * SAMPLE_RATE / max(speed, 0.5))
            parts += [wave, np.zeros(gap, np.float32)]
            at += wave.size + gap
        if len(parts) == 1:
            return np.zeros(0, np.float32), []
        speech = np.concatenate(parts[1:-1])
        if "trembling" in direction.delivery:
            speech = trembling(speech, SAMPLE_RATE)
        return np.concatenate([edge, speech, edge]), words


_Place = tuple[str, int, int]
"""A word and its first and last frame + 1."""


def _in_seconds(words: Sequence[_Place], stretch: float) -> tuple[Word, ...]:
    per_frame = stretch / SAMPLE_RATE
    return tuple(Word(text, start * per_frame, end * per_frame) for text, start, end in words)


def _settings(direction: Direction, language: str, speed: float) -> Any:
    from pipeline.engines.espeak_library import RATE_LIMITS, Settings

    asked: Mapping[str, Any] = direction.voice.parameters
    data, mood = _data(), _mood(direction)
    base = data["mandarin"] if language == "zh" else data["accents"][asked.get("accent", "en-us")]
    variant = str(asked.get("variant", ""))
    if "whisper" in direction.delivery:  # eSpeak takes one variant: a whisper keeps the voice's gender, not its colour
        variant = data["whisper"]["female" if variant in data["female"] else "male"]
    rate = data["words_per_minute"][language] * float(asked.get("rate", 1.0)) * speed * mood["rate"]
    return Settings(
        voice=f"{base}+{variant}" if variant else base,
        rate=round(min(max(rate, RATE_LIMITS[0]), RATE_LIMITS[1])),
        pitch=_on_scale(float(asked.get("pitch", 50)) + mood["pitch"]),
        range=_on_scale(float(asked.get("range", 50)) + mood["range"]),
        volume=round(min(max(float(asked.get("volume", 100)) * mood["volume"], 10), 200)),
    )


def _on_scale(value: float) -> int:
    return round(min(max(value, 0), 99))


def _mood(direction: Direction) -> dict[str, float]:
    """The tables of emotions, each row weighed by its intensity, and of deliveries; points add, factors multiply."""
    mood = {"rate": 1.0, "pitch": 0.0, "range": 0.0, "volume": 1.0}
    data, feels = _data(), zip(EMOTIONS, direction.emotion.weights, strict=False)
    rows = [(data["emotions"][name], weight) for name, weight in feels]
    rows += [(data["deliveries"][name], 1.0) for name in direction.delivery]
    for row, weight in rows:
        for key in mood:
            if key in ("rate", "volume"):
                mood[key] *= row[key] ** weight
            else:
                mood[key] += row[key] * weight
    return mood


def sounding(wave: Waveform) -> tuple[int, int]:
    """The first frame, and the last + 1, of `wave` without the silence (below −50 dBFS) at its ends; (0, 0) when it is all
    silence."""
    loud = np.flatnonzero(np.abs(wave) > _AUDIBLE)
    if not loud.size:
        return 0, 0
    room = round(0.005 * SAMPLE_RATE)
    return max(int(loud[0]) - room, 0), min(int(loud[-1]) + room, wave.size)


def faded(wave: Waveform) -> Waveform:
    """`wave` with 3 ms fades, so that joins do not click."""
    cut = wave.copy()
    fade = min(round(0.003 * SAMPLE_RATE), cut.size // 2)
    if fade:
        ramp = np.linspace(0, 1, fade, dtype=np.float32)
        cut[:fade] *= ramp
        cut[-fade:] *= ramp[::-1]
    return cut
