"""What Prefect costs: the flow against a plain-Python call of the same rooms on the same book.

    python -m benchmarks.orchestration [--lines 5000]

Prints the ratio without the temporary server's own start, that start in parts, and what a second start costs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.books import write_book


def timed(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def server_start() -> tuple[float, float]:
    """Seconds until the temporary server answers, and until it is gone."""
    code = (
        "import time; began = time.perf_counter()\n"
        "from flows import server\n"
        "with server.available(): up = time.perf_counter() - began; began = time.perf_counter()\n"
        "print(up, time.perf_counter() - began)"
    )
    up, down = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    return float(up), float(down)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lines", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    run = [sys.executable, "-m", "pipeline.cli", "run"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        book = write_book(folder / "book.txt", options.lines)
        starts = [server_start() for _ in range(3)]
        up, down = (sorted(one)[1] for one in zip(*starts, strict=True))
        imports = timed(sys.executable, "-c", "import prefect.server.api.server")
        for number in range(options.rounds):
            plain = timed(*run, str(book), "--output", str(folder / f"p{number}"), "--formats", "m4a", "--plain")
            flow = timed(*run, str(book), "--output", str(folder / f"f{number}"), "--formats", "m4a")
            print(
                f"| {options.lines} lines | plain {plain:.1f} s | flow {flow:.1f} s | flow less server start {flow - up - down:.1f} s | ratio {(flow - up - down) / plain:.3f} |"
            )
    print(
        f"server: answers after {up:.1f} s, of which {imports:.1f} s are the import of its own code; gone in {down:.1f} s"
    )


if __name__ == "__main__":
    main()
