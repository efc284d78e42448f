"""The night through real Prefect: served, started, stopped at its end, told by a webhook."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flows import overnight
from pipeline.queue import edit, record
from pipeline.queue import night as work
from pipeline.queue.entry import Queue
from pipeline.queue.file import load
from pipeline.queue.night import now
from pipeline.queue.watched import Watched
from tests.conftest import shuoshu
from tests.queue.conftest import files, write_queue, write_story
from tests.servers import Handler, LocalServer, running


class Webhook(Handler):
    """Keeps what it is sent."""

    server: LocalServer

    def do_POST(self) -> None:
        self.server.keys.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send(200, "{}")


def flow_runs(address: str, names: list[str]) -> dict[str, tuple[str, str]]:
    """Runs by name: the state they ended in, and its message."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: address}), get_client(sync_client=True) as client:
        found = client.read_flow_runs(flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=names)))
        return {one.name: (one.state.name, one.state.message or "") for one in found if one.state}


def night(queue: Path, address: str, **options: str) -> subprocess.CompletedProcess[str]:
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return subprocess.run(
        [sys.executable, "-m", "flows.overnight", str(queue), *arguments], capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, "PREFECT_API_URL": address},
    )  # fmt: skip


def morning(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shuoshu("morning", "--json", cwd=home).stdout)
    found["by_book"] = {one["book"]: one for one in found["books"]}
    return found


def test_a_night_is_a_run_with_a_run_for_each_book_and_tells_who_asked(prefect_server: str, tmp_path: Path) -> None:
    home = tmp_path / "catalogue"
    home.mkdir()
    (home / "nightbroken.epub").write_bytes(b"no zip")
    (home / "nightlong.txt").write_text("\n".join(f"这是第{n}句很长的话。" for n in range(4000)), encoding="utf-8")
    top = "notify: [custom-webhook/overnight, custom-webhook/gone]\n"
    queue = write_queue(home, "  - nightbroken.epub\n  - nightlong.txt\n", top=top)
    with running(LocalServer(Webhook)) as server:
        save = (
            "from prefect.blocks.notifications import CustomWebhookNotificationBlock as Hook\n"
            f"Hook(name='morning', url='{server.url}', json_data={{'text': '{{{{subject}}}}: {{{{body}}}}'}})"
            ".save('overnight', overwrite=True)"
        )
        environment = {**os.environ, "PREFECT_API_URL": prefect_server}
        subprocess.run([sys.executable, "-c", save], check=True, env=environment, capture_output=True)
        for allowed in (12, 25, 50):  # a busy machine takes long to begin
            ends = datetime.now(UTC) + timedelta(seconds=allowed)
            done = night(queue, prefect_server, until=ends.isoformat())
            assert done.returncode == 0, done.stderr
            found = morning(home)
            if found["by_book"]["nightlong"]["outcome"] == "stopped":
                break
    assert {name: one["outcome"] for name, one in found["by_book"].items()} == {
        "nightbroken": "failed",
        "nightlong": "stopped",
    }
    assert found["by_book"]["nightlong"]["rendered"] < 4000, "what was left was not begun"
    assert found["by_book"]["nightlong"]["rendered"] == len(list((home / "output/nightlong/takes").glob("*/*.flac")))
    assert any("custom-webhook/gone was not told" in one for one in found["remarks"])
    runs = flow_runs(prefect_server, ["night of catalogue", "produce nightlong"])
    assert runs["produce nightlong"][0] == "Stopped"
    state, message = runs["night of catalogue"]
    assert state == "Completed"
    assert "1 goes on next night, 1 failed" in message
    assert "stopped at the window's end" in message
    assert message in json.loads(str(server.keys[-1]))["text"]
    assert "nightbroken" in next((home / "nights").glob("*.html")).read_text(encoding="utf-8")

    write_story(home, "nightone")
    assert shuoshu("schedule", "add", "nightone.txt", cwd=home).returncode == 0
    assert shuoshu("schedule", "remove", "nightlong", "nightbroken", cwd=home).returncode == 0
    assert night(queue, prefect_server).returncode == 0
    assert flow_runs(prefect_server, ["produce nightone"])["produce nightone"][0] == "Completed"
    assert morning(home)["by_book"]["nightone"]["outcome"] == "done"
    before = files(home / "output")
    assert night(queue, prefect_server).returncode == 0
    assert files(home / "output") == before, "a night with nothing stale touches no book"


