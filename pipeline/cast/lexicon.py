"""The lexicon of a cast: its own terms, laid over those of the file that a series shares."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline import yaml_lines
from pipeline.errors import CastError, at_line
from pipeline.pronunciation import ipa
from pipeline.pronunciation.syllable import canonical
from pipeline.pronunciation.text import HAN
from pipeline.wording import Wording
from pipeline.yaml_lines import Node

_TONED = re.compile(r"[A-Za-züÜ:]+[0-9]")
"""A syllable with a digit for its tone, right or wrong."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def entries(node: Node, path: Path) -> dict[str, str]:
    """term -> reading or replacement (IPA respelled), of a mapping in the file `path`. Raises CastError with file and line."""
    if not isinstance(node.value, dict):
        told = Wording("the lexicon must be `term: reading` pairs", "lexicon 必须是“词: 读音”的形式")
        raise _error(told, path, node.line)
    return {term: _value(term, one, path) for term, one in node.value.items()}


def shared(node: Node, cast_path: Path) -> dict[str, str]:
    """What `lexicon_file: PATH` names: a YAML file of `term: reading` pairs on this machine, relative to the cast file.
    Raises CastError: for the path, with the cast's line; for the content, with the file's own."""
    given = node.value
    if not isinstance(given, str) or not given.strip():
        told = Wording("lexicon_file must be the path of a YAML file", "lexicon_file 必须是 YAML 文件的路径")
        raise _error(told, cast_path, node.line)
    if _ADDRESS.match(given):
        raise _error(
            Wording(f"lexicon_file {given!r} is an address, not a file", f"lexicon_file {given!r} 是网址，不是文件"),
            cast_path, node.line, Wording("Save it beside the cast file.", "请把它存在角色表旁边。"),
        )  # fmt: skip
    path = (cast_path.parent / Path(given).expanduser()).resolve()
    if not path.is_file():
        why, why_zh = ("is no plain file", "不是普通文件") if path.exists() else ("is not there", "不存在")
        raise _error(
            Wording(f"lexicon_file {given!r} {why}", f"lexicon_file {given!r} {why_zh}"), cast_path, node.line,
            Wording(f"The path counts from the cast file; tried {path}.", f"路径从角色表所在处算起；找的是 {path}。"),
        )  # fmt: skip
    return entries(yaml_lines.read(path, Wording("lexicon file", "读音表")), path)


def _value(term: str, node: Node, path: Path) -> str:
    value = node.value
    if not term.strip():
        raise _error(Wording("a term is empty", "有一个词是空的"), path, node.line)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        kind = "true or false" if isinstance(value, bool) else "nothing" if value is None else "a list"
        kind_zh = {"true or false": "true 或 false", "nothing": "空的", "a list": "列表"}[kind]
        raise _error(
            Wording(
                f"lexicon: {term} must be a reading or a replacement, not {kind}",
                f"lexicon：{term} 必须是读音或替换的文字，不能是{kind_zh}",
            ),
            path, node.line, Wording("Write it in quotes.", "请用引号括起来。"),
        )  # fmt: skip
    if isinstance(value, str) and (wrong := _slip(term, value)):
        told = Wording(f"lexicon: {term}: {value} {wrong}", f"lexicon：{term}：{value} {wrong.chinese}")
        raise _error(told, path, node.line)
    if isinstance(value, str) and ipa.is_ipa(value):
        try:
            return ipa.respelled(value)
        except ValueError as error:
            raise _error(
                Wording(
                    f"lexicon: {term}: {value} cannot be read as IPA ({error})",
                    f"lexicon：{term}：{value} 不能当作国际音标来读（{error}）",
                ),
                path,
                node.line,
                Wording(
                    "Correct it, or write an English respelling without slashes.", "请改正，或不加斜线写英文拼法。"
                ),
            ) from error
    return str(value)


def _slip(term: str, value: str) -> Wording:
    """What is wrong with a value that is nearly a reading, and would be spoken as it stands; "" for any other."""
    if "/" in (value.strip()[:1], value.strip()[-1:]) and not ipa.is_ipa(value):
        return Wording(
            "is no IPA: that stands between two slashes, /ʃɪˈvɔːn/", "不是国际音标：音标写在两条斜线之间，如 /ʃɪˈvɔːn/"
        )
    parts = _TONED.findall(value)
    if not parts or _TONED.sub("", value).strip():
        return Wording("")
    signs = len(re.findall(f"[{HAN}]", term))
    bad = [part for part in parts if not canonical(part)]
    if bad:
        return Wording(f"is no reading: {bad[0]} is no Mandarin syllable", f"不是读音：普通话没有 {bad[0]} 这个音节")
    if value.split() != parts:
        return Wording("is no reading: leave a space between syllables", "不是读音：音节之间要空一格")
    if signs == len(term) != len(parts):
        return Wording(
            f"has {len(parts)} syllables for {signs} characters", f"有 {len(parts)} 个音节，而字有 {signs} 个"
        )
    return Wording("")


def _error(what: str, path: Path, line: int, fix: str = "") -> CastError:
    fix = fix or Wording("See docs/cast-file.md.", "见 docs/cast-file.md。")
    return CastError(what, where=at_line(path, line), fix=fix)
