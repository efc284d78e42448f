"""What a book's deliverables are: by the command line, else by the cast file, else by the profile."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pipeline.cast import Cast
from pipeline.checked import Checked
from pipeline.deliver import kinds
from pipeline.errors import MasteringError, did_you_mean
from pipeline.wording import Wording
from pipeline.yaml_lines import Node

Settings = Mapping[str, Mapping[str, Any]]


def wished(cast: Cast, asked: str, usual: Sequence[str], formats: Sequence[str]) -> tuple[tuple[str, ...], Settings]:
    """The kinds to make and the settings of each.

    asked: ``m4b,srt`` from the command line, "" = by the cast file's `deliver`, or else `usual`, of which only those are
    made whose chapter `formats` are. Raises CastError naming the line, MasteringError for an unknown name, a setting that a
    kind cannot do without, or a chapter format that it is made from and that is not among `formats`.
    """
    settings, lines = _settings(cast)
    if asked:
        made: Collection[str] = kinds.chosen(asked)
    elif "deliver" in cast.wishes:
        made = settings
    else:
        made = [one for one in usual if set(kinds.KINDS[one].needs) <= set(formats)]
    for kind in made:
        given = settings.get(kind, {})
        where = f"{cast.path}, line {lines[kind]}" if kind in lines else str(cast.path or "")
        for name, example in kinds.KINDS[kind].demands:
            if name not in given:
                raise MasteringError(
                    Wording(f"{kind} needs a setting, {name}", f"{kind} 缺少设置 {name}"), where=where,
                    fix=Wording(
                        f"Add to the cast file:  deliver: {{{kind}: {{{name}: {example}}}}}",
                        f"在演员表中加上  deliver: {{{kind}: {{{name}: {example}}}}}",
                    ),
                )  # fmt: skip
        lacking = kinds.KINDS[kind].lacks(formats, given)
        if lacking:
            raise kinds.not_made(kind, lacking, where)
    return tuple(one for one in kinds.KINDS if one in made), settings


def must_fit(made: Collection[str], settings: Settings, chapters: Sequence[int]) -> None:
    """Raise MasteringError for what a book of these `chapters` cannot have: a sample of another chapter, a video where none
    is given."""
    wanted = settings.get("sample", {}).get("chapter")
    if "sample" in made and wanted is not None and wanted not in chapters:
        raise MasteringError(
            Wording(
                f"the sample is to be of chapter {wanted}, which is not here",
                f"试听样本要取第 {wanted} 章，而这里没有这一章",
            ),
            fix=Wording(f"Here: {', '.join(map(str, chapters))}.", f"这里有：{'、'.join(map(str, chapters))}。"),
        )
    if "video" in made and not settings.get("video", {}).get("file"):
        raise MasteringError(
            Wording("there is no video to lay the track into", "没有可以配音的视频"),
            fix=Wording("`shuoshu dub MANUSCRIPT --video FILE`.", "`shuoshu dub 稿件 --video 文件`。"),
        )


def _settings(cast: Cast) -> tuple[Settings, Mapping[str, int]]:
    """``deliver: [m4b, srt]`` or ``deliver: {m4b: {split_hours: 10}, srt: }``, and the line of each kind."""
    if "deliver" not in cast.wishes or cast.path is None:
        return {}, {}
    check, node = Checked(cast.path), cast.wishes["deliver"]
    named = (
        {check.text(one, "deliver"): Node(None, one.line) for one in node.value} if isinstance(node.value, list) else {}
    )
    named = named or check.mapping(node, "deliver")
    found = {}
    for name, one in named.items():
        if name not in kinds.KINDS:
            hint = did_you_mean(name, kinds.KINDS)
            raise check.error(
                Wording(f"no deliverable is named {name!r}.{hint}", f"没有叫 {name!r} 的成品。{hint.chinese}"), one.line,
                Wording(f"Here: {', '.join(kinds.KINDS)}.", f"这里有：{'、'.join(kinds.KINDS)}。"),
            )  # fmt: skip
        given = {} if one.value is None else check.mapping(one, f"deliver: {name}")
        found[name] = check.values(given, f"deliver: {name}", kinds.KINDS[name].settings)
        for setting, value in found[name].items():
            with check.at(given[setting].line, "deliver"):
                kinds.KINDS[name].must_allow(setting, value)
    return found, {name: one.line for name, one in named.items()}
