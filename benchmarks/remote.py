"""The remote engine against the limit of the server it asks: how much of the server's time is used.

    python -m benchmarks.remote [--lines 300] [--slots 8]

A server of its own process speaks `slots` lines at once, each for as long as its text is (0.2 s and 40 ms a character), and answers
429 to more. The plain way beside it is a pool of threads that post with httpx and write what comes, unchecked and once. Takes are rendered as a book's are, FLAC files and checks included. The limit is what `slots` would do without a
pause between two lines; in bad weather the time that the server spent on what it then broke counts as used. Every take is held
against what the server said for it, to the sample.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import struct
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

RATE = 24_000
BAD = (("500", 0.08), ("dropped", 0.06), ("cut", 0.06))
WORDS = "天色渐渐暗了下来他推开那扇旧木门走进院子里雨还没有停远处有人在喊她的名字"


def service_s(text: str) -> float:
    return 0.2 + 0.04 * len(text)


def samples_of(text: str) -> np.ndarray:
    at = np.arange(round(0.1 * RATE * len(text))) / RATE
    pitch = 110 + sum(map(ord, text)) % 89
    sound = np.sin(2 * np.pi * pitch * at) + 0.4 * np.sin(4 * np.pi * pitch * at)
    return np.round(sound * np.minimum(1, np.minimum(at, at[::-1]) / 0.04) * 9000).astype("<i2")


def wav(text: str) -> bytes:
    data = samples_of(text).tobytes()
    form = struct.pack("<IHHIIHH", 16, 1, 1, RATE, RATE * 2, 2, 16)
    return (
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + form + b"data" + struct.pack("<I", len(data)) + data
    )


class Server(ThreadingHTTPServer):
    """Counts what it did: by kind of answer, and seconds of service."""

    daemon_threads, request_queue_size = True, 256

    def __init__(self, slots: int, bad: Sequence[tuple[str, float]], port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.slots, self.bad = slots, bad
        self.lock, self.busy, self.chance = threading.Lock(), 0, random.Random(3)
        self.did: Counter[str] = Counter()
        self.seconds = 0.0


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        told = json.dumps({"did": self.server.did, "seconds": self.server.seconds}).encode()
        self.answer(200, told, len(told))

    def do_POST(self) -> None:
        text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        server = self.server
        with server.lock:
            full = server.busy >= server.slots
            if not full:
                server.busy += 1
                draw, kind = server.chance.random(), "spoken"
                for name, share in server.bad:
                    draw -= share
                    if draw < 0:
                        kind = name
                        break
                server.seconds += service_s(text)
            server.did["429" if full else kind] += 1
        if full:
            return self.answer(429, b"{}", 2, {"Retry-After": "1"})
        began = time.monotonic()
        data = wav(text)
        time.sleep(max(service_s(text) - (time.monotonic() - began), 0))
        with server.lock:
            server.busy -= 1
        if kind == "500":
            return self.answer(500, b"{}", 2)
        sent = data[: len(data) // 2] if kind in ("dropped", "cut") else data
        self.answer(200, sent, len(sent) if kind == "cut" else len(data))
        if kind == "dropped":
            self.close_connection = True
        return None

    def answer(self, status: int, data: bytes, length: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:
            self.close_connection = True


def serve(slots: int, bad: Sequence[tuple[str, float]], port: Any) -> None:
    server = Server(slots, bad, 0)
    port.value = server.server_port
    server.serve_forever()


class Running:
    """A server in a process of its own."""

    def __init__(self, slots: int, bad: Sequence[tuple[str, float]] = ()) -> None:
        context = multiprocessing.get_context("spawn")
        port = context.Value("i", 0)
        self.process = context.Process(target=serve, args=(slots, bad, port), daemon=True)
        self.process.start()
        while not port.value:
            time.sleep(0.02)
        self.url = f"http://127.0.0.1:{port.value}/v1"

    def told(self) -> dict[str, Any]:
        import httpx

        found: dict[str, Any] = httpx.get(f"{self.url}/told").json()
        return found

    def stop(self) -> None:
        self.process.terminate()
        self.process.join()


def texts(count: int) -> list[str]:
    chance = random.Random(7)
    return ["".join(chance.choices(WORDS, k=chance.randint(8, 60))) + f"{at}." for at in range(count)]


def rendered(hosts: Sequence[str], concurrency: int, lines: Sequence[str], folder: Path) -> tuple[float, int]:
    """Seconds for all lines, in batches as a book's, and how many takes are not what the server said."""
    import soundfile

    from pipeline.engines.openai import settings
    from pipeline.nouns import Direction, Voice
    from pipeline.render import worker
    from pipeline.render.plan import Job
    from pipeline.takes.key import _fingerprint, subject_of, take_key

    for kept in (settings.configured, worker.engine_of, _fingerprint):
        kept.cache_clear()
    speech = {"hosts": list(hosts), "model": "m", "concurrency": concurrency, "tries": 12}
    Path("shuoshu.yaml").write_text(json.dumps({"speech": speech}), encoding="utf-8")
    asked = [Direction(f"l{at}", text, "zh", Voice("v", "openai", {"voice": "v"})) for at, text in enumerate(lines)]
    jobs = [Job(take_key(one), subject_of(one), one, (one.line_id,)) for one in asked]
    size = settings.configured().capabilities().batch_size
    import httpx

    httpx.Client().close()  # its import is no part of the throughput
    began, made = time.perf_counter(), []
    for at in range(0, len(jobs), size):
        made += worker.render_batch(jobs[at : at + size], folder)
    spent = time.perf_counter() - began
    worker.engine_of("openai").close()
    wrong = sum(
        not np.array_equal(soundfile.read(one.take.path, dtype="int16")[0], samples_of(text))
        for one, text in zip(made, lines, strict=True)
    )
    return spent, wrong + len(lines) - len(made)


