"""A batch on its way: many lines under way at once, at several hosts, each tried again where the trouble may pass."""

from __future__ import annotations

import heapq
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.asking import wait_s
from pipeline.engines.base import Spoken
from pipeline.engines.openai.hosts import Going, Host, Hosts
from pipeline.engines.openai.sending import Outcome, Sender
from pipeline.engines.openai.settings import DOCS, Settings
from pipeline.engines.stretch import stretched
from pipeline.errors import EngineError
from pipeline.nouns import Direction, Waveform
from pipeline.settings_file import NAME
from pipeline.wording import Wording

FIRST_WAIT_S = 0.25
FIRST_PATIENCE_S = 20.0
"""Patience with hosts that never answered yet: most likely nobody started them."""
_UNCOUNTED = 100
"""How often one line may be put off for what is not its fault."""
_GIVE_UP = 3
"""Lines in a row that are refused for good, after which no more are sent."""
_LONGEST_SLEEP_S = 0.25


@dataclass(slots=True)
class _Line:
    """A direction on its way.

    tries    failures that count
    put_off  how often it came back for what is not its fault
    last     the host that had it
    kept     a whole answer with something suspicious, until it was asked for once more
    """

    index: int
    direction: Direction
    tries: int = 0
    put_off: int = 0
    last: Host | None = None
    kept: Spoken | None = None

    def rank(self) -> tuple[int, int, int]:
        """Lines that came back go first, then the longest: so that none is left alone at the batch's end."""
        return -self.tries - self.put_off, -len(self.direction.text), self.index


