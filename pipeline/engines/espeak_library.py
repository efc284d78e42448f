"""eSpeak NG called in process, from the library and data that the espeakng-loader wheel carries.

The library keeps global state, so there is one `Library` per process, and every call sets every parameter. What cannot be set,
a slow waver of the pitch and the noise of breath, would run on from line to line: `fresh` loads the library anew (5 ms), so
that the same line is the same samples whatever was spoken before it.
"""

from __future__ import annotations

import _ctypes
import ctypes
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import EngineError
from pipeline.nouns import Waveform

SAMPLE_RATE = 22050
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_CHARS_UTF8 = 1
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
RATE_LIMITS = 80, 450
"""Words a minute that eSpeak speaks without skipping parts of sounds (its own documented range)."""

_END_OF_EVENTS, _WORD = 0, 1


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h. `text_position` counts characters from 1, `sample` frames from the text's first."""

    _fields_ = (
        ("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint), ("text_position", ctypes.c_int),
        ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", ctypes.c_char * 8),
    )  # fmt: skip


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))

Mark = tuple[int, int]
"""Where a word begins: the place of a character in the text, from 0, and a sample frame."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One way of speaking. `voice` is eSpeak's name with variant ("en-us+f3"); `rate` words a minute; `pitch` and
    `range` 0..99; `volume` 0..200, 100 = normal."""

    voice: str
    rate: int
    pitch: int
    range: int
    volume: int


class Library:
    """The loaded library. Use `library()`, which makes it once."""

    def __init__(self) -> None:
        self._espeak: Any = None
        self._parts: list[NDArray[np.int16]] = []
        self._marks: list[Mark] = []
        self._callback = _CALLBACK(self._receive)  # kept, or ctypes frees it under the library
        self._voice = ""
        self.fresh()

    def fresh(self) -> None:
        """Bring the library into the state it has before its first word. Raises EngineError where it does not load."""
        import espeakng_loader

        if self._espeak is not None:
            self._espeak.espeak_Terminate()
            _ctypes.dlclose(self._espeak._handle)
        try:
            self._espeak = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError as error:
            raise EngineError(
                f"eSpeak NG's library does not load ({error})", fix="pip install --force-reinstall espeakng-loader"
            ) from error
        data = espeakng_loader.get_data_path().encode()
        rate = self._espeak.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data, 0)
        if rate != SAMPLE_RATE:
            raise EngineError(
                f"eSpeak NG started with {rate} Hz, not {SAMPLE_RATE}",
                fix="pip install --force-reinstall espeakng-loader",
            )
        self._espeak.espeak_ng_SetRandSeed(1)  # of breath, which it starts with the time of day
        self._espeak.espeak_SetSynthCallback(self._callback)
        self._voice = ""

    def _receive(self, wave: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]) -> int:
        if wave and count > 0:
            self._parts.append(np.ctypeslib.as_array(wave, (count,)).copy())
        at = 0
        while events and events[at].type != _END_OF_EVENTS:
            if events[at].type == _WORD:
                self._marks.append((events[at].text_position - 1, events[at].sample))
            at += 1
        return 0

    def speak(self, text: str, settings: Settings) -> tuple[Waveform, list[Mark]]:
        """Speak `text`: its sound, shape (frames,), float32 in [-1, 1], at `SAMPLE_RATE`, and a mark for most of its
        words, see `espeak_words`. Raises EngineError for a voice that is not there or a text that eSpeak refuses."""
        if settings.voice != self._voice:
            if self._espeak.espeak_SetVoiceByName(settings.voice.encode()) != 0:
                raise EngineError(f"eSpeak NG has no voice {settings.voice!r}", fix="`shuoshu engines` lists variants.")
            self._voice = settings.voice
        for number, value in (
            (_RATE, settings.rate), (_VOLUME, settings.volume), (_PITCH, settings.pitch), (_RANGE, settings.range),
        ):  # fmt: skip
            self._espeak.espeak_SetParameter(number, value, 0)
        self._parts.clear()
        self._marks.clear()
        data = text.encode()
        if self._espeak.espeak_Synth(data, len(data) + 1, 0, 0, 0, _CHARS_UTF8, None, None) != 0:
            raise EngineError(f"eSpeak NG could not speak {text[:40]!r}", fix="Report this text.")
        if not self._parts:
            return np.zeros(0, np.float32), []
        return (np.concatenate(self._parts) / np.float32(32768)).astype(np.float32), list(self._marks)


@cache
def library() -> Library:
    """This process's eSpeak NG."""
    return Library()
