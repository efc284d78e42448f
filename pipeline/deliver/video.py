"""A copy of a video with the dub as its sound: pictures and packets are copied, nothing is encoded again."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pipeline.deliver.book import FinishedBook
from pipeline.deliver.wishes import must_fit
from pipeline.errors import MasteringError
from pipeline.files import HonestFile, explained_errors, written_beside
from pipeline.mastering.tags import AI_NOTE

_CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""Those that hold AAC beside whatever pictures come; a copy of any other file is Matroska, which holds nearly all."""
_LANGUAGES = {"zh": "zho", "en": "eng"}


def write(book: FinishedBook) -> list[Path]:
    """``<name>.dub.mp4`` (or the video's own suffix): its pictures, the dub, and with `keep_audio` its own sound behind that.

    Time 0 of the dub is the first picture. Raises MasteringError for a video that cannot be read, BookFolderError for a
    full disk.
    """
    import av

    must_fit(("video",), book.settings, ())
    source, track = Path(str(book.setting("video", "file", ""))), book.masters[0].files["m4a"]
    suffix = source.suffix.lower() if source.suffix.lower() in _CONTAINERS else ".mkv"
    path = book.path(f".dub{suffix}")
    with ExitStack() as stack:
        picture, sound = _opened(stack, source), _opened(stack, track)
        beside = stack.enter_context(written_beside(path))
        stack.enter_context(explained_errors(path, av.FFmpegError))
        file = HonestFile(beside)
        with av.open(file, "w", format=_CONTAINERS[suffix]) as target:
            target.metadata.update({"title": book.record.title, **picture.metadata, "comment": AI_NOTE})
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
    """Packets of both files in order of time, which begins with the first picture."""
    pictures = _pictures(picture, Path(picture.name))
    streams = {pictures.index: target.add_stream_from_template(pictures)}
    dub = target.add_stream_from_template(sound.streams.audio[0])
    dub.metadata["language"] = _LANGUAGES.get(language, "und")
    for stream in picture.streams.audio if keep_audio else ():
        streams[stream.index] = target.add_stream_from_template(stream)
    begins = float((pictures.start_time or 0) * pictures.time_base)
    for _, packet in heapq.merge(_packets(picture, streams, begins), _packets(sound, {0: dub}), key=lambda one: one[0]):
        target.mux(packet)


def _packets(file: Any, streams: dict[int, Any], begins: float = 0.0) -> Iterator[tuple[float, Any]]:
    """(time, packet) of some of a file's streams, given to their new ones; time 0 is at `begins` seconds of the file's own.

    Sound before that stays out, an AAC encoder's priming above all: Matroska would move everything else behind it.
    """
    for packet in _with_decoding_times(file.demux([one for one in file.streams if one.index in streams])):
        earlier = round(begins / packet.time_base)
        packet.dts -= earlier
        if packet.pts is not None:
            packet.pts -= earlier
        if packet.stream.type == "audio" and (packet.pts or 0) < 0:
            continue
        time = float(packet.dts * packet.time_base)
        packet.stream = streams[packet.stream.index]
        yield time, packet


def _with_decoding_times(packets: Iterator[Any]) -> Iterator[Any]:
    """Packets that all have a decoding time. Matroska stores none, and of the first ones, before a B-frame tells how far
    pictures are out of order, ffmpeg does not know it: they are counted back from the first that has one."""
    waiting: dict[int, list[Any]] = {}
    known: set[int] = set()
    for packet in packets:
        index = packet.stream.index
        if not packet.size:  # the end of a stream
            continue
        if packet.dts is None:
            if index in known:
                packet.dts = packet.pts
            else:
                waiting.setdefault(index, []).append(packet)
                continue
        if index not in known:
            known.add(index)
            early = waiting.pop(index, [])
            for back, one in enumerate(reversed(early), 1):
                one.dts = packet.dts - back * max(1, packet.duration or 1)
            yield from early
        yield packet
    for early in waiting.values():  # a stream of so few packets that no time was known
        for one in early:
            one.dts = one.pts
        yield from early
