"""Whether the configured hosts answer, asked without having anything spoken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from pipeline.asking import TooLong, reason
from pipeline.engines.openai.sending import Sender
from pipeline.engines.openai.settings import Settings
from pipeline.wording import Wording

_TIMEOUT_S = 10.0
_SHOWN = 5


def look(settings: Settings) -> Iterator[tuple[str, bool, Wording]]:
    """Each host's address, whether lines may be sent there, and what it answered to GET /models. Raises EngineError for a key
    that is not there."""
    sender = Sender(replace(settings, timeout_s=min(settings.timeout_s, _TIMEOUT_S)))
    try:
        for url in settings.hosts:
            yield (url, *_looked_at(sender, url, settings.model))
    finally:
        sender.close()


def _looked_at(sender: Sender, url: str, model: str) -> tuple[bool, Wording]:
    import httpx

    try:
        status, _, data = sender.http[url].get(f"{url}/models")
    except httpx.TimeoutException:
        return False, Wording(f"no answer within {_TIMEOUT_S:g} s", f"{_TIMEOUT_S:g} 秒内没有回答")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return False, reason(error)[1]
    except TooLong:
        status, data = HTTPStatus.OK, b""
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return False, Wording(f"does not accept the key (HTTP {status})", f"不接受密钥（HTTP {status}）")
    if status >= 500 or 300 <= status < 400:
        return False, Wording(f"HTTP {status}")
    known = [one for one in map(sender.shown, _models(data)) if one] if status == HTTPStatus.OK else []
    if not known:
        return True, Wording("answers, without a list of its models", "有回答，但没有列出模型")
    if model in known or not model:
        return True, Wording(f"answers, with the model {model or known[0]}", f"有回答，有模型 {model or known[0]}")
    shown = ", ".join(known[:_SHOWN]) + (" …" if len(known) > _SHOWN else "")
    return False, Wording(f"answers, but lists no model {model!r}: {shown}", f"有回答，但没有模型 {model!r}：{shown}")


def _models(data: bytes) -> list[str]:
    """The ids in OpenAI's list of models, {"data": [{"id": …}]}."""
    try:
        told: Any = json.loads(data)
        return [one["id"] for one in told["data"] if isinstance(one["id"], str)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