def test_outside_its_window_a_night_begins_nothing(prefect_server: str, tmp_path: Path) -> None:
    home = tmp_path / "closedhouse"
    home.mkdir()
    write_story(home, "one")
    queue = write_queue(home, "  - one.txt\n")
    hour = (datetime.now(UTC).hour + 5) % 24
    queue.write_text(
        queue.read_text().replace("all day", f"{hour:02d}:00-{hour:02d}:30").replace("Europe/Berlin", "UTC")
    )
    assert night(queue, prefect_server).returncode == 0
    state, message = flow_runs(prefect_server, ["night of closedhouse"])["night of closedhouse"]
    assert (state, "closed until" in message) == ("Closed", True)
    assert not (home / "output").exists()


def test_a_night_that_is_begun_a_moment_early_waits_for_its_window(prefect_server: str, tmp_path: Path) -> None:
    """Prefect begins a run up to half a second before its time. This night's clock shows tomorrow, a moment before ten."""
    home = tmp_path / "earlyhouse"
    home.mkdir()
    write_story(home, "one")
    queue = write_queue(home, "  - one.txt\n")
    queue.write_text(queue.read_text().replace("all day", "22:00-23:00").replace("Europe/Berlin", "UTC"))
    early = """
import functools, sys
from datetime import timedelta
from pathlib import Path
from flows import overnight

real = overnight.now
opens = (real() + timedelta(days=1)).replace(hour=22, minute=0, second=0, microsecond=0)
ahead = functools.cache(lambda: opens - timedelta(seconds=0.4) - real())  # from when it is first looked at
overnight.now = lambda: real() + ahead()
print(overnight.night(Path(sys.argv[1]), return_state=True).name)
"""
    done = subprocess.run(
        [sys.executable, "-c", early, str(queue)], capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, "PREFECT_API_URL": prefect_server},
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "Completed"), done.stderr
    assert morning(home)["by_book"]["one"]["outcome"] == "done"


