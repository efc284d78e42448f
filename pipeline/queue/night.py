"""A night's work: the queue's books one after the other, until all are made or the window closes.

A book that is broken, or that another process holds, is written down and passed over. Every book uses all workers, so books
do not wait for each other's stages; what does not fit stops between two batches, chapters or deliverables and goes on
the next night, since takes and masters are kept as they are made.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline import disk
from pipeline.engines import engine_class
from pipeline.errors import BookHeldError, ShuoshuError
from pipeline.files import explained
from pipeline.folder import BookFolder
from pipeline.opening import Production, open_book
from pipeline.produce import Result, finish, nothing_to_do
from pipeline.progress import Observer, Progress, unobserved
from pipeline.queue import record, speeds
from pipeline.queue.entry import Entry, Queue
from pipeline.queue.estimate import Left, estimated
from pipeline.queue.measure import Stopwatch
from pipeline.queue.record import BookNight, Night, Outcome
from pipeline.queue.unchanged import note, on_disk, unchanged
from pipeline.queue.watched import Watched
from pipeline.render.pool import visible_gpus
from pipeline.request import Request
from pipeline.wording import Wording, chinese_of

Make = Callable[[Production, Request, Observer], Result]
"""Makes what an opened book needs: `produce.finish`, or a flow that does the same."""


class Unrecorded(Exception):
    """What `Make` raises when it cannot go on for a reason that is not the book's: who keeps its records is gone."""


class AtWork(ShuoshuError):
    """Another night is at work on the queue."""


def now() -> datetime:
    return datetime.now(UTC)


def work(
    path: Path, ends: datetime, make: Make, *, clock: Callable[[], datetime] = now, observe: Observer = unobserved,
    stopwatch: Callable[[], float] = time.monotonic,
) -> Night:  # fmt: skip
    """Work through the queue in the file at `path` until `ends`; the night's record, which is written after every book.
    `stopwatch` gives the seconds by which work is timed.

    The file and the inbox are looked at again before every book. Raises CastError for a queue that cannot be read as the
    night begins, AtWork when another night is at work on it, BookFolderError when the disk is full: the others would
    fail like the book that met it. The record then has no end, as that of a night whose process was killed.
    """
    watched = Watched(path)
    with _alone(watched.queue.nights), _told_to_stop(watched.queue, clock):
        night = record.tonight(watched.queue, clock(), ends, speeds.machine())
        nights, tried = watched.queue.nights, set[str]()
        rows, spent = {one.book: one for one in night.books}, record.spent(nights, night.name)
        record.write(nights, night)
        queue, order = watched.queue, _order(watched.queue, tried)
        off = _paused(queue)
        observe(Progress("night", 0, len(queue.books)))
        while True:
            night = night.with_remarks(_looked(watched))
            if watched.queue is not queue:
                queue = watched.queue
                tried -= off - _paused(queue)  # paused no more: its turn comes again
                off, order = _paused(queue), _order(queue, tried)
            entry = next(order, None)
            if entry is None or queue.paused or clock() >= ends:
                break
            tried.add(entry.name)
            observe(Progress("book", len(tried) - 1, len(queue.books), book=entry.name))
            turn = _Turn(watched, entry, spent.get(entry.name, 0.0), ends, clock, stopwatch)
            row = turn.made(make, observe)
            if turn.stopped:
                off.add(entry.name)
            observe(Progress("outcome", len(tried), len(queue.books), note=row.outcome, book=entry.name))
            rows[entry.name] = _joined(rows, row)
            record.add(nights, night.name, rows[entry.name])
            if row.outcome == "failed":
                disk.must_have_room(queue.output)
        for one in queue.in_order():
            if one.name not in tried:
                row = _passed_over(one, queue)
                observe(Progress("outcome", len(tried), len(queue.books), note=row.outcome, book=one.name))
                rows[one.name] = _joined(rows, row)
        ended = record.shown(clock(), queue.window.zone)
        night = replace(night, ended=ended, books=tuple(rows.values()))
        record.write(nights, night)
        observe(Progress("night", len(queue.books), len(queue.books)))
    return night


def _order(queue: Queue, tried: Container[str]) -> Iterator[Entry]:
    """The books whose turn is still to come, in order."""
    return iter([one for one in queue.in_order() if one.name not in tried and not one.paused])


def _paused(queue: Queue) -> set[str]:
    return {one.name for one in queue.books if one.paused}


def _joined(rows: Mapping[str, BookNight], row: BookNight) -> BookNight:
    return row.after(rows[row.book]) if row.book in rows else row


