"""The Info tag, an MP3 file's first frame: how much the file holds, and how much of it the codec put around the sound
("Mp3 Info Tag revision 1 specifications", gabriel.mp3-tech.org)."""

from __future__ import annotations

from pipeline.mastering.mpeg import FrameHeader, frame_header

LAME_DELAY = 576
"""Samples that LAME puts before the sound (ENCDELAY of its encoder.h)."""
_ENCODER = b"LAME3.100"
"""Who made the frames, and what players look for before they trust the delay."""
_TAG = 156
"""Bytes of an Info tag: frames, bytes, table of contents, quality, and LAME's part."""


def info_size(first: bytes) -> int:
    """Bytes of the frame that `info_frame` makes for a stream whose first frame has this header."""
    return _silent(first)[1].size


def info_frame(first: bytes, delay: int, frames: int, size: int, samples: int) -> bytes:
    """The frame that holds the Info tag.

    first: header (4 bytes) of the frame behind it, the first of `frames` with `size` bytes together. delay: samples that the
    encoder put before the sound. samples: how long the sound is, the codec's delay not counted. Raises ValueError for a header
    that is none.
    """
    start, head, kbps = _silent(first)
    whole = head.size + size
    padding = frames * head.samples - delay - samples
    tag = start + bytes(head.side) + b"Info" + (0xF).to_bytes(4, "big")  # frames, bytes, table and quality follow
    tag += frames.to_bytes(4, "big") + min(whole, 0xFFFFFFFF).to_bytes(4, "big")
    tag += bytes(percent * 256 // 100 for percent in range(100)) + bytes(4)
    tag += _ENCODER + bytes([0x01, 0]) + bytes(8)  # revision 0, constant bit rate; low-pass, peak and gain are not told
    tag += bytes([0, min(kbps, 255)]) + (delay << 12 | padding).to_bytes(3, "big")
    tag += bytes(4) + min(whole, 0xFFFFFFFF).to_bytes(4, "big") + bytes(2)  # the sound's CRC is not told
    return (tag + _crc(tag).to_bytes(2, "big")).ljust(head.size, b"\0")


def _silent(first: bytes) -> tuple[bytes, FrameHeader, int]:
    """The header of a silent frame of the stream's own bit rate or else the first at which the tag fits in; read; and the
    stream's own kb/s."""
    own = frame_header(first)
    if own is None:
        raise ValueError("no MP3 frame")
    indices = (first[2] >> 4, *range(1, 15))
    tries = (bytes([first[0], first[1] | 1, index << 4 | first[2] & 0x0C, first[3]]) for index in indices)
    heads = ((start, head) for start in tries if (head := frame_header(start)) and head.size >= 4 + head.side + _TAG)
    return *next(heads), own.kbps


def _crc(data: bytes) -> int:
    """CRC-16 with the polynomial 0x8005, bits reversed, as the Info tag ends with."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
