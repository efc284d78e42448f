"""`--metrics-port`, `--log-json` and `--log-file`: who watches a run or a served queue beside the display."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli import show
from pipeline.errors import ShuoshuError
from pipeline.progress import Observer, together
from pipeline.watch import environment
from pipeline.watch.log import Log
from pipeline.wording import Wording

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from pipeline.queue.entry import Queue

HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Watchers:
    """Observers beside the display, the log where there is one, and what is served to Prometheus where anything is."""

    observers: tuple[Observer, ...] = ()
    log: Log | None = None
    registry: CollectorRegistry | None = None


@contextmanager
def watched(options: argparse.Namespace) -> Iterator[tuple[Watchers, Observer]]:
    """The display and whoever else the options ask for, told together."""
    with watchers(options, options.output) as watching, show.Display(quiet=options.json) as display:
        yield watching, together(display, *watching.observers)


@contextmanager
def watchers(options: argparse.Namespace, disk: Path, night: Path | None = None) -> Iterator[Watchers]:
    """What the options ask for. disk: where books lie. night: of a served queue, the file that its nights write their figures
    into; their environment is set here.

    Raises ShuoshuError for a port that cannot be had, BookFolderError for a file that cannot be written.
    """
    with ExitStack() as stack:
        observers: list[Observer] = []
        log = registry = None
        if options.log_json or options.log_file:
            log = Log(options.log_json, options.log_file)
            stack.callback(log.close)
            observers.append(log)
            if options.log_json:
                show.hush()
        try:
            if options.metrics_port:
                registry = _registry(disk, night, observers)
                stack.enter_context(_served(options.metrics_port, registry))
                if log:
                    log.event("metrics", address=f"http://{HERE}:{options.metrics_port}/metrics")
            if night:
                _hand_on(options, night)
            yield Watchers(tuple(observers), log, registry)
        except BaseException as error:
            if log:
                log.error(error)
            raise


def _registry(disk: Path, night: Path | None, observers: list[Observer]) -> CollectorRegistry:
    from prometheus_client import CollectorRegistry

    from pipeline.watch import metrics

    registry = CollectorRegistry()
    metrics.disk_free(registry, disk)
    if night:
        registry.register(metrics.FromFile(night))
    else:
        observers.append(metrics.Metrics(registry))
    return registry


def queue_books(registry: CollectorRegistry) -> Callable[[Queue], None]:
    """See `watch.metrics.queue_books`."""
    from pipeline.watch import metrics

    return metrics.queue_books(registry)


@contextmanager
def _served(port: int, registry: CollectorRegistry) -> Iterator[None]:
    """Answer Prometheus on this machine's loopback, and nobody else."""
    from prometheus_client import start_http_server

    try:
        server, thread = start_http_server(port, HERE, registry)
    except OSError as error:
        raise ShuoshuError(
            Wording(f"port {port} cannot be had ({error.strerror})", f"端口 {port} 无法使用（{error.strerror}）"),
            where=f"--metrics-port {port}", fix=Wording("Give another one.", "请换一个端口。"),
        ) from error  # fmt: skip
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _hand_on(options: argparse.Namespace, night: Path) -> None:
    """Let the nights of a served queue, which are processes of their own, be watched as this one is."""
    if options.metrics_port:
        night.parent.mkdir(parents=True, exist_ok=True)
        os.environ[environment.METRICS_FILE] = str(night.resolve())
    if options.log_json:
        os.environ[environment.LOG_JSON] = "1"
    if options.log_file:
        os.environ[environment.LOG_FILE] = str(options.log_file.resolve())
