"""Which servers speak, and what they understand: the section `speech` of shuoshu.yaml."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from pipeline import settings_file
from pipeline.checked import Checked
from pipeline.engines.base import Capabilities
from pipeline.errors import EngineError
from pipeline.nouns import DELIVERIES
from pipeline.wording import Wording
from pipeline.yaml_lines import Node

DOCS = "docs/remote-engine.md"
FIELDS = {
    "text": "input", "model": "model", "voice": "voice", "format": "response_format", "speed": "speed",
    "instructions": "instructions",
}  # fmt: skip
"""What OpenAI's own API calls them (platform.openai.com/docs/api-reference/audio/createSpeech)."""
MORE_FIELDS = (
    "language", "seed", "reference", "reference_text", "emotion", "emotion_words", "emotion_by_words", "emotion_reference",
    "emotion_strength", "delivery",
)  # fmt: skip
"""What it has none of, and other servers have."""
_RULES: dict[str, tuple[Any, ...]] = {
    "model": ("str",), "voice": ("str",), "key_env": ("str",), "format": ("choice", "wav", "flac", "pcm"),
    "rate": ("int", 8000, 96000), "timeout_s": ("float", 1, 3600), "concurrency": ("int", 1, 256), "tries": ("int", 1, 50),
    "patience_s": ("float", 0, 86400), "max_characters": ("int", 10, 100_000), "readings": ("choice", "plain", "pinyin"),
    "chance": ("bool",), "reference_as": ("choice", "data-url", "base64", "path", "file-url", "upload"),
    "emotion_as": ("choice", "numbers", "words"),
}  # fmt: skip
_BATCHES = 32
"""Lines of a batch for each that is under way at once: at a batch's end servers wait for its last lines."""


@dataclass(frozen=True, slots=True)
class Settings:
    """hosts          addresses of servers with the same model, each up to where /audio/speech begins; no "/" at the end
    model          the model's name there
    voice          for voices of the cast that name none
    key_env        name of the environment variable that holds the key; "" = none is sent
    format         asked for: "wav", "flac" or "pcm" (16 bit, little-endian, mono)
    rate           Hz of every take, and of pcm, which does not say its own
    timeout_s      seconds for one line, 1 to 3600
    concurrency    lines under way at once at each host, 1 to 256
    tries          how often a line is sent whose answer is broken, late or an error of the server's
    patience_s     seconds without any answer from any host after which the work is given up
    max_characters longest text in one request
    readings       "plain": 重(chong2)新 is sent as 重新; "pinyin": as CHONG2新
    chance         the same request again is another take
    reference_as   how clips are sent: "data-url", "base64", "path", "file-url", "upload" (the request is then a form)
    emotion_as     how intensities are sent: "numbers", a list of eight in the order of `EMOTIONS`, or "words"
    fields         our name (of `FIELDS`, `MORE_FIELDS`) -> the server's, with dots where one stands inside another
    languages      "zh", "en" -> how the server calls them
    extra          sent with every line as it is
    """

    hosts: tuple[str, ...] = ()
    model: str = ""
    voice: str = ""
    key_env: str = ""
    format: str = "wav"
    rate: int = 24_000
    timeout_s: float = 120.0
    concurrency: int = 4
    tries: int = 6
    patience_s: float = 300.0
    max_characters: int = 2000
    readings: str = "plain"
    chance: bool = False
    reference_as: str = "data-url"
    emotion_as: str = "numbers"
    fields: Mapping[str, str] = field(default_factory=lambda: dict(FIELDS))
    languages: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def key(self) -> str:
        """The key, read when it is needed and kept nowhere. Raises EngineError when its variable is not set."""
        return settings_file.key(self.key_env, EngineError)

    def fingerprint(self) -> str:
        """Identifies model and mapping: what can change the sound. Neither hosts nor key, which cannot."""
        sounding = [
            self.model, self.voice, self.rate, self.readings, self.emotion_as, dict(self.fields), dict(self.languages),
            dict(self.extra),
        ]  # fmt: skip
        text = json.dumps(sounding, sort_keys=True, ensure_ascii=False)
        return f"{self.model} {hashlib.sha256(text.encode()).hexdigest()[:16]}".strip()

    def capabilities(self) -> Capabilities:
        """What servers of this mapping can do."""
        ways = {"emotion": "weights", "emotion_words": "words", "emotion_reference": "reference"}
        slots = self.concurrency * max(len(self.hosts), 1)
        return Capabilities(
            sample_rate=self.rate, languages=frozenset({"zh", "en"}), clones="reference" in self.fields,
            emotions=frozenset(way for name, way in ways.items() if name in self.fields),
            deliveries=frozenset(DELIVERIES if "delivery" in self.fields else ()), duration=True,
            pinyin=self.readings == "pinyin", deterministic=False, seeded=self.chance,
            max_characters=self.max_characters, processes_per_device=1,
            batch_size=max(32, _BATCHES * slots),
            parameters={name: ("str",) for name in ("voice", "instructions", "reference_text") if name in self.fields},
        )  # fmt: skip


