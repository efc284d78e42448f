"""What Prometheus is told of a run: scraped over HTTP, read by its own parser, held against what was made."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from pipeline.cli import main
from pipeline.cli.arguments import parser
from pipeline.cli.watching import Watchers, watchers
from pipeline.errors import RenderError, ShuoshuError
from pipeline.nouns import OnFailure
from pipeline.opening import open_book
from pipeline.produce import Result, finish
from pipeline.progress import Progress, together
from pipeline.request import Request
from pipeline.watch.metrics import FromFile, Metrics, ToFile
from tests.conftest import shuoshu

Samples = dict[tuple[str, ...], float]
TELLS = "林晚道：“你来了。”\n“嗯。”老王说，“坐吧。”\n这碗汤有毒。\n天亮了，雨停了。\n\n第二章 天明\n\n林晚推开窗。\n"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def scraped(port: int) -> Samples:
    """Every sample: (name, label values …) -> value."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@contextmanager
def watched(manuscript: Path, port: int, *more: str) -> Iterator[Watchers]:
    options = parser("0").parse_args(["run", str(manuscript), "--metrics-port", str(port), *more])
    with watchers(options, manuscript.parent) as watching:
        yield watching


def made(manuscript: Path, watching: Watchers, engine: str, on_failure: OnFailure) -> Result:
    request = Request(
        manuscript, engine=engine, output=manuscript.parent / "output", formats="flac", deliver="timeline",
        on_failure=on_failure,
    )  # fmt: skip
    observe = together(*watching.observers)
    observe(Progress("book", 0, 1, book=manuscript.stem))
    with open_book(request, observe) as production:
        return finish(production, 1, observe)


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story.txt"
    path.write_text("第一章 雨夜\n\n" + TELLS, encoding="utf-8")
    return path


@pytest.mark.parametrize("engine", ["refusing", "deadly"])
def test_a_scrape_says_what_was_made_and_what_went_wrong(story: Path, engine: str, troubled: Path) -> None:
    port = free_port()
    with watched(story, port) as watching:
        result = made(story, watching, engine, "silence")
        found = scraped(port)
        assert result.failed
        assert found["shuoshu_lines_total", "rendered"] == result.rendered
        assert found["shuoshu_lines_total", "quarantined"] == 1
        speech = found["shuoshu_audio_seconds_total",]
        takes = list((result.folder / "takes").glob("*/*.flac"))
        lengths = sorted(soundfile.info(path).duration for path in takes)
        assert len(takes) == result.rendered + 1, "the silence in the refused line's place is no speech"
        assert any(speech == pytest.approx(sum(lengths) - one, abs=1e-3) for one in lengths)
        spent = found["shuoshu_render_seconds_total",]
        assert spent > 0
        assert found["shuoshu_realtime_factor",] == pytest.approx(speech / spent, rel=0.05)
        asked = sum(row.endswith(result.failed[0]) for row in troubled.read_text().splitlines())
        if engine == "refusing":
            assert found["shuoshu_retries_total", "refused"] == asked - 1 == 2
            assert not any(key[0] == "shuoshu_worker_deaths_total" for key in found)
        else:
            assert found["shuoshu_worker_deaths_total", "ended"] == asked >= 3
            assert found["shuoshu_retries_total", "lost"] >= asked - 1
        assert found["shuoshu_chapters_mastered_total",] == 2
        assert found["shuoshu_stage_done", "render"] == found["shuoshu_stage_total", "render"] == result.rendered + 1
        assert found["shuoshu_disk_free_bytes",] > 1e6
        assert abs(found["shuoshu_last_step_timestamp_seconds",] - time.time()) < 60
    with pytest.raises(OSError, match="refused"):
        scraped(port)