def plain(url: str, concurrency: int, lines: Sequence[str], folder: Path) -> float:
    """Seconds for all lines without an engine."""
    from concurrent.futures import ThreadPoolExecutor

    import httpx

    with httpx.Client(timeout=60) as http, ThreadPoolExecutor(concurrency) as pool:
        began = time.perf_counter()

        def one(at: int) -> None:
            (folder / f"{at}.wav").write_bytes(http.post(f"{url}/audio/speech", json={"input": lines[at]}).content)

        list(pool.map(one, range(len(lines))))
        return time.perf_counter() - began


def run(
    name: str, lines: Sequence[str], slots: int, concurrency: int, *, bad: Sequence[tuple[str, float]] = (), dead: int = 0
) -> None:  # fmt: skip
    """One row. concurrency 0: the plain way."""
    server = Running(slots, bad)
    gone = [Running(1) for _ in range(dead)]
    for one in gone:
        one.stop()
    with tempfile.TemporaryDirectory() as folder:
        hosts = [one.url for one in (*gone, server)]
        if concurrency:
            spent, wrong = rendered(hosts, concurrency, lines, Path(folder))
        else:
            spent, wrong = plain(server.url, slots, lines, Path(folder)), 0
    told = server.told()
    server.stop()
    limit = told["seconds"] / slots
    did = ", ".join(f"{count} {kind}" for kind, count in sorted(told["did"].items()))
    print(
        f"| {name} | {concurrency or slots} | {spent:.1f} | {len(lines) / spent:.1f} | {limit:.1f} | {limit / spent:.3f} | {did} | {wrong} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--slots", type=int, default=8)
    options = parser.parse_args()
    lines, slots = texts(options.lines), options.slots
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        print(
            "| weather | lines at once | s | lines/s | s at the limit | achieved / limit | the server's answers | wrong takes |"
        )
        print("|---|---|---|---|---|---|---|---|")
        run("fair, the plain way", lines, slots, 0)
        run("fair", lines, slots, slots)
        run("fair, asked for too much", lines, slots, 2 * slots)
        run("20% broken", lines, slots, slots, bad=BAD)
        run("20% broken, asked for too much", lines, slots, 2 * slots, bad=BAD)
        run("fair, and one more host that is dead", lines, slots, slots, dead=1)


if __name__ == "__main__":
    main()
