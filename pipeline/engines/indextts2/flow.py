"""Following the flow: noise -> mel, in Euler steps with classifier-free guidance (Lipman et al. 2023; Ho and Salimans 2022)."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.engines.indextts2.layers import mask_of
from pipeline.engines.indextts2.semantic_to_mel import Estimator

STEPS = 25
GUIDANCE = 0.7
"""The official program's constants."""


@torch.inference_mode()
def mels(
    estimator: Estimator,
    noise: list[Tensor],
    prompts: list[Tensor],
    styles: Tensor,
    contents: list[Tensor],
    *,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
) -> list[Tensor]:
    """A batch of lines. noise: (bins, P + F) each; prompts: the reference clip's mel (bins, P) each; styles: (B, style);
    contents: (P + F, width) each, prompt first -> mel (bins, F) each. Rows may have any lengths: none sees another's, nor
    the padding."""
    lengths = torch.tensor([one.shape[-1] for one in noise], device=noise[0].device)
    firsts = [one.shape[-1] for one in prompts]
    longest, like = int(lengths.max()), contents[0]
    x = like.new_zeros(len(noise), noise[0].shape[0], longest)
    prompt, content = torch.zeros_like(x), like.new_zeros(len(noise), longest, like.shape[-1])
    for row, (start, clip, text) in enumerate(zip(noise, prompts, contents, strict=True)):
        x[row, :, : start.shape[-1]] = start
        x[row, :, : clip.shape[-1]] = 0
        prompt[row, :, : clip.shape[-1]] = clip
        content[row, : len(text)] = text
    mask = mask_of(lengths, longest)
    keep = mask[:, None].clone()
    for row, first in enumerate(firsts):
        keep[row, :, :first] = False
    # the second half of the batch is told nothing: no prompt, no style, no content
    twice = [torch.cat([one, torch.zeros_like(one)]) for one in (prompt, styles.to(x.dtype), content)]
    both_lengths, both_masks = lengths.repeat(2), mask.repeat(2, 1)
    times = torch.linspace(0, 1, steps + 1, device=x.device)
    for at in range(steps):
        time = times[at].expand(2 * len(x))
        told = estimator(x.repeat(2, 1, 1), twice[0], both_lengths, twice[1], twice[2], time, both_masks)
        yes, no = told.chunk(2)
        x = (x + (times[at + 1] - times[at]) * ((1 + guidance) * yes - guidance * no)) * keep
    return [x[row, :, first:length] for row, (first, length) in enumerate(zip(firsts, lengths.tolist(), strict=True))]
