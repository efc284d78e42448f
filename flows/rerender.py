"""The flow that makes new takes of single lines and masters only their chapters again.

python -m flows.rerender output/demo-zh c02-7fa2b1 --takes 3
"""

from __future__ import annotations

from pathlib import Path

from prefect import flow
from prefect.runtime import flow_run

from flows.handover import handed
from flows.produce import threads
from flows.tasks import run_production
from flows.watching import tell
from pipeline.folder import BookFolder
from pipeline.produce import Result
from pipeline.render.crew import crew
from pipeline.retake import Retake, open_retake


def _name() -> str:
    return f"rerender {len(flow_run.parameters['lines'])} lines of {Path(flow_run.parameters['book']).name}"


@flow(name="rerender-lines", flow_run_name=_name, task_runner=threads(0), log_prints=False)
def rerender_lines(
    book: Path,
    lines: list[str],
    emotion: str | None = None,
    speed: float | None = None,
    text: str | None = None,
    seed: int | None = None,
    takes: int = 1,
    workers: int = 0,
) -> Result:
    """Make new takes of some lines, use them, and master again only the chapters that contain them.

    Args:
        book: The book's folder.
        lines: Ids of the lines.
        emotion: Written into the script table first, such as angry:0.7.
        speed: Written into the script table first, 0.5 to 2.
        text: How to say it; written into the table's spoken column first.
        seed: A seed of your own, where the engine draws by chance.
        takes: How many new takes of each line.
        workers: Worker processes; 0 = one per core.
    """
    wish = Retake(tuple(lines), emotion, speed, text, seed, takes)
    with (
        handed() or open_retake(BookFolder(book), wish, tell) as production,
        crew(production.folder.path, workers) as pool,
    ):
        return run_production(production, pool)


if __name__ == "__main__":
    from flows.command import run_as_command

    run_as_command(rerender_lines)
