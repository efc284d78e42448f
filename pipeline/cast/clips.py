"""Reference clips: is it there, is it audio, is it long enough, and which bytes are they."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pipeline.clip_audio import NoAudio, beginning
from pipeline.errors import CastError
from pipeline.files import sha256_file
from pipeline.wording import Wording

SHORTEST_S = 1.0


def clip_hash(path: Path) -> str:
    """SHA-256 of a usable clip. Raises CastError when it is missing, no audio, or under `SHORTEST_S` seconds."""
    if not path.is_file():
        raise CastError(
            Wording(f"the reference clip {path.name} is not there", f"没有参考音频 {path.name}"),
            fix=Wording(f"Looked in {path.parent}.", f"找的是 {path.parent}。"),
        )
    stat = path.stat()
    return _checked(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _checked(path: Path, _size: int, _changed: int) -> str:
    seconds = _length(path)
    if seconds < SHORTEST_S:
        raise CastError(
            Wording(
                f"the reference clip {path.name} is {seconds:.2f} s long", f"参考音频 {path.name} 只有 {seconds:.2f} 秒"
            ),
            fix=Wording("Give at least 1 s; 5 s or more clone better.", "至少要 1 秒；5 秒以上克隆得更好。"),
        )
    return sha256_file(path)


def _length(path: Path) -> float:
    try:
        return beginning(path, SHORTEST_S).seconds
    except (NoAudio, OSError) as error:
        raise CastError(
            Wording(
                f"the reference clip {path.name} is not audio ({error})", f"参考音频 {path.name} 不是音频（{error}）"
            ),
            fix=Wording("Use WAV, FLAC, MP3 or M4A.", "请用 WAV、FLAC、MP3 或 M4A。"),
        ) from error
