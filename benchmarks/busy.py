"""An engine that computes as much for a line as a neural one does on a small GPU, on one core, and says it with eSpeak."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline import engines
from pipeline.engines.base import Spoken
from pipeline.engines.espeak import EspeakEngine
from pipeline.nouns import Direction

PRODUCTS = 1200
"""Products of two matrices of 256 x 256 before every line: a fixed amount of work, 40 GFLOP, however busy the machine is."""


class BusyEngine(EspeakEngine):
    name = "busy"

    def fingerprint(self) -> str:
        return f"busy {PRODUCTS} {super().fingerprint()}"

    def render(self, batch: Sequence[Direction]) -> Iterator[Spoken]:
        matrix = np.random.default_rng(1).standard_normal((256, 256)).astype(np.float32) / 16
        for index, direction in enumerate(batch):
            # In place: Dask has its workers give every freed page back, which costs as much as the work itself.
            product, other = matrix.copy(), np.empty_like(matrix)
            for _ in range(PRODUCTS):
                np.matmul(matrix, product, out=other)
                other /= max(other.max(), -other.min())
                product, other = other, product
            [spoken] = super().render([direction])
            yield replace(spoken, index=index)


def install(folder: Path) -> None:
    """Make the engine a package of its own in `folder`, for this process and those it starts, and BLAS one thread in these."""
    package = folder / "busy-1.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: busy\nVersion: 1\n")
    (package / "entry_points.txt").write_text(f"[{engines.GROUP}]\nbusy = {__name__}:BusyEngine\n")
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
