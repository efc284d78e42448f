"""The few tasks that the flows share: a batch of lines, a chapter, a deliverable. Never one task a line: a task costs
milliseconds, and so may a line. Line-level progress, resume and caching are the take store's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from prefect import get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.utilities.annotations import opaque

from flows.watching import tell
from pipeline import chapters, produce, rendering
from pipeline.deliver.make import Made
from pipeline.nouns import Master
from pipeline.opening import Production
from pipeline.produce import Result
from pipeline.render.crew import Crew
from pipeline.render.plan import Job


def held(value: Any) -> Any:
    """A parameter that Prefect passes on without walking through it in search of futures."""
    return opaque(value)


@task(name="render lines", task_run_name="render {label}", cache_policy=NO_CACHE, persist_result=False)
def render_lines(label: str, production: Production, batch: tuple[Job, ...], workers: Crew) -> float | None:
    """Render one batch and enter its takes; seconds of audio made. None: the run is to stop, and it was not begun."""
    return rendering.render(production, batch, workers)


@task(name="master chapter", task_run_name="master chapter {number}", cache_policy=NO_CACHE, persist_result=False)
def master_chapter(number: int, production: Production, workers: Crew) -> tuple[Master, bool] | None:
    """Master one chapter, unless it is as it was; the master, and whether it was made now. None: the run is to stop, and it was
    not begun."""
    found = chapters.master(production, number, workers)
    if found is None:
        return None
    master, made = found
    if made:
        get_run_logger().info(
            "chapter %d: %.1f s, %.2f LUFS, %.2f dBTP",
            number, master.seconds, master.loudness.integrated, master.true_peak,
        )  # fmt: skip
    for remark in produce.sound_remarks(production, master):
        get_run_logger().warning("%s", remark)
    return master, made


@task(name="deliver", task_run_name="deliver {kind}", cache_policy=NO_CACHE, persist_result=False)
def deliver(kind: str, production: Production, masters: list[Master]) -> Made | None:
    """Make one kind of deliverable, unless it is as it was; None when the book is not whole."""
    return produce.deliver(production, masters, kind)


def run_production(production: Production, workers: Crew) -> Result:
    """Everything a production still needs, as Prefect tasks on the calling flow's task runner."""
    finished: list[Master] = []
    reports: list[Path] = []

    def render(batch: tuple[Job, ...]) -> Callable[[], float | None]:
        return render_lines.submit(_label(batch), held(production), held(batch), held(workers)).result

    def master(number: int) -> Callable[[], tuple[Master, bool] | None]:
        given = master_chapter.submit(number, held(production), held(workers))

        def wait() -> tuple[Master, bool] | None:
            made = given.result()
            if made:
                finished.append(made[0])
            return made

        return wait

    def assemble(kind: str, masters: Sequence[Master]) -> Made | None:
        made = deliver(kind, held(production), held(list(masters)))
        if made and kind == "report":
            reports.extend(path for path in made.files if path.suffix == ".json")
        return made

    result = produce.in_turn(production, render, master, assemble, workers, tell)
    _publish(result, finished)
    for report in reports:
        _publish_quality(report)
    return result


def _label(batch: Sequence[Job]) -> str:
    chapters = sorted({line.split("-")[0] for job in batch for line in job.lines})
    return f"{len(batch)} lines of {chapters[0]}" + (f"–{chapters[-1]}" if len(chapters) > 1 else "")


def _publish(result: Result, masters: Sequence[Master]) -> None:
    create_table_artifact(key="deliverables", table=rows(result), description=f"Deliverables of {result.folder.name}")
    create_table_artifact(
        key="chapter-loudness",
        table=[
            {
                "chapter": master.chapter, "title": master.title, "seconds": round(master.seconds, 2),
                "LUFS": round(master.loudness.integrated, 2), "dBTP": round(master.true_peak, 2),
            }
            for master in masters
        ],
        description="Integrated loudness (ITU-R BS.1770) and true peak of every chapter",
    )  # fmt: skip


def _publish_quality(report: Path) -> None:
    """The quality report (docs/quality-report.md), a row a chapter, with its worst finding."""
    told = json.loads(report.read_text(encoding="utf-8"))
    counts = Counter(one["chapter"] for one in told["findings"])
    worst = {one["chapter"]: one for one in reversed(told["findings"])}
    found = ", ".join(f"{count} {severity}s" for severity, count in told["findings_by_severity"].items())
    create_table_artifact(
        key="quality",
        table=[
            {
                "chapter": one["chapter"], "title": one["title"], "verdict": "pass" if one["passed"] else "FAIL",
                "seconds": one["seconds"], **{each["measure"]: each["measured"] for each in one["verdicts"]},
                "findings": counts[one["chapter"]],
                "worst": worst[one["chapter"]]["english"] if one["chapter"] in worst else "",
            }
            for one in told["chapters"]
        ],
        description=f"Quality against the profile {told['profile']}: {found}. More in {report.with_suffix('.html').name}",
    )  # fmt: skip


def rows(result: Result) -> list[dict[str, Any]]:
    """The results table, one row a deliverable."""
    return [
        {
            "file": one.path.name, "title": one.title, "bytes": one.size,
            "seconds": None if one.seconds is None else round(one.seconds, 2),
            "LUFS": None if one.integrated is None else round(one.integrated, 2),
            "dBTP": None if one.true_peak is None else round(one.true_peak, 2),
        }
        for one in result.deliverables
    ]  # fmt: skip
