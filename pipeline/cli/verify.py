"""The verb that checks finished audio files: verify."""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipeline.cli import show
from pipeline.mastering import limits
from pipeline.mastering import verify as checking
from pipeline.mastering.limits import Limit, Value
from pipeline.mastering.verify import Alike, FileVerdict, Finding, Verdict
from pipeline.wording import counted

FAILED = 1
_MEASURES = {
    "codec": ("codec", "编码", ""),
    "bit_rate": ("bit rate", "比特率", "kb/s"),
    "constant_bit_rate": ("constant bit rate", "恒定比特率", ""),
    "sample_rate": ("sample rate", "采样率", "Hz"),
    "channels": ("channels", "声道数", ""),
    "seconds": ("length", "时长", "s"),
    "integrated": ("integrated loudness", "综合响度", "LUFS"),
    "loudness_range": ("loudness range", "响度范围", "LU"),
    "momentary_max": ("highest momentary loudness", "最大瞬时响度", "LUFS"),
    "short_term_max": ("highest short-term loudness", "最大短期响度", "LUFS"),
    "true_peak": ("true peak", "真峰值", "dBTP"),
    "sample_peak": ("sample peak", "采样峰值", "dBFS"),
    "rms": ("RMS level", "RMS 电平", "dBFS"),
    "noise_floor": ("noise floor", "底噪", "dBFS"),
    "head": ("room tone at the head", "开头静默", "s"),
    "tail": ("room tone at the tail", "结尾静默", "s"),
    "dc_offset": ("DC offset", "直流偏移", "%"),
    "clipped_runs": ("clipped runs", "削波次数", ""),
    "digital_silence": ("longest digital silence", "最长数字静音", "s"),
}
"""In English, in Chinese, and the unit."""
_LEVELS = ("integrated", "rms", "true_peak", "sample_peak", "noise_floor")


def verify(options: argparse.Namespace) -> int:
    """Measure files and hold them against a profile's limits; 1 when something does not keep to them."""
    wanted = limits.load(options.profile)
    verdict = checking.verify(options.files, wanted)
    if options.json:
        show.print_json(_as_json(verdict, wanted.source))
        return 0 if verdict.passed else FAILED
    every = options.verbose or len(verdict.files) == 1
    if not every:
        _show_files(verdict.files)
    for file in verdict.files:
        if every or not file.passed:
            _show_file(file)
    for together in verdict.together:
        if sum(count for _, count in together.values) > 1:
            _show_alike(together)
    for error in verdict.unread:
        show.remark(show.told(error.brief))
    _show_sum(verdict)
    return 0 if verdict.passed else FAILED


def _show_files(files: Sequence[FileVerdict]) -> None:
    """One row a file: its length, and the levels that the profile limits."""
    limited = {one.name for file in files for one in file.findings if one.allowed is not None}
    shown = ["seconds", *(name for name in _LEVELS if name in limited)]
    rows = []
    for file in files:
        measured = {one.name: _text(one.name, one.measured) for one in file.findings}
        rows.append((str(file.path), *(measured[name] for name in shown), _mark(file.passed)))
    columns = [show.say("file", "文件"), *(f">{_label(name)}" for name in shown), show.say("verdict", "判定")]
    show.table(show.say(f"{len(files)} files", f"{len(files)} 个文件"), columns, rows)


def _show_file(file: FileVerdict) -> None:
    say = show.say
    show.table(
        f"{_mark(file.passed)}  {file.path}",
        [say("measure", "项目"), say(">measured", ">实测"), say("allowed", "允许"), say("verdict", "判定")],
        [(_label(one.name), _text(one.name, one.measured), _allowed(one), _judged(one)) for one in file.findings],
    )


def _judged(one: Finding) -> str:
    return "" if one.allowed is None or one.measured is None else _mark(one.passed)


