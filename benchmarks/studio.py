"""The studio under load: a long book's lines, many visitors at once, memory over many rerenders.

    python -m benchmarks.studio                      # all three
    python -m benchmarks.studio --only lines --lines 10000
    python -m benchmarks.studio --only users --users 20
    python -m benchmarks.studio --only memory --rerenders 200

A real server (its own command) on the embedded engine; times as a client on this machine sees them.
"""

from __future__ import annotations

import argparse
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from benchmarks.books import write_book
from pipeline.studio import users as accounts
from tests.browser import Browser


@contextmanager
def studio(root: Path, *options: str) -> Iterator[tuple[str, psutil.Process]]:
    """A server: its address and its process."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    command = [sys.executable, "-m", "pipeline.cli", "studio", "--port", str(port), "--workspace", str(root), *options]
    with (root / "studio.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(300):
            try:
                httpx.get(f"http://127.0.0.1:{port}/api/books", timeout=2)
                break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}", psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


_TIMED = (
    "new Promise((done) => {{ const began = performance.now(); {act}; const look = () => {seen}"
    " ? done((performance.now() - began) / 1000) : requestAnimationFrame(look); look(); }})"
)
"""Seconds from an act to the frame in which its effect is seen."""


def shown(times: list[float]) -> str:
    ordered = sorted(times)
    return f"median {1000 * statistics.median(ordered):.0f} ms, 95% {1000 * ordered[int(0.95 * (len(ordered) - 1))]:.0f}, most {1000 * ordered[-1]:.0f}"


def lines(root: Path, count: int) -> None:
    """A book's table of so many lines: opened, scrolled, filtered."""
    (root / "manuscripts").mkdir(exist_ok=True)
    write_book(root / "manuscripts/long.txt", count, lines_a_chapter=200)
    subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "script", "manuscripts/long.txt"],
        cwd=root,
        check=True,
        capture_output=True,
    )
    drawn = random.Random(1)
    with studio(root) as (url, process), httpx.Client(timeout=120) as client:
        began = time.perf_counter()
        told = client.post(f"{url}/api/lines/long", json={"first": 0, "count": 100}).json()
        print(f"{told['all']} lines: opened in {time.perf_counter() - began:.1f} s")
        scrolled, filtered = [], []
        for _ in range(100):
            began = time.perf_counter()
            client.post(
                f"{url}/api/lines/long", json={"first": drawn.randrange(told["all"]), "count": 100}
            ).raise_for_status()
            scrolled.append(time.perf_counter() - began)
            began = time.perf_counter()
            wanted = drawn.choice(
                [
                    {"text": drawn.choice("雨门信鸟窗桥路")},
                    {"speaker": drawn.choice(told["speakers"])},
                    {"stale": True},
                    {"chapter": "7"},
                ]
            )
            client.post(f"{url}/api/lines/long", json={"first": 0, "count": 100, "filter": wanted}).raise_for_status()
            filtered.append(time.perf_counter() - began)
        browser, drawn_at, sieved = Browser(root / "chromium"), list[float](), list[float]()
        part = "document.querySelector('#desk [data-id=\"{}\"]')".format
        browser.resize(1440)
        browser.visit(f"{url}/#long")
        browser.wait(f"{part('count')}?.textContent.includes('{told['all']} lines')")
        for at in drawn.sample(range(told["all"] - 20), 40):
            drawn_at.append(browser.get(_TIMED.format(
                act=f"{part('list')}.scrollTop = {46 * at}",
                seen=f"[...document.querySelectorAll('#desk .row')].some(one => one.dataset.at == {at + 5})",
            )))  # fmt: skip
        for number in range(40):
            wanted = "雨门信鸟窗桥路"[number // 2 % 7] if number % 2 == 0 else ""
            sieved.append(browser.get(_TIMED.format(
                act=f"window.counted = {part('count')}.textContent; {part('search')}.value = '{wanted}';"
                f" {part('search')}.dispatchEvent(new Event('input'))",
                seen=f"{part('count')}.textContent !== window.counted",
            )))  # fmt: skip
        browser.close()
        print(f"in the page, until the lines are seen: scrolled {shown(drawn_at)}")
        print(f"filtered, 120 ms of waiting for the next letter included: {shown(sieved)}")
        print(
            f"scrolled: {shown(scrolled)}; filtered: {shown(filtered)} (aim 300 ms); server {process.memory_info().rss / 1e6:.0f} MB"
        )


def users(root: Path, count: int, each: int = 5) -> None:
    """So many visitors at once, each by a name and with sentences of its own; every answer is the one that was asked for."""
    password = "the benchmark's own"
    for number in range(count):
        accounts.add(root / "users.txt", f"visitor{number}", password)
    with studio(root, "--users", str(root / "users.txt")) as (url, _):
        httpx.post(
            f"{url}/api/audition",
            json={"text": "准备好了。", "voice": "narrator"},
            timeout=60,
            auth=("visitor0", password),
        ).raise_for_status()
        times, wrong, keys, lock = list[float](), list[str](), set[str](), threading.Lock()

        def visit(number: int) -> None:
            with httpx.Client(timeout=120, auth=(f"visitor{number}", password)) as client:
                client.get(f"{url}/api/books").raise_for_status()
                for turn in range(each):
                    text = f"我是第{number}位听众，这是第{turn}句话，请慢慢听。"
                    began = time.perf_counter()
                    told = client.post(f"{url}/api/audition", json={"text": text, "voice": "narrator"}).json()
                    spent = time.perf_counter() - began
                    again = client.post(f"{url}/api/audition", json={"text": text, "voice": "narrator"}).json()
                    with lock:
                        times.append(spent)
                        keys.add(told.get("key", ""))
                        if told.get("key") != again.get("key") or "error" in told:
                            wrong.append(str(told))

        threads = [threading.Thread(target=visit, args=(number,)) for number in range(count)]
        began = time.perf_counter()
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        print(
            f"{count} visitors, {len(times)} auditions in {time.perf_counter() - began:.1f} s: {shown(times)} (aim 95% 3,000 ms); wrong or lost {len(wrong) + len(times) - len(keys)}"
        )


def memory(root: Path, count: int) -> None:
    """A line rendered again so many times from the page, in a browser: what the server and the page hold."""
    (root / "manuscripts").mkdir(exist_ok=True)
    (root / "manuscripts/short.txt").write_text("第一章\n\n雨停了。\n\n“走吧。”林晚说。\n", encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "run", "manuscripts/short.txt", "--plain"],
        cwd=root,
        check=True,
        capture_output=True,
    )
    browser, marks = Browser(root / "chromium"), list[str]()
    part = "document.querySelector('#desk [data-id=\"{}\"]')".format
    with studio(root) as (url, process):
        browser.visit(f"{url}/#short")
        browser.wait(f"{part('count')}?.textContent.includes('to render 0')")
        paint = browser.get("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
        print(f"first paint {paint:.0f} ms (aim 2,000)")
        browser.get("document.querySelectorAll('#desk .row')[1].click()")
        for turn in range(count):
            browser.get(
                f"(() => {{ const one = {part('edit-emotion')}; one.focus(); one.value = 'happy:{0.1 + 0.004 * turn:.3f}';"
                " one.dispatchEvent(new Event('change', {bubbles: true})); })()"
            )
            browser.wait(f"{part('count')}.textContent.includes('to render 1')")
            browser.get(f"{part('rerender')}.click()")
            browser.wait(f"{part('count')}.textContent.includes('to render 0') && {part('progress')}.hidden")
            if turn in (0, 9, count // 4, count // 2, count - 1):
                marks.append(f"{turn + 1}: {process.memory_info().rss / 1e6:.0f} and {browser.heap():.1f}")
    browser.close()
    print(f"MB of the server and of the page's scripts after so many rerenders: {', '.join(marks)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("lines", "users", "memory"))
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--rerenders", type=int, default=200)
    options = parser.parse_args()
    for name, work in (("lines", lambda root: lines(root, options.lines)), ("users", lambda root: users(root, options.users)),
                       ("memory", lambda root: memory(root, options.rerenders))):  # fmt: skip
        if options.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                work(Path(folder))


if __name__ == "__main__":
    main()
