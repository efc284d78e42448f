"""A copy of a video with the dub as its sound: pictures and packets are copied, nothing is encoded again."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pipeline.deliver.book import FinishedBook
from pipeline.errors import MasteringError
from pipeline.files import HonestFile, explained_errors, written_beside

_CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""Those that hold AAC beside whatever pictures come; a copy of any other file is Matroska, which holds nearly all."""
_LANGUAGES = {"zh": "zho", "en": "eng"}


def write(book: FinishedBook) -> list[Path]:
    """``<name>.dub.mp4`` (or the video's own suffix): its pictures, the dub, and with `keep_audio` its own sound behind that.

    Time 0 of the dub is where the video's begins. Raises MasteringError for a video that cannot be read, BookFolderError for a
    full disk.
    """
    import av

    asked = str(book.setting("video", "file", ""))
    if not asked:
        raise MasteringError("there is no video to lay the track into", fix="`shuoshu dub MANUSCRIPT --video FILE`.")
    source, track = Path(asked), book.masters[0].files["m4a"]
    suffix = source.suffix.lower() if source.suffix.lower() in _CONTAINERS else ".mkv"
    path = book.path(f".dub{suffix}")
    with ExitStack() as stack:
        picture, sound = _opened(stack, source), _opened(stack, track)
        beside = stack.enter_context(written_beside(path))
        stack.enter_context(explained_errors(path, av.FFmpegError))
        file = HonestFile(beside)
        with av.open(file, "w", format=_CONTAINERS[suffix]) as target:
            _copy(picture, sound, target, bool(book.setting("video", "keep_audio", False)), book.record.language)
        file.close()
    return [path]


def seconds(path: Path) -> float:
    """How long a video's pictures last. Raises MasteringError for a file without any."""
    with ExitStack() as stack:
        file = _opened(stack, path)
        stream = _pictures(file, path)
        if stream.duration is not None:
            return float(stream.duration * stream.time_base)
        if file.duration is None:
            raise MasteringError("the video does not say how long it is", where=str(path), fix="Save it as MP4 or MKV.")
        return float(file.duration / 1_000_000)


def _opened(stack: ExitStack, path: Path) -> Any:
    import av

    if not path.is_file():
        raise MasteringError("the file is not there", where=str(path), fix="Check the path after --video.")
    try:
        return stack.enter_context(av.open(str(path)))
    except av.FFmpegError as error:
        raise MasteringError(
            f"the file cannot be read as a video ({error.strerror})", where=str(path), fix="Is it whole? Does it play?"
        ) from error


def _pictures(file: Any, path: Path) -> Any:
    """The first stream of moving pictures: a cover is none."""
    import av

    for stream in file.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    raise MasteringError("the file has no pictures", where=str(path), fix="Give a video after --video.")


def _copy(picture: Any, sound: Any, target: Any, keep_audio: bool, language: str) -> None:
    pictures = _pictures(picture, Path(picture.name))
    streams = {pictures.index: target.add_stream_from_template(pictures)}
    dub = target.add_stream_from_template(sound.streams.audio[0])
    dub.metadata["language"] = _LANGUAGES.get(language, "und")
    for stream in picture.streams.audio if keep_audio else ():
        streams[stream.index] = target.add_stream_from_template(stream)
    packets = heapq.merge(_packets(picture, streams), _packets(sound, {0: dub}), key=lambda one: one[0])
    for _, packet in packets:
        target.mux(packet)


def _packets(file: Any, streams: dict[int, Any]) -> Iterator[tuple[float, Any]]:
    """(time, packet) of some of a file's streams, given to their new ones, from where the file begins to play."""
    begins = (file.start_time or 0) / 1_000_000
    for packet in file.demux([one for one in file.streams if one.index in streams]):
        if packet.dts is None:  # the end of a stream
            continue
        earlier = round(begins / packet.time_base)
        packet.dts -= earlier
        if packet.pts is not None:
            packet.pts -= earlier
        time = float(packet.dts * packet.time_base)
        packet.stream = streams[packet.stream.index]
        yield time, packet
