"""The remote engine behind the engine contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import ClassVar

from pipeline.engines.base import Capabilities, Spoken
from pipeline.engines.openai import settings as config
from pipeline.engines.openai.rounds import Round
from pipeline.engines.openai.sending import Sender
from pipeline.nouns import Direction


class _Capabilities:
    """What the configured servers can do; read when it is asked for, so that importing this module reads no file."""

    def __get__(self, _instance: object, _owner: type) -> Capabilities:
        return config.configured().capabilities()


class OpenAI:
    """See `pipeline.engines.base.Engine`. One process renders for all hosts, in threads."""

    name: ClassVar[str] = "openai"
    version: ClassVar[str] = "1"
    capabilities = _Capabilities()

    def fingerprint(self) -> str:
        """See `Settings.fingerprint`. Raises EngineError where no host is configured."""
        return config.needed().fingerprint()

    def reader(self) -> str:
        """The server's model, where it is sent emotions in words; else "": our lexicon reads them."""
        found = config.configured()
        return f"{found.model} words" if "emotion_words" in found.fields else ""

    def render(self, batch: Sequence[Direction]) -> Iterator[Spoken]:
        """Speak directions at all hosts at once, each yielded as it is done. A line that is refused does not stop the others.

        Raises EngineError: at the end, naming the first line that could not be spoken and why; at once when no host answers any
        more, or refuses the key.
        """
        yield from Round(batch, config.needed(), self._sender).spoken()

    def close(self) -> None:
        """Let the connections go."""
        sender: Sender | None = self.__dict__.pop("_sender", None)
        if sender:
            sender.close()

    @cached_property
    def _sender(self) -> Sender:
        return Sender(config.needed())
