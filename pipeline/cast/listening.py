"""What a reference clip sounds like: remarks on what makes a poor voice of it, before a night is spent on one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from pipeline.cast import speakers
from pipeline.clip_audio import beginning
from pipeline.wording import Wording

SHORT_S, GOOD_S, USED_S = 3.0, 5.0, 15.0
"""Seconds: under the first a voice is hardly caught, from the second on it is; the engine hears the first fifteen."""
LOWEST_HZ = 16_000
"""What the encoders hear at; a clip of a lower rate has nothing above half of that."""
QUIET_DBFS = -40.0
NOISY_DB = 20.0
"""Speech less far above the quietest tenth of the clip than this is noisy (studio recordings: 40 and more)."""
_FRAME_S = 0.02
_FULL = 0.999
_STUCK = 3
"""Samples in a row at full scale that are clipped rather than loud."""


@dataclass(frozen=True, slots=True)
class Heard:
    """seconds  length of the clip
    rate        Hz, as recorded
    level       dBFS, RMS of its louder half (the speech)
    contrast    dB between that and the RMS of its quietest tenth
    clipped     share of samples stuck at full scale
    change      how likely the speaker changes, see `speakers.change`
    """

    seconds: float
    rate: int
    level: float
    contrast: float
    clipped: float
    change: float


def remarks(path: Path) -> tuple[Wording, ...]:
    """What is poor about a clip and what to do; () for a good one. The clip must be readable (see `clips.clip_hash`)."""
    found, clip = [], heard(path)
    if clip.seconds < SHORT_S:
        found.append(
            Wording(
                f"only {clip.seconds:.1f} s long: too short to catch a voice; give 5 to 15 s",
                f"只有 {clip.seconds:.1f} 秒：太短，抓不住音色；请给 5 到 15 秒",
            )
        )
    elif clip.seconds < GOOD_S:
        found.append(
            Wording(
                f"{clip.seconds:.1f} s long: 5 to 15 s catch a voice better",
                f"长 {clip.seconds:.1f} 秒：5 到 15 秒更能抓住音色",
            )
        )
    elif clip.seconds > USED_S:
        found.append(
            Wording(
                f"{clip.seconds:.0f} s long: only the first {USED_S:.0f} s are used",
                f"长 {clip.seconds:.0f} 秒：只用开头 {USED_S:.0f} 秒",
            )
        )
    if clip.rate < LOWEST_HZ:
        found.append(
            Wording(
                f"recorded at {clip.rate} Hz: a voice needs {LOWEST_HZ} Hz or more",
                f"采样率 {clip.rate} Hz：人声需要 {LOWEST_HZ} Hz 以上",
            )
        )
    if clip.level < QUIET_DBFS:
        found.append(
            Wording(
                f"very quiet ({clip.level:.0f} dBFS): record it louder, or it is silent",
                f"很轻（{clip.level:.0f} dBFS）：请录响一些，否则等于无声",
            )
        )
    elif clip.contrast < NOISY_DB:
        found.append(
            Wording(
                f"noisy: speech is only {clip.contrast:.0f} dB above the background; the noise is cloned too",
                f"有噪声：人声只比背景高 {clip.contrast:.0f} dB；噪声也会被克隆",
            )
        )
    if clip.clipped > 1e-4:
        found.append(
            Wording(
                f"clipped: {clip.clipped:.2%} of the samples are at full scale; record it with less gain",
                f"削波：{clip.clipped:.2%} 的采样到了满刻度；请降低录音增益",
            )
        )
    if clip.change > speakers.LIKELY:
        found.append(
            Wording(
                "likely of several speakers: cut out the one whose voice it is to be",
                "可能不止一个人在说话：请剪出要用的那一个人",
            )
        )
    return tuple(found)


def heard(path: Path) -> Heard:
    """What is measured of a clip. It must be readable (see `clips.clip_hash`)."""
    stat = path.stat()
    return _heard(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _heard(path: Path, _size: int, _changed: int) -> Heard:
    clip = beginning(path, USED_S)
    wave, rate, seconds = clip.wave, clip.rate, clip.seconds
    loudest = np.abs(wave) >= _FULL
    runs = np.lib.stride_tricks.sliding_window_view(loudest, _STUCK).all(-1) if len(wave) >= _STUCK else loudest[:0]
    width = max(1, round(_FRAME_S * rate))
    frames = wave[: len(wave) // width * width].reshape(-1, width)
    power = np.sort((frames.astype(np.float64) ** 2).mean(1)) if len(frames) else np.zeros(1)
    loud, low = power[len(power) // 2 :].mean(), power[: max(1, len(power) // 10)].mean()
    return Heard(
        seconds, rate, _decibels(loud), _decibels(loud) - _decibels(low), float(runs.mean()) if runs.size else 0.0,
        speakers.change(wave, rate),
    )  # fmt: skip


def _decibels(power: float) -> float:
    return float(10 * np.log10(max(power, 1e-12)))
