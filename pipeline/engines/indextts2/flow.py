"""Following the flow: noise -> mel, in Euler steps with classifier-free guidance (Lipman et al. 2023; Ho and Salimans 2022)."""

from __future__ import annotations

from itertools import chain

import torch
from torch import Tensor

from pipeline.engines.indextts2.cores import each
from pipeline.engines.indextts2.semantic_to_mel import Estimator, Moment

STEPS = 25
GUIDANCE = 0.7
"""The official program's constants."""


PADDING = 1.1
"""A batch is cut so that its padded frames are at most so many times its own."""


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
    most: int = 1 << 17,
) -> list[Tensor]:
    """Lines of any lengths. noise: (bins, P + F) each; prompts: the reference clip's mel (bins, P) each; styles: (B, style);
    contents: (P + F, width) each, prompt first -> mel (bins, F) each. No row sees another's frames, nor the padding.

    Rows of like length run together, at most `most` frames at once, both halves of the guidance counted.
    """

    times = torch.linspace(0, 1, steps + 1, device=styles.device)
    moments = [estimator.moment(times[at : at + 1]) for at in range(steps)]

    def followed(rows: list[int]) -> list[Tensor]:
        return _followed(
            estimator, [noise[row] for row in rows], [prompts[row] for row in rows], styles[rows],
            [contents[row] for row in rows], times, moments, guidance,
        )  # fmt: skip

    lengths = [one.shape[-1] for one in noise]
    together = buckets(lengths, most // 2)
    made = each(followed, together, styles.device, [sum(lengths[row] for row in rows) for rows in together])
    found = dict(zip(chain(*together), chain(*made), strict=True))
    return [found[row] for row in range(len(noise))]


def buckets(lengths: list[int], most: int) -> list[list[int]]:
    """Rows of like length together: the padding within `PADDING`, the padded frames within `most` (a single row may be
    longer)."""
    found: list[list[int]] = []
    total = 0
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        total += lengths[row]
        padded = lengths[found[-1][0]] * (len(found[-1]) + 1) if found else 0
        if found and padded <= min(PADDING * total, most):
            found[-1].append(row)
        else:
            found.append([row])
            total = lengths[row]
    return found


def _followed(
    estimator: Estimator, noise: list[Tensor], prompts: list[Tensor], styles: Tensor, contents: list[Tensor],
    times: Tensor, moments: list[Moment], guidance: float,
) -> list[Tensor]:  # fmt: skip
    lengths = [one.shape[-1] for one in noise]
    firsts = [one.shape[-1] for one in prompts]
    longest, like = max(lengths), contents[0]
    x = like.new_zeros(len(noise), noise[0].shape[0], longest)
    prompt, content = torch.zeros_like(x), like.new_zeros(len(noise), longest, like.shape[-1])
    keep = torch.zeros_like(x[:, :1])
    for row, (start, clip, text) in enumerate(zip(noise, prompts, contents, strict=True)):
        first, length = clip.shape[-1], start.shape[-1]
        x[row, :, first:length] = start[:, first:]
        keep[row, :, first:length] = 1
        prompt[row, :, :first] = clip
        content[row, : len(text)] = text
    # the second half of the batch is told nothing: no prompt, no style, no content
    twice = [torch.cat([one, torch.zeros_like(one)]) for one in (prompt, styles.to(x.dtype), content)]
    given = estimator.given(twice[0], lengths * 2, twice[1], twice[2], min(firsts))
    for at, moment in enumerate(moments):
        yes, no = estimator(x.repeat(2, 1, 1), given, moment).float().chunk(2)  # their difference is amplified
        flow = (times[at + 1] - times[at]) * ((1 + guidance) * yes - guidance * no)
        x[..., given.cut :] = (x[..., given.cut :] + flow) * keep[..., given.cut :]  # before that all stays nothing
    return [x[row, :, first:length] for row, (first, length) in enumerate(zip(firsts, lengths, strict=True))]