@pytest.mark.usefixtures("troubled")
def test_a_line_that_ends_the_run_is_failed_and_not_quarantined(story: Path) -> None:
    port = free_port()
    with watched(story, port) as watching:
        with pytest.raises((RenderError, ShuoshuError)):
            made(story, watching, "refusing", "stop")
        found = scraped(port)
    assert found["shuoshu_lines_total", "failed"] == 1
    assert ("shuoshu_lines_total", "quarantined") not in found


def test_the_book_and_chapter_at_hand_can_be_seen_while_they_are_made(story: Path) -> None:
    port = free_port()
    seen: list[Samples] = []
    with watched(story, port) as watching:

        def look(step: Progress) -> None:
            if step.stage in ("render", "master"):
                seen.append(scraped(port))

        made(story, Watchers((*watching.observers, look)), "espeak", "stop")
        watching.observers[0](Progress("outcome", 1, 1, note="done", book="story"))
        last = scraped(port)
    at = [{key[1:]: value for key, value in one.items() if key[0] == "shuoshu_current_chapter"} for one in seen]
    assert at[0] == {("story", "render"): 0.0}
    assert {("story", "render"): 2.0} in at
    assert {("story", "master"): 1.0} in at
    assert at[-1] == {("story", "master"): 2.0}
    assert not any(key[0] == "shuoshu_current_chapter" for key in last), "nothing is made any more"
    assert last["shuoshu_books", "done"] == 1


def test_only_this_machine_is_answered(story: Path) -> None:
    port = free_port()
    with watched(story, port):
        listening = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        bound = [row[1] for row in listening if row[3] == "0A" and row[1].endswith(f":{port:04X}")]
        assert bound == [f"0100007F:{port:04X}"]


def test_a_port_that_is_in_use_is_said_at_once_and_nothing_is_written(story: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = shuoshu("run", story.name, "--plain", "--metrics-port", port, cwd=story.parent)
    assert refused.returncode == 2
    assert f"port {port} cannot be had" in refused.stderr
    assert "Give another one" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (story.parent / "output").exists()


@pytest.mark.parametrize("port", ["0", "65536", "x"])
def test_what_is_no_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "a.txt", "--metrics-port", port])
    assert "--metrics-port" in capsys.readouterr().err


def test_without_the_option_nothing_listens(story: Path) -> None:
    options = parser("0").parse_args(["run", str(story)])
    with watchers(options, story.parent) as watching:
        assert watching == Watchers()


def test_figures_pass_from_process_to_process_in_a_file_that_is_whole_at_any_moment(tmp_path: Path) -> None:
    path = tmp_path / "metrics.prom"
    registry = CollectorRegistry()
    registry.register(FromFile(path))
    assert list(registry.collect()) == [], "before the first night"
    counter = ToFile(path)
    counter(Progress("night", 0, 3))
    stop, broken = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            names = {one.name for one in registry.collect()}
            if "shuoshu_last_step_timestamp_seconds" not in names:
                broken.append(names)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(200):
        counter(Progress("book", number, 200, book=f"b{number}"))
        counter(Progress("outcome", number + 1, 200, note="done", book=f"b{number}"))
    stop.set()
    reader.join()
    assert not broken
    found = {one.name: one for one in registry.collect()}
    assert {one.labels["outcome"]: one.value for one in found["shuoshu_books"].samples} == {
        "waiting": 0.0,
        "done": 200.0,
    }


def test_a_batch_that_comes_back_before_its_refused_lines_are_told_counts_nobody_twice() -> None:
    registry = CollectorRegistry()
    tell = Metrics(registry)
    for step in (
        Progress("render", 0, 10),
        Progress("failed", note="silence", lines=("c01-a", "c01-b")),
        Progress("failed", note="placeholder", lines=("c01-c",)),
        Progress("render", 1, 10, 0.0),
        Progress("render", 5, 10, 2.0),
        Progress("render", 10, 10, 2.0),
    ):
        tell(step)
    assert registry.get_sample_value("shuoshu_lines_total", {"outcome": "rendered"}) == 8
    assert registry.get_sample_value("shuoshu_lines_total", {"outcome": "quarantined"}) == 2