@cache
def configured() -> Settings:
    """The settings, read once: whatever a process makes is made, and named, by the same ones. `hosts` is empty where
    there are none. Raises CastError naming the line of what is wrong."""
    found = settings_file.section("speech", DOCS)
    return _read(*found) if found else Settings()


def needed() -> Settings:
    """`configured`, with at least one host. Raises EngineError where there is none."""
    found = configured()
    if not found.hosts:
        raise EngineError(
            Wording("no speech server is named for the engine openai", "没有为引擎 openai 指定语音服务"),
            where=" or ".join(map(str, settings_file.places())),
            fix=Wording(
                f"Write one with `speech: {{hosts: [http://localhost:8880/v1], model: …}}` ({DOCS}).",
                f"请写一个，内容如 `speech: {{hosts: [http://localhost:8880/v1], model: …}}`（见 {DOCS}）。",
            ),
        )
    return found


def _read(check: Checked, section: Node) -> Settings:
    given = dict(check.mapping(section, "speech", [one.name for one in fields(Settings)]))
    if "hosts" not in given:
        raise check.error(Wording("speech: hosts is missing", "speech：缺少 hosts"), section.line)
    hosts = _hosts(check, given.pop("hosts"))
    mapped = _fields(check, given.pop("fields", None))
    languages = check.mapping(given.pop("languages", Node({}, 0)), "speech: languages", ("zh", "en"))
    extra = check.mapping(given.pop("extra", Node({}, 0)), "speech: extra")
    values = check.values(given, "speech", _RULES)
    values.setdefault("chance", "seed" in mapped)
    return Settings(
        hosts=hosts, fields=mapped, extra={name: _plain(check, one) for name, one in extra.items()},
        languages={name: check.text(one, f"languages: {name}") for name, one in languages.items()}, **values,
    )  # fmt: skip


def _hosts(check: Checked, node: Node) -> tuple[str, ...]:
    listed = node.value if isinstance(node.value, list) else [node]
    found: list[str] = []
    for one in listed:
        url = check.text(one, "speech: hosts").rstrip("/")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise check.error(
                Wording(
                    f"hosts: {url!r} does not begin with http:// or https:// and a machine",
                    f"hosts：{url!r} 没有以 http:// 或 https:// 加机器名开头",
                ),
                one.line,
            )
        if "@" in parts.netloc or parts.query:
            raise check.error(
                Wording(
                    "hosts: an address holds no name, password or key here", "hosts：这里的地址不能带用户名、密码或密钥"
                ),
                one.line,
                Wording("Name a variable with key_env.", "请用 key_env 指定环境变量。"),
            )
        if url in found:
            raise check.error(
                Wording(f"hosts: {url} stands twice", f"hosts：{url} 出现了两次"), one.line,
                Wording("Keep one of them.", "请只留一个。"),
            )  # fmt: skip
        found.append(url)
    if not found:
        raise check.error(Wording("speech: hosts is empty", "speech：hosts 是空的"), node.line)
    return tuple(found)


def _fields(check: Checked, node: Node | None) -> dict[str, str]:
    """OpenAI's names with the given ones over them; one that is given empty is not sent."""
    given = check.mapping(node, "speech: fields", (*FIELDS, *MORE_FIELDS)) if node else {}
    found = dict(FIELDS)
    for name, one in given.items():
        if one.value is None and name != "text":
            found.pop(name, None)
        else:
            found[name] = check.text(one, f"fields: {name}")
            if not all(found[name].split(".")):
                raise check.error(
                    Wording(f"fields: {found[name]!r} is no name", f"fields：{found[name]!r} 不是名字"), one.line
                )
    return found


def _plain(check: Checked, node: Node) -> Any:
    """A value as JSON has it; YAML's dates as they are written."""
    if isinstance(node.value, dict):
        return {name: _plain(check, one) for name, one in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(check, one) for one in node.value]
    if isinstance(node.value, date):
        return node.value.isoformat()
    if not isinstance(node.value, str | int | float | None) or (
        isinstance(node.value, float) and not math.isfinite(node.value)
    ):
        raise check.error(
            Wording(
                f"speech: extra: {node.value!r} is nothing that JSON can hold",
                f"speech：extra：JSON 里放不下 {node.value!r}",
            ),
            node.line,
        )
    return node.value