def _looked(watched: Watched) -> list[Wording]:
    """Look at the queue and its inbox; what to remark about them. A file that cannot be read at the moment counts as it was."""
    try:
        return list(watched.look().refused)
    except ShuoshuError as error:
        return [error.brief]


@contextmanager
def _told_to_stop(queue: Queue, clock: Callable[[], datetime]) -> Iterator[None]:
    """Give the record of a night that somebody ends (Ctrl-C, a cancelled run) its end, so that nobody begins it again."""
    try:
        yield
    except Exception:  # it broke off by itself
        raise
    except BaseException:
        night = record.load(queue.nights, record.name_of(queue, clock()))
        if night:
            with suppress(ShuoshuError):
                record.write(queue.nights, replace(night, ended=record.shown(clock(), queue.window.zone)))
        raise


def at_work(queue: Queue) -> bool:
    """Whether a night is at work on the queue, in whatever process."""
    try:
        with _alone(queue.nights):
            return False
    except ShuoshuError:
        return True


def broke_off(queue: Queue, at: datetime) -> bool:
    """Whether the night that `at` belongs to was begun, and nobody works on it or ended it: its process was killed, or met a
    full disk. Raises ShuoshuError for a record that cannot be read."""
    night = record.load(queue.nights, record.name_of(queue, at))
    return night is not None and not night.ended and not at_work(queue)


def _passed_over(entry: Entry, queue: Queue) -> BookNight:
    if entry.paused or queue.paused:
        return BookNight(entry.name, "paused", what=Wording("it is paused", "已暂停"))
    late = Wording("the night ended before its turn came", "夜间时段结束时还没轮到它")
    return BookNight(entry.name, "waiting", what=late)


@dataclass
class _Turn:
    """One book's turn."""

    watched: Watched
    entry: Entry
    before_s: float
    ends: datetime
    clock: Callable[[], datetime]
    stopwatch: Callable[[], float]
    stopped: Wording = field(default_factory=lambda: Wording(""))
    _queue: Queue = field(init=False)
    _asking: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._queue = self.watched.queue

    @property
    def zone(self) -> ZoneInfo:
        return self.watched.queue.window.zone

    def made(self, make: Make, observe: Observer) -> BookNight:
        """Make the book; whatever goes wrong is in the row."""
        request, watches, takes = self.entry.request, [Stopwatch(observe, self.stopwatch)], _takes(self.entry.folder)
        row = BookNight(self.entry.name, "failed", began=record.shown(self.clock(), self.zone), before_s=self.before_s)
        try:
            try:
                row = self._made(row, make, watches[0])
            except Unrecorded as gone:
                watches.append(Stopwatch(observe, self.stopwatch))
                row = _alone_made(self._made(row, _plainly, watches[1]), gone)
        except ShuoshuError as error:
            row = _failed(row, error)
        except Exception as error:  # noqa: BLE001 - one broken book must not end the night of the others
            row = _failed(row, _unforeseen(error))
        if row.outcome == "failed" or len(watches) > 1:
            row = _counted_again(row, self.entry.folder, takes, watches)
        left = watches[-1].left
        gpus = len(visible_gpus()) if left and _on_gpu(left) else 0
        return replace(
            row, title=row.title or request.manuscript.stem, ended=record.shown(self.clock(), self.zone),
            work_s=watches[0].seconds, gpu_s=row.render_s * gpus,
        )  # fmt: skip

    def _made(self, row: BookNight, make: Make, watch: Stopwatch) -> BookNight:
        request = self.entry.request
        known = unchanged(request)
        if known:
            return replace(
                row, outcome="unchanged", title=known.title, lines=known.lines, chapters=known.chapters, before_s=0.0,
                audio_s=known.seconds, listen=known.listen,
            )  # fmt: skip
        with open_book(request, watch) as production:
            expected = estimated(watch.opened(production, request), speeds.load())
            production.stop_when = self.stop
            there = nothing_to_do(production)
            result = there or make(production, request, watch)
            work = [] if there else watch.measured(production, result)
            row = replace(row, title=production.record.title, lines=len(production.wanted))
        with suppress(ShuoshuError):  # figures are worth no book
            speeds.learn(work)
        chapters = on_disk(self.entry.folder)
        listen = tuple(dict.fromkeys((*result.failed, *result.flagged)))
        row = replace(
            row, rendered=result.rendered, mastered=len(result.mastered), listen=listen, speech_s=watch.speech_s,
            render_s=watch.render_s, chapters=len(chapters), audio_s=sum(chapters), estimate_s=expected.seconds,
            measured=expected.measured,
        )  # fmt: skip
        if result.stopped:
            left = Wording(f"{self.stopped}; {result.stopped}", f"{self.stopped.chinese}；{chinese_of(result.stopped)}")
            return replace(row, outcome="stopped", what=left)
        with suppress(ShuoshuError, OSError):  # without a note the next night opens it
            note(request)
        return replace(row, outcome="unchanged" if there else "done")

    def stop(self) -> bool:
        """Whether to begin nothing more: the window is over, or the book was paused or taken out of the queue meanwhile."""
        with self._asking:  # threads that hand out work ask as well
            if not self.stopped and self.clock() >= self.ends:
                self.stopped = Wording("stopped at the window's end", "时间窗结束，已停下")
            if not self.stopped:
                self.stopped = self._called_off()
            return bool(self.stopped)

    def _called_off(self) -> Wording:
        with suppress(OSError, ShuoshuError):  # a file that is being edited says nothing yet
            queue = self.watched.reread()
            if queue is not self._queue:
                self._queue = queue
                mine = next((one for one in queue.books if one.name == self.entry.name), None)
                if mine is None:
                    return Wording("stopped because it was taken out of the queue", "已从队列中移除，停下")
                if mine.paused or queue.paused:
                    return Wording("stopped because it was paused", "因暂停而停下")
        return Wording("")


