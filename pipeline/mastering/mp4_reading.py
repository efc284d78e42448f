"""Where the AAC frames of an MP4 file lie (ISO/IEC 14496-12)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class AacFile:
    """One AAC track as an m4a file holds it. `description` is its stsd box, whole; `sizes` the bytes of every frame, shape
    (frames,); the frames lie one after another from `offset` on."""

    path: Path
    description: bytes
    sizes: NDArray[np.uint32]
    offset: int

    @property
    def configuration(self) -> bytes:
        """Its AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1), what a decoder has to know. Raises ValueError where there is
        none."""
        entry = self.description.find(b"esds")
        if entry < 0:
            raise ValueError("its sound is not AAC")
        return _configuration(self.description[entry + 8 :])


def read_aac(path: Path) -> AacFile:
    """Where an m4a file's frames lie. Raises ValueError for a file that is no MP4 with one gapless AAC track."""
    with path.open("rb") as file:
        table = _find(file, 0, path.stat().st_size, [b"moov", b"trak", b"mdia", b"minf", b"stbl"])
        boxes = {kind: (start, end) for kind, start, end in _boxes(file, *table)}
        if not {b"stsd", b"stsz"} <= set(boxes) or not {b"stco", b"co64"} & set(boxes):
            raise ValueError("its sample table is incomplete")
        start, end = boxes[b"stsd"]
        description = _part(file, start - 8, end)
        sizes = _sizes(file, *boxes[b"stsz"])
        wide = b"co64" in boxes
        chunk_table = _part(file, *boxes[b"co64" if wide else b"stco"])
        chunks = np.frombuffer(chunk_table, ">u8" if wide else ">u4", offset=8).astype(np.uint64)
    if not sizes.size or not chunks.size:
        raise ValueError("it holds no sound")
    last, first = int(chunks[-1]), int(chunks[0])
    end = first + int(sizes.sum(dtype=np.uint64))
    if last != first and not _begins_chunk(sizes, end - last):
        raise ValueError("its frames do not lie one after another")
    if end > path.stat().st_size:
        raise ValueError("it is cut short")
    return AacFile(path, description, sizes, first)


def _configuration(descriptors: bytes) -> bytes:
    """The decoder's own descriptor (tag 5), which lies in the decoder's (4), and that in the stream's (3): ISO/IEC 14496-1,
    7.2.6. A length takes up to four bytes of seven bits, all but the last with their top bit set."""
    inside = {3: 3, 4: 13}
    at = 0
    while at < len(descriptors):
        tag, size = descriptors[at], 0
        at += 1
        for byte in descriptors[at : at + 4]:
            at, size = at + 1, size << 7 | byte & 0x7F
            if not byte & 0x80:
                break
        if tag == 5:
            return descriptors[at : at + size]
        at += inside.get(tag, size)
    raise ValueError("it does not say how its AAC is to be decoded")


def _sizes(file: BinaryIO, start: int, end: int) -> NDArray[np.uint32]:
    """The bytes of every frame. A box that promises more than there is gets no room for it."""
    same, count = struct.unpack(">II", _part(file, start + 4, start + 12))
    if same * count > os.fstat(file.fileno()).st_size or (not same and count > (end - start - 12) // 4):
        raise ValueError("its sample table is cut short")
    return np.full(count, same, np.uint32) if same else np.fromfile(file, ">u4", count).astype(np.uint32)


def _begins_chunk(sizes: NDArray[np.uint32], rest: int) -> bool:
    """Whether some last frames take just `rest` bytes."""
    for size in sizes[::-1]:
        if rest <= 0:
            break
        rest -= int(size)
    return rest == 0


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start, end of the content) of every box between two places."""
    while start + 8 <= end:
        size, kind = struct.unpack(">I4s", _part(file, start, start + 8))
        head = 8
        if size == 1:
            size, head = struct.unpack(">Q", _part(file, start + 8, start + 16))[0], 16
        size = size or end - start
        if size < head or start + size > end:
            raise ValueError("a box leads out of the file")
        yield kind, start + head, start + size
        start += size


def _find(file: BinaryIO, start: int, end: int, way: Sequence[bytes]) -> tuple[int, int]:
    for wanted in way:
        found = next(((low, high) for kind, low, high in _boxes(file, start, end) if kind == wanted), None)
        if found is None:
            raise ValueError(f"it has no {wanted.decode()} box")
        start, end = found
    return start, end


def _part(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    data = file.read(end - start)
    if len(data) != end - start:
        raise ValueError("it is cut short")
    return data
