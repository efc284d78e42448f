"""A GPU that computes nothing, and what goes with it: a clock that runs ahead by the time the GPU would have taken, a crew that
does a book's work on it, and books of made-up text. For `benchmarks/scale.py`.

The engine keeps the contract of `pipeline.engines.base`. How fast it is, is an assumption, not a measurement: 100 seconds of
audio a second, the aim for IndexTTS 2.0 on an H200-class card (benchmarks/README.md), which nothing here has shown yet.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import numpy as np

from pipeline import engines, produce, rendering
from pipeline.chapters import ChapterJob
from pipeline.chapters import master as master_chapter
from pipeline.deliver.make import Made
from pipeline.engines.base import Capabilities, Spoken
from pipeline.engines.plausible import usual_seconds
from pipeline.mastering import record
from pipeline.nouns import Direction, Loudness, Master, Take
from pipeline.opening import Production
from pipeline.produce import Result
from pipeline.progress import Observer
from pipeline.render.plan import Job
from pipeline.request import Request
from pipeline.takes.journal import Rendered
from pipeline.takes.key import ingredients, key_of

AUDIO_S_A_SECOND = 100.0
"""Assumed of the GPU, see above."""
MASTERING_CORE_S = 67.4
"""Core seconds for an hour of audio, AAC alone (benchmarks/README.md, mastering)."""
CORES = 16
"""Cores beside the GPU, assumed."""
RATE = 22050
EMPTY = hashlib.sha256(b"").hexdigest()


class Clock:
    """Real time, and ahead of it by all that was simulated."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._began, self._real = datetime.now(UTC), time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() + self.ahead

    def now(self) -> datetime:
        return self._began + timedelta(seconds=self.seconds() - self._real)

    def until(self, moment: datetime) -> None:
        """Let time pass."""
        self.ahead += max(0.0, (moment - self.now()).total_seconds())


CLOCK = Clock()


class SimulatedGpu:
    """Gives every line a sound of its usual length, a steady tone too low to be silence, for the time a GPU would take."""

    name: ClassVar[str] = "simulated"
    version: ClassVar[str] = "1"
    capabilities: ClassVar[Capabilities] = Capabilities(
        sample_rate=RATE, languages=frozenset({"zh", "en"}), clones=True, emotions=frozenset({"weights", "reference"}),
        duration=True, pinyin=True, deterministic=True, seeded=True, max_characters=2000, processes_per_device=1,
        batch_size=64, parameters={},
    )  # fmt: skip

    def fingerprint(self) -> str:
        return f"{AUDIO_S_A_SECOND:g} audio seconds a second"

    def render(self, batch: Sequence[Direction]) -> Iterator[Spoken]:
        lengths = [one.duration or usual_seconds(one.text, one.language) / one.speed for one in batch]
        CLOCK.ahead += sum(lengths) / AUDIO_S_A_SECOND
        for index, seconds in enumerate(lengths):
            yield Spoken(index, np.broadcast_to(np.float32(0.01), (round(seconds * RATE),)))

    def close(self) -> None:
        return


