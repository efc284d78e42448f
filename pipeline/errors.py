"""One small family of errors that people see: what is wrong, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from pipeline.wording import Wording, chinese_of


class ShuoshuError(Exception):
    """A mistake in the input or the surroundings that the user can mend.

    what   what is wrong, one sentence
    where  file, and line or row where there is one ("casts/demo.yaml, line 12")
    fix    what to do, one sentence

    Each may be a `Wording`, which holds the Chinese too.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.fix = what, where, fix

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n{self.fix}" if self.fix else head

    @property
    def brief(self) -> Wording:
        """What and where, in one line."""
        at, at_zh = (f"{self.where}: ", f"{chinese_of(self.where)}：") if self.where else ("", "")
        return Wording(f"{at}{self.what}", f"{at_zh}{chinese_of(self.what)}")

    def __reduce__(self) -> tuple[object, ...]:  # keyword arguments survive the trip between processes
        return _rebuild, (type(self), self.what, self.where, self.fix, self.__dict__)


def _rebuild(kind: type[ShuoshuError], what: str, where: str, fix: str, more: dict[str, object]) -> ShuoshuError:
    error = kind(what, where=where, fix=fix)
    error.__dict__.update(more)
    return error


class ManuscriptError(ShuoshuError):
    """The manuscript cannot be read."""


class ScriptError(ShuoshuError):
    """The script table, or a line in it, is wrong."""


class CastError(ShuoshuError):
    """The cast file is wrong, or asks for what is not there."""


class EngineError(ShuoshuError):
    """An engine is missing, broken, or asked for what it cannot do. `line` is the id of the only line it concerns: the other
    lines of the batch can still be spoken; "" = all of them."""

    def __init__(self, what: str, *, where: str = "", fix: str = "", line: str = "") -> None:
        super().__init__(what, where=where, fix=fix)
        self.line = line


class DeviceError(EngineError):
    """A worker process, or the device it runs on, failed in the middle of its work: killed, hung, out of memory. The same work
    may succeed in another process or on another device. `device` names where it was, as CUDA_VISIBLE_DEVICES does; "" = no
    device but the CPU."""

    device = ""


class StudioError(ShuoshuError):
    """What a visitor of the studio asks for is not there, not allowed, or too much."""


class ConflictError(StudioError):
    """What a visitor changes is no longer what they saw."""


class RenderError(ShuoshuError):
    """Lines could not be rendered."""


class MasteringError(ShuoshuError):
    """A master or deliverable could not be made."""


class BookFolderError(ShuoshuError):
    """The book's output folder is missing, foreign, locked or not writable."""


class BookHeldError(BookFolderError):
    """Another process is working on the book."""


class Stopped(ShuoshuError):
    """What was asked to stop has stopped, between two pieces of work; everything made so far is kept."""


def at_line(path: object, line: int) -> Wording:
    """Where in a file, for people."""
    return Wording(f"{path}, line {line}", f"{path} 第 {line} 行")


def did_you_mean(name: str, valid: Iterable[str]) -> Wording:
    """ " Did you mean X?" with the nearest of `valid`, or "" when nothing is near.

    Short Chinese names differ by one character of two or three, so the bar is half the letters.
    """
    near = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.49)
    return suggesting(near[0]) if near else Wording("")


def suggesting(name: str) -> Wording:
    """ " Did you mean X?" """
    return Wording(f" Did you mean {name}?", f"是不是“{name}”？")
