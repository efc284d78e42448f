"""What is said of a language model's answers, and why there were none, in words that say what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from pipeline.asking import reason
from pipeline.settings_file import NAME
from pipeline.wording import Wording


def address(url: str) -> str:
    """`url` as it may be shown: without the name and password that it may hold."""
    return re.sub(r"//[^/@]*@", "//", url)


def too_slow(url: str, seconds: float) -> Wording:
    return Wording(
        f"{address(url)} gave no answer within {seconds:g} s. Raise timeout_s in {NAME}, or take a smaller model.",
        f"{address(url)} 在 {seconds:g} 秒内没有回答。请调大 {NAME} 里的 timeout_s，或换小一些的模型。",
    )


def unreachable(url: str, error: Exception) -> Wording:
    """`error`: an httpx error, whose cause is the system's."""
    kind, why = reason(error)
    fix = _fix(kind)
    return Wording(
        f"the server at {address(url)} cannot be reached: {why}. {fix}",
        f"连不上 {address(url)}：{why.chinese}。{fix.chinese}",
    )


def _fix(kind: str) -> Wording:
    """What to do about a connection that failed for a reason of `pipeline.asking.reason`."""
    if kind == "silent":
        return Wording(f"Start the server, or correct url in {NAME}.", f"请启动服务，或更正 {NAME} 里的 url。")
    if kind == "tls":
        return Wording(
            f"Write http:// in {NAME} if the server has no certificate, or give it one that this machine trusts.",
            f"服务没有证书时，请在 {NAME} 里写 http://；否则请换成本机信任的证书。",
        )
    if kind == "address":
        return Wording(f"Correct url in {NAME}.", f"请更正 {NAME} 里的 url。")
    if kind == "dropped":
        return Wording("Its log says why: is it out of memory?", "原因请看服务的日志：是不是内存不够？")
    return Wording(f"Look at the network, and at url in {NAME}.", f"请检查网络，以及 {NAME} 里的 url。")


def refused(url: str, status: int) -> Wording:
    """An answer other than 200."""
    what, fix = _refusal(status)
    return Wording(
        f"{address(url)} {what} (HTTP {status}). {fix}",
        f"{address(url)} {what.chinese}（HTTP {status}）。{fix.chinese}",
    )


def _refusal(status: int) -> tuple[Wording, Wording]:
    """What the server does, and what to do."""
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return (
            Wording("does not accept the key", "不接受密钥"),
            Wording(f"See key_env in {NAME}, and its variable.", f"请检查 {NAME} 里的 key_env 及其所指的环境变量。"),
        )
    if status == HTTPStatus.NOT_FOUND:
        return (
            Wording("has no such route or model", "没有这个接口或模型"),
            Wording(
                f"Correct url (it ends in /v1) or model in {NAME}.",
                f"请更正 {NAME} 里的 url（以 /v1 结尾）或 model。",
            ),
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return (
            Wording("has had too many questions", "收到的请求太多"),
            Wording(
                f"Lower concurrency in {NAME}, or wait; is the quota used up?",
                f"请调小 {NAME} 里的 concurrency，或稍后再试；额度是否已用完？",
            ),
        )
    if 300 <= status < 400:
        return (
            Wording("points to another address, which is not followed", "要求转到另一个地址，这里不会跟随"),
            Wording(f"Write that address as url in {NAME}.", f"请把那个地址写进 {NAME} 的 url。"),
        )
    if status >= 500:
        return (
            Wording("has trouble of its own", "自身出错"),
            Wording("Its log says more; try again later.", "请看服务的日志，稍后再试。"),
        )
    return (
        Wording("refused the question", "拒绝了请求"),
        Wording(
            f"Is it an OpenAI-compatible chat server, and model in {NAME} right?",
            f"它是兼容 OpenAI 的对话服务吗？{NAME} 里的 model 对吗？",
        ),
    )


BROKEN = Wording(
    "the model's answer was broken JSON. Another model may keep to the form better.",
    "模型的回答不是完整的 JSON。请换一个更守格式的模型。",
)
TOO_LONG = Wording("the answer was far too long. Is it a chat server?", "回答长得离谱。那里是对话服务吗？")
GIVEN_UP = Wording("not asked, as the server does not answer.", "没有再问，因为服务没有回答。")
BUDGET_SPENT = Wording(
    f"not asked, the budget is spent. Raise budget_tokens in {NAME}.",
    f"没有再问，预算已用完。请调大 {NAME} 里的 budget_tokens。",
)


def remarks(asked: int, kept: int, changed: int, why: Mapping[Wording, int], foreign: int) -> Iterator[Wording]:
    """Of one run: questions `asked`, of them `kept` in the cache; lines `changed`; `why` so many questions stayed without an
    answer; `foreign` answers that were none."""
    yield Wording(
        f"language model: {asked} questions, {kept} from the cache; {changed} lines decided",
        f"语言模型：{asked} 个问题，其中 {kept} 个取自缓存；判定 {changed} 行",
    )
    for text, count in why.items():
        yield Wording(
            f"language model: {count} unanswered: {text}",
            f"语言模型：{count} 个问题没有得到回答：{text.chinese}",
        )
    if why:
        yield Wording(
            "language model: there the rules' decisions stay; the next run asks again",
            "语言模型：这些行保留规则的判断；下次运行会再问",
        )
    if foreign:
        yield Wording(
            f"language model: {foreign} answers were not in the list of lines and names and were passed over",
            f"语言模型：{foreign} 个回答不在所列的行与人名之中，未予采用",
        )