class Round:
    """The rendering of one batch."""

    def __init__(
        self,
        batch: Sequence[Direction],
        settings: Settings,
        sender: Sender,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings, self.sender, self.clock = settings, sender, clock
        self.hosts: Hosts = sender.hosts
        self.began = clock()
        lines = [_Line(index, direction) for index, direction in enumerate(batch)]
        self.ready = sorted((line.rank(), line) for line in lines)
        self.later: list[tuple[float, tuple[int, int, int], _Line]] = []
        self.running = 0
        self.refused: list[tuple[_Line, Host | None, Wording]] = []
        self.in_a_row = 0
        self.work: queue.SimpleQueue[tuple[Going, _Line] | None] = queue.SimpleQueue()
        self.back: queue.SimpleQueue[tuple[Going, _Line, Outcome]] = queue.SimpleQueue()
        self.threads = min(len(batch), settings.concurrency * len(settings.hosts))
        self.out: queue.Queue[Spoken | Exception | None] = queue.Queue(max(self.threads, 1))
        self.left_alone = False

    def spoken(self) -> Iterator[Spoken]:
        """The batch's lines, as they come. Hosts go on being given lines while the taker of one takes its time."""
        threading.Thread(target=self._run, daemon=True).start()  # daemon: what nobody waits for must not hold us up
        try:
            while (one := self.out.get()) is not None:
                if isinstance(one, Exception):
                    raise one
                yield one
        finally:
            self.left_alone = True

    def _run(self) -> None:
        for _ in range(self.threads):
            threading.Thread(target=self._send, daemon=True).start()
        try:
            self._hand_out()
            while (self.running or self.ready or self.later) and not self.left_alone:
                done = self._next()
                self._hand_out()
                if done:
                    self._put(done)
            self._put(self._refusal() if self.refused else None)
        except Exception as error:  # noqa: BLE001 - whatever it is, `spoken` raises it; else it would wait for ever
            self._put(error)
        finally:
            for _ in range(self.threads):
                self.work.put(None)

    def _put(self, one: Spoken | Exception | None) -> None:
        while not self.left_alone:
            try:
                self.out.put(one, timeout=_LONGEST_SLEEP_S)
            except queue.Full:
                continue
            return

    def _send(self) -> None:
        while (given := self.work.get()) is not None:
            going, line = given
            self.back.put((going, line, self.sender.send(going, line.direction)))

    def _hand_out(self) -> None:
        """Give lines to hosts while there are both."""
        if self.in_a_row >= _GIVE_UP:
            self.ready.clear()
            self.later.clear()
        while self.later and self.later[0][0] <= self.clock():
            _, rank, line = heapq.heappop(self.later)
            heapq.heappush(self.ready, (rank, line))
        while self.ready:
            line = self.ready[0][1]
            if len(line.direction.text) > self.settings.max_characters:
                heapq.heappop(self.ready)
                self.refused.append((line, None, self._too_long()))
                continue
            going = self.hosts.take(avoid=line.last)
            if going is None:
                return
            heapq.heappop(self.ready)
            self.running += 1
            self.work.put((going, line))

    def _next(self) -> Spoken | None:
        """What the next line that comes back makes, if it makes something; None, too, after a while without any."""
        try:
            going, line, outcome = self.back.get(timeout=self._sleep_s())
        except queue.Empty:
            self._check_patience()
            return None
        self.running -= 1
        line.last = going.host
        if outcome.fatal:
            raise self._fatal(line, going.host, outcome.why)
        if outcome.wave is None:
            return self._failed(line, going, outcome)
        spoken = Spoken(line.index, self._fitted(line.direction, outcome.wave), outcome.doubts)
        if spoken.doubts and line.kept is None:
            line.kept = spoken
            heapq.heappush(self.ready, (line.rank(), line))
            return None
        self.in_a_row = 0
        return line.kept if line.kept and len(line.kept.doubts) < len(spoken.doubts) else spoken

    def _failed(self, line: _Line, going: Going, outcome: Outcome) -> Spoken | None:
        """Put the line off where the trouble may pass; else it is refused, or what was kept of it must do."""
        counts = outcome.counts and not going.trial
        line.tries, line.put_off = line.tries + counts, line.put_off + (not counts)
        if outcome.final or line.tries >= self.settings.tries or line.put_off >= _UNCOUNTED:
            if line.kept is None:
                self.refused.append((line, going.host, outcome.why))
                self.in_a_row += 1
            return line.kept
        at = self.clock() + wait_s(max(line.tries - 1, 0) + line.put_off // 4, FIRST_WAIT_S)
        heapq.heappush(self.later, (at, line.rank(), line))
        self._check_patience()
        return None

    def _fitted(self, direction: Direction, wave: Waveform) -> Waveform:
        """With the pace that the server was not asked for, and to the wished length."""
        frames = wave.size
        if direction.speed != 1.0 and "speed" not in self.settings.fields:
            frames = round(frames / direction.speed)
        if direction.duration is not None:
            frames = round(direction.duration * self.settings.rate)
        return stretched(wave, max(frames, 1), self.settings.rate) if frames != wave.size else wave

    def _sleep_s(self) -> float:
        """How long to wait for an answer before looking at the clock again: until a line or a host has waited enough."""
        times = [self.hosts.wait_s()] if self.ready else []
        times += [self.later[0][0] - self.clock()] if self.later else []
        return min([_LONGEST_SLEEP_S, *(max(one, 0.01) for one in times if one > 0)])

    def _check_patience(self) -> None:
        """Raise EngineError where no host has answered for too long."""
        if self.running:
            return
        heard = self.hosts.answered_at
        patience = self.settings.patience_s if heard is not None else min(self.settings.patience_s, FIRST_PATIENCE_S)
        silent = self.clock() - max(self.began, heard or self.began)
        if silent < patience:
            return
        reasons = [f"{one.url}: {one.why}" for one in self.hosts.all]
        chinese = [f"{one.url}：{one.why.chinese or one.why}" for one in self.hosts.all]
        raise EngineError(
            Wording(
                f"no speech server gave a usable answer for {silent:.0f} s ({'; '.join(reasons)})",
                f"{silent:.0f} 秒内没有语音服务给出可用的回答（{'；'.join(chinese)}）",
            ),
            fix=Wording(
                f"Start it, or correct hosts in {NAME}; the same command goes on from there.",
                f"请启动服务，或更正 {NAME} 里的 hosts；再运行同一命令会接着做。",
            ),
        )

    def _too_long(self) -> Wording:
        most = self.settings.max_characters
        return Wording(
            f"it has more than the {most} characters that max_characters allows",
            f"超过 max_characters 允许的 {most} 个字符",
        )

    def _refusal(self) -> EngineError:
        line, host, why = min(self.refused, key=lambda one: one[0].index)
        others = len(self.refused) - 1
        more, more_zh = (f"; {others} more lines likewise", f"；另有 {others} 行也是") if others else ("", "")
        at, at_zh = (f" at {host.url}", f"（{host.url}）") if host else ("", "")
        name = line.direction.line_id
        return EngineError(
            Wording(
                f"line {name} could not be spoken{at}: {why}{more}",
                f"{name} 没能合成{at_zh}：{why.chinese or why}{more_zh}",
            ),
            fix=Wording(
                f"Change the line or its voice, or the section speech of {NAME} ({DOCS}).",
                f"请改这一行或它的音色，或 {NAME} 的 speech 一节（见 {DOCS}）。",
            ),
            line=name,
        )

    def _fatal(self, line: _Line, host: Host, why: Wording) -> EngineError:
        name = line.direction.line_id
        return EngineError(
            Wording(f"{host.url} {why} (line {name})", f"{host.url} {why.chinese or why}（{name}）"),
            fix=Wording(f"Correct {NAME} ({DOCS}).", f"请更正 {NAME}（见 {DOCS}）。"),
        )
