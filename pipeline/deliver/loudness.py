"""Whether a chapter came out as loud as its profile asks for, and what it cost: why the limiter had so much to do."""

from __future__ import annotations

import math

from pipeline.mastering.limiter import HEARD_DB
from pipeline.mastering.limits import allowed
from pipeline.mastering.profiles import Profile
from pipeline.nouns import Master
from pipeline.wording import Wording

ROOM_DB = 14.0
"""Least distance of the ceiling from the loudness target that leaves speech its peaks, LU: peaks of levelled speech stand 12
to 18 dB above its loudness. All profiles of ours leave 15 and more."""
SILENT_DB = 20.0
"""A chapter whose loudest moment is so far under its target holds no speech: a line that is heard at all is brought nearer."""
_FEW = 5


def remarks(master: Master, profile: Profile, lines: int) -> list[Wording]:
    """What is to be said at the end of a run, at most three remarks: nothing to hear, a target missed by more than the
    profile's tolerance, a limiter that took away more than `HEARD_DB`, a file over the ceiling. lines: how many it has."""
    found = []
    limits = allowed(profile)
    name, unit = ("rms", "dBFS") if profile.measure == "rms" else ("integrated", "LUFS")
    level = master.loudness.rms if profile.measure == "rms" else master.loudness.integrated
    silent = lines > 0 and master.loudness.momentary_max < profile.loudness - SILENT_DB
    missed = not silent and math.isfinite(level) and not limits[name].allows(level)
    hard = master.reduction_db > HEARD_DB
    if silent:
        found.append(
            Wording(
                "nothing is heard in it: every line is silent. `shuoshu report` lists them",
                "听不到任何内容：每行台词都没有声音。`shuoshu report` 会逐行列出",
            )
        )
    if missed and hard and level < profile.loudness:
        found.append(
            Wording(
                f"the limiter took away up to {master.reduction_db:.1f} dB, and it is no louder than {level:.1f} {unit}, not"
                f" {profile.loudness:g}: {_ways(profile)}",
                f"限幅器最多压低 {master.reduction_db:.1f} dB，响度仍只有 {level:.1f} {unit}，达不到 {profile.loudness:g}："
                f"{_ways(profile).chinese}",
            )
        )
    elif missed:
        found.append(
            Wording(
                f"it is at {level:.1f} {unit}, the target is {profile.loudness:g}: `shuoshu report` has more",
                f"为 {level:.1f} {unit}，目标是 {profile.loudness:g}：详见 `shuoshu report`",
            )
        )
    if hard and not (missed and level < profile.loudness):
        why = cause(master, profile, lines)
        found.append(
            Wording(
                f"the limiter took away up to {master.reduction_db:.1f} dB: {why}",
                f"限幅器最多压低 {master.reduction_db:.1f} dB：{why.chinese}",
            )
        )
    over = {kind: peak for kind, peak in master.peaks.items() if not limits["true_peak"].allows(peak)}
    if over:
        worst = max(over, key=lambda kind: over[kind])
        found.append(
            Wording(
                f"its {worst} file has a true peak of {over[worst]:.2f} dBTP, over {profile.true_peak:g}: lower `loudness`, or"
                " give the encoder a higher bit rate",
                f"{worst} 文件的真峰值为 {over[worst]:.2f} dBTP，超过 {profile.true_peak:g}：请降低 `loudness` 或提高比特率",
            )
        )
    title = f" ({master.title})" if master.title else ""
    return [
        Wording(f"chapter {master.chapter}{title}: {one}", f"第 {master.chapter} 章{title}：{one.chinese}")
        for one in found
    ]


def cause(master: Master, profile: Profile, lines: int) -> Wording:
    """Why the limiter took away more than `HEARD_DB`, as the rest of a sentence. lines: how many the chapter has."""
    pressed, count = master.pressed, len(master.pressed)
    if not pressed:
        return Wording("not in a line; the music is far louder than speech.", "不在台词中；是音乐比人声响得多。")
    if profile.true_peak - profile.loudness + profile.channels_db < ROOM_DB or 2 * count > lines:
        target = f"{profile.loudness:g} {'dBFS RMS' if profile.measure == 'rms' else 'LUFS'}"
        return Wording(
            f"{target} is louder than these voices can be with peaks under {profile.true_peak:g} dBTP ({count} of {lines} lines"
            f" lose more than {HEARD_DB:g} dB). {_ways(profile).capitalize()}",
            f"{target} 对这些声音太响，峰值无法保持在 {profile.true_peak:g} dBTP 以下（{lines} 行中有 {count} 行被压低超过"
            f" {HEARD_DB:g} dB）。{_ways(profile).chinese}",
        )
    some = ", ".join(pressed[:_FEW]) + (" …" if count > _FEW else "")
    if count == 1:
        return Wording(f"line {some} is far louder than the others.", f"台词 {some} 比其余响得多。")
    return Wording(f"{count} lines are far louder than the others: {some}.", f"{count} 行台词比其余响得多：{some}。")


def _ways(profile: Profile) -> Wording:
    if profile.dynamics.compressor:
        return Wording(
            "lower `loudness`, or let the `compressor` do more (threshold_db, ratio).",
            "请降低 `loudness`，或加强 `compressor`（threshold_db、ratio）。",
        )
    return Wording(
        "lower `loudness`, or add a compressor (`mastering: {compressor: true}`).",
        "请降低 `loudness`，或加上压缩器（`mastering: {compressor: true}`）。",
    )
