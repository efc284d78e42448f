"""AAC in MP4 (m4a) written block by block: ffmpeg's encoder in process, and the file around it by `mp4_writing`."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.mastering import mp4_writing as mp4
from pipeline.nouns import Waveform


class AacFile:
    """Low-complexity AAC at about `kbps`. Memory: four bytes for every 1,024 samples, until it is closed.

    `write` and `close` raise OSError for a full disk.
    """

    def __init__(self, path: Path, rate: int, channels: int, kbps: int) -> None:
        import av

        self._av = av
        self._rate, self._channels, self._kbps = rate, channels, kbps
        self._layout = ("mono", "stereo")[channels - 1]
        codec: Any = av.CodecContext.create("aac", "w")
        codec.sample_rate, codec.layout, codec.format = rate, self._layout, "fltp"
        codec.bit_rate = kbps * 1000
        codec.options = {"aac_coder": "fast"}
        codec.thread_count = 1
        codec.flags |= av.codec.context.Flags.global_header
        self._codec = codec
        self._sizes, self._samples = array("I"), 0
        self._out = path.open("w+b", buffering=1 << 16)
        self._out.write(mp4.box(b"ftyp", b"M4A \x00\x00\x02\x00M4A mp42isomiso2"))
        self._start = mp4.media_head(self._out)
        self._place = self._out.tell()

    def write(self, block: Waveform) -> None:
        if not block.size:
            return
        planes = np.repeat(block[np.newaxis, :], self._channels, axis=0)
        frame = self._av.AudioFrame.from_ndarray(planes, "fltp", self._layout)
        frame.sample_rate, frame.pts = self._rate, self._samples
        self._samples += block.size
        self._keep(frame)

    def close(self) -> None:
        with self._out as out:
            self._keep(None)
            mp4.media_end(out, self._start)
            description = mp4.aac_description(self._codec.extradata, self._channels, self._rate, self._kbps)
            sizes = np.array(self._sizes, np.uint32)
            sound = mp4.sound_track(description, sizes, self._place, self._samples, self._rate, "und")
            out.write(mp4.box(b"moov", mp4.movie_header(self._samples, self._rate), sound, mp4.box(b"udta")))

    def _keep(self, frame: Any) -> None:
        for packet in self._codec.encode(frame):
            self._sizes.append(packet.size)
            self._out.write(bytes(packet))
