"""One thing at a time, and everybody in turn: whoever asks for much waits behind whoever asks for little."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from pipeline.errors import StudioError
from pipeline.wording import Wording

MOST_WAITING, MOST_OF_ONE = 100, 40
"""Calls that wait, and of one visitor: each holds a thread of the server's."""
R = TypeVar("R")


class Turns:
    """A thread that runs calls: of every visitor who waits one, then the next of each."""

    def __init__(self, name: str) -> None:
        self._waiting: OrderedDict[str, deque[tuple[Callable[[], Any], Future[Any]]]] = OrderedDict()
        self._changed = threading.Condition()
        self._name = name
        self._thread: threading.Thread | None = None

    def run(self, who: str, call: Callable[[], R]) -> R:
        """What `call` returns or raises, when the turn of `who` has come. Raises StudioError when too much waits."""
        future: Future[R] = Future()
        with self._changed:
            waiting = sum(map(len, self._waiting.values()))
            if waiting >= MOST_WAITING or len(self._waiting.get(who, ())) >= MOST_OF_ONE:
                raise StudioError(
                    Wording("too many others wait already", "排队的太多了"),
                    fix=Wording("Try again in a moment.", "请稍后再试。"),
                )
            self._waiting.setdefault(who, deque()).append((call, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True, name=self._name)
                self._thread.start()
            self._changed.notify()
        return future.result()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                who, theirs = self._waiting.popitem(last=False)
                call, future = theirs.popleft()
                if theirs:
                    self._waiting[who] = theirs  # behind everybody who waits
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
                future.set_exception(error)
