"""A dub through real Prefect."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import shuoshu
from tests.test_dub import CLIP


def test_a_dub_is_a_flow_run(prefect_server: str, tmp_path: Path) -> None:
    (tmp_path / "clip.srt").write_text(CLIP, encoding="utf-8")
    done = shuoshu("dub", tmp_path / "clip.srt", "--output", tmp_path, "--json", PREFECT_API_URL=prefect_server)
    assert done.returncode == 0, done.stderr
    assert (
        sum(one["ratio"] < 0.99 for one in json.loads(done.stdout)["lines_fitted"])
        == json.loads(done.stdout)["rendered"] - 4
    )
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: prefect_server}), get_client(sync_client=True) as client:
        (run,) = client.read_flow_runs(flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=["dub clip"])))
    assert run.state is not None
    assert run.state.is_completed()
