"""Every kind of deliverable: its name, what makes it, and the settings it takes in the cast file."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import MasteringError, did_you_mean
from pipeline.wording import Wording

if TYPE_CHECKING:
    from pipeline.deliver.book import FinishedBook


@dataclass(frozen=True, slots=True)
class Kind:
    """name      as written after --deliver and in the cast file
    call      ``module:function`` in this room
    about     (English, Chinese) for people
    needs     chapter formats that must be there, such as m4a; () = any
    either    chapter formats of which one must be there; the setting `audio`, where it has one, names which
    by_cast   whether the lines of a character go together, so that the cast file's aliases go into it
    encodes   formats in which it encodes sound itself
    reads     files of the book's folder that go into it, beside the masters, where they are there
    demands   settings that must be given -> what to write, such as ("url", "https://example.org/my-book/")
    check     ``module:function`` in this room, called with name and value of each setting given; raises MasteringError
    settings  name -> rule: ("str",), ("bool",), ("int", low, high), ("float", low, high), ("choice", a, b …)
    """

    name: str
    call: str
    about: tuple[str, str]
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    settings: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    demands: tuple[tuple[str, str], ...] = ()
    either: tuple[str, ...] = ()
    encodes: tuple[str, ...] = ()
    check: str = ""
    by_cast: bool = False

    def writer(self) -> Callable[[FinishedBook], list[Path]]:
        """The function that makes it; its module is imported now."""
        write: Callable[[FinishedBook], list[Path]] = _function(self.call)
        return write

    def must_allow(self, name: str, value: Any) -> None:
        """Raise MasteringError for a setting's value that keeps to its rule and still cannot be."""
        if self.check:
            _function(self.check)(name, value)

    def lacks(self, formats: Container[str], settings: Mapping[str, Any]) -> str:
        """The chapter format that it needs and `formats` has not, such as "m4a" or "m4a or mp3"; "" for none."""
        missing = next((one for one in self.needs if one not in formats), "")
        either = [settings["audio"]] if "audio" in settings else self.either
        return missing or ("" if not either or any(one in formats for one in either) else " or ".join(either))


def _function(call: str) -> Callable[..., Any]:
    module, function = call.split(":")
    found: Callable[..., Any] = getattr(import_module(f"pipeline.deliver.{module}"), function)
    return found


_CAPTIONS = {"width": ("int", 16, 120), "rows": ("int", 1, 4)}
_FEED = {
    "url": ("str",), "email": ("str",), "description": ("str",), "category": ("str",), "explicit": ("bool",),
    "locked": ("bool",), "first": ("str",), "days": ("int", 0, 30),
}  # fmt: skip

KINDS: dict[str, Kind] = {
    one.name: one
    for one in (
        Kind(
            "m4b",
            "m4b:write",
            ("audiobook with chapter marks", "带章节标记的有声书"),
            ("m4a",),
            settings={"split_hours": ("float", 1, 100), "split_mb": ("int", 1, 1_000_000)},
        ),
        Kind(
            "video",
            "video:write",
            ("the video with a dub in it (`shuoshu dub --video`)", "配好音的视频（`shuoshu dub --video`）"),
            ("m4a",),
        ),
        Kind(
            "mp3", "mp3:write", ("the whole book in one MP3 with chapter marks", "整本书一个 MP3，带章节标记"), ("mp3",)
        ),
        Kind(
            "sample",
            "sample:write",
            ("retail sample, one to five minutes", "试听样本，一到五分钟"),
            settings={"minutes": ("float", 1, 5), "chapter": ("int", 1, 100_000)},
            encodes=("mp3",),
        ),
        Kind("stems", "stems:write", ("every character's lines in a file of their own", "每个角色一条分轨"), by_cast=True),
        Kind("timeline", "timeline:write", ("every line's place, CSV and JSON", "每一行的起止，CSV 与 JSON")),
        Kind(
            "srt", "subtitles:write_srt", ("subtitles, SubRip", "字幕，SubRip"),
            settings={**_CAPTIONS, "speakers": ("bool",)},
        ),
        Kind("vtt", "subtitles:write_vtt", ("subtitles with speakers, WebVTT", "带说话人的字幕，WebVTT"), settings=_CAPTIONS),
        Kind(
            "lrc", "lrc:write", ("lyrics for players", "播放器歌词"),
            settings={"width": ("int", 16, 240), "words": ("bool",), "speakers": ("bool",)},
        ),
        Kind("words", "words:write", ("every word's time, JSON", "每个字词的时间，JSON")),
        Kind("labels", "labels:write_labels", ("Audacity labels", "Audacity 标签")),
        Kind("cues", "labels:write_cues", ("cue list, CSV", "时间码清单，CSV")),
        Kind("reaper", "reaper:write", ("Reaper project, a track a character", "Reaper 工程，一个角色一条轨"), by_cast=True),
        Kind(
            "edl", "edl:write", ("edit decision lists, CMX 3600", "剪辑决策表，CMX 3600"),
            settings={"fps": ("choice", "24", "25", "30", "50", "60")},
        ),
        Kind(
            "feed", "feed:write", ("podcast feed", "播客订阅源"), settings=_FEED,
            demands=(("url", "https://example.org/my-book/"),), either=("mp3", "m4a"), check="feed_show:check",
        ),
        Kind(
            "epub",
            "readalong.write:write",
            ("EPUB 3 to read along, sentences lit up", "同步朗读的 EPUB 3，逐句高亮"),
            settings={"audio": ("choice", "m4a", "mp3"), "narrator": ("str",), "pauses": ("bool",)},
            either=("m4a", "mp3"),
        ),
        Kind(
            "report",
            "report:write",
            ("quality report, one page and JSON", "质量报告，单页网页与 JSON"),
            reads=("listening.json",),
            by_cast=True,
        ),
    )
}  # fmt: skip


def chosen(text: str) -> tuple[str, ...]:
    """The kinds that ``m4b,srt`` names, in the order of `KINDS`. Raises MasteringError for one that is not made here."""
    wanted = [part.strip().lower() for part in text.split(",") if part.strip()]
    for one in wanted:
        if one not in KINDS:
            raise MasteringError(
                f"no deliverable is named {one!r}.{did_you_mean(one, KINDS)}", fix=f"Here: {', '.join(KINDS)}."
            )
    return tuple(one for one in KINDS if one in wanted)


def encoded(names: Iterable[str]) -> set[str]:
    """The formats in which kinds of deliverables encode sound themselves."""
    return {one for name in names for one in KINDS[name].encodes}


def not_made(kind: str, lacking: str, where: str = "") -> MasteringError:
    """The error for a kind whose chapters' format is not made; `where` is what asks for it."""
    return MasteringError(
        Wording(
            f"{kind} is made from {lacking} chapters, which are not made here",
            f"{kind} 要用 {lacking} 章节文件制作，而这里没有",
        ), where=where,
        fix=Wording(
            f"Add {lacking} to --formats, or leave {kind} out of --deliver.",
            f"在 --formats 中加上 {lacking}，或者不做 {kind}（--deliver）。",
        ),
    )  # fmt: skip
