"""How a line feels, as one vector for the transformer: from the voice's own clip, another clip, or eight intensities."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.engines.indextts2.emotion_text import HIGHEST

BIAS = (0.9375, 0.875, 1.0, 1.0, 0.9375, 0.9375, 0.6875, 0.5625)
"""What the official page multiplies the eight intensities by."""
LARGEST_SUM = 0.8
"""And scales them down to, if their sum is more."""


def bounded(weights: Sequence[float]) -> tuple[float, ...]:
    """Eight intensities (0..1, in the order of `EMOTIONS`) as the official page hands them to the model."""
    biased = [weight * bias for weight, bias in zip(weights, BIAS, strict=True)]
    scale = LARGEST_SUM / max(sum(biased), LARGEST_SUM)
    return tuple(weight * scale for weight in biased)


def scaled(weights: Sequence[float], factor: float, limit: float | None = None) -> tuple[float, ...]:
    """Intensities read out of words, as the official program hands them to the model: neither biased nor bounded in sum; cut
    to four digits where there is a factor. `limit` bounds each."""
    found = weights if factor == 1.0 else [int(weight * factor * 10_000) / 10_000 for weight in weights]
    return tuple(min(weight, HIGHEST if limit is None else limit) for weight in found)


def blended(own: Tensor, other: Tensor, strength: float) -> Tensor:
    """Between the voice's own feeling and another clip's."""
    return own + strength * (other - own)


def weighed(
    own: Tensor, weights: Sequence[float], style: Tensor, styles: Sequence[Tensor], vectors: Sequence[Tensor]
) -> Tensor:
    """own (width,) with eight emotions mixed in. For each emotion, `styles` (n, 192) and `vectors` (n, width) are of n people
    who showed it; the one most like `style` (192,) lends theirs."""
    mixed = own * (1 - sum(weights))
    for weight, people, feelings in zip(weights, styles, vectors, strict=True):
        if weight:
            nearest = int(F.cosine_similarity(style[None], people.to(style.device)).argmax())
            mixed = mixed + weight * feelings[nearest].to(own)
    return torch.as_tensor(mixed)
