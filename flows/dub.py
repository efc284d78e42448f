"""The flow that makes a dub: one track of lines at given times, or within a given total.

python -m flows.dub clip.srt --cast casts/clip.yaml --video clip.mp4
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from prefect import flow
from prefect.runtime import flow_run

from flows.handover import handed
from flows.produce import threads
from flows.tasks import run_production
from flows.watching import tell
from pipeline.dubbing import Dub
from pipeline.opening import open_book
from pipeline.produce import Result
from pipeline.render.crew import crew
from pipeline.request import Request


def _name() -> str:
    return f"dub {Path(flow_run.parameters['manuscript']).stem}"


@flow(name="dub-script", flow_run_name=_name, task_runner=threads(0), log_prints=False)
def dub_script(
    manuscript: Path,
    cast: Path | None = None,
    engine: str | None = None,
    profile: str | None = None,
    output: Path = Path("output"),
    workers: int = 0,
    encoding: str | None = None,
    language: Literal["zh", "en"] | None = None,
    formats: str = "flac,m4a",
    total: float | None = None,
    fill: bool = False,
    video: Path | None = None,
    keep_audio: bool = False,
    on_failure: Literal["stop", "silence", "placeholder"] | None = None,
) -> Result:
    """Speak subtitles at their times, or the lines of any manuscript within a total.

    Args:
        manuscript: SRT, VTT, ASS or SSA file; with a total, any manuscript.
        cast: YAML cast file; none = the last run's, or default voices.
        engine: Speak everything with this engine; none = as the cast says.
        profile: Mastering profile, such as podcast or ebu_r128; none = the cast's.
        output: Folder that holds the books.
        workers: Worker processes; 0 = one per core.
        encoding: Of a text file, where the guess is wrong.
        language: Of the script, where the guess is wrong.
        formats: Files to make of the track, such as wav,m4a.
        total: Seconds for all lines together.
        fill: Draw out lines that are shorter than their slots.
        video: Lay the track into a copy of this video; needs m4a among the formats.
        keep_audio: Keep the video's own sound as a second track.
        on_failure: What becomes of a line that cannot be rendered; none = as the cast file says, or stop.
    """
    request = Request(
        manuscript, cast, engine, profile, output=output, workers=workers, encoding=encoding, language=language,
        formats=formats, dub=Dub(total, fill, video, keep_audio), on_failure=on_failure,
    )  # fmt: skip
    with handed() or open_book(request, tell) as production, crew(production.folder.path, workers) as pool:
        return run_production(production, pool)


def parameters(request: Request, dub: Dub) -> dict[str, Any]:
    """The flow's parameters for a request with a dub."""
    mine = (
        "manuscript",
        "cast",
        "engine",
        "profile",
        "output",
        "workers",
        "encoding",
        "language",
        "formats",
        "on_failure",
    )
    return {name: getattr(request, name) for name in mine} | asdict(dub)


if __name__ == "__main__":
    from flows.command import run_as_command

    run_as_command(dub_script)
