"""One small checkpoint for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.engines.indextts2.engine import FOLDER, Models
from tests.engines.indextts2.checkpoint import small_checkpoint


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two clips of three seconds: vowels of our own making, at different pitches."""
    import soundfile

    folder, at = tmp_path_factory.mktemp("clips"), np.arange(3 * 22050) / 22050
    paths = []
    for number, pitch in enumerate((110.0, 196.0)):
        tone = sum(np.sin(2 * np.pi * pitch * part * at) / part for part in range(1, 12))
        noise = np.random.default_rng(number).standard_normal(len(at)) * 0.02
        paths.append(folder / f"voice{number}.wav")
        soundfile.write(paths[-1], (0.1 * tone * (1 + np.sin(6 * at)) + noise).astype(np.float32), 22050)
    return paths


@pytest.fixture(scope="session")
def models(checkpoint: Path) -> Models:
    import torch

    torch.set_num_threads(1)
    return Models(checkpoint, "cpu")


@pytest.fixture
def environment(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER, str(checkpoint))
    return checkpoint
