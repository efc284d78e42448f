"""Engines that get into trouble at certain words, plugged in as another package would: by an entry point, so that worker
processes find them as well. All of them speak with eSpeak."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from pipeline import engines
from pipeline.engines.base import Spoken
from pipeline.engines.espeak import EspeakEngine
from pipeline.errors import DeviceError, EngineError
from pipeline.nouns import Direction
from pipeline.render import dask_crew

NAMES = ("refusing", "deadly", "hanging", "breaking", "forgetful", "onegpu")


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


@pytest.fixture
def troubled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The engines of `NAMES`, installed for this process and its workers; the log of what they were asked for."""
    package = tmp_path / "site/troubled-1.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: troubled\nVersion: 1\n")
    classes = ("Refusing", "Deadly", "Hanging", "Breaking", "Forgetful", "OneGpu")
    points = "\n".join(f"{name} = tests.render.troubled:{one}" for name, one in zip(NAMES, classes, strict=True))
    (package / "entry_points.txt").write_text(f"[{engines.GROUP}]\n{points}\n")
    monkeypatch.syspath_prepend(str(package.parent))
    log = tmp_path / "asked.log"
    monkeypatch.setenv("SHUOSHU_TEST_LOG", str(log))
    _forget()
    yield log
    _forget()


def _forget() -> None:
    """What this process remembers of which engines there are."""
    for cached in (engines.names, engines.engine_class, engines.reader, dask_crew._voices):
        cached.cache_clear()
