"""Which sample rates and bit rates the codecs of chapter files have."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.mastering import mpeg
from pipeline.mastering.profiles import Profile
from pipeline.wording import Wording

RATES = {
    "mp3": (16000, 22050, 24000, 32000, 44100, 48000),
    "m4a": (16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000),
}
"""Sample rates of MPEG-1 and MPEG-2 layer III (ISO/IEC 11172-3, 13818-3) and of AAC (ISO/IEC 14496-3, table 1.18) that a
profile may have. FLAC and WAV have any, and so has Opus, which is resampled."""
_AAC_BITS, _AAC_FRAME = 6144, 1024
"""Bits that a frame of so many samples may have in each channel (ISO/IEC 14496-3, 4.5.3.1, the decoder's input buffer)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a format cannot be made as a profile asks: `setting` is the profile's figure to change."""

    setting: str
    what: Wording
    fix: Wording


def refusal(kind: str, profile: Profile) -> Refusal | None:
    """What keeps a profile from chapter files of a kind; None for nothing."""
    rate = profile.sample_rate
    if rate not in RATES.get(kind, (rate,)):
        known = ", ".join(map(str, RATES[kind]))
        return Refusal(
            "sample_rate",
            Wording(f"{kind} files cannot have {rate} samples a second", f"{kind} 文件不能用 {rate} Hz 采样率"),
            Wording(
                f"Choose a sample_rate of {known} Hz, or leave {kind} out of --formats.",
                f"sample_rate 可选 {known} Hz；或者用 --formats 不做 {kind}。",
            ),
        )
    kbps, there = profile.mp3_kbps, mpeg.bit_rates(rate)
    if kind == "mp3" and kbps not in there:
        listed = ", ".join(map(str, there))
        return Refusal(
            "mp3_kbps",
            Wording(
                f"MP3 at {rate} Hz has no bit rate of {kbps} kb/s", f"{rate} Hz 的 MP3 没有 {kbps} kb/s 这个比特率"
            ),
            Wording(f"Choose an mp3_kbps of {listed}.", f"mp3_kbps 可选 {listed}。"),
        )
    kbps, most = profile.aac_kbps, _AAC_BITS * rate * profile.channels // (_AAC_FRAME * 1000)
    if kind == "m4a" and kbps > most:
        channels = "1 channel" if profile.channels == 1 else f"{profile.channels} channels"
        return Refusal(
            "aac_kbps",
            Wording(
                f"AAC of {channels} at {rate} Hz holds no more than {most} kb/s, not {kbps}",
                f"{rate} Hz、{profile.channels} 声道的 AAC 最多 {most} kb/s，不能是 {kbps}",
            ),
            Wording(f"Choose an aac_kbps of {most} or less.", f"aac_kbps 请不要超过 {most}。"),
        )
    return None
