"""The flow that makes a book.

python -m flows.produce manuscripts/demo-zh.epub --cast casts/demo-zh.yaml
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner

from flows.handover import handed
from flows.tasks import run_production
from flows.watching import tell
from pipeline.opening import open_book
from pipeline.produce import Result
from pipeline.render.crew import CLUSTER_THREADS, crew
from pipeline.render.pool import cores
from pipeline.request import Request


def threads(workers: int, dask: str = "") -> Any:
    """Task threads for `workers` processes (0 = one per core): two each, so that no process waits for the index."""
    return ThreadPoolTaskRunner(max_workers=CLUSTER_THREADS if dask else 2 * (workers or cores()))


def _name() -> str:
    return f"produce {Path(flow_run.parameters['manuscript']).stem}"


@flow(name="produce-book", flow_run_name=_name, task_runner=threads(0), log_prints=False)
def produce_book(
    manuscript: Path,
    cast: Path | None = None,
    engine: str | None = None,
    profile: str | None = None,
    chapters: str = "",
    output: Path = Path("output"),
    workers: int = 0,
    chapter_pattern: str | None = None,
    encoding: str | None = None,
    language: Literal["zh", "en"] | None = None,
    include_matter: bool = False,
    formats: str = "",
    attributor: Literal["offline", "llm"] | None = None,
    deliver: str = "",
    on_failure: Literal["stop", "silence", "placeholder"] | None = None,
    dask: str = "",
) -> Result | State[Result]:
    """Turn a manuscript into a mastered audiobook.

    Args:
        manuscript: EPUB, TXT, Markdown, HTML or DOCX file.
        cast: YAML cast file; none = the last run's, or default voices.
        engine: Speak everything with this engine; none = as the cast says.
        profile: Mastering profile, such as podcast or ebu_r128; none = the cast's.
        chapters: Only these, such as 2-5,9; empty = all.
        output: Folder that holds the books.
        workers: Worker processes; 0 = one per core.
        chapter_pattern: Regular expression of a chapter heading, tried per line.
        encoding: Of a text file, where the guess is wrong.
        language: Of the book, where the guess is wrong.
        include_matter: Read front and back matter too.
        formats: Chapter files to make, such as m4a,mp3; empty = as the profile says.
        deliver: What to make of the chapters, such as m4b,srt; empty = as the cast file or the profile says.
        on_failure: What becomes of a line that cannot be rendered; none = as the cast file says, or stop.
        dask: Address of a Dask scheduler whose workers do the work; empty = processes of this machine.
        attributor: offline or llm, who decides doubtful speakers (docs/llm.md); none = as the last run.
    """
    request = Request(
        manuscript, cast, engine, profile, chapters, output, workers, chapter_pattern, encoding, language, include_matter,
        formats, attributor, deliver, on_failure=on_failure, dask=dask,
    )  # fmt: skip
    with handed() or open_book(request, tell) as production, crew(production.folder.path, workers, dask) as pool:
        result = run_production(production, pool)
    if result.stopped:
        return Completed(name="Stopped", message=f"stopped, everything kept: {result.stopped}", data=result)
    return result


def parameters(request: Request) -> dict[str, Any]:
    """The flow's parameters for a request without a dub."""
    return {name: value for name, value in asdict(request).items() if name != "dub"}


if __name__ == "__main__":
    from flows.command import run_as_command

    run_as_command(produce_book)
