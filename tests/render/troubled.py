"""Engines that get into trouble at certain words; the fixture `troubled` plugs them in as another package would, by entry points,
so that worker processes find them as well. All of them speak with eSpeak."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from pipeline.engines.base import Spoken
from pipeline.engines.espeak import EspeakEngine
from pipeline.errors import DeviceError, EngineError
from pipeline.nouns import Direction


class Troubled(EspeakEngine):
    """What happens at the word 毒, once each time the line is asked for. SHUOSHU_TEST_LOG counts the lines it was asked for."""

    word = "毒"

    def fingerprint(self) -> str:
        return "troubled 1"

    def render(self, batch: Sequence[Direction]) -> Iterator[Spoken]:
        for index, direction in enumerate(batch):
            log = os.environ.get("SHUOSHU_TEST_LOG")
            if log:
                with Path(log).open("a", encoding="utf-8") as file:
                    file.write(f"{os.getpid()} {direction.line_id}\n")
            if self.word in direction.text:
                self.trouble(direction)
            else:
                [spoken] = super().render([direction])
                yield replace(spoken, index=index)

    def trouble(self, direction: Direction) -> None:
        raise NotImplementedError


class Refusing(Troubled):
    name = "refusing"

    def trouble(self, direction: Direction) -> None:
        raise EngineError(f"line {direction.line_id}: no such word", fix="Change it.", line=direction.line_id)


class Deadly(Troubled):
    name = "deadly"

    def trouble(self, direction: Direction) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Hanging(Troubled):
    name = "hanging"

    def trouble(self, direction: Direction) -> None:
        time.sleep(3600)


class Breaking(Troubled):
    name = "breaking"

    def trouble(self, direction: Direction) -> None:
        raise ZeroDivisionError("somewhere deep down")


class Forgetful(Troubled):
    name = "forgetful"

    def trouble(self, direction: Direction) -> None:
        """Goes on without it."""


class Recovering(Troubled):
    """Its device fails once at each line with the word."""

    name = "recovering"

    def render(self, batch: Sequence[Direction]) -> Iterator[Spoken]:
        for index, direction in enumerate(batch):
            failed = Path(os.environ["SHUOSHU_TEST_LOG"]).with_name(f"failed-{direction.line_id}")
            if self.word in direction.text and not failed.exists():
                failed.touch()
                raise DeviceError("no memory")
            [spoken] = EspeakEngine.render(self, [direction])
            yield replace(spoken, index=index)


class OneGpu(Troubled):
    """Finds that GPU 1 has no memory, whatever the line."""

    name = "onegpu"
    word = ""
    capabilities: ClassVar = replace(EspeakEngine.capabilities, processes_per_device=1, batch_size=4)

    def render(self, batch: Sequence[Direction]) -> Iterator[Spoken]:
        if os.environ["CUDA_VISIBLE_DEVICES"] == "1":
            time.sleep(0.2)
            raise DeviceError("no memory")
        for index, direction in enumerate(batch):
            [spoken] = EspeakEngine.render(self, [direction])
            yield replace(spoken, index=index)


ENGINES = {one.name: one for one in (Refusing, Deadly, Hanging, Breaking, Forgetful, Recovering, OneGpu)}