def _plainly(production: Production, request: Request, observe: Observer) -> Result:
    return finish(production, request.workers, observe, request.dask)


def _alone_made(row: BookNight, gone: Unrecorded) -> BookNight:
    """The row of a book that was made after its records' keeper was gone."""
    told = Wording(
        f"made without Prefect, whose server is gone ({gone})", f"Prefect 服务器已断开，未经它制作（{gone}）"
    )
    return replace(row, outcome="done" if row.outcome == "unchanged" else row.outcome, what=row.what or told)


def _takes(folder: BookFolder) -> set[Path]:
    return set(folder.takes.glob("*/*.flac"))


def _counted_again(row: BookNight, folder: BookFolder, before: set[Path], watches: Sequence[Stopwatch]) -> BookNight:
    """What was made, by what lies on disk, where a run broke off before it could tell."""
    made, chapters = _takes(folder) - before, on_disk(folder)
    return replace(
        row, rendered=len(made), speech_s=sum(map(_seconds, made)),
        render_s=sum(one.render_s for one in watches), chapters=len(chapters), audio_s=sum(chapters),
    )  # fmt: skip


def _seconds(take: Path) -> float:
    import soundfile

    try:
        return float(soundfile.info(take).duration)
    except soundfile.LibsndfileError:  # a disk that fails is one book's trouble, and this its count alone
        return 0.0


def _failed(row: BookNight, error: ShuoshuError) -> BookNight:
    what, fix = (Wording(text, chinese_of(text)) for text in (error.what, error.fix))
    outcome: Outcome = "held" if isinstance(error, BookHeldError) else "failed"
    return replace(row, outcome=outcome, what=what, where=error.where, fix=fix)


def _on_gpu(left: Left) -> bool:
    return left.crew != "dask" and any(
        engine_class(name).capabilities.processes_per_device for name in left.engines.split("+")
    )


def _unforeseen(error: Exception) -> ShuoshuError:
    frames = traceback.extract_tb(error.__traceback__)
    text = f"{type(error).__name__}: {error}".splitlines()[0]
    return ShuoshuError(
        Wording(f"an error nobody foresaw ({text})", f"意外错误（{text}）"),
        where=f"{frames[-1].filename}, line {frames[-1].lineno}",
        fix=Wording(
            "`shuoshu run` on its manuscript shows it again; please report it.",
            "用 `shuoshu run` 重试可再现，请报告给我们。",
        ),
    )


@contextmanager
def _alone(nights: Path) -> Iterator[None]:
    """Hold the queue for this night. The system lets go of it when the process ends, however it ends."""
    import fcntl

    try:
        nights.mkdir(parents=True, exist_ok=True)
        lock = (nights / ".night").open("a+b")
    except OSError as error:
        raise explained(error, nights) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AtWork(
                Wording("another night is at work on this queue", "另一个夜间任务正在处理这个队列"), where=str(nights.parent),
                fix=Wording("Wait for it to end, or stop it.", "请等它结束，或停掉它。"),
            ) from error  # fmt: skip
        yield