def deployment(address: str, name: str) -> Any:
    """A deployment as the server has it; None where there is none."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: address}), get_client(sync_client=True) as client:
        return next((one for one in client.read_deployments() if one.name == name), None)


def scheduled(address: str, deployment_id: object) -> list[datetime]:
    """When a deployment's coming runs begin: those that the server's scheduler enters when it is asked to."""
    import httpx

    def entered() -> bool:
        status = httpx.post(f"{address}/deployments/{deployment_id}/schedule", json={}, timeout=30).status_code
        assert status in (200, 503), "does this SQLAlchemy go with this Prefect?"
        return status == 200  # 503: its database is busy

    assert until(entered)
    wanted = {
        "deployments": {"id": {"any_": [str(deployment_id)]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
    }
    found = httpx.post(f"{address}/flow_runs/filter", json=wanted, timeout=30).json()
    return [datetime.fromisoformat(one["expected_start_time"]) for one in found]


def until(true: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait for something to be so, at most `seconds`; whether it is."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if true():
            return True
        time.sleep(0.3)
    return False


def test_a_queue_is_served_and_its_file_is_watched(prefect_server: str, tmp_path: Path) -> None:
    home = tmp_path / "servedhouse"
    (home / "manuscripts/inbox").mkdir(parents=True)
    queue = write_queue(home, "  - first.txt\n")
    write_story(home, "first")
    command = [sys.executable, "-m", "pipeline.cli", "schedule", "serve"]
    environment = {**os.environ, "PREFECT_API_URL": prefect_server, "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
    name = overnight.deployment_name(load(queue))
    process = subprocess.Popen(
        command, cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        record = home / "nights"
        assert until(lambda: any('"done"' in one.read_text() for one in record.glob("*.json"))), (
            "begun in an open window"
        )
        served = deployment(prefect_server, name)
        assert [str(one.schedule.cron) for one in served.schedules] == ["0 0 * * *"]
        assert str(served.schedules[0].schedule.timezone) == "Europe/Berlin"
        planned = scheduled(prefect_server, served.id)
        assert len(planned) >= 3, "Prefect's scheduler enters the coming nights"
        zone = ZoneInfo("Europe/Berlin")
        assert {(one.astimezone(zone).hour, one.astimezone(zone).minute) for one in planned} == {(0, 0)}
        queue.write_text(queue.read_text().replace("all day", "21:30-06:00, weekends all day"))
        assert until(lambda: len(deployment(prefect_server, name).schedules) == 2), "a changed window reaches Prefect"
        crons = {str(one.schedule.cron) for one in deployment(prefect_server, name).schedules}
        assert crons == {"30 21 * * *", "0 0 * * 6,0"}
    finally:
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=30)[1]
    assert f"night/{name}: waiting for its window" in told
    assert "Traceback" not in told
    assert deployment(prefect_server, name).paused, "nobody waits, so nothing is started"
    process = subprocess.Popen(command, cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert until(lambda: not deployment(prefect_server, name).paused), "served again, it goes on"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def test_a_night_that_broke_off_is_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_queue(tmp_path, "  - first.txt\n")
    queue, begun, stop = load(path), [], threading.Event()
    monkeypatch.setattr(overnight, "run_deployment", lambda name, **_: begun.append(name))
    monkeypatch.setattr(overnight, "LOOK_S", 0.02)
    monkeypatch.setattr(overnight, "AGAIN_S", 0.2)
    watcher = threading.Thread(target=overnight._watch, args=(Watched(path), lambda _: None, None, stop))
    watcher.start()
    try:
        assert until(lambda: len(begun) == 1, 10), "the window is open"
        broken = record.tonight(queue, now(), now() + timedelta(days=1), "")
        record.write(queue.nights, broken)
        assert until(lambda: len(begun) >= 3, 10), "as often as it breaks off"
        record.write(queue.nights, replace(broken, ended=broken.began))
        time.sleep(0.3)
        before = len(begun)
        time.sleep(0.5)
        assert len(begun) == before
    finally:
        stop.set()
        watcher.join()


class Serving:
    """What watches the queue while it is served; `begun` are the nights it began."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[str] = []
        self._path, self._stop = path, threading.Event()
        monkeypatch.setattr(overnight, "run_deployment", lambda name, **_: self.begun.append(name))
        monkeypatch.setattr(overnight, "LOOK_S", 0.02)

    def __enter__(self) -> Serving:
        self._watcher = threading.Thread(
            target=overnight._watch, args=(Watched(self._path), lambda _: None, None, self._stop), daemon=True
        )
        self._watcher.start()
        assert until(lambda: len(self.begun) == 1, 10), "the window is open"
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._watcher.join()


