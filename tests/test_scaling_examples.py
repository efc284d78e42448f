"""The examples of docs/scaling, and prefect.yaml, are what the tools they are for accept."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.conftest import ROOT, SMALL
from tests.flows.test_overnight import until

EXAMPLES = ROOT / "docs/scaling"


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="Debian's docker-compose is not installed")
def test_the_compose_file_is_one_and_wants_a_password() -> None:
    command = ["docker-compose", "-f", str(EXAMPLES / "compose.yaml"), "config"]
    path = {"PATH": "/usr/bin:/bin"}
    told = subprocess.run(
        command, capture_output=True, text=True, env=path | {"SHUOSHU_DB_PASSWORD": "secret"}, check=True
    )
    services = yaml.safe_load(told.stdout)["services"]
    assert {"postgres", "server", "gpu0", "gpu1"} == services.keys()
    assert (
        services["gpu0"]["environment"]["NVIDIA_VISIBLE_DEVICES"]
        != services["gpu1"]["environment"]["NVIDIA_VISIBLE_DEVICES"]
    )
    assert services["gpu1"]["environment"]["PREFECT_API_URL"] == "http://server:4200/api"
    without = subprocess.run(command, capture_output=True, text=True, env=path, check=False)
    assert without.returncode != 0


@pytest.mark.parametrize(
    ("name", "kinds"), [("dask.yaml", ["Service", "Deployment", "Job"]), ("pool.yaml", ["Deployment"])]
)
def test_the_kubernetes_objects_are_valid(name: str, kinds: list[str]) -> None:
    objects = list(yaml.safe_load_all((EXAMPLES / name).read_text(encoding="utf-8")))
    assert [one["kind"] for one in objects] == kinds
    for one in objects:
        kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)


def test_the_flows_are_found_where_there_is_nothing_but_the_installed_package(tmp_path: Path) -> None:
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    entrypoints = [one["entrypoint"] for one in deployments]
    load = (
        "import sys\nfrom prefect.flows import load_flow_from_entrypoint\n"
        "for one in sys.argv[1:]:\n    print(load_flow_from_entrypoint(one, use_placeholder_flow=False).name)"
    )
    found = subprocess.run(
        [sys.executable, "-c", load, *entrypoints], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.stdout.split() == ["produce-book", "night", "rerender-lines"], found.stderr


def test_a_worker_of_the_pool_makes_a_book_that_lies_where_the_worker_is(prefect_server: str, tmp_path: Path) -> None:
    """Deployed from the books' folder, by a worker that was started elsewhere; the checkout is in neither."""
    here, there = tmp_path / "elsewhere", tmp_path / "books"
    for folder in (here, there):
        folder.mkdir()
    (there / "small.txt").write_text(SMALL, encoding="utf-8")
    home = {"PREFECT_API_URL": prefect_server, "PREFECT_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}

    def prefect(*arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *arguments], cwd=there, env={**os.environ, **home},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    prefect("work-pool", "create", "--type", "process", "shuoshu", "--overwrite")
    prefect("deploy", "--prefect-file", str(ROOT / "prefect.yaml"), "-n", "produce")
    wishes = ["manuscript=small.txt", "cast=null", "formats=flac", "deliver=timeline", "workers=1"]
    prefect("deployment", "run", "produce-book/produce", *(part for one in wishes for part in ("-p", one)))
    worker = subprocess.Popen(
        [sys.executable, "-m", "prefect", "worker", "start", "--pool", "shuoshu", "--type", "process"], cwd=here,
        env={**os.environ, **home}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert until(lambda: bool(list((there / "output/small").glob("*timeline*"))), 120)
    finally:
        worker.terminate()
        worker.wait(60)
    assert len(list((there / "output/small/chapters").glob("*.flac"))) == 2
