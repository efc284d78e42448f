"""A server's answer -> a waveform, or why it is none. An answer is what its bytes say it is, whatever its headers claim."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np

from pipeline.engines.plausible import FEWEST, SILENT_DBFS, SYLLABLES_PER_SECOND, haste, level, syllables
from pipeline.nouns import Waveform
from pipeline.wording import Wording

_UNKNOWN_SIZE = 0x7F000000
"""WAV chunk sizes from here on, and 0, stand for "not known yet", as servers write them that send while they speak (ffmpeg and
OpenAI: 0xFFFFFFFF); no answer may be so large."""
_LOSSY = {b"ID3": "MP3", b"OggS": "Ogg", b"\x1aE\xdf\xa3": "WebM"}
_LOUDEST = 8.0
"""Samples beyond this many times full scale are not meant as samples of full scale 1."""
_ROUGHEST = 0.1
"""Least correlation of neighbouring samples. Measured on eSpeak at 22 kHz: speech 0.95, whispered hushing 0.69; the same bytes
in the other order, as floats or as MP3 at most 0.07. Moved by one byte it has less than it had, however smooth it was."""
_EDGE_S, _ABRUPT_DBFS, _ABRUPT_DB = 0.01, -30.0, -6.0
_HIGHEST_RATE = 192_000


class Unusable(Exception):
    """An answer that is no whole take; `why` in words."""

    def __init__(self, why: Wording) -> None:
        super().__init__(why)
        self.why = why


def longest_s(text: str, speed: float) -> float:
    """Seconds that no reading of `text` could need: a character or syllable for 1.25 s (see `plausible`), and ten more."""
    return 10.0 + max(syllables(text), len(text)) / SYLLABLES_PER_SECOND[0] / speed


def waveform(data: bytes, *, pcm: bool, rate: int, framed: bool, most_s: float) -> tuple[Waveform, bool]:
    """The take in an answer, shape (frames,), mono at `rate` Hz, and whether the answer itself says how long it is.

    pcm: bytes that are nothing else are 16-bit samples at `rate`. framed: HTTP itself said where the answer ends
    (Content-Length or chunks); needed where the answer does not. Raises Unusable.
    """
    if not data:
        raise Unusable(Wording("an empty answer", "回答是空的"))
    lossy = next((name for sign, name in _LOSSY.items() if data.startswith(sign)), "")
    if lossy:
        raise Unusable(Wording(f"{lossy}, which loses sound", f"回答是有损的 {lossy}"))
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        wave, own_rate, sealed = _wav(data)
    elif data[:4] == b"fLaC":
        wave, own_rate, sealed = _flac(data, most_s)
    elif _is_text(data):
        raise Unusable(Wording("text, not sound", "回答是文字，不是声音"))
    elif pcm:
        wave, own_rate, sealed = _pcm(data), rate, False
    else:
        kind = " (MP3 or AAC)" if data[0] == 0xFF and data[1:2] >= b"\xe0" else ""  # where their frames begin
        raise Unusable(Wording(f"neither WAV nor FLAC{kind}", f"回答既不是 WAV，也不是 FLAC{kind}"))
    if not (sealed or framed):
        raise Unusable(Wording("an answer that nothing says the end of", "无从知道回答是否完整"))
    return _checked(wave, own_rate, rate, most_s), sealed


def doubts(wave: Waveform, rate: int, text: str, speed: float, sealed: bool) -> tuple[str, ...]:
    """What is suspicious about a whole answer, of the flags of `pipeline.render.checks`: "runaway"; "truncated" where nothing
    in it says how long it is and it breaks off in the middle of a sound. Raises Unusable for one far too short for its text."""
    seconds, count = wave.size / rate * speed, syllables(text)
    if count > SYLLABLES_PER_SECOND[1] * seconds:
        raise Unusable(Wording(f"{seconds:.2f} s for {count} syllables", f"{count} 个音节只有 {seconds:.2f} 秒"))
    found = [haste(count, seconds)] if count >= FEWEST else []
    if not sealed and _abrupt(wave, rate):
        found.append("truncated")
    return tuple(one for one in found if one)


def _abrupt(wave: Waveform, rate: int) -> bool:
    """Whether the last 10 ms are loud, in themselves and against the whole. Speech fades out for longer; of cuts at any place
    in eSpeak's speech this finds four of ten."""
    edge = level(wave[-max(round(_EDGE_S * rate), 1) :])
    return edge > _ABRUPT_DBFS and edge > level(wave) + _ABRUPT_DB


def _checked(wave: Waveform, own_rate: int, rate: int, most_s: float) -> Waveform:
    if not wave.size:
        raise Unusable(Wording("no sound at all", "回答里没有声音"))
    if not 4000 <= own_rate <= _HIGHEST_RATE:
        raise Unusable(Wording(f"a sample rate of {own_rate} Hz", f"采样率是 {own_rate} Hz"))
    if wave.size > most_s * own_rate:
        raise Unusable(_far_too_long(wave.size / own_rate))
    if not np.isfinite(wave).all() or float(np.abs(wave).max()) > _LOUDEST:
        raise Unusable(Wording("samples that are no sound", "采样值不是声音"))
    if level(wave) < SILENT_DBFS:
        raise Unusable(Wording("silence", "回答是一片寂静"))
    if own_rate == rate:
        return wave
    import soxr

    resampled: Waveform = soxr.resample(wave, own_rate, rate, quality="HQ")
    return resampled