def plug_in(home: Path) -> None:
    """Install the engine for this process as a package would, by an entry point, with one GPU to be seen."""
    package = home / "site/simulated-1.dist-info"
    package.mkdir(parents=True, exist_ok=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: simulated\nVersion: 1\n")
    (package / "entry_points.txt").write_text(f"[{engines.GROUP}]\nsimulated = benchmarks.simulated:SimulatedGpu\n")
    sys.path.insert(0, str(package.parent))
    os.environ |= {"CUDA_VISIBLE_DEVICES": "0", "XDG_CACHE_HOME": str(home / "cache"), "SHUOSHU_DISK_FLOOR": "0"}


class SimulatedCrew:
    """Does a book's work as the workers would, but for the sound: the engine is asked, and every take's name leads to an
    empty file; chapters get a small one, and their real records. Keys, index, timelines are the real ones."""

    count, drained = 1, ()

    def try_once(self, work: Callable[[], Any], limit: float | None = None, avoid: frozenset[str] = frozenset()) -> Any:
        assert isinstance(work, partial)
        jobs, folder = work.args
        engine = engines.load(jobs[0].direction.voice.engine)
        spoken = sorted(engine.render([job.direction for job in jobs]), key=lambda one: one.index)
        return [_taken(job, len(one.wave), folder) for job, one in zip(jobs, spoken, strict=True)]

    def run(self, work: Callable[[], Any], limit: float | None = None) -> Master:
        assert isinstance(work, partial)
        job: ChapterJob = work.args[0]
        path = job.folder / f"{job.stem}.m4a"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"simulated")
        laid = job.timeline
        CLOCK.ahead += laid.frames / laid.sample_rate / 3600 * MASTERING_CORE_S / CORES
        made = Master(
            laid.chapter, laid.title, laid.sample_rate, laid.frames, {"m4a": path}, Loudness(-16.0, -1.5), job.fingerprint,
            job.stem,
        )  # fmt: skip
        record.write(made, laid, job.folder)
        return made

    def blame(self, devices: frozenset[str]) -> None: ...

    def at_most(self, count: int | None = None) -> None: ...

    def renew(self) -> None: ...

    def watch(self, lost: Callable[[str], None], stop_when: Callable[[], bool]) -> None: ...

    def stop(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def _taken(job: Job, frames: int, folder: Path) -> Rendered:
    made_from = ingredients(job.direction)
    key = key_of(made_from)
    path = folder / key[:2] / f"{key}.flac"
    path.parent.mkdir(exist_ok=True)
    empty = folder.parent / ".empty"  # links to one file: a file system's making of inodes is not what is measured here
    empty.touch()
    if not path.exists():
        path.hardlink_to(empty)
    take = Take(key, path, EMPTY, RATE, frames, SimulatedGpu.name, job.direction.seed, "2026-11-26T00:00:00+00:00")
    return Rendered(take, 0, job.subject, made_from, job.lines, job.key)


def make(production: Production, _request: Request, observe: Observer) -> Result:
    """What an opened book needs, by the crew; `night.work` calls it."""
    crew = SimulatedCrew()

    def render(batch: tuple[Job, ...]) -> Callable[[], float | None]:
        seconds = rendering.render(production, batch, crew)
        return lambda: seconds

    def master(number: int) -> Callable[[], tuple[Master, bool] | None]:
        made = master_chapter(production, number, crew)
        return lambda: made

    def assemble(kind: str, masters: Sequence[Master]) -> Made | None:
        return produce.deliver(production, masters, kind)

    return produce.in_turn(production, render, master, assemble, crew, observe)


# --- books -----------------------------------------------------------------------------------------------------------

LINES_A_CHAPTER = 200
_PEOPLE = "林晚 沈舟 顾青 老李 王掌柜 周明 许文 阿竹 陈伯 苏云".split()
_WHEN = "天刚亮的时候 雨停以后 那年冬天 半夜里 第二天一早 傍晚 过了很久 吃过晚饭".split()
_WHERE = "河边 旧桥下 茶馆门口 码头 城南的巷子里 山路上 书店二楼 钟楼旁边".split()
_DOES = "慢慢走了过去 停住脚步 收起了伞 点亮一盏灯 望着远处的船 把信折好 听见有人敲门 数着石阶".split()
_SAYS = "说 问 笑道 低声说 叹了口气说 大声喊".split()
_TALK = "这件事我早就知道了 你为什么不早点告诉我 明天一定会下雪 银行门口还有很多人 我重新算了一遍 别怕".split()


def write_book(path: Path, lines: int, seed: int = 0) -> Path:
    """A Chinese manuscript of about so many script lines, narration and talk; no two lines alike, in no two books."""
    chance = random.Random(f"{seed}")
    pick = chance.choice
    out: list[str] = []
    made = number = 0
    while made < lines:
        if made // LINES_A_CHAPTER >= number:
            number += 1
            out.append(f"\n第{number}章 {pick(_WHERE)}{seed}\n")
            made += 1
        mark = f"{seed}号{made}"
        who = pick(_PEOPLE)
        if chance.random() < 0.5:
            out.append(f"{pick(_WHEN)}，{who}在{pick(_WHERE)}{pick(_DOES)}，{mark}，又{pick(_DOES)}。")
            made += 1
        else:
            out.append(f"{who}{pick(_SAYS)}，{mark}：“{pick(_TALK)}，{pick(_TALK)}，{mark}。”")
            made += 2
    path.write_text("\n".join(out), encoding="utf-8")
    return path
