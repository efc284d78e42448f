"""An engine that speaks through servers on this machine, and lines for it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pipeline.engines.base import Spoken
from pipeline.engines.openai import rounds
from pipeline.engines.openai import settings as config
from pipeline.engines.openai.engine import OpenAI
from pipeline.nouns import Direction, Voice
from tests.engines.openai.speech_server import SpeechServer, wave_of
from tests.servers import running

Serve = Callable[..., SpeechServer]
"""Starts a server as `SpeechServer` is made; it ends with the test."""
Configured = Callable[..., OpenAI]
"""Writes settings (hosts, then others by name) and gives an engine that reads them."""

KEY = "sk-Zq7-very-secret-81"
TEXTS = [
    "天快黑了,河边一个人也没有.",
    "他推开门走了进去.",
    "好的,我们走吧.",
    "林晚看着窗外的雨.",
    "老王没有说话.",
    "他们一直走到天亮.",
]


def lines(count: int = 6, **wish: Any) -> list[Direction]:
    voice = Voice("v", "openai", {"voice": "af_heart"})
    return [
        Direction(f"c01-{at}", f"{TEXTS[at % 6]}第{at}次." if at >= 6 else TEXTS[at], "zh", voice, **wish)
        for at in range(count)
    ]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda *given, **named: stack.enter_context(running(SpeechServer(*given, **named)))


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Configured]:
    """Write settings and give an engine that reads them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rounds, "FIRST_WAIT_S", 0.02)
    made: list[OpenAI] = []

    def write(*hosts: SpeechServer | str, **given: Any) -> OpenAI:
        urls = [one if isinstance(one, str) else one.url for one in hosts]
        text = yaml.safe_dump({"speech": {"hosts": urls, "model": "m", **given}}, allow_unicode=True)
        Path("shuoshu.yaml").write_text(text, encoding="utf-8")
        config.configured.cache_clear()
        made.append(OpenAI())
        return made[-1]

    yield write
    for one in made:
        one.close()
    config.configured.cache_clear()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def same(spoken: Spoken, text: str) -> bool:
    """To the sample what the server says for a text."""
    return np.array_equal(np.round(spoken.wave * 32768).astype(np.int16), wave_of(text))
