"""What a take's file is worth by itself, without an index."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from pipeline.files import sha256_file
from pipeline.nouns import Take
from pipeline.takes import notes
from pipeline.takes.journal import Rendered
from pipeline.takes.key import key_of, subject_from
from pipeline.wording import Wording


class _NoTake(Exception):
    def __init__(self, why: Wording) -> None:
        super().__init__(why)
        self.why = why


class DamagedTake(_NoTake):
    """The file cannot be decoded, or its sound is not the one that was written; `why` in words."""


class ForeignTake(_NoTake):
    """The file is whole, but not the take its name says; `why` in words."""


def verified(path: Path) -> Rendered:
    """The take in a file: decoded, and held against the MD5 of its samples that FLAC keeps (RFC 9639, section 8.2). Its
    `ingredients` are empty in a file of before they were kept. When it was made is the file's own time.

    Raises DamagedTake, ForeignTake, OSError for a file that cannot be read.
    """
    frames, rate, told = _decoded(path)
    stat = path.stat()
    asked = dict(told.asked)
    if asked and key_of(asked) != path.stem:
        raise ForeignTake(Wording("its name is not that of what it says it was made from", "文件名与其自述的来源不符"))
    take = Take(
        key=path.stem, path=path, sha256=sha256_file(path), sample_rate=rate, frames=frames,
        engine=str(asked.get("engine", "")), seed=int(asked.get("seed", 0)), flags=told.flags,
        created=datetime.fromtimestamp(stat.st_mtime, UTC).isoformat(timespec="seconds"),
    )  # fmt: skip
    return Rendered(take, stat.st_size, subject_from(asked) if asked else "", asked, told.lines)


def _decoded(path: Path) -> tuple[int, int, notes.Notes]:
    import soundfile

    sound, frames = hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as raw:
        kept = raw.read(42)[26:]  # fLaC, a block's header of 4 bytes, and STREAMINFO, whose last 16 are the MD5
    try:
        with soundfile.SoundFile(str(path)) as file:
            told, rate = _notes(file.comment), file.samplerate
            for block in file.blocks(1 << 16, dtype="int16"):
                sound.update(block.astype("<i2").tobytes())
                frames += len(block)
            whole = frames == file.frames
    except soundfile.LibsndfileError as error:
        raise DamagedTake(Wording(f"it cannot be decoded ({error})", f"无法解码（{error}）")) from error
    if not whole or (any(kept) and kept != sound.digest()):
        raise DamagedTake(Wording("its sound is not the one that was written", "声音与写入时不同"))
    return frames, rate, told


def _notes(comment: str) -> notes.Notes:
    try:
        return notes.read(comment)
    except ValueError as error:
        raise ForeignTake(
            Wording(f"its comment is none of ours ({error})", f"注释不是本程序写的（{error}）")
        ) from error