def _show_alike(one: Alike) -> None:
    values = show.say(", ", "，").join(f"{_text(one.name, value)} × {count}" for value, count in one.values)
    line = show.say(
        f"all {one.format} files alike in {_label(one.name)}: {_mark(one.passed)} ({values})",
        f"各 {one.format} 文件{_label(one.name)}一致：{_mark(one.passed)}（{values}）",
    )
    show.console().print(line, soft_wrap=True, markup=False)
    for path in one.odd:
        show.console().print(f"  ≠ {path}", soft_wrap=True, markup=False)


def _show_sum(verdict: Verdict) -> None:
    good, all_of = sum(file.passed for file in verdict.files), len(verdict.files)
    unlike = [one for one in verdict.together if not one.passed]
    line = show.say(
        f"{_mark(verdict.passed)}: {good} of {all_of} {'file keeps' if all_of == 1 else 'files keep'} to {verdict.profile}"
        + (f"; {counted(len(verdict.unread), 'file')} could not be read" if verdict.unread else "")
        + "".join(f"; the {one.format} files are not alike in {_label(one.name)}" for one in unlike),
        f"{_mark(verdict.passed)}：{all_of} 个文件中 {good} 个符合 {verdict.profile}"
        + (f"；{len(verdict.unread)} 个文件无法读取" if verdict.unread else "")
        + "".join(f"；各 {one.format} 文件的{_label(one.name)}不一致" for one in unlike),
    )
    show.console().print(line, soft_wrap=True, markup=False)


def _mark(passed: bool) -> str:
    return show.say("pass", "合格") if passed else show.say("FAIL", "不合格")


def _label(name: str) -> str:
    english, chinese, _ = _MEASURES[name]
    return show.say(english, chinese)


def _text(name: str, value: Value) -> str:
    """A value with its unit; "—" for what does not apply or cannot be measured."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "—"
    if isinstance(value, bool):
        return show.say("yes", "是") if value else show.say("no", "否")
    if isinstance(value, float):
        value = f"{value:.2f}" if math.isfinite(value) else "-∞"
    return f"{value} {_MEASURES[name][2]}".strip()


def _allowed(finding: Finding) -> str:
    limit, unit = finding.allowed, _MEASURES[finding.name][2]
    if limit is None:
        return ""
    if limit.one_of:
        return show.say(" or ", "或").join(_text(finding.name, value) for value in limit.one_of)
    if limit.least is None:
        return f"≤ {limit.most:g} {unit}".strip()
    if limit.most is None:
        return f"≥ {limit.least:g} {unit}".strip()
    return f"{limit.least:g} … {limit.most:g} {unit}".strip()


def _as_json(verdict: Verdict, source: str) -> dict[str, Any]:
    names = dict.fromkeys(one.name for one in verdict.together)
    return {
        "profile": verdict.profile, "source": source, "passed": verdict.passed,
        "files": [
            {
                "file": str(file.path), "passed": file.passed, "failed": [one.name for one in file.failures],
                "findings": [
                    {
                        "name": one.name, "measured": _plain(one.measured), "unit": _MEASURES[one.name][2],
                        "allowed": _limit_json(one.allowed), "passed": one.passed,
                    }
                    for one in file.findings
                ],
            }
            for file in verdict.files
        ],
        "unread": [{"file": error.where, "error": str(error.what)} for error in verdict.unread],
        "alike": [_alike_json(name, [one for one in verdict.together if one.name == name]) for name in names],
    }  # fmt: skip


def _alike_json(name: str, sets: Sequence[Alike]) -> dict[str, Any]:
    """One measure over all formats."""
    counts = Counter[Value]()
    for one in sets:
        counts.update(dict(one.values))
    return {
        "name": name, "passed": all(one.passed for one in sets), "odd": [str(path) for one in sets for path in one.odd],
        "values": [[_plain(value), count] for value, count in counts.most_common()],
    }  # fmt: skip


def _limit_json(limit: Limit | None) -> dict[str, Any] | None:
    if limit is None:
        return None
    return {"min": limit.least, "max": limit.most, "one_of": list(limit.one_of) or None, "source": limit.source}


def _plain(value: Value) -> Value:
    """JSON has no infinity and no nan: null. -inf is the level of digital silence."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
