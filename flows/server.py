"""A temporary Prefect server for a run that has none configured.

Prefect can start one by itself, but then prints its own start and shutdown messages over the user's progress display,
and a killed run leaves it behind. So we start it: same server, output to a log file, ended by the pipe it shares with
us, whichever way we go. Its database is kept between runs (``~/.cache/shuoshu/prefect``), because making one takes
longer than everything else in the start together (measured in benchmarks/README.md).
"""

from __future__ import annotations

import contextlib
import importlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from pipeline.errors import ShuoshuError
from pipeline.files import cache_home

START_LIMIT_S = 120
_SERVER = {
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT__SERVER_EPHEMERAL": "1",  # only the services that a run needs: no scheduler, no late-run marker
    "PREFECT__SERVER_FINAL": "1",
    "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
}


def home() -> Path:
    """Where the temporary server keeps its database and log."""
    return cache_home() / "prefect"


@contextlib.contextmanager
def available(on_start: Callable[[str], None] = lambda _: None) -> Iterator[str]:
    """Make sure there is a Prefect server, and give its API address.

    A configured one (`PREFECT_API_URL` or the active profile) is used as it is; otherwise a temporary one runs as long
    as the context. `on_start` is told what is being waited for. Raises ShuoshuError when none answers.
    """
    from prefect.settings import PREFECT_API_URL, temporary_settings

    configured = PREFECT_API_URL.value()
    if configured:
        yield str(configured)
        return
    with _temporary(on_start) as address, temporary_settings({PREFECT_API_URL: address}):
        yield address


@contextlib.contextmanager
def _temporary(on_start: Callable[[str], None]) -> Iterator[str]:
    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    first = not (folder / "prefect.db").exists()
    on_start("preparing Prefect's database, once (about 12 s)" if first else "starting Prefect (about 4 s)")
    port = _free_port()
    environment = {**os.environ, **_SERVER, "PREFECT_HOME": str(folder)}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.server", str(port)],
            stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            importlib.import_module("flows.handover")  # what the run needs of Prefect, while its server starts
            _wait(process, f"http://127.0.0.1:{port}/api/health", log)
            yield f"http://127.0.0.1:{port}/api"
        finally:
            _flush_client()
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin:
                process.stdin.close()


def _wait(process: subprocess.Popen[bytes], address: str, log: IO[bytes]) -> None:
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - loopback
            if answer.status == 200:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    log.seek(0)
    tail = log.read().decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
    raise ShuoshuError(
        f"Prefect's temporary server did not start ({tail[0]})",
        where=str(home()),
        fix="Delete that folder and try again, or point PREFECT_API_URL at a running server.",
    )


def _flush_client() -> None:
    """Let this process's Prefect threads send what they hold before their server goes."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    for worker in (EventsWorker, APILogWorker):
        worker.drain_all(timeout=5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(port: int) -> None:
    """The server process: ends when the pipe on its standard input closes, that is when its parent is gone."""
    import threading

    import uvicorn

    def wait_for_parent() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=wait_for_parent, daemon=True).start()
    uvicorn.run(
        "prefect.server.api.server:create_app", factory=True, host="127.0.0.1", port=port, log_level="error",
        lifespan="on",
    )  # fmt: skip


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
