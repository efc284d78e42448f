"""Inputs of the golden outputs: the same for the same seed, whoever asks. See README.md."""

from __future__ import annotations

import torch
from torch import Tensor


def inputs() -> dict[str, Tensor]:
    """What each stage is given; batch of one, without the batch dimension."""
    drawn = torch.Generator().manual_seed(11)

    def random(*shape: int) -> Tensor:
        return torch.randn(shape, generator=drawn)

    return {
        "features": random(61, 1024), "narrow": random(34, 48), "banks": random(217, 80), "style": random(192),
        "text": torch.randint(2, 200, (14,), generator=drawn), "noise": random(80, 61), "prompt": random(80, 17),
        "voiced": random(80, 20) * 0.3,
    }  # fmt: skip
