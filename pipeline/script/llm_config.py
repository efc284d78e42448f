"""The language model's settings: shuoshu.yaml in the working folder, else in ~/.config/shuoshu/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline import settings_file
from pipeline.errors import ScriptError
from pipeline.wording import Wording

DOCS = "docs/llm.md"
_RULES: dict[str, tuple[Any, ...]] = {
    "url": ("str",), "model": ("str",), "key_env": ("str",), "timeout_s": ("float", 1, 3600), "concurrency": ("int", 1, 64),
    "budget_tokens": ("int", 1, 1_000_000_000), "price_in": ("float", 0, 1e6), "price_out": ("float", 0, 1e6),
    "threshold": ("float", 0, 1),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the model is and what it may cost.

    url            of the OpenAI-compatible API, up to /v1
    model          its name there
    key_env        name of the environment variable that holds the key; "" = none is sent
    timeout_s      seconds for one answer, 1 to 3600
    concurrency    questions asked at once, 1 to 64
    budget_tokens  tokens, questions and answers, that one run may use at most
    price_in, price_out  of a million tokens, in any currency; 0 = not set
    threshold      lines below this confidence are asked about, 0 to 1
    """

    url: str
    model: str
    key_env: str = ""
    timeout_s: float = 60.0
    concurrency: int = 4
    budget_tokens: int = 200_000
    price_in: float = 0.0
    price_out: float = 0.0
    threshold: float = 0.7

    def key(self) -> str:
        """The key, read when it is needed and kept nowhere. Raises ScriptError when its variable is not set."""
        return settings_file.key(self.key_env, ScriptError)


def load() -> Settings:
    """The settings. Raises ScriptError where there are none, CastError naming the file's line for what is wrong there."""
    found = settings_file.section("llm", DOCS)
    if found is None:
        raise ScriptError(
            Wording("no settings for the language model were found", "没有找到语言模型的设置"),
            where=" or ".join(map(str, settings_file.places())),
            fix=Wording(
                f"Write one with `llm: {{url: http://localhost:11434/v1, model: …}}` ({DOCS}).",
                f"请写一个，内容如 `llm: {{url: http://localhost:11434/v1, model: …}}`（见 {DOCS}）。",
            ),
        )  # fmt: skip
    check, node = found
    given = check.mapping(node, "llm")
    values = check.values(given, "llm", _RULES)
    for needed in ("url", "model"):
        if not values.get(needed):
            raise check.error(Wording(f"llm: {needed} is missing", f"llm：缺少 {needed}"), node.line)
    if not values["url"].startswith(("http://", "https://")):
        raise check.error(
            Wording(
                f"llm: url must begin with http:// or https://, not {values['url']!r}",
                f"llm：url 必须以 http:// 或 https:// 开头，不能是 {values['url']!r}",
            ),
            given["url"].line,
            Wording("Mend it.", "请改正。"),
        )
    return Settings(**{**values, "url": values["url"].rstrip("/")})