CHANGES = {
    "a book is added": [edit.with_books([{"manuscript": "second.txt"}])],
    "the queue goes on": [edit.paused(True), edit.paused(False)],
    "a book goes on": [edit.paused(True, "first"), edit.paused(False, "first")],
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_there_is_to_make_after_a_night_ended_is_begun_in_the_open_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path = write_queue(tmp_path, "  - first.txt\n")
    looked: list[Queue] = []
    real = Watched.look

    def look(self: Watched) -> Any:
        found = real(self)
        looked.append(self.queue)
        return found

    def seen(changed: Queue) -> bool:
        """Whether the watcher saw the queue so, and has done with it what it does."""
        if not until(lambda: bool(looked) and looked[-1] == changed, 10):
            return False
        times = len(looked)
        return until(lambda: len(looked) > times + 1, 10)

    monkeypatch.setattr(Watched, "look", look)
    with Serving(path, monkeypatch) as serving:
        for one in CHANGES[change]:
            assert seen(edit.edit(path, one))
        assert until(lambda: len(serving.begun) == 2, 10), change
        assert seen(edit.edit(path, edit.without("first")))
        assert len(serving.begun) == 2, "nothing more is to be made"


def test_queues_of_one_folder_and_of_two_machines_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_story(tmp_path, "one")
    usual = write_queue(tmp_path, "  - one.txt\n")
    first, second = (usual.rename(tmp_path / "q1.yaml"), tmp_path / "q2.yaml")
    second.write_bytes(first.read_bytes())
    usual.write_bytes(first.read_bytes())
    queues = [load(path) for path in (usual, first, second)]
    assert [one.nights.name for one in queues] == ["nights", "nights-q1", "nights-q2"]
    names = {overnight.deployment_name(one) for one in queues}
    (tmp_path / "other").mkdir()
    names.add(overnight.deployment_name(load(write_queue(tmp_path / "other", ""))))
    monkeypatch.setattr(overnight.socket, "gethostname", lambda: "elsewhere")
    names |= {overnight.deployment_name(one) for one in queues}
    assert len(names) == 7
    assert not any(character in name for name in names for character in "/%&<>")
    edit.edit(first, edit.with_books([{"manuscript": "two.txt"}]))
    with work._alone(queues[1].nights):
        assert work.at_work(queues[1])
        assert not work.at_work(queues[0])
        assert not work.at_work(queues[2])
    assert [one.parent.name for one in tmp_path.rglob(".edit")] == ["nights-q1"]


def test_a_night_that_finds_another_at_work_has_not_failed(prefect_server: str, tmp_path: Path) -> None:
    home = tmp_path / "busyhouse"
    home.mkdir()
    write_story(home, "one")
    queue = write_queue(home, "  - one.txt\n")
    with work._alone(load(queue).nights):
        done = night(queue, prefect_server)
    assert done.returncode == 0, done.stderr
    state, message = flow_runs(prefect_server, ["night of busyhouse"])["night of busyhouse"]
    assert (state, "another night is at work" in message) == ("At work", True)
    assert not (home / "output").exists()


@pytest.mark.parametrize(
    ("text", "environment", "says"),
    [
        ("books:\n", {"PREFECT_API_URL": ""}, "needs a Prefect server that stays"),
        ("timezone: Asia/Shangai\nbooks:\n", {}, "Did you mean Asia/Shanghai?"),
        ("window: sometimes\nbooks:\n", {}, "cannot be read"),
        ("notify: custom-webhook/none\nbooks:\n", {}, "Prefect has no block"),
    ],
)
def test_what_cannot_be_served_is_said_in_the_evening(
    prefect_server: str, tmp_path: Path, text: str, environment: dict[str, str], says: str
) -> None:
    (tmp_path / "queue.yaml").write_text(text)
    known = {"PREFECT_API_URL": prefect_server, "PREFECT_HOME": str(tmp_path / "home"), **environment}
    refused = shuoshu("schedule", "serve", cwd=tmp_path, **known)
    assert (refused.returncode, says in refused.stderr) == (2, True), refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_block_of_the_users_own_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect's abstract block has an asynchronous `notify`, which its own blocks make synchronous."""
    from prefect.blocks.abstract import NotificationBlock

    from flows import overnight

    told = []

    class Own(NotificationBlock):
        async def notify(self, body: str, subject: str | None = None) -> None:
            told.append((body, subject))

    monkeypatch.setattr(overnight, "_block", lambda _: Own())
    assert overnight._notified("own/block", "all is well", "2026-11-25") == []
    assert told == [("all is well", "Shuoshu, night of 2026-11-25")]