def _far_too_long(seconds: float) -> Wording:
    return Wording(f"{seconds:.0f} s, far too long for the text", f"长达 {seconds:.0f} 秒，与文字不符")


def _cut_off() -> Unusable:
    return Unusable(Wording("sound that is cut off", "声音不完整"))


def _is_text(data: bytes) -> bool:
    """A page, a message or JSON: sound has zero bytes and broken UTF-8 in its first hundreds of bytes."""
    try:
        text = data[:4096].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < min(len(data), 4096) - 4:  # not just a character that the cut at 4096 went through
            return False
        text = data[: error.start].decode("utf-8")
    return all(sign.isprintable() or sign.isspace() for sign in text)


def _pcm(data: bytes) -> Waveform:
    if len(data) % 2:
        raise _cut_off()
    wave: Waveform = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)
    if _smoothness(wave) < max(_ROUGHEST, _smoothness(np.frombuffer(data[1:-1], "<i2").astype(np.float32))):
        raise Unusable(Wording("bytes that are no 16-bit samples", "字节不是 16 位采样"))
    return wave


def _smoothness(wave: Waveform) -> float:
    """Correlation of neighbouring samples; 1 for silence."""
    moved = wave - wave.mean() if wave.size else wave
    power = float(np.dot(moved, moved))
    return float(np.dot(moved[1:], moved[:-1])) / power if power else 1.0


def _wav(data: bytes) -> tuple[Waveform, int, bool]:
    """RIFF/WAVE (Microsoft, "Multimedia Programming Interface and Data Specifications 1.0", 1991): samples averaged to mono,
    their rate, and whether the size of the data is given."""
    at, form = 12, None
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"data":
            if form is None:
                break
            sealed = 0 < size < _UNKNOWN_SIZE
            end = at + size if sealed else len(data)
            if end > len(data):
                raise _cut_off()
            if not _chunks(data, end + size % 2 if sealed else end):
                raise Unusable(Wording("more bytes than its header says", "字节比文件头所说的多"))
            return *_samples(data[at:end], form), sealed
        if name == b"fmt " and 16 <= size <= len(data) - at:
            form = data[at : at + size]
        at += size + size % 2
    raise Unusable(Wording("a WAV header without data", "WAV 里没有数据"))


def _chunks(data: bytes, at: int) -> bool:
    """Whether whole chunks follow from `at` on, or nothing."""
    while at < len(data):
        if at + 8 > len(data) or data[at : at + 4] == b"RIFF" or not data[at : at + 4].isascii():
            return False
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return at <= len(data) + 1


def _samples(data: bytes, form: bytes) -> tuple[Waveform, int]:
    """Samples by a `fmt ` chunk: PCM of 16, 24 or 32 bits (tag 1), or IEEE floats (3), plain or extensible (0xFFFE)."""
    tag, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", form)
    if tag == 0xFFFE and len(form) >= 26:
        tag = int.from_bytes(form[24:26], "little")
    if (tag, bits) not in ((1, 16), (1, 24), (1, 32), (3, 32), (3, 64)) or not 1 <= channels <= 8:
        raise Unusable(Wording(f"WAV of an unknown kind ({tag}, {bits} bits)", f"WAV 的格式不认识（{tag}，{bits} 位）"))
    if block != channels * bits // 8 or len(data) % block:
        raise _cut_off()
    wave: Waveform
    if tag == 3:
        wave = np.frombuffer(data, f"<f{bits // 8}").astype(np.float32)
    elif bits == 24:
        bytes_ = np.frombuffer(data, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(bytes_), 4), np.uint8)
        wide[:, 1:] = bytes_
        wave = wide.view("<i4")[:, 0].astype(np.float32) / np.float32(2**31)
    else:
        wave = np.frombuffer(data, f"<i{bits // 8}").astype(np.float32) / np.float32(2 ** (bits - 1))
    return (wave if channels == 1 else wave.reshape(-1, channels).mean(axis=1, dtype=np.float32)), rate


def _flac(data: bytes, most_s: float) -> tuple[Waveform, int, bool]:
    """FLAC (RFC 9639): every frame's check sum must hold, and their number be that of STREAMINFO (8.2), where it gives one.
    Decoding ends where the take would be too long: a few bytes of FLAC can hold hours."""
    import av

    if len(data) < 42:
        raise _cut_off()
    announced = int.from_bytes(data[21:26], "big") & (1 << 36) - 1
    parts: list[Waveform] = []
    frames, rate = 0, 0
    try:
        with av.open(io.BytesIO(data), mode="r", format="flac") as container:
            stream: Any = container.streams.audio[0]
            stream.codec_context.options = {"err_detect": "crccheck+explode"}
            for frame in container.decode(stream):
                rate = frame.sample_rate
                parts.append(_mono(frame))
                frames += frame.samples
                if frames > most_s * rate:
                    raise Unusable(_far_too_long(frames / rate))
    except (av.FFmpegError, ValueError, IndexError) as error:
        raise _cut_off() from error
    if announced and frames != announced:
        raise _cut_off()
    return (np.concatenate(parts) if parts else np.zeros(0, np.float32)), rate, announced > 0


def _mono(frame: Any) -> Waveform:
    """A decoded frame, averaged to mono, full scale 1."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    if samples.dtype.kind == "i":
        samples = samples.astype(np.float32) / 2 ** (8 * samples.dtype.itemsize - 1)
    mono: Waveform = samples.mean(axis=0, dtype=np.float32)
    return mono
