"""The examples of docs/scaling are what the tools they are for accept."""

import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

EXAMPLES = Path(__file__).parents[1] / "docs/scaling"


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


def test_the_kubernetes_objects_are_valid() -> None:
    objects = list(yaml.safe_load_all((EXAMPLES / "dask.yaml").read_text(encoding="utf-8")))
    assert [one["kind"] for one in objects] == ["Service", "Deployment", "Job"]
    for one in objects:
        kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)
