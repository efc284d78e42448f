"""What the frames of an MP3 file say of themselves: bit rate, length, and how many were announced.

ISO/IEC 11172-3, 2.4.2.3 (MPEG-1) and 13818-3, 2.4.2.3 (MPEG-2, half the sample rates); the count of frames is in the
Xing or Info tag, a convention of encoders: in the first frame, where its side information ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_KBPS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = (44100, 48000, 32000)


def bit_rates(rate: int) -> tuple[int, ...]:
    """kb/s that layer III has at a sample rate in Hz: MPEG-1 from 32 kHz on, MPEG-2 below."""
    return (_KBPS_1 if rate >= min(_RATES) else _KBPS_2)[1:]


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """kbps    bit rate, kb/s; 0 = free format
    rate    sample rate, Hz
    size    of the frame, bytes; 0 in free format
    samples in the frame, per channel
    side    bytes of side information behind the header
    """

    kbps: int
    rate: int
    size: int
    samples: int
    side: int


def frame_header(data: bytes) -> FrameHeader | None:
    """The header at the start of `data`; None where there is none of layer III."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE6 != 0xE2:
        return None
    version, index, rate_index = data[1] >> 3 & 3, data[2] >> 4, data[2] >> 2 & 3
    if version == 1 or index == 15 or rate_index == 3:
        return None
    first = version == 3  # MPEG-1; 2 is MPEG-2, 0 is MPEG-2.5
    kbps = (_KBPS_1 if first else _KBPS_2)[index]
    rate = _RATES[rate_index] // {3: 1, 2: 2, 0: 4}[version]
    samples = 1152 if first else 576
    size = samples // 8 * kbps * 1000 // rate + (data[2] >> 1 & 1) if kbps else 0
    mono = data[3] >> 6 == 3
    side = (17 if mono else 32) if first else (9 if mono else 17)
    return FrameHeader(kbps, rate, size, samples, side)


def frames_from(stream: BinaryIO) -> int:
    """Where the frames of an MP3 file begin: behind its ID3 tag, whose size stands in four bytes of seven
    bits (ID3v2.4, 3.1)."""
    data = stream.read(10)
    if data[:3] != b"ID3":
        return 0
    return 10 + sum((byte & 0x7F) << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))


def announced_seconds(path: Path) -> float | None:
    """Length by the file's Xing or Info tag, encoder's delay included; None where it has none."""
    with path.open("rb") as stream:
        stream.seek(frames_from(stream))
        data = stream.read(64)
    header = frame_header(data)
    if header is None:
        return None
    tag = data[4 + header.side :]
    if tag[:4] not in (b"Xing", b"Info") or not tag[7] & 1:
        return None
    return int.from_bytes(tag[8:12], "big") * header.samples / header.rate
