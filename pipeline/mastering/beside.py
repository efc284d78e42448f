"""An encoder at work in a thread of its own, so that the files of a chapter are encoded beside each other and beside what makes
its sound: the codecs let go of Python's lock."""

from __future__ import annotations

from queue import Queue
from threading import Thread

from pipeline.mastering.encoders import Encoder
from pipeline.nouns import Waveform

_WAITING = 4
"""Blocks that may wait for a slow encoder: a megabyte."""


class Beside:
    """Takes blocks like the encoder it stands for, which nobody else may use any more. What goes wrong there is raised by the
    next `write`, or by `close`, which waits until everything is written."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._error: BaseException | None = None
        self._blocks: Queue[Waveform | None] = Queue(_WAITING)
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def write(self, block: Waveform) -> None:
        self._raise()
        self._blocks.put(block)

    def close(self) -> None:
        self._blocks.put(None)
        self._thread.join()
        self._raise()

    def _work(self) -> None:
        while (block := self._blocks.get()) is not None:
            if self._error is None:
                self._try(block)
        try:
            self._encoder.close()
        except BaseException as error:  # noqa: BLE001 - raised in the other thread
            self._error = self._error or error

    def _try(self, block: Waveform) -> None:
        try:
            self._encoder.write(block)
        except BaseException as error:  # noqa: BLE001 - raised in the other thread
            self._error = error

    def _raise(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise error
